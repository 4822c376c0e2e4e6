//! `/v1/checkout/sessions/{id}/attempts`: a prompt from the merchant's own server, without the page.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kaunta_domain::id::Session;
use kaunta_payments::Scope;

use super::extract::{Named, Posted};
use super::made;
use crate::auth::Merchant;
use crate::problem::Problem;
use crate::reading::session::attempt_phone;
use crate::state::AppState;

/// `POST /v1/checkout/sessions/{id}/attempts`
pub(crate) async fn create(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<Session>,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = merchant.with(&[Scope::SessionsWrite])?;
    let phone = attempt_phone(posted.json()?)?;
    let answer = state
        .payments
        .start_attempt(&caller, id, phone, posted.once)
        .await?;
    Ok(made(StatusCode::CREATED, answer))
}
