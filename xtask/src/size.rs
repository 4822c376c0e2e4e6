//! `cargo xtask size`: what a shopper downloads, against what was promised.

use anyhow::{Result, bail};

use crate::site::{Entry, Manifest};
use crate::workspace;

/// The parts that have a budget, in bytes as brotli.
const BUDGETS: [(&str, &[&str], usize); 3] = [
    ("wasm and glue", &[".wasm", ".js"], 70_000),
    ("style sheet", &[".css"], 4_000),
    ("embed script", &["embed/v1.js"], 4_000),
];

/// What costs tens of kilobytes, or has no business in a browser.
const NEVER_LINKED: [&str; 9] = [
    "tokio",
    "sqlx_core",
    "reqwest",
    "chrono",
    "regex",
    "regex_automata",
    "url",
    "serde_json",
    "leptos_router",
];

/// Prints the table; an error where a part weighs more than its budget.
pub(crate) fn check() -> Result<()> {
    let manifest = Manifest::read()?;
    println!("{:<44} {:>9} {:>9} {:>9}", "file", "raw", "gzip", "brotli");
    for file in &manifest.files {
        let shown = |size: Option<usize>| size.map_or_else(|| "-".to_owned(), |size| size.to_string());
        println!(
            "{:<44} {:>9} {:>9} {:>9}",
            file.path,
            file.bytes,
            shown(file.gz),
            shown(file.br)
        );
    }
    let linked = std::fs::read(workspace::path("target/site-work/kaunta_bg.wasm"))?;
    let mut heavy: Vec<String> = stowaways(&linked)
        .iter()
        .map(|name| format!("{name} is in the wasm"))
        .collect();
    for (name, endings, budget) in BUDGETS {
        let part = manifest.files.iter().filter(|file| belongs(&file.path, endings));
        let weight: usize = part.map(Entry::on_the_wire).sum();
        println!("{name:<44} {weight:>9} of {budget} B");
        if weight > budget {
            heavy.push(format!("{name} weighs {weight} B, over its budget of {budget} B"));
        }
    }
    if heavy.is_empty() {
        Ok(())
    } else {
        bail!("{}", heavy.join("; "))
    }
}

/// Crates whose names stand in the code that browsers get, of those that must not be there.
///
/// Leptos compiles some of them for wasm, too, for parts of it that the linker drops; so the linked code is asked, in the
/// form in which wasm-bindgen left the names in it.
fn stowaways(linked: &[u8]) -> Vec<&'static str> {
    let begins = |at: usize| at == 0 || !matches!(linked[at - 1], b'a'..=b'z' | b'0'..=b'9' | b'_' | b':');
    let names = |name: &str, next: &str| {
        let text = [name, next].concat();
        linked
            .windows(text.len())
            .enumerate()
            .any(|(at, window)| window == text.as_bytes() && begins(at))
    };
    NEVER_LINKED
        .into_iter()
        .filter(|name| names(name, "::") || names(name, "["))
        .collect()
}

/// A bare extension means the hashed files in `pkg/`; anything else is the end of a path.
fn belongs(path: &str, endings: &[&str]) -> bool {
    endings
        .iter()
        .any(|ending| path.ends_with(ending) && (!ending.starts_with('.') || path.starts_with("pkg/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_known_by_its_paths_and_not_by_those_of_others() {
        assert_eq!(stowaways(b"\x0f<url::Url as core::fmt::Display>::fmt"), ["url"]);
        assert_eq!(
            stowaways(b"regex_automata[0123abcd]::meta::search"),
            ["regex_automata"]
        );
        assert!(stowaways(b"web_sys::features::url::Url my_url::parse curl::get tokiox::run").is_empty());
    }

    #[test]
    fn scripts_of_public_are_not_glue() {
        assert!(belongs("pkg/kaunta.0123.js", &[".wasm", ".js"]));
        assert!(!belongs("embed/v1.js", &[".wasm", ".js"]));
        assert!(belongs("embed/v1.js", &["embed/v1.js"]));
    }
}
