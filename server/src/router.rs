//! Every address of the process, on one screen. Paths are written out: nesting would rewrite each request's.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::assets::{self, ASSETS};
use crate::desk;
use crate::edge::edge;
use crate::problem::method_not_allowed;
use crate::routes::{attempts, errors, events, health, pages, payments, rail, sessions, webhooks};
use crate::state::AppState;

/// The server without the demo.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .merge(merchant_api())
        .merge(webhooks_to_merchants())
        .merge(callback_intake())
        .merge(pages::router())
        .merge(site())
        .route("/errors/{code}", get(errors::explain))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
}

/// What shops call.
fn merchant_api() -> Router<AppState> {
    Router::new()
        .route(
            "/v1/checkout/sessions",
            post(sessions::create).get(sessions::list),
        )
        .route("/v1/checkout/sessions/{id}", get(sessions::show))
        .route("/v1/checkout/sessions/{id}/expire", post(sessions::expire))
        .route("/v1/checkout/sessions/{id}/attempts", post(attempts::create))
        .route("/v1/payments", get(payments::list))
        .route("/v1/payments/{id}", get(payments::show))
        .route("/v1/events", get(events::list))
        .route("/v1/events/{id}", get(events::show))
}

/// Where shops hear of events without asking.
fn webhooks_to_merchants() -> Router<AppState> {
    const ENDPOINT: &str = "/v1/webhook_endpoints/{id}";
    let of_endpoint = |end: &str| format!("{ENDPOINT}/{end}");
    Router::new()
        .route(
            "/v1/webhook_endpoints",
            post(webhooks::create).get(webhooks::list),
        )
        .route(
            ENDPOINT,
            get(webhooks::show)
                .patch(webhooks::change)
                .delete(webhooks::delete),
        )
        .route(&of_endpoint("rotate_secret"), post(webhooks::rotate_secret))
        .route(&of_endpoint("test"), post(webhooks::test))
        .route(&of_endpoint("replay"), post(webhooks::replay))
        .route(&of_endpoint("deliveries"), get(webhooks::deliveries))
        .route("/v1/deliveries/{id}", get(webhooks::delivery))
        .route("/v1/deliveries/{id}/redeliver", post(webhooks::redeliver))
}

/// What Safaricom calls. No path holds a word that Daraja refuses.
fn callback_intake() -> Router<AppState> {
    Router::new()
        .route("/rail/stk/{token}", post(rail::stk))
        .route("/rail/c2b/{token}/validate", post(rail::validate))
        .route("/rail/c2b/{token}/confirm", post(rail::confirm))
}

/// What browsers download beside the pages.
fn site() -> Router<AppState> {
    ASSETS.iter().fold(Router::new(), |site, asset| {
        site.route(asset.path, get(assets::serve))
    })
}

/// Adds the desk, whose sessions need the engine, says what is missing, puts what every request needs around all
/// routes, and hands them the state.
pub(crate) fn finished(routes: Router<AppState>, state: AppState) -> Router {
    routes
        .merge(desk::router(&state))
        .fallback(errors::nothing_here)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), edge))
        .with_state(state)
}
