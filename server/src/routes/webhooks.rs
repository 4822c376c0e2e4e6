//! `/v1/webhook_endpoints` and `/v1/deliveries`: where a merchant hears of events, and what was said there.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use kaunta_domain::id::{Delivery, Event, WebhookEndpoint, WebhookEndpointId};
use kaunta_payments::{Caller, DeliveryFilter, Scope};
use serde::Serialize;

use super::extract::{Named, Posted};
use super::{json, json_list, made};
use crate::auth::Merchant;
use crate::problem::Problem;
use crate::reading::query::Query;
use crate::reading::webhook;
use crate::state::AppState;

const STATUSES: [&str; 4] = ["pending", "succeeded", "failed", "canceled"];

/// Deliveries hold whole events and what receivers answered: who may set endpoints may look at them, and nobody else.
fn allowed(merchant: Merchant) -> Result<Caller, Problem> {
    merchant.with(&[Scope::WebhooksWrite])
}

/// `POST /v1/webhook_endpoints`
pub(crate) async fn create(
    State(state): State<AppState>,
    merchant: Merchant,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    let new = webhook::new_endpoint(posted.json()?)?;
    let answer = state
        .payments
        .create_webhook_endpoint(&caller, new, posted.once)
        .await?;
    Ok(made(StatusCode::CREATED, answer))
}

/// `GET /v1/webhook_endpoints`
pub(crate) async fn list(
    State(state): State<AppState>,
    merchant: Merchant,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    let mut query = Query::of(query.as_deref());
    let cursor = query.cursor::<WebhookEndpoint>();
    query.finish()?;
    json_list(&state.payments.webhook_endpoints(&caller, cursor).await?)
}

/// `GET /v1/webhook_endpoints/{id}`
pub(crate) async fn show(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<WebhookEndpoint>,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    json(&state.payments.webhook_endpoint(&caller, id).await?)
}

/// `PATCH /v1/webhook_endpoints/{id}`
pub(crate) async fn change(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<WebhookEndpoint>,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    let change = webhook::change(posted.json()?)?;
    json(
        &state
            .payments
            .change_webhook_endpoint(&caller, id, change)
            .await?,
    )
}

/// What is left to say of an endpoint that was deleted.
#[derive(Serialize)]
struct Gone {
    id: WebhookEndpointId,
    object: &'static str,
    deleted: bool,
}

/// `DELETE /v1/webhook_endpoints/{id}`
pub(crate) async fn delete(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<WebhookEndpoint>,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    state.payments.delete_webhook_endpoint(&caller, id).await?;
    json(&Gone {
        id,
        object: "webhook_endpoint",
        deleted: true,
    })
}

/// `POST /v1/webhook_endpoints/{id}/rotate_secret`
pub(crate) async fn rotate_secret(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<WebhookEndpoint>,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    let overlap = webhook::overlap(posted.json_or_nothing()?)?;
    let answer = state
        .payments
        .rotate_webhook_secret(&caller, id, overlap, posted.once)
        .await?;
    Ok(made(StatusCode::OK, answer))
}

/// `POST /v1/webhook_endpoints/{id}/test`
pub(crate) async fn test(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<WebhookEndpoint>,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    posted.must_be_empty()?;
    let answer = state
        .payments
        .test_webhook_endpoint(&caller, id, posted.once)
        .await?;
    Ok(made(StatusCode::CREATED, answer))
}

/// `POST /v1/webhook_endpoints/{id}/replay`
pub(crate) async fn replay(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<WebhookEndpoint>,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    let replay = webhook::replay(posted.json()?)?;
    let answer = state
        .payments
        .replay_webhooks(&caller, id, replay, posted.once)
        .await?;
    Ok(made(StatusCode::OK, answer))
}

/// `GET /v1/webhook_endpoints/{id}/deliveries`
pub(crate) async fn deliveries(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<WebhookEndpoint>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    let mut query = Query::of(query.as_deref());
    let cursor = query.cursor::<Delivery>();
    let filter = DeliveryFilter {
        status: query.one_of("status", &STATUSES).map(str::to_owned),
        event: query.id::<Event>("event"),
    };
    query.finish()?;
    json_list(&state.payments.deliveries(&caller, id, filter, cursor).await?)
}

/// `GET /v1/deliveries/{id}`
pub(crate) async fn delivery(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<Delivery>,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    json(&state.payments.delivery(&caller, id).await?)
}

/// `POST /v1/deliveries/{id}/redeliver`
pub(crate) async fn redeliver(
    State(state): State<AppState>,
    merchant: Merchant,
    Named(id): Named<Delivery>,
    posted: Posted,
) -> Result<Response, Problem> {
    let caller = allowed(merchant)?;
    posted.must_be_empty()?;
    let answer = state.payments.redeliver(&caller, id, posted.once).await?;
    Ok(made(StatusCode::CREATED, answer))
}
