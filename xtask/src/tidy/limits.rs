//! File lengths as a ratchet; clippy's `too_many_lines` does the same for functions.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Text;
use crate::workspace;

/// Beyond this a file holds more than one subject.
const LINES_MAX: usize = 400;

/// `xtask/tidy.toml`
#[derive(Deserialize)]
struct Exceptions {
    lines: BTreeMap<String, usize>,
}

pub(super) fn check(texts: &[Text]) -> Result<Vec<String>> {
    let exceptions =
        std::fs::read_to_string(workspace::path("xtask/tidy.toml")).context("xtask/tidy.toml")?;
    let exceptions: Exceptions = toml::from_str(&exceptions).context("xtask/tidy.toml")?;
    Ok(broken(texts, &exceptions.lines))
}

fn broken(texts: &[Text], exceptions: &BTreeMap<String, usize>) -> Vec<String> {
    let mut findings = Vec::new();
    for text in texts.iter().filter(|text| text.is_rust()) {
        let lines = text.content.lines().count();
        let limit = exceptions.get(&text.path).copied().unwrap_or(LINES_MAX);
        if lines > limit {
            findings.push(format!(
                "{}: {lines} lines, {limit} are the limit: give a subject its own file",
                text.path
            ));
        }
    }
    for (path, limit) in exceptions {
        let lines = texts
            .iter()
            .find(|text| text.path == *path)
            .map_or(0, |text| text.content.lines().count());
        if lines <= LINES_MAX {
            findings.push(format!(
                "xtask/tidy.toml: {path} no longer needs its {limit} lines"
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: usize) -> Vec<Text> {
        vec![Text {
            path: "a.rs".to_owned(),
            content: "//\n".repeat(lines),
        }]
    }

    #[test]
    fn a_long_file_may_stay_but_not_grow() {
        let exceptions = BTreeMap::from([("a.rs".to_owned(), 500)]);
        assert_eq!(broken(&file(400), &BTreeMap::new()).len(), 0);
        assert_eq!(broken(&file(401), &BTreeMap::new()).len(), 1);
        assert_eq!(broken(&file(500), &exceptions).len(), 0);
        assert_eq!(broken(&file(501), &exceptions).len(), 1);
        assert_eq!(
            broken(&file(400), &exceptions).len(),
            1,
            "an exception that is not needed must go"
        );
    }
}
