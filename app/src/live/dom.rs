//! Small reaches into the document.

use web_sys::wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement, Window};

pub(super) fn window() -> Window {
    leptos::prelude::window()
}

pub(super) fn document() -> Document {
    leptos::prelude::document()
}

pub(super) fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

pub(super) fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// An input or a text area: both have a `value`, so one wrapper reads both.
pub(super) fn field(id: &str) -> Option<HtmlInputElement> {
    by_id(id).map(JsCast::unchecked_into)
}

/// Sets or removes an attribute.
pub(super) fn set(element: &Element, name: &str, value: Option<&str>) {
    // Setting an attribute fails for impossible names alone.
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

/// Writes a text and shows its element, or hides it where there is none.
pub(super) fn tell(id: &str, text: &str) {
    if let Some(element) = by_id(id) {
        element.set_text_content(Some(text));
        set(&element, "hidden", text.is_empty().then_some(""));
    }
}

/// Moves the focus, where the reader is in this document: a frame must not take it away from its page.
pub(super) fn focus(element: &Element) {
    if document().has_focus().unwrap_or(false) {
        let _ = element.unchecked_ref::<HtmlElement>().focus();
    }
}

/// An attribute of `#stage`, where the server says how the page stands.
pub(super) fn stage(name: &str) -> Option<String> {
    by_id("stage")?.get_attribute(name)
}

/// An attribute of `#stage` as a number.
pub(super) fn stage_number(name: &str) -> Option<i64> {
    stage(name)?.parse().ok()
}

/// The version of the session that is shown.
pub(super) fn version() -> i64 {
    stage_number("data-version").unwrap_or(-1)
}

/// Milliseconds since the page began; whole, and never going back.
pub(super) fn uptime() -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a page does not live for 300 million years"
    )]
    window().performance().map_or(0, |clock| clock.now() as i64)
}
