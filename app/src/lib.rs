//! The shopper's pages: forms first, then one small island that makes them live.
//!
//! Every state of a session is a component that only the server renders ([`pages`], [`parts`]), so that it works
//! without JavaScript and exists once. The island ([`live`]) checks the number while it is typed, waits for news
//! and puts in place what the server rendered; it speaks to the server functions in [`calls`]. All texts are
//! in [`words`].

pub mod calls;
pub mod lang;
pub mod live;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod parts;
#[cfg(feature = "ssr")]
pub mod shopper;
pub mod words;
