//! The simulator over real HTTP, as a merchant's program meets it.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod business;
mod c2b;
mod control;
mod faults;
mod merchant;
mod phone;
mod program;
mod push;
mod query;
mod refusals;
mod script;
mod token;
