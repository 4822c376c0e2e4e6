//! A client for Safaricom's Daraja API that reads what Safaricom really sends.
//!
//! Outward: [`Daraja`] holds one pooled HTTP client and one token per app, and each API is a typed request ([`stk`],
//! [`stk_query`], [`c2b`], [`b2c`], [`status`], [`balance`], [`reversal`], [`pull`]). Inward: the readers of
//! [`callback`], [`c2b`], [`result`] and [`pull`] turn a raw body into types, or say that it is [`Unreadable`]; no
//! reader panics on any input.
//!
//! What a result code *means* for a shopper is not decided here, and no merchant or session is known here.
//! Facts about M-Pesa come from Safaricom's own pages and from recorded traffic; both disagree with each other in
//! places, and the comments say which side was taken.

mod app;
pub mod b2c;
pub mod balance;
pub mod c2b;
pub mod callback;
mod client;
pub mod codes;
pub mod credential;
mod envelope;
mod error;
mod http;
mod loose;
pub mod other;
pub mod pull;
pub mod request;
pub mod result;
pub mod reversal;
mod secret;
pub mod status;
pub mod stk;
pub mod stk_query;
pub mod token;
mod values;

pub use app::{AppId, AppKeys};
pub use c2b::{RegisterUrls, Registered};
pub use client::{BuildError, Daraja, Options, Timeouts};
pub use codes::ResultCode;
pub use envelope::Answer;
pub use error::{Busy, Error, ErrorKind, Fault, Reached, Retry};
pub use loose::Unreadable;
pub use secret::{AccessToken, Secret};
pub use stk::{AccountReference, Description, Push, Pushed, TransactionKind};
pub use stk_query::{Query, QueryAnswer};
pub use token::{LeaseAnswer, MemoryTokens, StoredToken, TokenStore};
pub use values::{Amount, is_receipt};
