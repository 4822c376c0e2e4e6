//! `kaunta`: the checkout that Kenyan shops embed to be paid by M-Pesa, as one process.
//!
//! This crate reads settings and requests, calls the engine, and writes answers. It holds no rule of the trade and no
//! SQL.

mod assets;
mod auth;
mod cli;
mod config;
mod demo;
mod desk;
mod edge;
mod html;
mod jobs;
mod problem;
mod reading;
mod router;
mod routes;
mod serve;
mod source;
mod state;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
