//! The forms. Each works as a plain form; the island knows them by their ids.

use leptos::prelude::*;

use crate::pages::{Place, Way};
use crate::words::Words;

/// When a form may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// At once.
    Now,
    /// After so many seconds; until then the button stands there and says so.
    In(u64),
}

/// Asks for the phone that gets the prompt.
#[component]
pub fn PhoneForm(
    /// Where it is posted.
    action: String,
    /// What the button says.
    button: String,
    /// When it may be sent.
    ready: Ready,
    /// The number that is used when the field stays empty, masked.
    known: Option<String>,
    /// What was typed before.
    typed: String,
    /// What is wrong with it.
    error: Option<&'static str>,
    /// The texts.
    w: &'static Words,
) -> impl IntoView {
    let hint = known
        .as_deref()
        .map_or_else(|| w.form.hint.to_owned(), w.form.hint_known);
    let invalid = error.map(|_| "true");
    let waiting = match ready {
        Ready::Now => None,
        Ready::In(seconds) => Some(countdown("ready-in", "back", w.form.ready_in, seconds)),
    };
    view! {
        <form id="pay" method="post" action=action novalidate>
            <label for="phone">{w.form.label}</label>
            <input
                id="phone"
                name="phone"
                type="tel"
                inputmode="tel"
                autocomplete="tel"
                maxlength="60"
                placeholder=known.clone().unwrap_or_else(|| "0712 345 678".to_owned())
                value=typed
                data-known=known.map(|_| "")
                aria-describedby="phone-error phone-say phone-hint"
                aria-invalid=invalid
                autofocus=invalid.is_some()
                data-focus=invalid
            />
            <p id="phone-error" class="error" hidden=error.is_none()>
                {error}
            </p>
            <p id="phone-say" class="say" hidden></p>
            <p id="phone-hint" class="hint">
                {hint}
            </p>
            <p id="sending-error" class="error" role="alert" hidden></p>
            <div class="go-row">
                <button id="pay-button" class="btn" disabled=waiting.is_some()>
                    {button}
                </button>
                {waiting}
            </div>
        </form>
    }
}

/// A sentence with a number of seconds in it that the island counts down. Not spoken: see the announcements.
pub fn countdown(
    id: &'static str,
    number: &'static str,
    sentence: fn(&str) -> String,
    seconds: u64,
) -> impl IntoView {
    // The sentence is asked for with a mark in the number's place, since each language puts it elsewhere.
    let text = sentence("\u{1}");
    let (before, after) = text.split_once('\u{1}').unwrap_or((&text, ""));
    view! {
        <span id=id class="wait" aria-hidden="true">
            {before.to_owned()}
            <span id=number>{seconds}</span>
            {after.to_owned()}
        </span>
    }
}

/// Asks for the M-Pesa message or code of a payment that was made by hand.
#[component]
pub fn ClaimForm(
    /// Where it is posted.
    action: String,
    /// What was pasted before.
    typed: String,
    /// What is wrong with it.
    error: Option<&'static str>,
    /// The texts.
    w: &'static Words,
) -> impl IntoView {
    let invalid = error.map(|_| "true");
    view! {
        <form id="claim-form" method="post" action=action novalidate>
            <label for="claim">{w.by_hand.claim}</label>
            <textarea
                id="claim"
                name="claim"
                rows="2"
                maxlength="2000"
                autocomplete="off"
                aria-describedby="claim-error claim-hint"
                aria-invalid=invalid
                autofocus=invalid.is_some()
                data-focus=invalid
            >
                {typed}
            </textarea>
            <p id="claim-error" class="error" hidden=error.is_none()>
                {error}
            </p>
            <p id="claim-hint" class="hint">
                {w.by_hand.claim_hint}
            </p>
            <button id="claim-button" class="btn quiet">
                {w.by_hand.find}
            </button>
        </form>
    }
}

/// A button that leads to another way of paying.
#[component]
pub fn Switch(
    /// Where the page is.
    place: Place,
    /// Where the button leads.
    to: Way,
    /// What it says.
    label: &'static str,
    /// The texts.
    fields: String,
) -> impl IntoView {
    let there = place.by(to);
    let hidden = there
        .queries()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    let hidden = hidden.collect_view();
    view! {
        <form class="switch" method="get" action=there.path() data-place=fields data-to=there.url()>
            {hidden}
            <button class="btn quiet">{label}</button>
        </form>
    }
}
