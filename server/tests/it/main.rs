//! The program as its users meet it: the real binary, real databases, real HTTP, a pretend Safaricom.
//!
//! Every test starts its own server on a free port with a database of its own. With `KAUNTA_TEST_POSTGRES` set to the
//! URL of a server on which databases may be made, the same tests run on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attempts;
mod command_line;
mod demo;
mod desk;
mod harness;
mod idempotency;
mod life;
mod lists;
mod money;
mod problems;
mod rail;
mod safaricom;
mod sessions;
mod webhooks;
