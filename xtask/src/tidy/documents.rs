//! Rules about documents and migrations: links lead somewhere, decisions stay short, both databases keep step.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::Text;
use crate::workspace;

/// A decision fits one screen, or it is not yet one.
const DECISION_LINES_MAX: usize = 60;

pub(super) fn check(texts: &[Text]) -> Vec<String> {
    let mut findings = decisions(texts);
    findings.extend(migrations(texts));
    let documents = texts.iter().filter(|text| text.has_extension("md"));
    findings.extend(documents.flat_map(|text| links(text, |path| workspace::path(path).exists())));
    findings
}

fn decisions(texts: &[Text]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut numbers = BTreeSet::new();
    for text in texts {
        let Some(name) = text.path.strip_prefix("docs/decisions/") else {
            continue;
        };
        let (number, _) = name.split_once('-').unwrap_or_default();
        if number.len() != 4 || number.parse::<u16>().is_err() {
            findings.push(format!(
                "{}: a decision is named NNNN-what-it-decides.md",
                text.path
            ));
        } else if !numbers.insert(number) {
            findings.push(format!("{}: another decision has the number {number}", text.path));
        }
        let lines = text.content.lines().count();
        if lines > DECISION_LINES_MAX {
            findings.push(format!(
                "{}: {lines} lines; one screen is {DECISION_LINES_MAX}",
                text.path
            ));
        }
    }
    findings
}

fn migrations(texts: &[Text]) -> Vec<String> {
    let named = |database: &str| -> BTreeSet<&str> {
        let folder = format!("crates/payments/migrations/{database}/");
        texts
            .iter()
            .filter_map(|text| text.path.strip_prefix(&folder))
            .collect()
    };
    let (sqlite, postgres) = (named("sqlite"), named("postgres"));
    let lonely = sqlite.symmetric_difference(&postgres);
    lonely
        .map(|name| format!("crates/payments/migrations: {name} is there for one database only"))
        .collect()
}

/// Links and pictures that lead to no file of the tree.
fn links(text: &Text, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let folder = Path::new(&text.path).parent().unwrap_or(Path::new(""));
    let mut findings = Vec::new();
    for (number, line) in text.content.lines().enumerate() {
        for link in line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
            .map(|(link, _)| link)
        {
            let (path, _) = link.split_once('#').unwrap_or((link, ""));
            if path.is_empty() || path.contains(':') {
                continue;
            }
            let target = path
                .strip_prefix('/')
                .map_or_else(|| folder.join(path), PathBuf::from);
            if !exists(&flat(&target)) {
                findings.push(text.finding(number, &format!("the link {link} leads nowhere")));
            }
        }
    }
    findings
}

/// `docs/../README.md` is `README.md`.
fn flat(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut flat, component| {
        if component == Component::ParentDir {
            flat.pop();
        } else {
            flat.push(component);
        }
        flat
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, content: &str) -> Text {
        Text {
            path: path.to_owned(),
            content: content.to_owned(),
        }
    }

    #[test]
    fn a_link_must_lead_to_a_file() {
        let document = text(
            "docs/a.md",
            "[up](../README.md#top) [no](b.md) [web](https://a.example) [here](#x)\n",
        );
        let findings = links(&document, |path| path == Path::new("README.md"));
        assert_eq!(findings, ["docs/a.md:1: the link b.md leads nowhere"]);
    }

    #[test]
    fn decisions_have_numbers_of_their_own_and_fit_a_screen() {
        let long = "line\n".repeat(DECISION_LINES_MAX + 1);
        let texts = [
            text("docs/decisions/0001-a.md", "A\n"),
            text("docs/decisions/0001-b.md", "B\n"),
            text("docs/decisions/c.md", "C\n"),
            text("docs/decisions/0002-d.md", &long),
        ];
        assert_eq!(decisions(&texts).len(), 3);
    }

    #[test]
    fn a_migration_exists_for_both_databases() {
        let one = text("crates/payments/migrations/sqlite/0001_first.sql", "");
        let other = text("crates/payments/migrations/postgres/0001_first.sql", "");
        assert_eq!(migrations(&[one]).len(), 1);
        let one = text("crates/payments/migrations/sqlite/0001_first.sql", "");
        assert_eq!(migrations(&[one, other]).len(), 0);
    }
}
