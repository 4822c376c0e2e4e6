//! The tools from npm that `end2end/package.json` pins.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{process, workspace};

/// The first version whose test runner and `fetch` the browser tests rely on.
const NODE_MAJOR: u32 = 20;

/// Installs what `end2end/package-lock.json` names, unless exactly that is there already.
pub(crate) fn install() -> Result<()> {
    let version = process::capture(process::command("node").arg("--version")).unwrap_or_default();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR) {
        bail!(
            "Node.js {NODE_MAJOR} or newer is needed (https://nodejs.org); found {:?}",
            version.trim()
        );
    }
    // npm writes this copy of the lock file as its last act.
    let installed = std::fs::metadata(workspace::path("end2end/node_modules/.package-lock.json"));
    let wanted = std::fs::metadata(workspace::path("end2end/package-lock.json"))?;
    if installed.is_ok_and(|installed| installed.modified().ok() >= wanted.modified().ok()) {
        return Ok(());
    }
    println!("    npm: installing the tools of end2end/package.json");
    process::run(npm().args(["ci", "--no-fund", "--no-audit", "--loglevel=error"]))
}

fn npm() -> Command {
    let mut npm = process::command("npm");
    npm.current_dir(workspace::path("end2end"));
    npm
}

/// A program of an installed npm package.
pub(crate) fn tool(name: &str) -> Command {
    let path = workspace::path("end2end/node_modules/.bin").join(name);
    process::command(path.to_str().expect("the workspace path is UTF-8"))
}
