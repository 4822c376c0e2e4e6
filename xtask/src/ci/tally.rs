//! How many tests passed, read off what the test runners print.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::process;

/// Checks and tests so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Tally {
    /// A check that is not a test runner counts as one.
    pub(crate) fn check() -> Self {
        Self { passed: 1, failed: 0 }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Runs a test runner, shows what it prints, and counts; failed tests are not an error here but a number.
pub(crate) fn follow(command: &mut Command) -> Result<Tally> {
    println!("    {}", process::shown(command));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", process::shown(command)))?;
    let stdout = child
        .stdout
        .take()
        .expect("standard output was asked for as a pipe");
    let stderr = child
        .stderr
        .take()
        .expect("standard error was asked for as a pipe");
    let beside = std::thread::spawn(move || count(stderr));
    let mut tally = count(stdout);
    tally.add(beside.join().expect("counting lines does not panic"));
    if !child.wait()?.success() {
        // A runner that died before it could count has failed all the same.
        tally.failed = tally.failed.max(1);
    }
    Ok(tally)
}

fn count(stream: impl Read) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        println!("{line}");
        tally.add(read(&line));
    }
    tally
}

/// The closing lines of nextest, `cargo test` and `node --test`; any other line counts nothing.
fn read(line: &str) -> Tally {
    let line = line.trim_start();
    let closing = line.starts_with("Summary [") || line.starts_with("test result:");
    let words: Vec<&str> = line
        .split_whitespace()
        .map(|word| word.trim_end_matches([',', ';']))
        .collect();
    let number = |word: &str| word.parse().unwrap_or(0);
    let before = |name: &str| {
        words
            .windows(2)
            .find(|pair| pair[1] == name)
            .map_or(0, |pair| number(pair[0]))
    };
    match words[..] {
        _ if closing => Tally {
            passed: before("passed"),
            failed: before("failed"),
        },
        ["ℹ" | "#", "pass", passed] => Tally {
            passed: number(passed),
            failed: 0,
        },
        ["ℹ" | "#", "fail", failed] => Tally {
            passed: 0,
            failed: number(failed),
        },
        _ => Tally::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_three_runners_are_understood() {
        for (line, passed, failed) in [
            (
                "     Summary [   0.512s] 12 tests run: 11 passed (1 slow), 1 failed, 3 skipped",
                11,
                1,
            ),
            (
                "test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
                7,
                0,
            ),
            ("ℹ pass 4", 4, 0),
            ("ℹ fail 2", 0, 2),
            ("        PASS [   0.005s] xtask ci::tests::9 passed", 0, 0),
            ("", 0, 0),
        ] {
            assert_eq!(read(line), Tally { passed, failed }, "{line}");
        }
    }
}
