//! The shopper's pages: `/c/{session}` by itself, `/e/{session}` in a frame, and the server functions of `/ui`.
//!
//! The pages are drawn by `app`; here stand their addresses, their forms and their security policy.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, Query, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{any, get};
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use kaunta_app::calls::Refused;
use kaunta_app::lang::Lang;
use kaunta_app::pages::{self, Assets, Place, Seen, Shell, Trouble};
use kaunta_app::shopper;
use leptos::prelude::provide_context;
use serde::Deserialize;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::assets::{CSS_INLINE, JS, WASM};
use crate::state::AppState;

/// Largest form: a pasted message of 2,000 bytes, each written as three.
const FORM_BYTES: usize = 8 * 1024;

/// Between speed and size for pages that are made for one reader each: 11 would take a hundred times longer than 5
/// to save a tenth.
const BROTLI_QUALITY: i32 = 5;

/// A browser that meets a busy server comes back by itself after so many seconds.
const COME_BACK: HeaderValue = HeaderValue::from_static("5");

/// What stands in the query of a page.
#[derive(Debug, Default, Deserialize)]
struct Choices {
    lang: Option<String>,
    by: Option<String>,
}

/// What the forms of a page hold.
#[derive(Debug, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    phone: String,
    #[serde(default)]
    claim: String,
}

/// What a form wants.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Pay,
    Claim,
}

/// Where a reader is, before it is known whether there is such a session.
struct Visit {
    shell: Shell,
    session: String,
    choices: Choices,
    asked: Lang,
}

/// The addresses of the pages.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .merge(checkout(Shell::Hosted))
        .merge(checkout(Shell::Framed))
        .route("/ui/{call}", any(server_function))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(BROTLI_QUALITY)))
}

fn checkout(shell: Shell) -> Router<AppState> {
    let path = format!("/{}/{{session}}", shell.path());
    let show = move |State(state), Path(session), Query(choices), headers: HeaderMap| async move {
        show(&state, Visit::new(shell, session, choices, &headers)).await
    };
    let mut router = Router::new().route(&path, get(show));
    for (name, wish) in [("pay", Wish::Pay), ("claim", Wish::Claim)] {
        let send = move |State(state), Path(session), Query(choices), headers: HeaderMap, form| async move {
            send(&state, Visit::new(shell, session, choices, &headers), wish, form).await
        };
        // A reload of a refused form by its address lands on the page.
        let back = move |Path(session), Query(choices), headers: HeaderMap| async move {
            let visit = Visit::new(shell, session, choices, &headers);
            Redirect::to(&visit.place().map_or_else(|_| "/".to_owned(), |place| place.url()))
        };
        router = router.route(&format!("{path}/{name}"), get(back).post(send));
    }
    router
}

impl Visit {
    fn new(shell: Shell, session: String, choices: Choices, headers: &HeaderMap) -> Self {
        let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self {
            shell,
            session,
            choices,
            asked: asked.map_or(Lang::En, Lang::of_header),
        }
    }

    fn place(&self) -> Result<Place, Refused> {
        let session = self.session.parse().map_err(|_| Refused::NotFound)?;
        let mut place = Place::of(session, self.shell);
        place.asked = self.asked;
        Ok(place.with_query(self.choices.lang.as_deref(), self.choices.by.as_deref()))
    }

    fn lang(&self) -> Lang {
        self.choices
            .lang
            .as_deref()
            .and_then(Lang::of_code)
            .unwrap_or(self.asked)
    }
}

async fn show(state: &AppState, visit: Visit) -> Response {
    let seen = match visit.place() {
        Ok(place) => shopper::look(&state.payments, place).await,
        Err(refused) => Err(refused),
    };
    respond(state, &visit, seen)
}

async fn send(state: &AppState, visit: Visit, wish: Wish, Form(fields): Form<Fields>) -> Response {
    let place = match visit.place() {
        Ok(place) => place,
        Err(refused) => return respond(state, &visit, Err(refused)),
    };
    let address = place.url();
    let seen = match wish {
        Wish::Pay => shopper::pay(&state.payments, place, &fields.phone).await,
        Wish::Claim => shopper::claim(&state.payments, place, &fields.claim).await,
    };
    match seen {
        // A reload of the page that follows sends nothing again.
        Ok(seen) if seen.notice.is_none() => Redirect::to(&address).into_response(),
        seen => respond(state, &visit, seen),
    }
}

/// The page, or the page that says why there is none.
fn respond(state: &AppState, visit: &Visit, seen: Result<Seen, Refused>) -> Response {
    let assets = Assets {
        js: JS,
        wasm: WASM,
        css: CSS_INLINE,
        nonce: format!("{:032x}", state.payments.clock().chance()),
    };
    let (status, origins, html) = match &seen {
        Ok(seen) => {
            let status = seen.notice.as_ref().map_or(200, pages::Notice::status);
            (status, &seen.page.origins[..], pages::checkout(seen, &assets))
        }
        Err(refused) => (
            refused.status(),
            &[][..],
            pages::trouble(&trouble(visit, *refused), &assets),
        ),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    protect(headers, visit.shell, origins, &assets.nonce);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept-language"));
    if matches!(seen, Err(Refused::Busy)) {
        headers.insert(HeaderName::from_static("refresh"), COME_BACK);
    }
    response
}

fn trouble(visit: &Visit, refused: Refused) -> Trouble {
    Trouble {
        refused,
        lang: visit.lang(),
        shell: visit.shell,
        again: visit.place().map_or_else(|_| "/".to_owned(), |place| place.url()),
    }
}

/// Only what this page brought may run or load, and only the shop's own sites may frame it.
fn protect(headers: &mut HeaderMap, shell: Shell, origins: &[String], nonce: &str) {
    let frames = match shell {
        Shell::Framed if !origins.is_empty() => origins.join(" "),
        _ => "'none'".to_owned(),
    };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    );
    // An origin that is no header text cannot have been saved; without a policy nothing is shown at all.
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The address of a session is its key: other sites learn where the shopper came from, and no more.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    if shell == Shell::Hosted {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
}

/// `/ui/…`: what the live page calls. A wait for news ends when the server closes; what changes something is finished.
async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let payments = state.payments.clone();
    let only_looks = request.method().is_safe();
    let context = move || provide_context(payments.clone());
    let answer = leptos_axum::handle_server_fns_with_context(context, request);
    let mut response = tokio::select! {
        answer = answer => answer.into_response(),
        () = state.closing.cancelled(), if only_looks => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
