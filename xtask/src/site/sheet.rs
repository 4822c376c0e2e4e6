//! The style sheet: `style/main.css` with everything that it imports, as one small text.

use anyhow::{Result, ensure};

use super::files;
use crate::{node, process, workspace};

/// Bundles and minifies; a sheet that nothing imports is an error, since it would silently style nothing.
pub(super) fn minify() -> Result<Vec<u8>> {
    let main = workspace::path("style/main.css");
    if !main.exists() {
        return Ok(Vec::new());
    }
    let work = workspace::path("target/site-work");
    let (bundle, inputs) = (work.join("main.css"), work.join("sheets.json"));
    let mut esbuild = node::tool("esbuild");
    esbuild.arg(&main).args([
        "--bundle",
        "--minify",
        "--target=chrome100,firefox100,safari15",
        "--log-level=warning",
    ]);
    esbuild
        .arg(format!("--outfile={}", bundle.display()))
        .arg(format!("--metafile={}", inputs.display()));
    process::run(&mut esbuild)?;

    let used: serde_json::Value = serde_json::from_slice(&std::fs::read(&inputs)?)?;
    for sheet in files::below(&workspace::path("style"))? {
        let name = sheet
            .strip_prefix(workspace::root())?
            .to_string_lossy()
            .into_owned();
        ensure!(
            used["inputs"].get(&name).is_some(),
            "{name} is not imported by style/main.css"
        );
    }
    Ok(std::fs::read(&bundle)?)
}
