//! Cases as the merchant sees them: the objects of the API and the bodies of events.

use kaunta_domain::api::{
    AttemptObject, Details, EventData, EventObject, PaybillObject, PaymentObject, SessionObject, TillObject,
};
use kaunta_domain::attempt::Attempt;
use kaunta_domain::case::{Subject, Told};
use kaunta_domain::id::EventId;
use kaunta_domain::payment::Payment;
use kaunta_domain::receipt::Receipt;
use serde::Serialize;

use crate::error::Error;
use crate::store::Tx;
use crate::store::case::{ChannelKind, Loaded};

/// A session as the merchant sees it.
pub(crate) fn session(loaded: &Loaded, public_url: &str) -> Result<SessionObject, Error> {
    let details = details(loaded)?;
    let session = &loaded.case.session;
    let paybill = (loaded.kind == ChannelKind::Paybill).then(|| PaybillObject {
        business_number: loaded.shortcode.clone(),
        account: loaded.account.as_str().to_owned(),
    });
    let till = (loaded.kind == ChannelKind::Till).then(|| TillObject {
        number: loaded.shortcode.clone(),
    });
    Ok(SessionObject {
        id: loaded.id,
        object: "checkout.session",
        livemode: loaded.livemode,
        status: session.state.name(),
        payment_status: session.payment_status().name(),
        amount: session.amount,
        amount_received: session.received,
        amount_refunded: session.refunded,
        currency: "KES",
        url: format!("{public_url}/c/{}", loaded.id),
        embed_url: format!("{public_url}/e/{}", loaded.id),
        client_reference_id: loaded.client_reference_id.clone(),
        description: details.description,
        metadata: details.metadata,
        line_items: details.line_items,
        paybill,
        till,
        phone_masked: phone_masked(loaded),
        locale: details.locale,
        success_url: details.success_url,
        cancel_url: details.cancel_url,
        appearance: details.appearance,
        attempts: loaded
            .case
            .attempts
            .iter()
            .map(|attempt| attempt_object(attempt, loaded))
            .collect(),
        payments: loaded
            .case
            .payments
            .iter()
            .map(|payment| payment_object(payment, loaded))
            .collect(),
        expires_at: session.expires_at,
        created_at: loaded.created_at,
        completed_at: session.state.completed_at(),
    })
}

/// What the session was made with.
pub(crate) fn details(loaded: &Loaded) -> Result<Details, Error> {
    serde_json::from_str(&loaded.details).map_err(|_| Error::Inconsistent {
        table: "sessions",
        column: "details",
        row: loaded.id.to_string(),
    })
}

/// The phone of the last prompt, or the one that the shop named.
fn phone_masked(loaded: &Loaded) -> Option<String> {
    let last = loaded
        .case
        .attempts
        .last()
        .and_then(|attempt| loaded.prompts.get(&attempt.id));
    last.map(|prompt| prompt.phone_masked.clone())
        .or_else(|| loaded.customer_masked.clone())
}

/// An attempt as the merchant sees it.
pub(crate) fn attempt_object(attempt: &Attempt, loaded: &Loaded) -> AttemptObject {
    AttemptObject {
        id: attempt.id,
        object: "payment.attempt",
        session: loaded.id,
        status: attempt.state.name(),
        amount: attempt.amount,
        phone_masked: loaded
            .prompts
            .get(&attempt.id)
            .map(|prompt| prompt.phone_masked.clone())
            .unwrap_or_default(),
        checkout_request_id: attempt.checkout_request_id.clone(),
        failure: attempt.state.failure().cloned(),
        created_at: attempt.created_at,
        ended_at: attempt.state.ended_at(),
    }
}

/// A payment as the merchant sees it.
pub(crate) fn payment_object(payment: &Payment, loaded: &Loaded) -> PaymentObject {
    PaymentObject {
        id: payment.id,
        object: "payment",
        session: Some(loaded.id),
        livemode: loaded.livemode,
        receipt: payment.receipt.as_ref().map(Receipt::as_str).map(str::to_owned),
        amount: payment.amount,
        currency: "KES",
        method: payment.method,
        completion_source: payment.source,
        payer_masked: payment.payer_masked.clone(),
        paid_at: payment.paid_at,
    }
}

/// The body of an event: exactly the bytes that a webhook signs.
pub(crate) fn event_body(id: EventId, told: Told, loaded: &Loaded, tx: &Tx) -> Result<String, Error> {
    match told.about {
        Subject::Session => write(id, told, loaded, tx, session(loaded, &tx.timing.public_url)?),
        Subject::Attempt(about) => {
            let found = loaded.case.attempts.iter().find(|attempt| attempt.id == about);
            write(
                id,
                told,
                loaded,
                tx,
                found.map(|attempt| attempt_object(attempt, loaded)),
            )
        }
        Subject::Payment(about) => {
            let found = loaded.case.payments.iter().find(|payment| payment.id == about);
            write(
                id,
                told,
                loaded,
                tx,
                found.map(|payment| payment_object(payment, loaded)),
            )
        }
    }
}

fn write<T: Serialize>(
    id: EventId,
    told: Told,
    loaded: &Loaded,
    tx: &Tx,
    object: T,
) -> Result<String, Error> {
    let event = EventObject {
        id,
        object: "event",
        kind: told.kind.as_str(),
        timestamp: tx.now,
        livemode: loaded.livemode,
        sequence: loaded.sequence,
        data: EventData { object },
    };
    json_text(&event)
}

/// JSON text of one of our own objects.
pub(crate) fn json_text<T: Serialize>(object: &T) -> Result<String, Error> {
    serde_json::to_string(object).map_err(|_| Error::Inconsistent {
        table: "json",
        column: "*",
        row: String::new(),
    })
}
