//! `/v1/payments`: money that was received, by whatever way.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use kaunta_domain::id::Payment;
use kaunta_payments::{PaymentFilter, Scope};

use super::extract::Named;
use super::{json, json_list};
use crate::auth::Merchant;
use crate::problem::Problem;
use crate::reading::query::Query;
use crate::state::AppState;

/// `GET /v1/payments`
pub(crate) async fn list(
    State(state): State<AppState>,
    merchant: Merchant,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let caller = merchant.with(&[Scope::PaymentsRead])?;
    let mut query = Query::of(query.as_deref());
    let cursor = query.cursor::<Payment>();
    let filter = PaymentFilter {
        receipt: query.text("receipt"),
    };
    query.finish()?;
    json_list(&state.payments.payments(&caller, filter, cursor).await?)
}

/// `GET /v1/payments/{id}`
pub(crate) async fn show(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<Payment>,
) -> Result<Response, Problem> {
    let caller = merchant.with(&[Scope::PaymentsRead])?;
    json(&state.payments.payment(&caller, id).await?)
}
