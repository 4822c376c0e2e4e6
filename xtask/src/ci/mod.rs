//! `cargo ci`: every check and every test, in the order in which a mistake shows soonest.

pub(crate) mod postgres;
mod prerequisites;
mod tally;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::site::WASM_TARGET;
use crate::{process, site, size, tidy, workspace};
use tally::Tally;

/// One named check.
struct Step {
    name: &'static str,
    run: fn() -> Result<Tally>,
    /// Seconds on two cores with nothing built, for the first forecast; later ones use what was measured.
    seconds: u64,
}

const STEPS: [Step; 14] = [
    Step {
        name: "prerequisites",
        run: prerequisites,
        seconds: 60,
    },
    Step {
        name: "format",
        run: format,
        seconds: 2,
    },
    Step {
        name: "tidy",
        run: tidy,
        seconds: 2,
    },
    Step {
        name: "lint-host",
        run: lint_host,
        seconds: 150,
    },
    Step {
        name: "lint-wasm",
        run: lint_wasm,
        seconds: 60,
    },
    Step {
        name: "docs",
        run: docs,
        seconds: 60,
    },
    Step {
        name: "deny",
        run: deny,
        seconds: 5,
    },
    Step {
        name: "site",
        run: site,
        seconds: 90,
    },
    Step {
        name: "tests-sqlite",
        run: tests_sqlite,
        seconds: 300,
    },
    Step {
        name: "tests-postgres",
        run: tests_postgres,
        seconds: 60,
    },
    Step {
        name: "doc-tests",
        run: doc_tests,
        seconds: 60,
    },
    Step {
        name: "simulation",
        run: simulation,
        seconds: 60,
    },
    Step {
        name: "browser-build",
        run: browser_build,
        seconds: 30,
    },
    Step {
        name: "browser-tests",
        run: browser_tests,
        seconds: 90,
    },
];

/// How many villain runs `cargo ci` plays; a single test run plays a few.
const SEEDS: &str = "500";
/// The same on PostgreSQL, where each seed makes a database of its own.
const SEEDS_POSTGRES: &str = "50";

/// Between two signs of life of a long step.
const SIGN_OF_LIFE: Duration = Duration::from_mins(1);

/// Runs the steps from `from` on, or `only` one; stops at the first that fails.
pub(crate) fn run(only: Option<&str>, from: Option<&str>) -> Result<()> {
    let steps = selected(only, from)?;
    let started = Instant::now();
    let mut times = Times::read();
    let mut total = Tally::default();
    for (index, step) in steps.iter().enumerate() {
        let left: u64 = steps[index..].iter().map(|step| times.of(step)).sum();
        let (this, left) = (rough(times.of(step)), rough(left));
        println!(
            "\n[{}/{}] {}: about {this}, {left} to the end",
            index + 1,
            steps.len(),
            step.name
        );
        let began = Instant::now();
        let tally = alive(step).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Tally { passed: 0, failed: 1 }
        });
        total.add(tally);
        if tally.failed > 0 {
            let name = step.name;
            eprintln!("{name} failed. Again: cargo ci --only {name}; from here on: cargo ci --from {name}");
            println!("{total}");
            bail!("stopped at {name}");
        }
        println!("{} passed in {}", step.name, process::spoken(began.elapsed()));
        times.note(step, began.elapsed());
    }
    println!(
        "\n{} steps in {}",
        steps.len(),
        process::spoken(started.elapsed())
    );
    println!("{total}");
    Ok(())
}

/// Runs a step, and says every minute that it still runs: compilers can be silent for long.
fn alive(step: &Step) -> Result<Tally> {
    let (done, watch) = channel::<()>();
    let (name, began) = (step.name, Instant::now());
    let watcher = std::thread::spawn(move || {
        while watch.recv_timeout(SIGN_OF_LIFE) == Err(RecvTimeoutError::Timeout) {
            println!("    {name} has run for {}", process::spoken(began.elapsed()));
        }
    });
    let result = (step.run)();
    drop(done);
    watcher.join().expect("printing a line does not panic");
    result
}

fn selected(only: Option<&str>, from: Option<&str>) -> Result<&'static [Step]> {
    static ALL: &[Step] = &STEPS;
    let Some(name) = only.or(from) else { return Ok(ALL) };
    let names = || ALL.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
    let index = ALL.iter().position(|step| step.name == name);
    let index = index.with_context(|| format!("no step {name:?}; the steps are {}", names()))?;
    Ok(if only.is_some() {
        &ALL[index..=index]
    } else {
        &ALL[index..]
    })
}

fn prerequisites() -> Result<Tally> {
    prerequisites::ensure().map(|()| Tally::check())
}

fn format() -> Result<Tally> {
    check(cargo(["fmt", "--all", "--check"]))
}

fn tidy() -> Result<Tally> {
    tidy::check().map(|()| Tally::check())
}

fn lint_host() -> Result<Tally> {
    check(cargo([
        "clippy",
        "--quiet",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Alone, because building `frontend` beside `server` would turn on `hydrate` and `ssr` at once; in the profile of the
/// site, because that shares the compiled macros with it.
fn lint_wasm() -> Result<Tally> {
    let mut clippy = cargo([
        "clippy",
        "--quiet",
        "--package",
        "frontend",
        "--target",
        WASM_TARGET,
    ]);
    clippy.args(["--profile", "wasm-release", "--", "-D", "warnings"]);
    check(clippy)
}

fn docs() -> Result<Tally> {
    let mut doc = cargo(["doc", "--quiet", "--no-deps", "--document-private-items"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    check(doc)
}

fn deny() -> Result<Tally> {
    let mut deny = process::command(&prerequisites::DENY.path().to_string_lossy());
    deny.args(["--log-level", "error", "check", "licenses", "bans", "sources"]);
    check(deny)
}

fn site() -> Result<Tally> {
    site::build()?;
    size::check().map(|()| Tally::check())
}

fn tests_sqlite() -> Result<Tally> {
    let mut tests = nextest();
    // The villain has a step of its own.
    tests.args(["--filterset", "not binary(villain)"]);
    tally::follow(tests.env_remove("KAUNTA_TEST_POSTGRES"))
}

/// The rooms that know a database, once more on the other one.
fn tests_postgres() -> Result<Tally> {
    let cluster = postgres::Cluster::start()?;
    let mut tests = nextest();
    tests.args(["--filterset", "package(kaunta-payments) + package(kaunta)"]);
    tests
        .env("KAUNTA_TEST_REQUIRE_POSTGRES", "1")
        .env("KAUNTA_SIM_RUNS", SEEDS_POSTGRES);
    tally::follow(tests.env("KAUNTA_TEST_POSTGRES", cluster.url()))
}

fn doc_tests() -> Result<Tally> {
    tally::follow(&mut cargo(["test", "--quiet", "--doc"]))
}

fn simulation() -> Result<Tally> {
    let mut seeds = nextest();
    seeds
        .args(["--filterset", "binary(villain)"])
        .env("KAUNTA_SIM_RUNS", SEEDS);
    tally::follow(&mut seeds)
}

/// With `--tests`, so that crates have the features that the test runs have built them with.
fn browser_build() -> Result<Tally> {
    check(cargo(["build", "--quiet", "--bins", "--tests"]))
}

fn browser_tests() -> Result<Tally> {
    let mut tests = process::command("node");
    tests.current_dir(workspace::path("end2end"));
    tests.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    // Named one by one: what `--test` makes of a folder or a pattern differs between versions of Node.js.
    let mut files = Vec::new();
    for entry in std::fs::read_dir(workspace::path("end2end/tests"))? {
        files.push(entry?.path());
    }
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    tally::follow(tests.args(files))
}

fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut cargo = process::command("cargo");
    cargo.args(arguments);
    cargo
}

fn nextest() -> Command {
    let mut nextest = cargo(["nextest", "run", "--profile", "ci", "--cargo-quiet"]);
    // Where `prerequisites` puts it on a machine that has none.
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":");
    path.push(workspace::path("target/tools/bin"));
    nextest.env("PATH", path);
    nextest
}

/// A command that is one check by itself.
fn check(mut command: Command) -> Result<Tally> {
    println!("    {}", process::shown(&command));
    process::run(&mut command).map(|()| Tally::check())
}

fn rough(seconds: u64) -> String {
    if seconds < 60 {
        "a minute".to_owned()
    } else {
        format!("{} min", seconds.div_ceil(60))
    }
}

/// What each step took the last time it passed, in seconds.
struct Times(BTreeMap<String, u64>);

impl Times {
    /// A missing or damaged file only costs the forecast.
    fn read() -> Self {
        let text = std::fs::read(workspace::path("target/ci-times.json")).unwrap_or_default();
        Self(serde_json::from_slice(&text).unwrap_or_default())
    }

    fn of(&self, step: &Step) -> u64 {
        self.0.get(step.name).copied().unwrap_or(step.seconds)
    }

    fn note(&mut self, step: &Step, took: Duration) {
        self.0.insert(step.name.to_owned(), took.as_secs());
        if let Ok(text) = serde_json::to_vec(&self.0)
            && let Err(error) = std::fs::write(workspace::path("target/ci-times.json"), text)
        {
            eprintln!("    (the time could not be kept for the next forecast: {error})");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_can_be_one_step_or_the_rest() {
        assert_eq!(selected(None, None).unwrap().len(), STEPS.len());
        assert_eq!(selected(Some("tidy"), None).unwrap().len(), 1);
        assert_eq!(selected(None, Some("browser-tests")).unwrap().len(), 1);
        assert!(selected(Some("tidi"), None).is_err());
    }
}
