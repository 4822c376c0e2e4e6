//! The phone number while it is typed: understood at once, corrected in words, never blocked by a guess.

use kaunta_domain::msisdn::{Msisdn, PhoneError};
use web_sys::HtmlInputElement;

use super::aloud::{Aloud, texts};
use super::dom;

/// What was typed, if it may be sent: a number, or nothing where the server knows one.
pub(super) fn read(field: &HtmlInputElement) -> Result<String, PhoneError> {
    match Msisdn::parse(&field.value()) {
        Ok(number) => Ok(number.wire()),
        Err(PhoneError::Empty) if field.has_attribute("data-known") => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// After a key: shows what is understood, and takes an old complaint away. Nobody is told off while typing.
pub(super) fn typing(field: &HtmlInputElement) {
    complain(field, "");
    let number = Msisdn::parse(&field.value()).ok();
    dom::tell("phone-say", &number.map_or(String::new(), understood));
    if let Some(note) = dom::by_id("phone-say") {
        let doubtful = number.is_some_and(|number| !number.looks_like_mpesa());
        dom::set(&note, "data-doubt", doubtful.then_some(""));
    }
}

/// When the field is left: writes the number as people read it, or says what is wrong with it.
pub(super) fn left(field: &HtmlInputElement, aloud: Aloud) {
    match Msisdn::parse(&field.value()) {
        Ok(number) => {
            field.set_value(&number.local());
            if !number.looks_like_mpesa() {
                aloud.whisper(&understood(number));
            }
        }
        // An empty field that is passed by is not a mistake yet.
        Err(PhoneError::Empty) => {}
        Err(error) => complain(field, (texts().phone)(error)),
    }
}

/// Says what is wrong beside the field and marks it; nothing where `text` is empty.
pub(super) fn complain(field: &HtmlInputElement, text: &str) {
    dom::tell("phone-error", text);
    dom::set(field, "aria-invalid", (!text.is_empty()).then_some("true"));
}

fn understood(number: Msisdn) -> String {
    let operator = number.operator().name();
    match operator {
        Some(name) if !number.looks_like_mpesa() => (texts().other_operator)(name),
        _ => (texts().sends_to)(&number.local()),
    }
}
