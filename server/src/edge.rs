//! What happens to every request: it gets an id, its panics are caught, its problem is written, its line is logged.
//!
//! The line holds the pattern of the path and never the path: paths hold callback tokens, queries hold phones.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Method};
use kaunta_domain::id::RequestId;

use crate::problem::Problem;
use crate::state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Wraps every route.
pub(crate) async fn edge(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let clock = state.payments.clock();
    let id = RequestId::new(clock.now(), clock.chance());
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    // A panic leaves nothing half done behind: what handlers share is the engine, which commits or does not.
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| Problem::internal("a handler panicked").into_response());
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.render(id, &state.public_url, &mut response);
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    log(&method, path.as_ref(), &response, started, id);
    response
}

/// Requests of the merchant API at `info`; callbacks and polls, which come by the thousand, at `debug`.
fn log(method: &Method, path: Option<&MatchedPath>, response: &Response, started: Instant, id: RequestId) {
    let path = path.map_or("(none)", MatchedPath::as_str);
    let status = response.status().as_u16();
    if path.starts_with("/v1/") || status >= 500 {
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(target: "kaunta::access", %method, path, status, ms, request_id = %id, "answered");
    } else {
        tracing::debug!(target: "kaunta::access", %method, path, status, request_id = %id, "answered");
    }
}
