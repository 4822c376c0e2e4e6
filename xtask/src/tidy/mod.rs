//! `cargo xtask tidy`: the rules of the house that no compiler checks, all broken ones at once.

mod documents;
mod graph;
mod limits;
mod sources;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// A text file of the tree.
struct Text {
    /// From the workspace root, with `/`.
    path: String,
    content: String,
}

impl Text {
    fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    /// `path:line: what`
    fn finding(&self, line: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.path, line + 1)
    }
}

/// Fails with one line for each broken rule.
pub(crate) fn check() -> Result<()> {
    let texts = texts()?;
    let mut findings = sources::check(&texts);
    findings.extend(limits::check(&texts)?);
    findings.extend(documents::check(&texts));
    findings.extend(graph::check()?);
    if findings.is_empty() {
        println!("    tidy: {} files in order", texts.len());
        return Ok(());
    }
    for finding in &findings {
        println!("{finding}");
    }
    bail!("{} broken rules", findings.len())
}

/// Everything that is or will be committed, but what is not UTF-8.
fn texts() -> Result<Vec<Text>> {
    let mut list = process::command("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
    let list = process::capture(&mut list).context("tidy needs a git checkout")?;
    let mut texts = Vec::new();
    for path in list.split_terminator('\0') {
        // A file may be deleted and not yet committed so.
        let Ok(bytes) = std::fs::read(workspace::path(path)) else {
            continue;
        };
        if let Ok(content) = String::from_utf8(bytes) {
            texts.push(Text {
                path: path.to_owned(),
                content,
            });
        }
    }
    Ok(texts)
}
