//! What the machine must have before the checks can run: fetched where that is ours to do, named where it is not.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::postgres;
use crate::site::ensure_wasm_target;
use crate::{node, process, workspace};

/// A program that crates.io has and Debian has not.
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Licences, duplicates and sources.
pub(super) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Each test in its own process.
const NEXTEST: Tool = Tool {
    name: "cargo-nextest",
    version: "0.9.143",
};

impl Tool {
    /// Below `target`, so that a machine's own tools stay as they are.
    pub(super) fn path(&self) -> PathBuf {
        workspace::path("target/tools/bin").join(self.name)
    }

    /// Unoptimised: they compile four times as fast and run for seconds.
    fn install(&self) -> Result<()> {
        let version = process::capture(process::command(&self.path().to_string_lossy()).arg("--version"));
        if self.path().exists() && version.is_ok_and(|version| version.contains(self.version)) {
            return Ok(());
        }
        println!(
            "    cargo: installing {} {} (a minute or two)",
            self.name, self.version
        );
        let mut install = process::command("cargo");
        install.args([
            "install",
            "--quiet",
            "--locked",
            "--debug",
            self.name,
            "--version",
            self.version,
            "--root",
        ]);
        process::run(
            install
                .arg(workspace::path("target/tools"))
                .env("CARGO_PROFILE_DEV_DEBUG", "0"),
        )
    }
}

/// A Debian package, and how to see whether what we want of it is there.
struct Package {
    name: &'static str,
    present: fn() -> bool,
}

const PACKAGES: [Package; 4] = [
    Package {
        name: "chromium",
        present: || Path::new("/usr/bin/chromium").exists(),
    },
    Package {
        name: "postgresql",
        present: || postgres::programs().is_some(),
    },
    Package {
        name: "wrk",
        present: || process::succeeds(process::command("which").arg("wrk")),
    },
    Package {
        name: "python3-venv",
        present: || process::succeeds(process::command("python3").args(["-c", "import ensurepip, venv"])),
    },
];

/// Brings the machine to where every step can run.
pub(super) fn ensure() -> Result<()> {
    debian()?;
    ensure_wasm_target()?;
    for (component, command) in [("clippy", "clippy"), ("rustfmt", "fmt")] {
        if !process::succeeds(process::command("cargo").args([command, "--version"])) {
            process::run(process::command("rustup").args(["component", "add", component]))?;
        }
    }
    if !process::succeeds(process::command("cargo-nextest").arg("--version")) {
        NEXTEST.install()?;
    }
    DENY.install()?;
    node::install()
}

fn debian() -> Result<()> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|package| !(package.present)())
        .map(|package| package.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !process::is_root() {
        bail!(
            "missing on this machine; as root: apt-get install {}",
            missing.join(" ")
        );
    }
    println!("    apt-get: installing {}", missing.join(", "));
    process::run(process::command("apt-get").args(["update", "--quiet"]))?;
    let mut install = process::command("apt-get");
    install
        .args(["install", "--quiet", "--yes", "--no-install-recommends"])
        .args(&missing);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
        .with_context(|| format!("{} are needed and could not be installed", missing.join(", ")))
}
