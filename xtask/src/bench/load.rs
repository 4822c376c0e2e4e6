//! wrk, and what it says of a run.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::contender::pinned;
use super::tools::LOAD_CPU;
use crate::{process, workspace};

/// Connections that wrk keeps busy.
pub(super) const CONNECTIONS: u32 = 64;

/// One run of wrk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Load {
    pub(super) requests: u64,
    pub(super) seconds: f64,
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
    /// Answers other than 2xx.
    pub(super) refused: u64,
    /// Requests without an answer.
    pub(super) broken: u64,
}

/// Runs `bench/load/{script}` against `port` for `seconds`.
pub(super) fn run(script: &str, port: u16, seconds: u32, arguments: &[String]) -> Result<Load> {
    let mut wrk = pinned(LOAD_CPU.as_slice());
    wrk.current_dir(workspace::path("bench/load"));
    // wrk's Lua looks for modules beside itself only.
    wrk.env("LUA_PATH", "./?.lua");
    wrk.args(["wrk", "-t1", "--timeout", "10s", "-s", script]);
    wrk.arg(format!("-c{CONNECTIONS}")).arg(format!("-d{seconds}s"));
    wrk.arg(format!("http://127.0.0.1:{port}"))
        .arg("--")
        .args(arguments);
    let told = process::capture(&mut wrk)?;
    let figures = told.lines().find_map(|line| line.strip_prefix("FIGURES "));
    let load: Load = serde_json::from_str(figures.with_context(|| format!("wrk gave no figures:\n{told}"))?)?;
    ensure!(load.requests > 0, "no request was answered:\n{told}");
    Ok(load)
}
