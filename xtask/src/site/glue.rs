//! The JavaScript between the page and the wasm, bundled with its snippets into one small module.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::wasm::STEM;
use crate::{node, process};

/// Bundles the glue that wasm-bindgen left in `work`, and makes it load the wasm under its hashed name.
pub(super) fn minify(work: &Path, wasm_path: &str) -> Result<Vec<u8>> {
    let entry = work.join(format!("{STEM}.js"));
    let source = std::fs::read_to_string(&entry).context("wasm-bindgen wrote no glue")?;
    let default_name = format!("'{STEM}_bg.wasm'");
    ensure!(
        source.contains(&default_name),
        "the glue no longer asks for {default_name}"
    );
    let hashed_name = wasm_path.trim_start_matches("pkg/");
    std::fs::write(&entry, source.replace(&default_name, &format!("'{hashed_name}'")))?;

    let bundle = work.join("bundle.js");
    let mut esbuild = node::tool("esbuild");
    esbuild.arg(&entry).args([
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2020",
        "--log-level=warning",
    ]);
    process::run(esbuild.arg(format!("--outfile={}", bundle.display())))?;
    std::fs::read(&bundle).context("esbuild wrote no glue")
}

/// One script of `public/`, minified by itself.
pub(super) fn minify_script(path: &Path) -> Result<Vec<u8>> {
    let mut esbuild = node::tool("esbuild");
    esbuild
        .arg(path)
        .args(["--minify", "--target=es2020", "--log-level=warning"]);
    Ok(process::capture(&mut esbuild)?.into_bytes())
}
