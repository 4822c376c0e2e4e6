//! OAuth: one live token per app, and the quirks of getting it.

use axum::http::{Method, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::clock::UnixMs;
use crate::gateway::refusal::Refusal;
use crate::gateway::{Answer, Request};
use crate::state::{State, Token};

/// What Safaricom states in `expires_in`.
const LIFETIME_S: i64 = 3599;

/// `GET /oauth/v1/generate?grant_type=client_credentials`.
pub(crate) fn generate(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    if request.method != Method::GET {
        return Err(Refusal::new(404, "404.001.04", "Invalid Authentication Header"));
    }
    let invalid = || Refusal::new(400, "400.008.01", "Invalid Authentication passed");
    let (key, secret) = basic(request).ok_or_else(invalid)?;
    if !request
        .query
        .split('&')
        .any(|pair| pair == "grant_type=client_credentials")
    {
        return Err(Refusal::new(400, "400.008.02", "Invalid grant type passed"));
    }
    let apps = &state.config.apps;
    let known = apps
        .iter()
        .any(|app| app.consumer_key == key && app.consumer_secret == secret);
    if !known && !state.config.switches.accept_any_credentials {
        // Observed with wrong keys: 400 and not a byte of body.
        let words = state.config.switches.bad_credentials_body;
        return if words {
            Err(invalid())
        } else {
            Ok(Answer::json(400, String::new()))
        };
    }
    let value = state.ids.token();
    let lifetime = if state.config.switches.expires_in_number {
        "3599"
    } else {
        "\"3599\""
    };
    let body = format!(r#"{{"access_token":"{value}","expires_in":{lifetime}}}"#);
    // Each new token voids the one before.
    state.tokens.insert(
        key,
        Token {
            value,
            expires_at: now + LIFETIME_S * 1000,
        },
    );
    Ok(Answer::json(200, body))
}

fn basic(request: &Request) -> Option<(String, String)> {
    let header = request.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}
