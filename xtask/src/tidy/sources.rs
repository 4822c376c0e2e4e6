//! Rules about the text of single files.

use super::Text;

/// Words that may stand in some places only.
struct Rule {
    words: &'static [&'static str],
    /// Beginnings of the paths where they may stand.
    home: &'static [&'static str],
    why: &'static str,
}

/// For Rust outside tests and comments.
const RULES: [Rule; 3] = [
    Rule {
        words: &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "],
        home: &["crates/payments/", "bench/"],
        why: "SQL lives in crates/payments",
    },
    Rule {
        words: &[
            "SystemTime::now",
            "now_utc()",
            "UtcDateTime::now",
            "rand::rng()",
            "rand::random",
            "OsRng",
            "SysRng",
            "getrandom::",
        ],
        // The padding of a credential decides nothing, and may not be repeatable.
        home: &[
            "crates/payments/src/clock.rs",
            "crates/daraja/src/credential.rs",
            "crates/daraja-sim/",
            "bench/",
        ],
        why: "only payments::clock asks the machine for time or chance",
    },
    Rule {
        words: &["todo!(", "unimplemented!(", "#[ignore", "#[allow("],
        home: &[],
        why: "nothing is left half done",
    },
];

/// Folders of one person's machine.
const MACHINE_PATHS: [&str; 4] = ["/home/", "/root/", "/Users/", "/work/"];

/// This file names what it forbids.
const OURSELVES: &str = "xtask/src/tidy/";

pub(super) fn check(texts: &[Text]) -> Vec<String> {
    let texts = texts
        .iter()
        .filter(|text| !text.path.starts_with(OURSELVES) && !is_foreign(text));
    texts
        .flat_map(|text| [shape(text), words(text)].concat())
        .collect()
}

/// Recorded or generated files are as they came.
fn is_foreign(text: &Text) -> bool {
    text.has_extension("lock")
        || text.path.ends_with("package-lock.json")
        || text
            .path
            .split('/')
            .any(|folder| folder == "fixtures" || folder == "proptest-regressions")
}

fn shape(text: &Text) -> Vec<String> {
    let mut findings = Vec::new();
    if text.is_rust() && !text.content.starts_with("//! ") {
        findings.push(text.finding(0, "begins without a `//!` line that says what the file is for"));
    }
    if !text.content.is_empty() && !text.content.ends_with('\n') {
        findings.push(text.finding(text.content.lines().count() - 1, "no line end at the end"));
    }
    for (number, line) in text.content.lines().enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            findings.push(text.finding(number, "white space at the end"));
        }
        if line.contains('\t') && !text.has_extension("tsv") && !text.path.ends_with("Makefile") {
            findings.push(text.finding(number, "a tab"));
        }
        if let Some(path) = MACHINE_PATHS.iter().find(|path| names_machine_path(line, path)) {
            findings.push(text.finding(number, &format!("a path of one machine ({path}…)")));
        }
    }
    findings
}

/// `/root/x` but not `target/root/x`, and not a URL's path.
fn names_machine_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before
            .is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '}' | '-' | '_' | '.' | '~'))
    })
}

fn words(text: &Text) -> Vec<String> {
    if !text.is_rust() || is_test(&text.path) {
        return Vec::new();
    }
    let code = text
        .content
        .lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    let code = code.filter(|(_, line)| !line.trim_start().starts_with("//"));
    let mut findings = Vec::new();
    for (number, line) in code {
        for rule in &RULES {
            let at_home = rule.home.iter().any(|home| text.path.starts_with(home));
            if let Some(word) = rule.words.iter().find(|word| !at_home && line.contains(**word)) {
                findings.push(text.finding(number, &format!("`{}`: {}", word.trim(), rule.why)));
            }
        }
    }
    findings
}

fn is_test(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "tests" | "tests.rs" | "benches" | "examples" | "fuzz"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, content: &str) -> usize {
        check(&[Text {
            path: path.to_owned(),
            content: content.to_owned(),
        }])
        .len()
    }

    #[test]
    fn each_rule_can_be_broken() {
        assert_eq!(found("app/a.rs", "//! What for.\nfn a() {}\n"), 0);
        assert_eq!(found("app/a.rs", "fn a() {}\n"), 1);
        assert_eq!(found("app/a.rs", "//! What for.\nfn a() {} \n"), 1);
        assert_eq!(found("app/a.rs", "//! What for.\n\tfn a() {}\n"), 1);
        assert_eq!(found("app/a.rs", "//! What for.\nfn a() {}"), 1);
        assert_eq!(found("docs/a.md", "Run /home/ann/kaunta\n"), 1);
        assert_eq!(found("app/a.rs", "//! What for.\nfn a() { todo!() }\n"), 1);
        assert_eq!(
            found("app/a.rs", "//! What for.\nconst A: &str = \"SELECT 1\";\n"),
            1
        );
        assert_eq!(
            found("app/a.rs", "//! What for.\nlet now = SystemTime::now();\n"),
            1
        );
    }

    #[test]
    fn each_rule_knows_its_home() {
        assert_eq!(
            found(
                "crates/payments/src/start.rs",
                "//! What for.\nconst A: &str = \"SELECT 1\";\n"
            ),
            0
        );
        assert_eq!(
            found(
                "crates/payments/src/clock.rs",
                "//! What for.\nlet now = SystemTime::now();\n"
            ),
            0
        );
        assert_eq!(
            found(
                "app/a.rs",
                "//! What for.\n// The row is read FOR UPDATE there.\n"
            ),
            0
        );
        assert_eq!(
            found(
                "app/a.rs",
                "//! What for.\n#[cfg(test)]\nmod tests { const A: &str = \"SELECT 1\"; }\n"
            ),
            0
        );
        assert_eq!(
            found(
                "server/tests/a.rs",
                "//! What for.\nconst A: &str = \"SELECT 1\";\n"
            ),
            0
        );
        assert_eq!(
            found(
                "docs/a.md",
                "See https://shop.example/home/ann and target/work/a.\n"
            ),
            0
        );
    }
}
