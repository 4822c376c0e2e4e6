//! `/rail`: what Safaricom calls. Nothing is acknowledged before it is on disk.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use kaunta_domain::limits::CALLBACK_BYTES;
use kaunta_payments::{Error, Intake, Validation};
use serde::Serialize;

use super::extract::PathPart;
use crate::problem::Problem;
use crate::reading::body;
use crate::source;
use crate::state::AppState;

const ACCEPTED: &str = r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Proof that the request comes from where callbacks may come from.
pub(crate) struct AllowedSource;

impl FromRequestParts<AppState> for AllowedSource {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        if state.settings.callback_ips.is_empty() {
            return Ok(Self);
        }
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0);
        match peer.filter(|peer| source::may_call_back(&state.settings, *peer, &parts.headers)) {
            Some(_) => Ok(Self),
            None => Err(Problem::new(
                "source_not_allowed",
                "callbacks are taken from the addresses in KAUNTA_CALLBACK_IPS alone",
            )),
        }
    }
}

/// `POST /rail/stk/{token}`: how a prompt ended.
pub(crate) async fn stk(
    State(state): State<AppState>,
    _: AllowedSource,
    PathPart(token): PathPart,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read(request, CALLBACK_BYTES).await?;
    acknowledge(state.payments.stk_callback(&token, body).await)
}

/// `POST /rail/c2b/{token}/confirm`: money that came by hand.
pub(crate) async fn confirm(
    State(state): State<AppState>,
    _: AllowedSource,
    PathPart(token): PathPart,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read(request, CALLBACK_BYTES).await?;
    acknowledge(state.payments.c2b_confirm(&token, body).await)
}

/// `POST /rail/c2b/{token}/validate`: may this money come?
pub(crate) async fn validate(
    State(state): State<AppState>,
    _: AllowedSource,
    PathPart(token): PathPart,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read(request, CALLBACK_BYTES).await?;
    match state.payments.c2b_validate(&token, body).await {
        Ok(Some(validation)) => super::json(&Verdict::of(&validation)),
        Ok(None) => Err(Problem::not_found()),
        Err(error) => Err(Problem::not_kept(error.to_string())),
    }
}

/// An answer to a validation. Source: Daraja "C2B" page; the code is a text there, unlike everywhere else.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Verdict<'a> {
    result_code: &'a str,
    result_desc: &'static str,
    #[serde(rename = "ThirdPartyTransID", skip_serializing_if = "Option::is_none")]
    third_party_trans_id: Option<&'a str>,
}

impl<'a> Verdict<'a> {
    fn of(validation: &'a Validation) -> Self {
        let accepted = validation.result_code == "0";
        Self {
            result_code: validation.result_code,
            result_desc: if accepted { "Accepted" } else { "Rejected" },
            third_party_trans_id: validation.third_party_trans_id.as_deref(),
        }
    }
}

/// Says `Accepted` of what is on disk, and only of that: what is not acknowledged is sent again.
fn acknowledge(taken_in: Result<Intake, Error>) -> Result<Response, Problem> {
    match taken_in {
        Ok(Intake::Kept) => Ok(([(CONTENT_TYPE, JSON)], ACCEPTED).into_response()),
        Ok(Intake::UnknownToken) => Err(Problem::not_found()),
        Err(error) => Err(Problem::not_kept(error.to_string())),
    }
}
