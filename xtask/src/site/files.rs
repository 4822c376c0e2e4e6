//! Files of the site: their names, their compressed forms, and writing only what changed.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::glue;
use super::manifest::Entry;
use crate::workspace;

/// Formats that are compressed already.
const PACKED: [&str; 6] = ["png", "jpg", "webp", "avif", "woff2", "ico"];

/// One file as browsers ask for it.
pub(crate) struct File {
    /// Below the site's root, with `/` between folders.
    pub(crate) path: String,
    /// As sent without compression.
    pub(crate) bytes: Vec<u8>,
}

impl File {
    /// `pkg/kaunta` and `js` become `pkg/kaunta.3f9a02c41b7e.js`.
    pub(super) fn hashed(stem: &str, extension: &str, bytes: Vec<u8>) -> Self {
        let hash = hash(std::slice::from_ref(&bytes));
        Self {
            path: format!("{stem}.{}.{extension}", &hash[..12]),
            bytes,
        }
    }

    /// The path as it stands in a page.
    pub(super) fn url(&self) -> String {
        format!("/{}", self.path)
    }
}

/// SHA-256 in hex; the length of each part counts, so that parts cannot run into each other.
pub(super) fn hash(parts: &[Vec<u8>]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes everything");
        hex
    })
}

/// All files below a folder, sorted; none where the folder is missing.
pub(super) fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// `public/`, with its scripts minified.
pub(super) fn public() -> Result<Vec<File>> {
    let root = workspace::path("public");
    let mut files = Vec::new();
    for path in below(&root)? {
        let bytes = if path.extension().is_some_and(|extension| extension == "js") {
            glue::minify_script(&path)?
        } else {
            std::fs::read(&path)?
        };
        files.push(File {
            path: path.strip_prefix(&root)?.to_string_lossy().into_owned(),
            bytes,
        });
    }
    Ok(files)
}

/// Brings `target/site` to hold exactly these files and their compressed forms.
pub(super) fn write(files: &[File]) -> Result<Vec<Entry>> {
    let site = workspace::site();
    let mut kept = HashSet::from([site.join("manifest.json")]);
    let mut entries = Vec::new();
    for file in files {
        let path = site.join(&file.path);
        let mut entry = Entry {
            path: file.path.clone(),
            bytes: file.bytes.len(),
            br: None,
            gz: None,
        };
        write_changed(&path, &file.bytes)?;
        if !path
            .extension()
            .is_some_and(|extension| PACKED.iter().any(|packed| extension == *packed))
        {
            entry.br = write_smaller(&suffixed(&path, ".br"), brotli(&file.bytes)?, file, &mut kept)?;
            entry.gz = write_smaller(&suffixed(&path, ".gz"), gzip(&file.bytes)?, file, &mut kept)?;
        }
        kept.insert(path);
        entries.push(entry);
    }
    for stale in below(&site)?.iter().filter(|path| !kept.contains(*path)) {
        std::fs::remove_file(stale)?;
    }
    Ok(entries)
}

fn write_smaller(
    path: &Path,
    packed: Vec<u8>,
    file: &File,
    kept: &mut HashSet<PathBuf>,
) -> Result<Option<usize>> {
    if packed.len() >= file.bytes.len() {
        return Ok(None);
    }
    write_changed(path, &packed)?;
    kept.insert(path.to_owned());
    Ok(Some(packed.len()))
}

/// Leaves a file alone that is right already: its time decides whether the server is built again.
pub(super) fn write_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Quality 11 in a window of 4 MB: the slowest and smallest form, made once.
fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &params)?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_name_follows_the_content() {
        let one = File::hashed("pkg/kaunta", "js", b"one".to_vec());
        let other = File::hashed("pkg/kaunta", "js", b"other".to_vec());
        assert_ne!(one.path, other.path);
        assert_eq!(one.path, File::hashed("pkg/kaunta", "js", b"one".to_vec()).path);
        assert_eq!(one.path.len(), "pkg/kaunta.0123456789ab.js".len());
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            hash(&[b"ab".to_vec(), b"c".to_vec()]),
            hash(&[b"a".to_vec(), b"bc".to_vec()])
        );
    }

    #[test]
    fn brotli_gives_the_bytes_back() {
        let text = b"pay pay pay pay pay pay pay".repeat(20);
        let packed = brotli(&text).unwrap();
        assert!(packed.len() < text.len());
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &packed[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }
}
