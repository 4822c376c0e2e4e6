//! Who may sit at the desk: signing in with a key, signing out, and the check that a form is one of ours.

use std::net::{IpAddr, SocketAddr};
use std::sync::PoisonError;

use axum::Extension;
use axum::extract::{ConnectInfo, Form, FromRequestParts, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kaunta_domain::id::ApiKeyId;
use kaunta_payments::{Clerk, Scope};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tower_sessions::Session;

use super::Tries;
use super::page::{self, Fault};
use crate::source;
use crate::state::AppState;

const SIGN_IN: &str = "/desk/sign-in";
/// Under which name a session keeps its seat.
const SEAT: &str = "seat";
/// Longest key that is looked up: ours have about 50 characters.
const MOST_KEY_CHARS: usize = 128;

/// What a session knows: the id of the key, never the key, and the token of its forms.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seat {
    key: String,
    token: String,
}

/// Somebody who is signed in with a key that is still good. Everybody else is sent to the form.
pub(super) struct SignedIn {
    pub(super) clerk: Clerk,
    /// Stands in every form of this session.
    pub(super) token: String,
}

impl SignedIn {
    /// Refuses a form that this session did not get from us.
    pub(super) fn check(&self, token: &str) -> Result<(), Fault> {
        if Sha256::digest(token) == Sha256::digest(&self.token) {
            Ok(())
        } else {
            let detail =
                "This form is from an earlier visit. Go back, load the page again, and try once more.";
            Err(Fault::new(StatusCode::FORBIDDEN, "Nothing was changed", detail))
        }
    }

    /// Whether the key may change what sessions say.
    pub(super) fn may_assign(&self) -> bool {
        self.clerk.caller.scopes.allows(Scope::SessionsWrite)
    }
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let missing = || Fault::ours("the session layer is missing").into_response();
        let session = parts.extensions.get::<Session>().cloned().ok_or_else(missing)?;
        let broken = |error: tower_sessions::session::Error| Fault::ours(error.to_string()).into_response();
        let seat: Option<Seat> = session.get(SEAT).await.map_err(broken)?;
        let known = seat.and_then(|seat| Some((seat.key.parse::<ApiKeyId>().ok()?, seat.token)));
        let Some((key, token)) = known else {
            return Err(Redirect::to(SIGN_IN).into_response());
        };
        let clerk = state.payments.clerk(key).await;
        match clerk.map_err(|error| Fault::from(error).into_response())? {
            Some(clerk) if clerk.caller.scopes.allows(Scope::PaymentsRead) => Ok(Self { clerk, token }),
            // The key was revoked: its sessions end with it.
            _ => {
                session.flush().await.map_err(broken)?;
                Err(Redirect::to(SIGN_IN).into_response())
            }
        }
    }
}

/// The form of `sign_in`.
#[derive(Deserialize)]
pub(super) struct Entry {
    key: String,
}

/// The form of `sign_out`.
#[derive(Deserialize)]
pub(super) struct Leave {
    token: String,
}

/// `GET /desk/sign-in`
pub(super) async fn form() -> Response {
    sign_in_page(StatusCode::OK, None)
}

/// `POST /desk/sign-in`
pub(super) async fn sign_in(
    State(state): State<AppState>,
    Extension(tries): Extension<Tries>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    session: Session,
    Form(entry): Form<Entry>,
) -> Result<Response, Fault> {
    if comes_from_elsewhere(&headers) {
        let detail = "This form was sent from another site. Open the desk by its own address to sign in.";
        return Err(Fault::new(StatusCode::FORBIDDEN, "You are not signed in", detail));
    }
    let address = source::client(&state.settings.trusted_proxies, peer, &headers).unwrap_or(peer.ip());
    if let Some(refused) = too_often(&state, &tries, address) {
        return Ok(refused);
    }
    let key = entry.key.trim();
    let clerk = if key.len() <= MOST_KEY_CHARS {
        state.payments.clerk_of_key(key).await?
    } else {
        None
    };
    let Some(clerk) = clerk else {
        let words = "This key is not known here, or it was revoked. Check that you copied all of it.";
        return Ok(sign_in_page(StatusCode::UNAUTHORIZED, Some(words)));
    };
    if !clerk.caller.scopes.allows(Scope::PaymentsRead) {
        let words = "This key was made without the scope payments:read, so it cannot see payments.";
        return Ok(sign_in_page(StatusCode::FORBIDDEN, Some(words)));
    }
    tries
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .give_back(address);
    sit_down(&state, &session, &clerk).await?;
    Ok(Redirect::to("/desk").into_response())
}

/// A new id for the session, so that one that somebody else put there is worth nothing.
async fn sit_down(state: &AppState, session: &Session, clerk: &Clerk) -> Result<(), Fault> {
    let seat = Seat {
        key: clerk.key.to_string(),
        token: format!("{:032x}", state.payments.clock().chance()),
    };
    session.clear().await;
    session.cycle_id().await?;
    session.insert(SEAT, seat).await?;
    Ok(())
}

/// `POST /desk/sign-out`
pub(super) async fn sign_out(
    who: SignedIn,
    session: Session,
    Form(leave): Form<Leave>,
) -> Result<Response, Fault> {
    who.check(&leave.token)?;
    session.flush().await?;
    Ok(Redirect::to(SIGN_IN).into_response())
}

/// Whether the browser says that another site sent this. `SameSite` does not protect a form that needs no cookie.
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none")
}

fn too_often(state: &AppState, tries: &Tries, address: IpAddr) -> Option<Response> {
    let now = state.payments.clock().now();
    let taken = tries
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take(address, now);
    let wait = taken.err()?.as_secs().max(1);
    let words = format!("There were too many tries from your network. Wait {wait} seconds and try again.");
    let mut response = sign_in_page(StatusCode::TOO_MANY_REQUESTS, Some(&words));
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(wait));
    Some(response)
}

fn sign_in_page(status: StatusCode, trouble: Option<&str>) -> Response {
    let trouble = trouble.map_or_else(String::new, |words| {
        format!(
            "<p class=\"trouble\" id=\"trouble\" role=\"alert\">{}</p>",
            crate::html::escaped(words)
        )
    });
    let (invalid, hint) = if trouble.is_empty() {
        ("", "hint")
    } else {
        (" aria-invalid=\"true\"", "trouble hint")
    };
    let main = format!(
        "<main class=\"gate\"><p class=\"brand\">Kaunta <span>desk</span></p><h1>Sign in to see your money</h1>{trouble}\
         <form method=\"post\" action=\"{SIGN_IN}\" autocomplete=\"off\"><label for=\"key\">Secret API key</label>\
         <input id=\"key\" name=\"key\" type=\"password\" required autofocus autocomplete=\"off\" autocapitalize=\"none\" \
         spellcheck=\"false\" maxlength=\"{MOST_KEY_CHARS}\" placeholder=\"sk_live_…\" aria-describedby=\"{hint}\"{invalid}>\
         <p class=\"hint\" id=\"hint\">A key that may read payments. <b>sk_test_</b> shows test money, <b>sk_live_</b> real \
         money. You are signed out after 8 hours without a visit.</p><button class=\"btn\">Sign in</button></form></main>"
    );
    page::plain(status, "Sign in", &main)
}
