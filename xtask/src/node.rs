//! What npm installs: the tools that `end2end/package.json` pins, and the peers of `bench/peer`.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{process, workspace};

/// The first version whose test runner and `fetch` the browser tests rely on.
const NODE_MAJOR: u32 = 20;

/// Installs what `end2end/package-lock.json` names, unless exactly that is there already.
pub(crate) fn install() -> Result<()> {
    install_in("end2end")
}

/// The same for another folder of the workspace.
pub(crate) fn install_in(folder: &str) -> Result<()> {
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
    let installed = std::fs::metadata(workspace::path(format!(
        "{folder}/node_modules/.package-lock.json"
    )));
    let wanted = std::fs::metadata(workspace::path(format!("{folder}/package-lock.json")))?;
    if installed.is_ok_and(|installed| installed.modified().ok() >= wanted.modified().ok()) {
        return Ok(());
    }
    println!("    npm: installing what {folder}/package.json names");
    process::run(npm(folder).args(["ci", "--no-fund", "--no-audit", "--loglevel=error"]))
}

fn npm(folder: &str) -> Command {
    let mut npm = process::command("npm");
    npm.current_dir(workspace::path(folder));
    npm
}

/// A program of an installed npm package.
pub(crate) fn tool(name: &str) -> Command {
    let path = workspace::path("end2end/node_modules/.bin").join(name);
    process::command(path.to_str().expect("the workspace path is UTF-8"))
}
