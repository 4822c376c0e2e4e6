//! What a shopper may do, for the forms and for the server functions alike: look, pay, claim.

use kaunta_domain::id::SessionId;
use kaunta_domain::limits::POLL_WAIT;
use kaunta_domain::msisdn::{Msisdn, PhoneError};
use kaunta_payments::{Error, Page, Payments};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::calls::{Markup, News, Refused};
use crate::pages::{self, Notice, Place, Seen};

/// The engine, from the context that the server provides.
pub fn engine() -> Result<Payments, Refused> {
    use_context::<Payments>().ok_or(Refused::Broken)
}

/// The session as it is.
pub async fn look(payments: &Payments, place: Place) -> Result<Seen, Refused> {
    Ok(Seen::new(page(payments, place.session).await?, place))
}

/// Starts a prompt; the notice tells what was refused. What M-Pesa says of the prompt is part of the session.
pub async fn pay(payments: &Payments, place: Place, typed: &str) -> Result<Seen, Refused> {
    let session = place.session;
    let before = page(payments, session).await?;
    let known = before.phone_hint.is_some();
    let phone = match Msisdn::parse(typed) {
        Ok(phone) => Some(phone),
        Err(PhoneError::Empty) if known => None,
        Err(error) => return Ok(Seen::new(before, place).saying(Notice::Phone(error), typed)),
    };
    let notice = match payments.pay(session, phone).await {
        Ok(()) => None,
        Err(Error::NotFound) => return Err(Refused::NotFound),
        Err(error) => Notice::of_pay(&error),
    };
    let seen = Seen::new(page(payments, session).await?, place);
    Ok(match notice {
        Some(notice) => seen.saying(notice, typed),
        None => seen,
    })
}

/// Looks for the payment that a pasted text tells of.
pub async fn claim(payments: &Payments, place: Place, pasted: &str) -> Result<Seen, Refused> {
    let session = place.session;
    let notice = match kaunta_domain::sms::read(pasted) {
        Err(error) => Some(Notice::Unreadable(error)),
        Ok(claim) => match payments.claim(session, claim).await {
            Ok(claimed) => Notice::of_claim(&claimed),
            Err(Error::NotFound) => return Err(Refused::NotFound),
            Err(error) => Notice::of_pay(&error),
        },
    };
    let seen = Seen::new(page(payments, session).await?, place);
    Ok(match notice {
        Some(notice) => seen.saying(notice, pasted),
        None => seen,
    })
}

/// Waits for what is newer than `seen`; tells `seen` again where nothing came.
pub async fn news(payments: &Payments, session: &str, seen: i64) -> Result<News, Refused> {
    let session: SessionId = session.parse().map_err(|_| refuse(Refused::NotFound))?;
    let pulse = payments
        .pulse(session, seen, POLL_WAIT)
        .await
        .map_err(|error| refuse(refused(&error)))?;
    Ok(pulse.map_or_else(
        || News {
            version: seen.max(0),
            phase: String::new(),
        },
        |pulse| News {
            version: pulse.version,
            phase: pulse.phase.name().to_owned(),
        },
    ))
}

/// What a server function answers: the piece of the page, or a refusal with its HTTP status.
pub fn piece(seen: Result<Seen, Refused>) -> Result<Markup, Refused> {
    seen.map(|seen| Markup(pages::piece(&seen))).map_err(refuse)
}

async fn page(payments: &Payments, session: SessionId) -> Result<Page, Refused> {
    payments
        .page(session)
        .await
        .map_err(|error| refused(&error))?
        .ok_or(Refused::NotFound)
}

fn refused(error: &Error) -> Refused {
    match error {
        Error::NotFound => Refused::NotFound,
        Error::Overloaded | Error::Closed => Refused::Busy,
        _ => Refused::Broken,
    }
}

/// Gives the refusal its HTTP status, where a server function is answered.
fn refuse(refused: Refused) -> Refused {
    if let (Some(options), Ok(status)) = (use_context::<ResponseOptions>(), refused.status().try_into()) {
        options.set_status(status);
    }
    refused
}
