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
    let (Some(value), Ok(Some(selection))) = (beside(button, ".value"), dom::window().get_selection()) else {
        return false;
    };
    let _ = selection.select_all_children(&value);
    dom::document()
        .unchecked_into::<HtmlDocument>()
        .exec_command("copy")
        .unwrap_or(false)
}

/// The visible word changes for two seconds; what was copied is spoken with it.
fn say(button: &Element, word: &'static str, aloud: Aloud) {
    let before = button.text_content().unwrap_or_default();
    if before == word {
        return;
    }
    let what = beside(button, "dt")
        .and_then(|what| what.text_content())
        .unwrap_or_default();
    aloud.whisper(&[&what, ": ", word].concat());
    button.set_text_content(Some(word));
    dom::set(button, "data-done", Some(""));
    let button = button.clone();
    Timeout::new(2_000, move || {
        button.set_text_content(Some(&before));
        dom::set(&button, "data-done", None);
    })
    .forget();
}

fn beside(button: &Element, selector: &str) -> Option<Element> {
    button.closest(".fact").ok()??.query_selector(selector).ok()?
}
