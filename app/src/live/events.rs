//! What the page listens to. All of it bubbles to the window, so nothing is bound to HTML that will be replaced.

use leptos::ev::Event;
use leptos::prelude::window_event_listener_untyped;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::aloud::Aloud;
use super::{clock, copy, dom, forms, news, number};

/// Makes the page live.
pub(super) fn listen(aloud: Aloud) {
    on("submit", move |event| forms::submitted(event, aloud));
    on("click", move |event| {
        if let Some(button) = target(event).and_then(|hit| hit.closest("[data-copy]").ok().flatten()) {
            copy::copy(button, aloud);
        }
    });
    on("input", |event| with_phone(event, number::typing));
    on("focusout", move |event| {
        with_phone(event, |field| number::left(field, aloud))
    });
    on("online", move |_| news::begin(aloud));
    on("offline", move |_| aloud.connection_is_lost());
    on("visibilitychange", move |_| {
        if !dom::document().hidden() {
            news::begin_if_stale(aloud);
        }
    });
    // A page that comes out of the back/forward cache shows what was true when it was left.
    on("pageshow", move |_| news::begin_if_stale(aloud));
    // The address says which way of paying is shown, and going back changes it.
    on("popstate", |_| drop(dom::window().location().reload()));
    // The island is part of the document only after this function: what follows may replace HTML around it.
    leptos::task::spawn_local(async move {
        clock::wind(aloud);
        news::begin(aloud);
        announce();
    });
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

fn on(name: &'static str, react: impl Fn(&Event) + 'static) {
    // The page is one document for its whole life: the handle is never needed to take the listener away.
    let _handle = window_event_listener_untyped(name, move |event| react(&event));
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn with_phone(event: &Event, react: impl FnOnce(&HtmlInputElement)) {
    if let Some(field) = target(event).filter(|field| field.id() == "phone") {
        react(field.unchecked_ref());
    }
}
