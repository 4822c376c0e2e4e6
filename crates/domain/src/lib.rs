//! What money, phones, sessions, attempts and payments are, and the rules that they keep.
//!
//! Pure and safe for wasm: no clock, no chance, no network, no files, no async. Who needs one of those
//! passes in what it brought. Nothing here knows a database, HTTP or Daraja's codes.

pub mod account_code;
pub mod api;
pub mod attempt;
pub mod case;
pub mod event;
pub mod failure;
pub mod id;
pub mod limits;
pub mod money;
pub mod msisdn;
pub mod payment;
pub mod receipt;
pub mod session;
pub mod signature;
pub mod sms;
pub mod time;
