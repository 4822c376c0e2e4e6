//! What moves by the second: the countdown of the prompt, the button that comes back, and moments to look again.

use std::cell::{Cell, RefCell};

use gloo_timers::callback::Interval;
use leptos::task::spawn_local;
use web_sys::HtmlElement;
use web_sys::wasm_bindgen::JsCast;

use super::aloud::{Aloud, texts};
use super::{dom, place};

/// When the countdown is spoken, in seconds left. More often would drown everything else.
const SPOKEN: [i64; 2] = [30, 10];

thread_local! {
    /// Ticks while something on the page moves.
    static TICKING: RefCell<Option<Interval>> = const { RefCell::new(None) };
    /// What stands on the page, in milliseconds of its uptime; nothing where it does not move.
    static DUE: Cell<Due> = const { Cell::new(Due { left: None, back: None, look: None }) };
}

#[derive(Clone, Copy)]
struct Due {
    /// The prompt disappears from the phone.
    left: Option<i64>,
    /// The button comes back.
    back: Option<i64>,
    /// Something changes that only the server knows how to show.
    look: Option<i64>,
}

/// Reads from the page what moves, and sets it going.
pub(super) fn wind(aloud: Aloud) {
    let now = dom::uptime();
    let read = |name| dom::stage_number(name).map(|millis| now + millis);
    let due = Due {
        left: read("data-left"),
        back: read("data-back"),
        look: read("data-look"),
    };
    start_ring(due.left.map(|end| end - now));
    DUE.set(due);
    let moves = due.left.or(due.back).or(due.look).is_some();
    TICKING.set(moves.then(|| Interval::new(1000, move || tick(aloud))));
}

/// The ring runs by itself in CSS; it only has to know how far it is. A style attribute would need a looser policy.
fn start_ring(left: Option<i64>) {
    let Some((ring, left)) = dom::find(".ring").zip(left) else {
        return;
    };
    let style = ring.unchecked_ref::<HtmlElement>().style();
    let _ = style.set_property("--left", &[&left.to_string(), "ms"].concat());
}

fn tick(aloud: Aloud) {
    let now = dom::uptime();
    let mut due = DUE.get();
    let seconds = |end: i64| (end - now + 999).max(0) / 1000;
    if let Some(left) = due.left.map(seconds) {
        dom::tell("left", &left.to_string());
        if SPOKEN.contains(&left) {
            aloud.whisper(&(texts().seconds_left)(&left.to_string()));
        }
    }
    if let Some(back) = due.back.map(seconds) {
        dom::tell("back", &back.to_string());
        if back == 0 {
            due.back = None;
            bring_back(aloud);
        }
    }
    if due.look.is_some_and(|look| look <= now) {
        due.look = None;
        // Where this gets no answer, the watch finds out and says so.
        spawn_local(async move { drop(place::refresh(aloud).await) });
    }
    DUE.set(due);
}

fn bring_back(aloud: Aloud) {
    if let Some(button) = dom::by_id("pay-button") {
        dom::set(&button, "disabled", None);
        aloud.whisper(texts().button_is_back);
    }
    if let Some(wait) = dom::by_id("ready-in") {
        wait.remove();
    }
}
