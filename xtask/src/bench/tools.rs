//! What the machine must have, and what is built once for all runs.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Result, bail};

use crate::{node, process, workspace};

/// Where servers run; empty on a machine with one processor.
pub(super) static SERVER_CPU: LazyLock<Vec<&str>> = LazyLock::new(|| pin("0"));
/// Where the load comes from.
pub(super) static LOAD_CPU: LazyLock<Vec<&str>> = LazyLock::new(|| pin("1"));

fn pin(cpu: &'static str) -> Vec<&'static str> {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if cpus < 2 { Vec::new() } else { vec![cpu] }
}

/// What all runs share.
pub(super) struct Tools {
    /// In the temporary folder, where the user `postgres` may read.
    shim: PathBuf,
}

/// Builds the pretended disk and installs what the peers need.
pub(super) fn prepare() -> Result<Tools> {
    for tool in ["wrk", "cc", "taskset"] {
        if !process::succeeds(process::command("which").arg(tool)) {
            bail!("missing on this machine: {tool} (apt-get install wrk gcc util-linux)");
        }
    }
    node::install_in("bench/peer")?;
    std::fs::create_dir_all(folder())?;
    let shim = std::env::temp_dir().join(format!("kaunta-fsync-delay-{}.so", std::process::id()));
    let mut compiler = process::command("cc");
    compiler.args(["-O2", "-Wall", "-shared", "-fPIC", "bench/fsync-delay.c", "-o"]);
    process::run(compiler.arg(&shim))?;
    Ok(Tools { shim })
}

/// Databases and results.
pub(super) fn folder() -> PathBuf {
    workspace::path("target/bench")
}

impl Tools {
    /// Makes each fsync of `command` take `delay` microseconds.
    pub(super) fn on_pretended_disk(&self, command: &mut Command, delay: u32) {
        command.env("LD_PRELOAD", &self.shim);
        command.env("FSYNC_DELAY_US", delay.to_string());
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.shim));
    }
}
