//! What people and other machines write, read through the public surface.

mod account_codes;
mod messages;
mod phones;
