//! `target/site/manifest.json`: the hashed names, and the weight of every file.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::files;
use crate::workspace;

/// What a build of the site made.
#[derive(Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The URL path of the island code.
    pub(crate) wasm: String,
    /// The URL path of the module that loads it.
    pub(crate) js: String,
    /// The URL path of the style sheet, which pages hold inline.
    pub(crate) css: String,
    /// All files, the three above first.
    pub(crate) files: Vec<Entry>,
}

/// One file and its weight in bytes.
#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Below the site's root.
    pub(crate) path: String,
    /// As it is.
    pub(crate) bytes: usize,
    /// As brotli, where that is smaller.
    pub(crate) br: Option<usize>,
    /// As gzip, where that is smaller.
    pub(crate) gz: Option<usize>,
}

impl Entry {
    /// What a browser of today downloads.
    pub(crate) fn on_the_wire(&self) -> usize {
        self.br.unwrap_or(self.bytes)
    }
}

impl Manifest {
    /// Reads what the last build wrote.
    pub(crate) fn read() -> Result<Self> {
        let path = workspace::site().join("manifest.json");
        let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("cannot understand {}", path.display()))
    }

    pub(super) fn write(&self) -> Result<()> {
        files::write_changed(
            &workspace::site().join("manifest.json"),
            &serde_json::to_vec_pretty(self)?,
        )
    }
}
