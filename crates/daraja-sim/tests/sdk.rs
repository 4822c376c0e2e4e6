//! Public SDKs meet the simulator: the crate `mpesa`, and from PyPI `mpesa-daraja-mcp` and `django-daraja`, each as its
//! author published it, with its host turned to ours.
//!
//! Needs python3 with venv, libssl-dev and pkg-config, and the package registries once; fails without them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use daraja_sim::{Config, Pace, Sim};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(path)
}

/// The workspace's target folder, where everything that is built belongs.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the temporary folder lies in target")
        .to_owned()
}

fn run(what: &str, command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{what}: cannot start {command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{what} failed: {command:?}\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}

/// Starts a simulator whose phones answer quickly, runs the SDK's program with its address, and gives what moved.
async fn meet(what: &'static str, mut command: Command) -> Vec<i64> {
    let pace = Pace {
        answer: Duration::from_millis(150),
        ..Pace::instant()
    };
    let sim = Sim::start(Config {
        pace,
        ..Config::default()
    })
    .await
    .expect("a free port");
    command.arg(sim.base_url());
    let output = tokio::task::spawn_blocking(move || run(what, &mut command))
        .await
        .expect("the SDK ran");
    assert!(
        String::from_utf8_lossy(&output.stdout).trim_end().ends_with("ok"),
        "{output:?}"
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let amounts = sim.ledger().iter().map(|entry| entry.amount).collect();
    sim.stop().await;
    amounts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crate_mpesa_pays() {
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(here("rust/Cargo.toml"));
    build.arg("--target-dir").arg(target());
    run(
        "building the crate mpesa (needs libssl-dev and pkg-config)",
        &mut build,
    );
    let program = target().join("debug/sdk-mpesa");
    assert_eq!(meet("the crate mpesa", Command::new(program)).await, [25]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_packages_pay() {
    let python = venv();
    let mut check = Command::new(python);
    check.arg(here("check.py"));
    assert_eq!(meet("the Python SDKs", check).await, [40, 55]);
}

/// A virtual environment with the pinned packages, made once and again whenever the pins change.
fn venv() -> PathBuf {
    let folder = target().join("sdk-venv");
    let (python, done) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let pins = std::fs::read_to_string(here("requirements.txt")).expect("the pins lie beside this test");
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == pins) {
        return python;
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&folder);
    run(
        "making a virtual environment (needs python3 with venv)",
        &mut make,
    );
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ]);
    run(
        "installing the Python SDKs",
        install.arg(here("requirements.txt")),
    );
    std::fs::write(&done, pins).expect("the environment is ours to write");
    python
}
