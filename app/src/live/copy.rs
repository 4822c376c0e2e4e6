//! Copying: what the button holds, with a word that it was done.

use gloo_timers::callback::Timeout;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDocument};

use super::aloud::{Aloud, texts};
use super::dom;

/// Copies `data-copy` of the pressed button.
pub(super) fn copy(button: Element, aloud: Aloud) {
    spawn_local(async move {
        let text = button.get_attribute("data-copy").unwrap_or_default();
        let done = by_clipboard(&text).await || by_selection(&button);
        say(
            &button,
            if done {
                texts().copied
            } else {
                texts().copy_by_hand
            },
            aloud,
        );
    });
}

/// Browsers have the clipboard on https and localhost only, and a frame needs its page's leave.
async fn by_clipboard(text: &str) -> bool {
    let navigator = dom::window().navigator();
    let there =
        js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    there
        && JsFuture::from(navigator.clipboard().write_text(text))
            .await
            .is_ok()
}

/// The old way: selects the value beside the button, which also helps who has to copy by hand.
fn by_selection(button: &Element) -> bool {
    let value = button
        .closest(".fact")
        .ok()
        .flatten()
        .and_then(|fact| fact.query_selector(".value").ok().flatten());
    let (Some(value), Ok(Some(selection))) = (value, dom::window().get_selection()) else {
        return false;
    };
    let _ = selection.select_all_children(&value);
    dom::document()
        .unchecked_into::<HtmlDocument>()
        .exec_command("copy")
        .unwrap_or(false)
}

/// The visible word changes for two seconds; the name of what was copied is spoken with it.
fn say(button: &Element, word: &'static str, aloud: Aloud) {
    let Some(label) = button.first_element_child() else {
        return;
    };
    let before = label.text_content().unwrap_or_default();
    if before == word {
        return;
    }
    let what = label
        .next_element_sibling()
        .and_then(|what| what.text_content())
        .unwrap_or_default();
    aloud.whisper([what.trim(), ": ", word].concat());
    label.set_text_content(Some(word));
    dom::set(button, "data-done", Some(""));
    let button = button.clone();
    Timeout::new(2_000, move || {
        label.set_text_content(Some(&before));
        dom::set(&button, "data-done", None);
    })
    .forget();
}
