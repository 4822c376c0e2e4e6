//! `/desk`: what came today, and the latest sessions.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use kaunta_domain::api::SessionObject;
use kaunta_domain::time::Timestamp;
use kaunta_payments::{Cursor, SessionFilter, Takings};

use super::gate::SignedIn;
use super::page::{self, Fault, Place, kes, moment, or_dash};
use crate::state::AppState;

/// How many sessions are shown.
const LATEST: i64 = 20;
const DAY: Duration = Duration::from_hours(24);

/// `GET /desk`
pub(super) async fn show(State(state): State<AppState>, who: SignedIn) -> Result<Response, Fault> {
    let caller = &who.clerk.caller;
    let today = midnight(state.payments.clock().now());
    let takings = state.payments.takings(caller, today, today + DAY).await?;
    let before = state.payments.takings(caller, today - DAY, today).await?;
    let waiting = state.payments.unmatched_count(caller).await?;
    let latest = Cursor {
        limit: LATEST,
        starting_after: None,
        ending_before: None,
    };
    let sessions = state
        .payments
        .sessions(caller, SessionFilter::default(), latest)
        .await?;
    let main = format!(
        "<h1>Today</h1>{}<h2>Latest sessions</h2>{}",
        tiles(takings, before, waiting),
        table(&sessions.data)
    );
    Ok(page::desk(&who, Place::Today, waiting, "Today", &main))
}

/// When the day of `now` began in Nairobi.
fn midnight(now: Timestamp) -> Timestamp {
    let wire = now.daraja();
    let date = wire.get(..8).unwrap_or_default();
    Timestamp::parse_daraja(&format!("{date}000000")).unwrap_or(now)
}

fn tiles(today: Takings, before: Takings, waiting: i64) -> String {
    let unmatched = match waiting {
        0 => "<div class=\"tile\"><p class=\"name\">Unmatched</p><p class=\"figure\">None</p>\
              <p class=\"more\">All money has its session</p></div>"
            .to_owned(),
        _ => format!(
            "<a class=\"tile act\" href=\"/desk/unmatched\"><p class=\"name\">Unmatched</p><p class=\"figure\">{}</p>\
             <p class=\"more\">Find the session of each →</p></a>",
            payments(waiting)
        ),
    };
    format!(
        "<div class=\"tiles\"><div class=\"tile first\"><p class=\"name\">Takings today</p><p class=\"figure\">{}</p>\
         <p class=\"more\">{}</p></div><div class=\"tile\"><p class=\"name\">Yesterday</p><p class=\"figure\">{}</p>\
         <p class=\"more\">{}</p></div>{unmatched}</div>",
        kes(today.sum),
        payments(today.payments),
        kes(before.sum),
        payments(before.payments),
    )
}

fn payments(count: i64) -> String {
    match count {
        0 => "No payments".to_owned(),
        1 => "1 payment".to_owned(),
        _ => format!("{count} payments"),
    }
}

fn table(sessions: &[SessionObject]) -> String {
    if sessions.is_empty() {
        return "<p class=\"empty\">There are no sessions yet. Your shop makes one with \
                <code>POST /v1/checkout/sessions</code>.</p>"
            .to_owned();
    }
    let rows: String = sessions.iter().map(row).collect();
    format!(
        "<table class=\"list\"><thead><tr><th>Made</th><th>Order</th><th>State</th><th class=\"sum\">Amount</th>\
         <th class=\"sum\">Received</th><th>Phone</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn row(session: &SessionObject) -> String {
    format!(
        "<tr><td data-name=\"Made\"><a href=\"/desk/sessions/{}\">{}</a></td><td data-name=\"Order\">{}</td>\
         <td data-name=\"State\">{}</td><td class=\"sum\" data-name=\"Amount\">{}</td>\
         <td class=\"sum\" data-name=\"Received\">{}</td><td data-name=\"Phone\">{}</td></tr>",
        session.id,
        moment(session.created_at),
        or_dash(session.client_reference_id.as_deref()),
        page::state(session.status, session.payment_status),
        kes(session.amount),
        kes(session.amount_received),
        or_dash(session.phone_masked.as_deref()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_at_midnight_in_nairobi() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        assert_eq!(midnight(at("2026-11-21T20:59:59Z")), at("2026-11-20T21:00:00Z"));
        assert_eq!(midnight(at("2026-11-21T21:00:00Z")), at("2026-11-21T21:00:00Z"));
    }
}
