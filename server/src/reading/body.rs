//! Bodies of requests: never larger than allowed, never slower than patience, and declared as what they are.

use std::time::Duration;

use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;

use crate::problem::Problem;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much of a body that is too large is read and thrown away, so that its sender gets to read the answer: a
/// connection that is closed on unread bytes is reset, and the answer with it.
const DRAINED: usize = 4 * 1024 * 1024;

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read(request: Request<Body>, limit: usize) -> Result<Vec<u8>, Problem> {
    let declared = declared_length(request.headers());
    // Nobody needs to send what is too large by far; up to there it is read, for the reason at `DRAINED`.
    if declared.is_some_and(|declared| declared > limit + DRAINED) {
        return Err(too_large(limit));
    }
    let reading = collect(request.into_body(), declared, limit);
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(read) => read,
        Err(_) => Err(Problem::new("request_timeout", "the body did not arrive in time")),
    }
}

async fn collect(mut body: Body, declared: Option<usize>, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut kept = Vec::with_capacity(declared.unwrap_or(1024).min(limit));
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new("invalid_json", "the body broke off before its end"))?;
        let Some(data) = frame.data_ref() else { continue };
        seen += data.len();
        if seen <= limit {
            kept.extend_from_slice(data);
        } else if seen > limit + DRAINED {
            break;
        }
    }
    if seen > limit {
        Err(too_large(limit))
    } else {
        Ok(kept)
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        "payload_too_large",
        format!("the body has more than {limit} bytes"),
    )
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Refuses a body that is not declared as JSON. Nothing needs no declaration.
pub(crate) fn must_be_json(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_json = kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
    if is_json || body.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        "unsupported_media_type",
        "send the header Content-Type: application/json",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_bytes(count: usize, limit: usize) -> Result<usize, Problem> {
        read(Request::new(Body::from(vec![b'x'; count])), limit)
            .await
            .map(|body| body.len())
    }

    #[tokio::test]
    async fn a_body_ends_at_its_limit() {
        assert_eq!(read_bytes(0, 10).await.ok(), Some(0));
        assert_eq!(read_bytes(10, 10).await.ok(), Some(10));
        assert!(read_bytes(11, 10).await.is_err() && read_bytes(10 + 2 * DRAINED, 10).await.is_err());
    }

    #[test]
    fn json_is_declared() {
        let with = |declared: &'static str| {
            HeaderMap::from_iter([(CONTENT_TYPE, http::HeaderValue::from_static(declared))])
        };
        for fine in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.api+json",
        ] {
            assert!(must_be_json(&with(fine), b"{}").is_ok(), "{fine}");
        }
        for wrong in [
            "text/json",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "",
        ] {
            assert!(must_be_json(&with(wrong), b"{}").is_err(), "{wrong}");
        }
        assert!(
            must_be_json(&HeaderMap::new(), b"").is_ok() && must_be_json(&HeaderMap::new(), b"{}").is_err()
        );
    }
}
