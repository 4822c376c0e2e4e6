//! The libraries that merchants use believe what we sign, as their authors published them.
//!
//! Needs Node.js with npm, python3 with venv, and the package registries once; fails without them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kaunta_domain::signature::WebhookSecret;
use kaunta_payments::clock::Clock;
use kaunta_payments::{Config, Payments};
use serde_json::json;

use crate::receiver::{Receiver, Reply};
use crate::support;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_libraries_of_merchants_verify_what_is_sent() {
    let world = World::new().await;
    // The libraries look at the machine's clock, so this engine does too.
    let config = Config {
        webhook_allow_private: true,
        ..world.stage.config.clone()
    };
    let world = World {
        payments: Payments::open(config, Clock::system()).await.unwrap(),
        ..world
    };
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    let overlap = Duration::from_hours(1);
    let rotated = world
        .payments
        .rotate_webhook_secret(&world.caller, endpoint.id, overlap, None)
        .await
        .unwrap();
    let new = support::json(&rotated.body)["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    world.session().await;
    assert_eq!(world.deliver().await, 1);
    let webhook = receiver.received().remove(0);
    assert!(
        webhook
            .verify(
                &WebhookSecret::parse(&new).unwrap(),
                Clock::system().now().seconds()
            )
            .is_ok()
    );

    let file = tempfile::NamedTempFile::new().unwrap();
    let sent = json!({
        "secrets": [endpoint.secret.reveal().as_str(), new],
        "headers": webhook.headers,
        "body": String::from_utf8(webhook.body).unwrap(),
    });
    serde_json::to_writer(&file, &sent).unwrap();
    let modules = node_modules();
    run(
        "verifying with JavaScript",
        Command::new("node")
            .arg(here("verify.mjs"))
            .args([&modules, file.path()]),
    );
    let python = virtual_environment();
    run(
        "verifying with Python",
        Command::new(python).arg(here("verify.py")).arg(file.path()),
    );
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/webhooks/libraries")
        .join(name)
}

fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Whether `folder` was made from these `pins`.
fn is_made(folder: &Path, pins: &str) -> bool {
    std::fs::read_to_string(folder.join("pins")).is_ok_and(|made| made == pins)
}

/// A folder with the pinned packages of npm, made once and again whenever the pins change.
fn node_modules() -> PathBuf {
    let folder = target().join("webhook-libraries-node");
    let pins = std::fs::read_to_string(here("package-lock.json")).unwrap();
    if !is_made(&folder, &pins) {
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(here(name), folder.join(name)).unwrap();
        }
        let mut install = Command::new("npm");
        install.args(["ci", "--no-fund", "--no-audit", "--loglevel=error"]);
        run(
            "installing the libraries for JavaScript (needs npm)",
            install.current_dir(&folder),
        );
        std::fs::write(folder.join("pins"), pins).unwrap();
    }
    folder
}

/// A virtual environment with the pinned packages of PyPI, made the same way.
fn virtual_environment() -> PathBuf {
    let folder = target().join("webhook-libraries-python");
    let python = folder.join("bin/python");
    let pins = std::fs::read_to_string(here("requirements.txt")).unwrap();
    if !is_made(&folder, &pins) {
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
            "installing the libraries for Python",
            install.arg(here("requirements.txt")),
        );
        std::fs::write(folder.join("pins"), pins).unwrap();
    }
    python
}

fn run(what: &str, command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{what}: {error}; is it installed?"));
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{what}:\n{said}{complained}");
}
