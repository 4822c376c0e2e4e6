//! What browsers download, made ready in `target/site`: one wasm, its glue, one style sheet, and `public/`.
//!
//! Files in `pkg/` carry a hash of their content in the name and can be cached for ever. Beside each file lie its
//! brotli and gzip forms where they are smaller. A build whose inputs are the same writes nothing, so the server
//! that embeds these files is not built again either.

mod files;
mod glue;
mod manifest;
mod sheet;
mod wasm;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use files::File;
pub(crate) use manifest::{Entry, Manifest};
pub(crate) use wasm::{TARGET as WASM_TARGET, ensure_target as ensure_wasm_target};

use crate::{node, process, workspace};

/// The code that turns inputs into files is an input, too.
const RECIPE: &[&str] = &[
    include_str!("mod.rs"),
    include_str!("files.rs"),
    include_str!("glue.rs"),
    include_str!("manifest.rs"),
    include_str!("sheet.rs"),
    include_str!("wasm.rs"),
];

/// Brings `target/site` up to date.
pub(crate) fn build() -> Result<Manifest> {
    let started = Instant::now();
    node::install()?;
    let linked = wasm::build()?;
    let key = key(&linked)?;
    let stamp = workspace::path("target/site-key");
    if std::fs::read_to_string(&stamp).is_ok_and(|old| old == key)
        && let Ok(manifest) = Manifest::read()
    {
        println!("    site: unchanged");
        return Ok(manifest);
    }
    let manifest = write(&linked)?;
    std::fs::write(&stamp, key).with_context(|| format!("cannot write {}", stamp.display()))?;
    println!(
        "    site: ready in target/site after {}",
        process::spoken(started.elapsed())
    );
    Ok(manifest)
}

fn write(linked: &Path) -> Result<Manifest> {
    let work = workspace::path("target/site-work");
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    std::fs::create_dir_all(&work)?;
    let wasm = File::hashed("pkg/kaunta", "wasm", wasm::shrink(linked, &work)?);
    let glue = File::hashed("pkg/kaunta", "js", glue::minify(&work, &wasm.path)?);
    let sheet = File::hashed("pkg/kaunta", "css", sheet::minify()?);
    let mut manifest = Manifest {
        wasm: wasm.url(),
        js: glue.url(),
        css: sheet.url(),
        files: Vec::new(),
    };
    let mut all = vec![wasm, glue, sheet];
    all.extend(files::public()?);
    manifest.files = files::write(&all)?;
    manifest.write()?;
    Ok(manifest)
}

/// A hash of everything that the files are made from.
fn key(linked: &Path) -> Result<String> {
    let mut inputs = vec![linked.to_owned(), workspace::path("end2end/package-lock.json")];
    inputs.extend(files::below(&workspace::path("style"))?);
    inputs.extend(files::below(&workspace::path("public"))?);
    let mut parts: Vec<Vec<u8>> = RECIPE.iter().map(|source| source.as_bytes().to_vec()).collect();
    for input in inputs {
        parts.push(input.to_string_lossy().into_owned().into_bytes());
        parts.push(std::fs::read(&input).with_context(|| format!("cannot read {}", input.display()))?);
    }
    Ok(files::hash(&parts))
}
