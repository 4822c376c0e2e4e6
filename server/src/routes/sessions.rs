//! `/v1/checkout/sessions`: what a shop asks to be paid.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use kaunta_domain::id::Session;
use kaunta_payments::{Scope, SessionFilter};

use super::extract::{Named, Posted};
use super::{json, json_list, made};
use crate::auth::Merchant;
use crate::problem::Problem;
use crate::reading::query::Query;
use crate::reading::session::new_session;
use crate::state::AppState;

const STATUSES: [&str; 5] = ["open", "processing", "complete", "expired", "canceled"];
const PAYMENT_STATUSES: [&str; 6] = [
    "unpaid",
    "partially_paid",
    "paid",
    "overpaid",
    "refunded",
    "partially_refunded",
];
/// Who may make sessions may look at them.
const READERS: [Scope; 2] = [Scope::PaymentsRead, Scope::SessionsWrite];

/// `POST /v1/checkout/sessions`
pub(crate) async fn create(
    State(state): State<AppState>,
    merchant: Merchant,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = merchant.with(&[Scope::SessionsWrite])?;
    let new = new_session(posted.json()?)?;
    let answer = state.payments.create_session(&caller, new, posted.once).await?;
    Ok(made(StatusCode::CREATED, answer))
}

/// `GET /v1/checkout/sessions/{id}`
pub(crate) async fn show(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<Session>,
) -> Result<Response, Problem> {
    let caller = merchant.with(&READERS)?;
    json(&state.payments.session(&caller, id).await?)
}

/// `GET /v1/checkout/sessions`
pub(crate) async fn list(
    State(state): State<AppState>,
    merchant: Merchant,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let caller = merchant.with(&READERS)?;
    let mut query = Query::of(query.as_deref());
    let cursor = query.cursor::<Session>();
    let filter = SessionFilter {
        client_reference_id: query.text("client_reference_id"),
        status: query.one_of("status", &STATUSES).map(str::to_owned),
        payment_status: query
            .one_of("payment_status", &PAYMENT_STATUSES)
            .map(str::to_owned),
        created_gte: query.moment("created[gte]"),
        created_lt: query.moment("created[lt]"),
    };
    query.finish()?;
    json_list(&state.payments.sessions(&caller, filter, cursor).await?)
}

/// `POST /v1/checkout/sessions/{id}/expire`
pub(crate) async fn expire(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<Session>,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = merchant.with(&[Scope::SessionsWrite])?;
    posted.must_be_empty()?;
    let answer = state.payments.expire_session(&caller, id, posted.once).await?;
    Ok(made(StatusCode::OK, answer))
}
