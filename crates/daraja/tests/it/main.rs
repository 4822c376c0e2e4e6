//! The client against servers that misbehave in every recorded way, and the readers against every recorded shape.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests are tests, which clippy cannot see"
)]

mod answers;
mod arbitrary;
mod calls;
mod credentials;
mod readers;
mod requests;
mod results;
mod secrets;
mod server;
mod tokens;
