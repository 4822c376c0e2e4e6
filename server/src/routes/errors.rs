//! `/errors/{code}`: what a problem code means and what to do, as a page; and what is said where nothing is.

use std::fmt::Write as _;

use axum::response::{IntoResponse as _, Response};
use http::header::ACCEPT;
use http::{HeaderMap, StatusCode, Uri};

use super::extract::PathPart;
use crate::html;
use crate::problem::Problem;
use crate::problem::catalogue::{ENTRIES, Entry, find};

/// `GET /errors/{code}`
pub(crate) async fn explain(PathPart(code): PathPart) -> Response {
    match find(&code) {
        Some(entry) => html::page(
            StatusCode::OK,
            &format!("{} · Kaunta", entry.code),
            &explained(entry),
        ),
        None => html::page(StatusCode::NOT_FOUND, "No such code · Kaunta", &all_codes()),
    }
}

/// Where nothing is: a page for people, a problem for programs.
pub(crate) async fn nothing_here(uri: Uri, headers: HeaderMap) -> Response {
    let accepts = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let for_programs = ["/v1", "/rail"].iter().any(|area| uri.path().starts_with(area));
    if for_programs || !accepts.contains("text/html") {
        return Problem::new("not_found", "there is no such address here").into_response();
    }
    let main = "<main class=\"note\"><h1>There is nothing here</h1>\
                <p>Check the address. If a shop sent you here to pay, go back to it and start again.</p></main>";
    html::page(StatusCode::NOT_FOUND, "Nothing here", main)
}

/// Every text in it is a constant of the catalogue.
fn explained(entry: &Entry) -> String {
    let Entry {
        code,
        status,
        title,
        meaning,
        remedy,
        retryable,
        shopper,
    } = entry;
    let again = if *retryable {
        "The same request may succeed later."
    } else {
        "The same request will fail again."
    };
    let mut main = format!(
        "<main class=\"note\"><p class=\"tag\">HTTP {status}</p><h1>{title}</h1><p><code>{code}</code></p>\
         <h2>What happened</h2><p>{meaning}</p><h2>What to do</h2><p>{remedy}</p><p>{again}</p>"
    );
    if let Some(words) = shopper {
        let _ = write!(
            main,
            "<h2>What to tell a shopper</h2><blockquote>{}</blockquote><blockquote lang=\"sw\">{}</blockquote>",
            words.en, words.sw
        );
    }
    main + "</main>"
}

fn all_codes() -> String {
    let mut main = "<main class=\"note\"><h1>No such code</h1><p>These are the problem codes of the merchant API:</p><ul>".to_owned();
    for entry in ENTRIES {
        let _ = write!(
            main,
            "<li><a href=\"/errors/{0}\"><code>{0}</code></a> {1}</li>",
            entry.code, entry.title
        );
    }
    main + "</ul></main>"
}
