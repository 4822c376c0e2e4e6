//! `/v1/events`: everything that happened, for a shop that has no public URL or lost some webhooks.

use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use kaunta_domain::event::EventType;
use kaunta_domain::id::Event;
use kaunta_domain::limits::POLL_WAIT;
use kaunta_payments::Scope;

use super::extract::Named;
use super::{json, json_list};
use crate::auth::Merchant;
use crate::problem::Problem;
use crate::reading::query::Query;
use crate::state::AppState;

/// `GET /v1/events`. With `wait` it answers as soon as there is something, and at once when the server closes.
pub(crate) async fn list(
    State(state): State<AppState>,
    merchant: Merchant,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let caller = merchant.with(&[Scope::PaymentsRead])?;
    let known: Vec<&'static str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    let mut query = Query::of(query.as_deref());
    let after = query.id::<Event>("after");
    let cursor = query.cursor::<Event>();
    if after.is_some() && (cursor.starting_after.is_some() || cursor.ending_before.is_some()) {
        query.wrong(
            "after",
            "conflict",
            "cannot be given beside starting_after or ending_before".to_owned(),
        );
    }
    let kind = query.one_of("type", &known).map(str::to_owned);
    let most = i64::try_from(POLL_WAIT.as_secs()).unwrap_or(0);
    let wait = Duration::from_secs(query.number("wait", 0, most).unwrap_or(0).unsigned_abs());
    query.finish()?;
    let events = |wait| {
        state
            .payments
            .events(&caller, after, kind.clone(), cursor.clone(), wait)
    };
    match state.closing.run_until_cancelled(events(wait)).await {
        Some(found) => json_list(&found?),
        None => json_list(&events(Duration::ZERO).await?),
    }
}

/// `GET /v1/events/{id}`
pub(crate) async fn show(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<Event>,
) -> Result<Response, Problem> {
    let caller = merchant.with(&[Scope::PaymentsRead])?;
    json(&state.payments.event(&caller, id).await?)
}
