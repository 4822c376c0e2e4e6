//! The server functions: what the live page asks of the server.
//!
//! Arguments travel as form fields. Answers are a few form fields, or a ready piece of the page; the codec is
//! our own, so that neither side needs JSON. The island calls these by a thin `fetch` to [`ServerFn::PATH`] rather
//! than by the generated stubs, which would add their HTTP client to the wasm: see `docs/decisions`.
//!
//! [`ServerFn::PATH`]: leptos::server_fn::ServerFn::PATH

mod codec;

use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Post, PostUrl};

pub use codec::{Fields, Html, Markup, News, Refused};

#[cfg(feature = "ssr")]
use crate::pages::Place;
#[cfg(feature = "ssr")]
use crate::shopper;

/// What is newer than `seen`, as soon as there is something; the same version again after about 25 s without news.
#[server(prefix = "/ui", endpoint = "status", input = GetUrl, output = Post<Fields>)]
pub async fn status(
    /// The session's id.
    session: String,
    /// The version that the page shows.
    seen: i64,
) -> Result<News, Refused> {
    shopper::news(&shopper::engine()?, &session, seen).await
}

/// The piece of the page that shows the session as it is now.
#[server(prefix = "/ui", endpoint = "view", input = GetUrl, output = Post<Html>)]
pub async fn view(
    /// The session's id.
    session: String,
    /// The language that the reader chose; empty for none.
    lang: String,
    /// `c` for the hosted page, `e` for the framed one.
    shell: String,
    /// `hand` where the steps of paying by hand are asked for.
    by: String,
) -> Result<Markup, Refused> {
    let place = Place::read(&session, &lang, &shell, &by)?;
    shopper::piece(shopper::look(&shopper::engine()?, place).await)
}

/// Starts a prompt on `phone`, or on the number known already where it is empty, and shows what came of it.
#[server(prefix = "/ui", endpoint = "pay", input = PostUrl, output = Post<Html>)]
pub async fn pay(
    /// The session's id.
    session: String,
    /// The language that the reader chose; empty for none.
    lang: String,
    /// `c` for the hosted page, `e` for the framed one.
    shell: String,
    /// `hand` where the steps of paying by hand are asked for.
    by: String,
    /// The number as it was typed.
    phone: String,
) -> Result<Markup, Refused> {
    let place = Place::read(&session, &lang, &shell, &by)?;
    shopper::piece(shopper::pay(&shopper::engine()?, place, &phone).await)
}

/// Looks for the payment that a pasted M-Pesa message or code tells of, and shows what came of it.
#[server(prefix = "/ui", endpoint = "claim", input = PostUrl, output = Post<Html>)]
pub async fn claim(
    /// The session's id.
    session: String,
    /// The language that the reader chose; empty for none.
    lang: String,
    /// `c` for the hosted page, `e` for the framed one.
    shell: String,
    /// `hand` where the steps of paying by hand are asked for.
    by: String,
    /// What was pasted.
    claim: String,
) -> Result<Markup, Refused> {
    let place = Place::read(&session, &lang, &shell, &by)?;
    shopper::piece(shopper::claim(&shopper::engine()?, place, &claim).await)
}
