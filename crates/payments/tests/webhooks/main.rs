//! Webhooks on their way, on both databases, to real receivers over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests are tests, which clippy cannot see"
)]

#[path = "../support/mod.rs"]
mod support;

mod asking;
mod crash;
mod fairness;
mod health;
mod libraries;
mod reach;
mod receiver;
mod rotation;
mod schedule;
mod sending;
mod world;
