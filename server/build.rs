//! Puts `target/site`, as `cargo xtask site` left it, into the binary: writes `site.rs` for `src/assets.rs`.
//!
//! Without a site the binary still builds, and its pages work as plain forms.

#![expect(
    clippy::unnecessary_debug_formatting,
    reason = "a path is written as a string literal of Rust"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=KAUNTA_SITE");
    let site =
        env::var_os("KAUNTA_SITE").map_or_else(|| manifest_dir().join("../target/site"), PathBuf::from);
    // Cargo takes a watched path that is missing for a change, each time; an empty folder it can watch.
    fs::create_dir_all(&site)?;
    let site = site.canonicalize()?;
    println!("cargo::rerun-if-changed={}", site.display());

    let mut files = files_below(&site)?;
    files.retain(|file| *file != site.join("manifest.json"));
    // The look-up is a binary search.
    files.sort_by_key(|file| url(&site, file));
    if files.is_empty() {
        println!(
            "cargo::warning=no {}: pages will have no script; run `cargo xtask site` first",
            site.display()
        );
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    fs::write(out.join("site.rs"), generate(&site, &files))
}

fn manifest_dir() -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR for build scripts"))
}

/// All files but the compressed forms, which ride along.
fn files_below(site: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(site)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else if !matches!(extension(&path), "br" | "gz") {
            found.push(path);
        }
    }
    Ok(found)
}

/// The text of `site.rs`: every file, and where pages find the three that they name.
fn generate(site: &Path, files: &[PathBuf]) -> String {
    let mut code =
        String::from("/// Every file of the site, by path.\npub(crate) static ASSETS: &[Asset] = &[\n");
    for file in files {
        asset(&mut code, site, file);
    }
    code.push_str("];\n");
    let hashed = |ending: &str| {
        files
            .iter()
            .find(|file| is_hashed(site, file) && extension(file) == ending)
    };
    for (name, ending, what) in [
        ("JS", "js", "the island's glue"),
        ("WASM", "wasm", "the island's code"),
    ] {
        let value = hashed(ending).map(|file| url(site, file));
        writeln!(
            code,
            "/// The URL path of {what}.\npub(crate) const {name}: Option<&str> = {value:?};"
        )
        .expect(INFALLIBLE);
    }
    let sheet = hashed("css").map_or_else(|| String::from("\"\""), |file| format!("include_str!({file:?})"));
    writeln!(
        code,
        "/// The style sheet, for pages to hold inline.\npub(crate) const CSS_INLINE: &str = {sheet};"
    )
    .expect(INFALLIBLE);
    code
}

const INFALLIBLE: &str = "a string takes everything";

fn asset(code: &mut String, site: &Path, file: &Path) {
    let packed = |ending: &str| {
        let packed = PathBuf::from(format!("{}.{ending}", file.display()));
        if packed.exists() {
            format!("Some(include_bytes!({packed:?}))")
        } else {
            String::from("None")
        }
    };
    writeln!(
        code,
        "    Asset {{\n        path: {path:?},\n        content_type: {content_type:?},\n        bytes: \
         include_bytes!({file:?}),\n        br: {br},\n        gz: {gz},\n        tag: {tag:?},\n        immutable: \
         {immutable},\n    }},",
        path = url(site, file),
        content_type = content_type(extension(file)),
        br = packed("br"),
        gz = packed("gz"),
        tag = tag(file),
        immutable = is_hashed(site, file),
    )
    .expect(INFALLIBLE);
}

/// `cargo xtask site` puts what has a content hash in its name below `pkg/`, and nothing else.
fn is_hashed(site: &Path, file: &Path) -> bool {
    file.starts_with(site.join("pkg"))
}

fn url(site: &Path, file: &Path) -> String {
    format!(
        "/{}",
        file.strip_prefix(site)
            .expect("the file was found below the site")
            .display()
    )
}

/// FNV-1a of the content: enough to tell one version from the next, which is all that an ETag is for.
fn tag(file: &Path) -> String {
    let bytes = fs::read(file).expect("the file was listed a moment ago");
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "wasm" => "application/wasm",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
