//! The phone as a page: for a person who plays the payer.

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::{Sim, control};

const PAGE: &str = include_str!("phone.html");
const STYLE: &str = include_str!("phone.css");
const SCRIPT: &str = include_str!("phone.js");

/// Nothing but the page's own files, and frames of its own origin alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The phone page with its own files and its own API: works at whatever path it is nested.
///
/// `?phone=0712345678` chooses the phone. Without it the page starts as 0708 374 149 and follows whatever number
/// gets a prompt, magic numbers excepted.
pub fn phone_router(sim: &Sim) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/phone.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route(
            "/phone.js",
            get(async || file("text/javascript; charset=utf-8", SCRIPT)),
        )
        .nest("/api", control::handset_routes())
        .with_state(sim.clone())
}

/// The path that the router is nested at is known only from the request.
async fn page(OriginalUri(uri): OriginalUri) -> Response {
    let base = escape(uri.path().trim_end_matches('/'));
    let html = PAGE.replace("{{base}}", &base);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, html).into_response()
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache")], text).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
