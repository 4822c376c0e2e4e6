//! One file for each area of addresses. A handler reads the request, calls the engine once, and writes the answer.

pub(crate) mod attempts;
pub(crate) mod errors;
pub(crate) mod events;
pub(crate) mod extract;
pub(crate) mod health;
pub(crate) mod pages;
pub(crate) mod payments;
pub(crate) mod rail;
pub(crate) mod sessions;
pub(crate) mod webhooks;

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, StatusCode};
use kaunta_payments::{Answer, List};
use serde::Serialize;

use crate::problem::Problem;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// JSON that nobody may cache: it is a merchant's own.
fn json_text(status: StatusCode, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, text).into_response()
}

/// An object.
fn json(object: &impl Serialize) -> Result<Response, Problem> {
    let text = serde_json::to_string(object).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(json_text(StatusCode::OK, text))
}

/// A list as it is written.
#[derive(Serialize)]
struct ListObject<'a, T> {
    object: &'static str,
    data: &'a [T],
    has_more: bool,
}

/// A page of a list.
fn json_list<T: Serialize>(list: &List<T>) -> Result<Response, Problem> {
    json(&ListObject {
        object: "list",
        data: &list.data,
        has_more: list.has_more,
    })
}

/// The answer to a request that made something; `status` is what it has when it succeeded.
fn made(status: StatusCode, answer: Answer) -> Response {
    let mut response = match &answer.refused {
        Some(code) => Problem::again(code).into_response(),
        None => json_text(status, answer.body),
    };
    if answer.replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
