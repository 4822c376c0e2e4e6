//! Lines for the person or program that typed the command.

use std::io::Write as _;

use serde::Serialize;

/// Writes a line to standard output. A reader that has gone away is no reason to fail.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Writes a line to standard error.
pub(super) fn complain(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Writes JSON for programs, or `text` for people.
pub(super) fn answer(json: bool, object: &impl Serialize, text: impl FnOnce() -> String) {
    if json {
        say(&serde_json::to_string(object).unwrap_or_default());
    } else {
        say(&text());
    }
}
