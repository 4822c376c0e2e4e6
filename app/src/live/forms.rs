//! Forms that are sent without leaving the page. Before the page is live, the browser sends them by itself.

use leptos::server_fn::ServerFn;
use leptos::task::spawn_local;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement};

use super::aloud::{Aloud, texts};
use super::{dom, net, number, place};
use crate::calls::{Claim, Pay};

/// How long a prompt may take to be accepted by M-Pesa, in milliseconds.
const PATIENCE: u32 = 60_000;

/// Handles the submission of any form on the page.
pub(super) fn submitted(event: &Event, aloud: Aloud) {
    let Some(form) = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return;
    };
    match form.id().as_str() {
        "pay" => {
            event.prevent_default();
            pay(aloud);
        }
        "claim-form" => {
            event.prevent_default();
            claim(aloud);
        }
        _ => {
            if let Some(place) = form.get_attribute("data-place") {
                event.prevent_default();
                turn(&place, &form.get_attribute("data-to").unwrap_or_default(), aloud);
            }
        }
    }
}

fn pay(aloud: Aloud) {
    let (Some(field), Some(button)) = (dom::field("phone"), dom::field("pay-button")) else {
        return;
    };
    match number::read(&field) {
        Err(error) => {
            number::complain(&field, (texts().phone)(error));
            dom::focus(&field);
        }
        Ok(phone) if place::take(&button) => {
            spawn_local(send(Pay::PATH, ["&phone=", &phone].concat(), button, aloud));
        }
        Ok(_) => {}
    }
}

fn claim(aloud: Aloud) {
    let (Some(field), Some(button)) = (dom::field("claim"), dom::field("claim-button")) else {
        return;
    };
    if place::take(&button) {
        let text = String::from(js_sys::encode_uri_component(&field.value()));
        spawn_local(send(Claim::PATH, ["&claim=", &text].concat(), button, aloud));
    }
}

/// Sends once. What came of a request without an answer is found out by looking, never by sending again.
async fn send(path: &'static str, field: String, button: HtmlInputElement, aloud: Aloud) {
    let place = dom::stage("data-place").unwrap_or_default();
    if let Ok(html) = net::post(path, &[place, field].concat(), PATIENCE).await {
        place::put(aloud, &html);
    } else {
        look(aloud).await;
    }
    place::give_back(&button);
}

/// Finds out what came of a request without an answer, and says so where the page cannot show it.
async fn look(aloud: Aloud) {
    let phase = dom::stage("data-phase");
    let looked = place::refresh(aloud).await;
    if phase == dom::stage("data-phase") {
        dom::tell("sending-error", texts().unanswered);
    }
    if looked.is_err() {
        aloud.connection_is_lost();
    }
}

/// Turns to the steps of paying by hand, or back, with an address that a reload understands.
fn turn(place: &str, to: &str, aloud: Aloud) {
    if let Some(stage) = dom::by_id("stage") {
        dom::set(&stage, "data-place", Some(place));
        // Another way of paying is another screen: its heading is read.
        dom::set(&stage, "data-phase", None);
    }
    if let Ok(history) = dom::window().history() {
        let _ = history.push_state_with_url(&"".into(), "", Some(to));
    }
    let to = to.to_owned();
    spawn_local(async move {
        if place::refresh(aloud).await.is_err() {
            // The browser's own error page says more than silence.
            let _ = dom::window().location().assign(&to);
        }
    });
}
