//! `/desk/sessions/{id}`: one session, and what happened in it.

use axum::extract::{Path, State};
use axum::response::Response;
use kaunta_domain::api::{AttemptObject, PaymentObject, SessionObject};
use kaunta_domain::payment::{Method, Source};
use kaunta_domain::time::Timestamp;
use kaunta_payments::Assigned;

use super::gate::SignedIn;
use super::page::{self, Fault, Place, kes, moment, or_dash};
use crate::html::escaped;
use crate::state::AppState;

/// Something that happened: when, how it is marked, and in which words (HTML).
type Moment = (Timestamp, &'static str, String);

/// `GET /desk/sessions/{id}`
pub(super) async fn show(
    State(state): State<AppState>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let id = id.parse().map_err(|_| Fault::nothing_here())?;
    let caller = &who.clerk.caller;
    let session = state.payments.session(caller, id).await?;
    let assigned = state.payments.assigned(caller, id).await?;
    let waiting = state.payments.unmatched_count(caller).await?;
    let main = format!(
        "<p class=\"back\"><a href=\"/desk\">← Today</a></p><h1>{} {}</h1>{}<h2>What happened</h2>{}",
        kes(session.amount),
        page::state(session.status, session.payment_status),
        facts(&session),
        timeline(&session, &assigned),
    );
    Ok(page::desk(&who, Place::Session, waiting, "Session", &main))
}

fn facts(session: &SessionObject) -> String {
    let number = match (&session.paybill, &session.till) {
        (Some(paybill), _) => format!(
            "Paybill {}, account <b>{}</b>",
            escaped(&paybill.business_number),
            escaped(&paybill.account)
        ),
        (None, Some(till)) => format!("Till {}", escaped(&till.number)),
        (None, None) => or_dash(None),
    };
    format!(
        "<dl class=\"facts\"><div><dt>Received</dt><dd>{}</dd></div><div><dt>Order</dt><dd>{}</dd></div>\
         <div><dt>For</dt><dd>{}</dd></div><div><dt>Phone</dt><dd>{}</dd></div><div><dt>By hand</dt><dd>{number}</dd></div>\
         <div><dt>Session</dt><dd><code>{}</code></dd></div></dl>",
        kes(session.amount_received),
        or_dash(session.client_reference_id.as_deref()),
        or_dash(session.description.as_deref()),
        or_dash(session.phone_masked.as_deref()),
        session.id,
    )
}

fn timeline(session: &SessionObject, assigned: &[Assigned]) -> String {
    let mut moments: Vec<Moment> = vec![(session.created_at, "calm", "The shop made the session".to_owned())];
    session
        .attempts
        .iter()
        .for_each(|attempt| prompt(attempt, &mut moments));
    moments.extend(session.payments.iter().map(money));
    moments.extend(assigned.iter().map(by_hand));
    moments.extend(
        session
            .completed_at
            .map(|at| (at, "good", "Paid in full".to_owned())),
    );
    if session.status == "expired" {
        moments.push((session.expires_at, "calm", "Its time ran out".to_owned()));
    }
    moments.sort_by_key(|(at, ..)| *at);
    let items: String = moments.iter().map(item).collect();
    format!("<ol class=\"timeline\">{items}</ol>")
}

fn item((at, class, words): &Moment) -> String {
    format!("<li class=\"{class}\"><p>{words}</p>{}</li>", moment(*at))
}

fn prompt(attempt: &AttemptObject, moments: &mut Vec<Moment>) {
    let asked = format!(
        "Prompt for {} to {}",
        kes(attempt.amount),
        escaped(&attempt.phone_masked)
    );
    moments.push((attempt.created_at, "open", asked));
    let Some(ended_at) = attempt.ended_at else { return };
    let (class, words) = match attempt.status {
        "succeeded" => ("good", "The prompt was paid".to_owned()),
        "canceled" => ("warn", "The shopper canceled the prompt".to_owned()),
        "timed_out" => ("warn", "The prompt was not answered".to_owned()),
        "needs_review" => ("bad", "M-Pesa contradicts itself: look at this prompt".to_owned()),
        _ => ("bad", "The prompt failed".to_owned()),
    };
    let why = attempt.failure.as_ref().map_or_else(String::new, |failure| {
        let code = failure.result_code.as_deref();
        let code = code.map_or_else(String::new, |code| format!(" (M-Pesa {})", escaped(code)));
        format!(" · <code>{}</code>{code}", failure.code)
    });
    moments.push((ended_at, class, words + &why));
}

fn by_hand(assigned: &Assigned) -> Moment {
    let who = escaped(&assigned.who);
    let words = format!("Money was put on this session at the desk, with the key <code>{who}</code>");
    (assigned.at, "calm", words)
}

fn money(payment: &PaymentObject) -> Moment {
    let way = match payment.method {
        Method::MpesaStk => "by the prompt",
        Method::MpesaPaybill => "by hand to the paybill",
        Method::MpesaTill => "by hand to the till",
    };
    let from = payment
        .payer_masked
        .as_deref()
        .map_or_else(String::new, |payer| format!(" from {}", escaped(payer)));
    let receipt = payment.receipt.as_deref().map_or_else(
        || "the code is on its way".to_owned(),
        |code| format!("<code>{}</code>", escaped(code)),
    );
    let known = match payment.completion_source {
        Source::Callback => "told by the callback",
        Source::StkQuery => "found by asking M-Pesa",
        Source::C2b => "confirmed by M-Pesa",
        Source::TransactionStatus | Source::Pull => "found in M-Pesa's books",
        Source::Manual => "entered by hand",
    };
    let words = format!("{} came {way}{from} · {receipt} · {known}", kes(payment.amount));
    (payment.paid_at, "good", words)
}
