//! What all pages of the desk share: the frame, the headers, and how money, times and states are written.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use kaunta_payments::Error;
use sha2::{Digest as _, Sha256};

use super::gate::SignedIn;
use crate::html::escaped;

const STYLE: &str = include_str!("desk.css");
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Where the style is: its name changes with it.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(STYLE);
    let name = digest
        .iter()
        .take(8)
        .fold(0_u64, |name, byte| (name << 8) | u64::from(*byte));
    format!("/desk/style-{name:016x}.css")
});

/// `GET /desk/style-….css`
pub(super) async fn style() -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, STYLE).into_response()
}

/// Where a page stands in the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Today,
    Unmatched,
    Session,
}

/// A page for nobody in particular; `main` is HTML.
pub(super) fn plain(status: StatusCode, title: &str, main: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\"><title>{} · Kaunta desk</title>\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"{}\"></head><body>{main}</body></html>",
        escaped(title),
        *STYLE_PATH,
    );
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (status, headers, html).into_response()
}

/// A page of the desk; `main` is HTML. `waiting` is how many payments wait for their session.
pub(super) fn desk(who: &SignedIn, place: Place, waiting: i64, title: &str, main: &str) -> Response {
    let (mode, mode_name) = if who.clerk.caller.livemode {
        ("live", "Live")
    } else {
        ("test", "Test")
    };
    let here = |own: Place| {
        if own == place {
            " aria-current=\"page\""
        } else {
            ""
        }
    };
    let count = if waiting > 0 {
        format!(" <span class=\"count\">{waiting}</span>")
    } else {
        String::new()
    };
    let body = format!(
        "<a class=\"skip\" href=\"#main\">Skip to the page</a><header class=\"top\"><div class=\"bar\">\
         <p class=\"who\"><b>{}</b> <span class=\"badge {mode}\">{mode_name}</span></p>\
         <nav aria-label=\"Desk\"><a href=\"/desk\"{}>Today</a><a href=\"/desk/unmatched\"{}>Unmatched{count}</a></nav>\
         <form method=\"post\" action=\"/desk/sign-out\">{}<button class=\"link\">Sign out</button></form></div></header>\
         <main id=\"main\" class=\"desk\">{main}</main><footer>Times are those of Nairobi. Signed in with the key that ends \
         in <code>{}</code>.</footer>",
        escaped(&who.clerk.merchant_name),
        here(Place::Today),
        here(Place::Unmatched),
        token_field(who),
        escaped(&who.clerk.hint),
    );
    plain(StatusCode::OK, title, &body)
}

/// The hidden field that makes a form one of this session's.
pub(super) fn token_field(who: &SignedIn) -> String {
    format!(
        "<input type=\"hidden\" name=\"token\" value=\"{}\">",
        escaped(&who.token)
    )
}

/// A moment as a person in Nairobi reads it.
pub(super) fn moment(at: Timestamp) -> String {
    format!("<time datetime=\"{}\">{}</time>", at.rfc3339(), at.page())
}

/// An amount with its currency.
pub(super) fn kes(amount: Kes) -> String {
    format!("<span class=\"kes\"><small>KES</small> {amount}</span>")
}

/// A state as a chip: `payment_status` says more than `status` once money came.
pub(super) fn state(status: &str, payment_status: &str) -> String {
    let (class, words) = match (status, payment_status) {
        (_, "overpaid") => ("warn", "Overpaid"),
        (_, "refunded") => ("calm", "Refunded"),
        (_, "partially_refunded") => ("calm", "Partly refunded"),
        (_, "partially_paid") => ("warn", "Partly paid"),
        ("complete", _) => ("good", "Paid"),
        (_, "paid") => ("warn", "Paid late"),
        ("processing", _) => ("busy", "Waiting for M-Pesa"),
        ("expired", _) => ("calm", "Expired"),
        ("canceled", _) => ("calm", "Canceled"),
        _ => ("open", "Open"),
    };
    format!("<span class=\"chip {class}\">{words}</span>")
}

/// A text that may be missing.
pub(super) fn or_dash(text: Option<&str>) -> String {
    match text {
        Some(text) if !text.is_empty() => escaped(text),
        _ => "<span class=\"none\">–</span>".to_owned(),
    }
}

/// Why a page cannot be shown, for people.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    title: &'static str,
    detail: String,
}

impl Fault {
    pub(super) fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            title,
            detail: detail.into(),
        }
    }

    /// Nothing here, or nothing of this merchant's.
    pub(super) fn nothing_here() -> Self {
        let detail = "There is no such thing, or it is not yours in this mode.";
        Self::new(StatusCode::NOT_FOUND, "There is nothing here", detail)
    }

    /// A failure of ours; `cause` goes to the log.
    pub(super) fn ours(cause: impl Into<String>) -> Self {
        tracing::error!(cause = cause.into(), "a page of the desk failed");
        let detail = "The failure is on our side and is in the log. Load the page again in a moment.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something failed", detail)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::nothing_here(),
            Error::Invalid { detail, .. } => Self::new(
                StatusCode::CONFLICT,
                "Nothing was changed",
                format!("It cannot be done: {detail}."),
            ),
            Error::Overloaded | Error::Closed => {
                let detail = "The server is busy. Load the page again in a moment.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "One moment", detail)
            }
            other => Self::ours(other.to_string()),
        }
    }
}

impl From<tower_sessions::session::Error> for Fault {
    fn from(error: tower_sessions::session::Error) -> Self {
        Self::ours(error.to_string())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let main = format!(
            "<main class=\"gate\"><p class=\"brand\">Kaunta <span>desk</span></p><h1>{}</h1><p>{}</p>\
             <p><a href=\"/desk\">Back to the desk</a></p></main>",
            self.title,
            escaped(&self.detail),
        );
        plain(self.status, self.title, &main)
    }
}
