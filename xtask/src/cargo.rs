//! Long cargo builds that say how far they are and about how long they still take.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::process;

/// Between two lines about a build that is still going on.
const PROGRESS_EVERY: Duration = Duration::from_secs(15);

/// One line of `cargo build --message-format=json`; the kinds that we do not read leave the fields empty.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    #[serde(default)]
    fresh: bool,
}

/// What is built, in the words of cargo's own flags.
pub(crate) struct Build<'a> {
    /// How the progress lines name it.
    pub(crate) name: &'a str,
    /// The package whose files are wanted.
    pub(crate) package: &'a str,
    /// `--target`, where it is not this machine.
    pub(crate) target: Option<&'a str>,
    /// `--profile`.
    pub(crate) profile: &'a str,
}

impl Build<'_> {
    /// Builds, and returns the files that cargo made for the package itself.
    pub(crate) fn run(&self) -> Result<Vec<PathBuf>> {
        let total = self.packages()?;
        let mut command = process::command("cargo");
        command.args(["build", "--quiet", "--message-format", "json-render-diagnostics"]);
        command.args(["--package", self.package, "--profile", self.profile]);
        command.args(self.target.iter().flat_map(|target| ["--target", target]));
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start cargo")?;
        let stdout = child
            .stdout
            .take()
            .expect("standard output was asked for as a pipe");
        let files = self.follow(&messages(stdout), total);
        if !child.wait()?.success() {
            bail!("`{}` failed", process::shown(&command));
        }
        files
    }

    /// How many packages the build goes through.
    fn packages(&self) -> Result<usize> {
        let mut tree = process::command("cargo");
        tree.args([
            "tree",
            "--package",
            self.package,
            "--edges",
            "no-dev",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ]);
        tree.args(self.target.iter().flat_map(|target| ["--target", target]));
        let tree = process::capture(&mut tree)?;
        Ok(tree
            .lines()
            .map(|line| line.trim_end_matches(" (*)"))
            .collect::<HashSet<_>>()
            .len())
    }

    fn follow(&self, messages: &Receiver<String>, total: usize) -> Result<Vec<PathBuf>> {
        let started = Instant::now();
        let mut next_line = PROGRESS_EVERY;
        let (mut seen, mut fresh) = (HashSet::new(), HashSet::new());
        let mut files = Vec::new();
        loop {
            match messages.recv_timeout(Duration::from_secs(1)) {
                Ok(line) => {
                    let message: Message =
                        serde_json::from_str(&line).context("cargo wrote an unknown message")?;
                    if message.reason == "compiler-artifact" {
                        let id = message.package_id;
                        // path+file:///…/frontend#0.1.0, or …/app#kaunta-app@0.1.0
                        if id.contains(&format!("/{}#", self.package))
                            || id.contains(&format!("#{}@", self.package))
                        {
                            files.extend(message.filenames);
                        }
                        if message.fresh {
                            fresh.insert(id.clone());
                        }
                        seen.insert(id);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(files),
            }
            if started.elapsed() >= next_line {
                next_line += PROGRESS_EVERY;
                let left = left(
                    started.elapsed(),
                    seen.len() - fresh.len(),
                    total.saturating_sub(fresh.len()),
                );
                println!(
                    "    {}: {} of {total} packages after {}{left}",
                    self.name,
                    seen.len(),
                    process::spoken(started.elapsed())
                );
            }
        }
    }
}

/// The lines of cargo's standard output, read beside us so that we can speak while it is silent.
fn messages(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// `, about 3 min left`, once enough is done for a guess: packages differ too much in weight for more than that.
fn left(elapsed: Duration, done: usize, total: usize) -> String {
    if done < 10 || done >= total {
        return String::new();
    }
    let seconds = elapsed.as_secs() * (total - done) as u64 / done as u64;
    if seconds < 60 {
        ", less than a minute left".to_owned()
    } else {
        format!(", about {} min left", seconds.div_ceil(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guess_is_silent_until_there_is_something_to_go_by() {
        assert_eq!(left(Duration::from_mins(1), 9, 300), "");
        assert_eq!(left(Duration::from_mins(1), 100, 300), ", about 2 min left");
        assert_eq!(
            left(Duration::from_mins(1), 290, 300),
            ", less than a minute left"
        );
        assert_eq!(left(Duration::from_mins(1), 301, 300), "");
    }
}
