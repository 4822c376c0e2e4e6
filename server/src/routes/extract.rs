//! What handlers take out of a request beside its caller.

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use http::request::Parts;
use kaunta_domain::id::{Id, Kind};
use kaunta_domain::limits::API_BYTES;
use kaunta_payments::Once;
use serde_json::Value;

use crate::problem::Problem;
use crate::reading::{body, idempotency, json};
use crate::state::AppState;

/// Longest part of a path that is looked at.
const MOST_PART_CHARS: usize = 200;

/// The one variable part of a path, as text.
pub(crate) struct PathPart(pub(crate) String);

impl FromRequestParts<AppState> for PathPart {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        let (_, part) = params.iter().next().ok_or_else(Problem::not_found)?;
        if part.len() > MOST_PART_CHARS {
            Err(Problem::not_found())
        } else {
            Ok(Self(part.to_owned()))
        }
    }
}

/// The id in a path. What is no id of this kind names nothing.
pub(crate) struct Named<K>(pub(crate) Id<K>);

impl<K: Kind> FromRequestParts<AppState> for Named<K> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let PathPart(text) = PathPart::from_request_parts(parts, state).await?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The body of a POST with its `Idempotency-Key`.
pub(crate) struct Posted {
    /// What makes a repetition the same request.
    pub(crate) once: Option<Once>,
    body: Vec<u8>,
}

impl Posted {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Problem> {
        json::parse(&self.body)
    }

    /// The body as JSON; nothing is the same as `{}`.
    pub(crate) fn json_or_nothing(&self) -> Result<Value, Problem> {
        if self.body.is_empty() {
            Ok(Value::Object(serde_json::Map::new()))
        } else {
            self.json()
        }
    }

    /// Refuses fields where there are none to send. An empty body and `{}` are the same.
    pub(crate) fn must_be_empty(&self) -> Result<(), Problem> {
        if self.body.is_empty() {
            Ok(())
        } else {
            crate::reading::fields::Fields::of(self.json()?)?.finish()
        }
    }
}

impl FromRequest<AppState> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let body = body::read(request, API_BYTES).await?;
        body::must_be_json(&headers, &body)?;
        Ok(Self {
            once: idempotency::once(&headers, &method, &path, &body)?,
            body,
        })
    }
}
