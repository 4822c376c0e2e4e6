//! Every address of the process, on one screen.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::edge::edge;
use crate::problem::{method_not_allowed, unknown_path};
use crate::routes::{attempts, errors, events, health, payments, rail, sessions};
use crate::state::AppState;

/// The server without the demo.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .nest("/v1", merchant_api())
        .nest("/rail", callback_intake())
        .route("/errors/{code}", get(errors::explain))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(errors::nothing_here)
}

/// What shops call.
fn merchant_api() -> Router<AppState> {
    Router::new()
        .route("/checkout/sessions", post(sessions::create).get(sessions::list))
        .route("/checkout/sessions/{id}", get(sessions::show))
        .route("/checkout/sessions/{id}/expire", post(sessions::expire))
        .route("/checkout/sessions/{id}/attempts", post(attempts::create))
        .route("/payments", get(payments::list))
        .route("/payments/{id}", get(payments::show))
        .route("/events", get(events::list))
        .route("/events/{id}", get(events::show))
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
}

/// What Safaricom calls. No path holds a word that Daraja refuses.
fn callback_intake() -> Router<AppState> {
    Router::new()
        .route("/stk/{token}", post(rail::stk))
        .route("/c2b/{token}/validate", post(rail::validate))
        .route("/c2b/{token}/confirm", post(rail::confirm))
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
}

/// Puts what every request needs around all routes, and hands them the state.
pub(crate) fn finished(routes: Router<AppState>, state: AppState) -> Router {
    routes
        .layer(from_fn_with_state(state.clone(), edge))
        .with_state(state)
}
