//! Who calls the merchant API: the key in `Authorization`, and what it may do.

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use kaunta_payments::{Caller, Scope};

use crate::problem::Problem;
use crate::state::AppState;

/// Longest key that is looked up: ours have about 50 characters.
const MOST_KEY_CHARS: usize = 128;

/// The merchant whose key came with the request.
pub(crate) struct Merchant(pub(crate) Caller);

impl Merchant {
    /// The caller, if its key was made with one of `scopes`.
    pub(crate) fn with(self, scopes: &[Scope]) -> Result<Caller, Problem> {
        if scopes.iter().any(|scope| self.0.scopes.allows(*scope)) {
            return Ok(self.0);
        }
        let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        Err(Problem::new(
            "missing_scope",
            format!("this key was made without the scope {}", names.join(" or ")),
        ))
    }
}

impl FromRequestParts<AppState> for Merchant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let refused = |detail: &str| Problem::new("invalid_api_key", detail);
        let key = bearer(parts)
            .ok_or_else(|| refused("send the header Authorization: Bearer sk_test_… or sk_live_…"))?;
        // Looked up by its hash, so how long a wrong key takes says nothing about the right one.
        match state.payments.authenticate(key).await? {
            Some(caller) => Ok(Self(caller)),
            None => Err(refused("this key is unknown or revoked")),
        }
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, key) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && key.starts_with("sk_") && key.len() <= MOST_KEY_CHARS)
        .then_some(key)
}
