//! `cargo xtask size`: what a shopper downloads, against what was promised.

use anyhow::{Result, bail};

use crate::site::{Entry, Manifest};

/// The parts that have a budget, in bytes as brotli.
const BUDGETS: [(&str, &[&str], usize); 3] = [
    ("wasm and glue", &[".wasm", ".js"], 70_000),
    ("style sheet", &[".css"], 4_000),
    ("embed script", &["embed/v1.js"], 4_000),
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
    let mut heavy = Vec::new();
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
    fn scripts_of_public_are_not_glue() {
        assert!(belongs("pkg/kaunta.0123.js", &[".wasm", ".js"]));
        assert!(!belongs("embed/v1.js", &[".wasm", ".js"]));
        assert!(belongs("embed/v1.js", &["embed/v1.js"]));
    }
}
