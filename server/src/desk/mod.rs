//! The merchant's desk: a few pages on which a merchant signs in with one of its secret keys and sees its money.
//!
//! No page runs a script. Everything that is shown is the merchant's own, in the mode of the key; what a person does
//! here goes through the engine like everything else.

mod bucket;
mod gate;
mod home;
mod page;
mod session;
mod store;
mod unmatched;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::state::AppState;
use bucket::Buckets;
use store::DeskStore;

/// The cookie of a person who is signed in.
const COOKIE: &str = "kaunta_desk";
/// How long a person who does nothing stays signed in.
const IDLE: Duration = Duration::hours(8);
/// Largest form of the desk.
const FORM_BYTES: usize = 4 * 1024;

/// How often each address tried to sign in.
type Tries = Arc<Mutex<Buckets>>;

/// Everything below `/desk`.
pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let sessions = SessionManagerLayer::new(DeskStore::new(state.payments.clone()))
        .with_name(COOKIE)
        .with_path("/desk")
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_secure(state.public_url.scheme() == "https")
        .with_expiry(Expiry::OnInactivity(IDLE))
        // Each visit puts the end off, not only those that change something.
        .with_always_save(true);
    Router::new()
        .route("/desk", get(home::show))
        .route("/desk/sign-in", get(gate::form).post(gate::sign_in))
        .route("/desk/sign-out", post(gate::sign_out))
        .route("/desk/sessions/{id}", get(session::show))
        .route("/desk/unmatched", get(unmatched::show))
        .route("/desk/unmatched/assign", post(unmatched::assign))
        .layer(sessions)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(axum::Extension(Tries::default()))
        .route(&page::STYLE_PATH, get(page::style))
}
