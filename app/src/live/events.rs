//! What the page listens to. All of it bubbles to the window, so nothing is bound to HTML that will be replaced.

use leptos::ev::Event;
use leptos::prelude::window_event_listener_untyped;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::aloud::Aloud;
use super::{clock, copy, dom, forms, news, number};

/// What is listened to: one listener for all, since each further kind of closure is copied into the wasm.
const HEARD: [&str; 9] = [
    "submit",
    "click",
    "input",
    "focusout",
    "online",
    "offline",
    "visibilitychange",
    "pageshow",
    "popstate",
];

/// Makes the page live.
pub(super) fn listen(aloud: Aloud) {
    for name in HEARD {
        // The page is one document for its whole life: the handle is never needed to take the listener away.
        let _handle = window_event_listener_untyped(name, move |event| heard(name, &event, aloud));
    }
    // The island is part of the document only after this function: what follows may replace HTML around it.
    leptos::task::spawn_local(async move {
        clock::wind(aloud);
        news::begin(aloud);
        announce();
    });
}

fn heard(name: &str, event: &Event, aloud: Aloud) {
    match name {
        "submit" => forms::submitted(event, aloud),
        "click" => {
            if let Some(button) = target(event).and_then(|hit| hit.closest("[data-copy]").ok().flatten()) {
                copy::copy(button, aloud);
            }
        }
        "input" => phone(event).iter().for_each(number::typing),
        "focusout" => phone(event).iter().for_each(|field| number::left(field, aloud)),
        "online" => news::begin(aloud),
        "offline" => aloud.connection_is_lost(),
        // The address says which way of paying is shown, and going back changes it.
        "popstate" => drop(dom::window().location().reload()),
        // The reader is back, perhaps out of the back/forward cache, and sees what was true when they left.
        _ if !dom::document().hidden() => news::begin_if_stale(aloud),
        _ => {}
    }
}

/// From here on the page answers by itself.
fn announce() {
    if let Some(html) = dom::document().document_element() {
        let _ = html.class_list().add_1("live");
    }
    if let Some(clock) = dom::window().performance() {
        let _ = clock.mark("hydrated");
    }
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn phone(event: &Event) -> Option<HtmlInputElement> {
    target(event)
        .filter(|field| field.id() == "phone")
        .map(JsCast::unchecked_into)
}
