//! `cargo demo` and the release build: the site, then the one binary that holds it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::cargo::Build;
use crate::{process, site};

/// Builds everything and becomes `kaunta demo`, so that Ctrl-C and SIGTERM reach it directly.
pub(crate) fn demo(arguments: &[OsString]) -> Result<()> {
    let started = Instant::now();
    println!("Kaunta demo. The first build takes some minutes, later ones seconds.");
    println!("1/3 what browsers download");
    site::build()?;
    println!("2/3 the server");
    let binary = binary("dev")?;
    println!(
        "3/3 kaunta demo (built in {})",
        process::spoken(started.elapsed())
    );
    let error = std::process::Command::new(&binary)
        .arg("demo")
        .args(arguments)
        .exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}

/// Builds the binary that is shipped.
pub(crate) fn release() -> Result<()> {
    println!("1/2 what browsers download");
    site::build()?;
    println!("2/2 the server, optimised");
    println!("    {}", binary("release")?.display());
    Ok(())
}

fn binary(profile: &str) -> Result<PathBuf> {
    let files = Build {
        name: "server",
        package: "kaunta",
        target: None,
        profile,
    }
    .run()?;
    let is_binary = |file: &Path| file.file_name().is_some_and(|name| name == "kaunta");
    files
        .into_iter()
        .find(|file| is_binary(file))
        .context("cargo built no binary `kaunta`")
}
