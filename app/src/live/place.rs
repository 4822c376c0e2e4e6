//! Putting the server's HTML in place, so that the reader loses neither what they typed nor where they were.

use leptos::server_fn::ServerFn;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlTemplateElement};

use super::aloud::{Aloud, texts};
use super::net::Lost;
use super::{clock, dom, net};
use crate::calls::View;

/// The parts of the page that a newer state replaces.
const SLOTS: [&str; 4] = ["art", "title", "stage", "foot"];

/// How long the server may take for a piece of the page, in milliseconds.
const PATIENCE: u32 = 20_000;

/// Fetches the page as it is now, and puts it in place.
pub(super) async fn refresh(aloud: Aloud) -> Result<(), Lost> {
    let place = dom::stage("data-place").unwrap_or_default();
    let url = [View::PATH, "?", &place].concat();
    let html = net::get(&url, PATIENCE).await?;
    put(aloud, &html);
    Ok(())
}

/// Puts a piece of the page in place, unless something newer is there already.
pub(super) fn put(aloud: Aloud, html: &str) {
    let Some(piece) = parse(html) else { return };
    let version = attribute(&piece, "data-version").and_then(|version| version.parse().ok());
    if version.is_none_or(|version: i64| version < dom::version()) {
        return;
    }
    let before = Before::look();
    for slot in SLOTS {
        if let (Some(old), Some(new)) = (dom::by_id(slot), child(&piece, slot)) {
            let _ = old.replace_with_with_node_1(&new);
        }
    }
    dom::document().set_title(&dom::stage("data-title").unwrap_or_default());
    aloud.say_status(&dom::stage("data-status").unwrap_or_default());
    clock::wind(aloud);
    before.go_on(aloud);
}

fn parse(html: &str) -> Option<Element> {
    let template: HtmlTemplateElement = dom::document().create_element("template").ok()?.unchecked_into();
    template.set_inner_html(html);
    // The parts are looked up by id, and a fragment has no lookup by id that all engines share.
    let holder = dom::document().create_element("div").ok()?;
    holder.append_child(&template.content()).ok()?;
    Some(holder)
}

fn child(piece: &Element, id: &str) -> Option<Element> {
    piece.query_selector(&["#", id].concat()).ok().flatten()
}

fn attribute(piece: &Element, name: &str) -> Option<String> {
    child(piece, "stage")?.get_attribute(name)
}

/// Where the reader was before the page changed.
struct Before {
    phase: Option<String>,
    steps: bool,
    focused: Option<String>,
    typed: Vec<(&'static str, String)>,
}

impl Before {
    fn look() -> Self {
        let typed = ["phone", "claim"].into_iter();
        Self {
            phase: dom::stage("data-phase"),
            steps: dom::by_id("by-hand").is_some(),
            focused: dom::document().active_element().map(|element| element.id()),
            typed: typed
                .filter_map(|id| Some((id, dom::field(id)?.value())))
                .collect(),
        }
    }

    /// A new state is read from its heading, unless the reader is in the middle of writing something that is still
    /// asked for. Within the same state everything stays where it was.
    fn go_on(self, aloud: Aloud) {
        let mut writing = false;
        for (id, value) in self.typed {
            if let Some(field) = dom::field(id).filter(|field| field.value().is_empty() && !value.is_empty())
            {
                field.set_value(&value);
                writing |= self.focused.as_deref() == Some(id);
            }
        }
        let changed = self.phase != dom::stage("data-phase");
        let there = match dom::find("[data-focus]") {
            None if changed && !writing => dom::by_id("title"),
            None => self
                .focused
                .filter(|id| !id.is_empty())
                .and_then(|id| dom::by_id(&id)),
            asked => asked,
        };
        there.iter().for_each(dom::focus);
        if !changed && !self.steps && dom::by_id("by-hand").is_some() {
            aloud.whisper(texts().steps_opened);
        }
    }
}

/// Shows that a form is being sent; `false` where it is being sent already.
pub(super) fn take(button: &HtmlInputElement) -> bool {
    if button.has_attribute("aria-busy") || button.has_attribute("disabled") {
        return false;
    }
    dom::set(button, "data-name", button.text_content().as_deref());
    dom::set(button, "aria-busy", Some("true"));
    button.set_text_content(Some(texts().busy));
    true
}

/// Gives the button of a form back, where it is still there.
pub(super) fn give_back(button: &HtmlInputElement) {
    dom::set(button, "aria-busy", None);
    button.set_text_content(button.get_attribute("data-name").as_deref());
}
