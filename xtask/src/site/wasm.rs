//! The island code: cargo, then wasm-bindgen, then Binaryen.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::cargo::Build;
use crate::{node, process};

/// The target that cargo builds `frontend` for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// What wasm-bindgen calls its output; the glue asks for `kaunta_bg.wasm`.
pub(crate) const STEM: &str = "kaunta";

/// Features that Rust's wasm target emits and every browser since 2022 has; Binaryen refuses what it is not told of.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// `--converge` is worth 1 % after brotli; `-Os`, `--gufa` and `--traps-never-happen` add nothing beside it.
const SIZE: [&str; 2] = ["-Oz", "--converge"];

/// Names and build notes are for us.
const STRIP: [&str; 3] = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/// Compiles `frontend`, and returns the wasm as the linker left it.
pub(super) fn build() -> Result<PathBuf> {
    ensure_target()?;
    let build = Build {
        name: "wasm",
        package: "frontend",
        target: Some(TARGET),
        profile: "wasm-release",
    };
    let files = build.run()?;
    files
        .into_iter()
        .find(|file| file.extension().is_some_and(|e| e == "wasm"))
        .context("cargo built no wasm")
}

/// Writes the glue and its snippets into `work`, and returns the wasm in its final form.
pub(super) fn shrink(linked: &Path, work: &Path) -> Result<Vec<u8>> {
    Bindgen::new()
        .input_path(linked)
        .web(true)?
        .out_name(STEM)
        .omit_default_module_path(false)
        .generate(work)
        .context("wasm-bindgen failed")?;
    let (bound, small) = (work.join(format!("{STEM}_bg.wasm")), work.join("small.wasm"));
    let mut optimise = node::tool("wasm-opt");
    process::run(
        optimise
            .args(SIZE)
            .args(FEATURES)
            .args(STRIP)
            .arg(&bound)
            .arg("-o")
            .arg(&small),
    )?;
    std::fs::read(&small).context("wasm-opt wrote nothing")
}

/// Adds the wasm target to the toolchain where it is missing.
pub(crate) fn ensure_target() -> Result<()> {
    let libraries =
        process::capture(process::command("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(libraries.trim()).exists() {
        return Ok(());
    }
    println!("    rustup: adding {TARGET}");
    process::run(process::command("rustup").args(["target", "add", TARGET]))
}
