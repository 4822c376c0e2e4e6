//! Reading what callers send: bodies, fields, keys and query strings. Nothing here knows the engine.

pub(crate) mod body;
pub(crate) mod fields;
pub(crate) mod idempotency;
pub(crate) mod json;
pub(crate) mod query;
pub(crate) mod session;
pub(crate) mod webhook;
