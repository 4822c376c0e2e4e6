//! Who may know whom: the arrows of ARCHITECTURE.md, checked against `cargo metadata` and `cargo tree`.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;
use crate::site::WASM_TARGET;

/// A crate of ours, which of ours it may use, and which of other people's it may not.
struct Room {
    name: &'static str,
    knows: &'static [&'static str],
    never: &'static [&'static str],
}

/// What touches the network, files or the machine's clock and chance.
const OUTSIDE: &[&str] = &[
    "tokio",
    "sqlx",
    "reqwest",
    "axum",
    "leptos",
    "rand",
    "getrandom",
    "chrono",
];

const ROOMS: [Room; 9] = [
    Room {
        name: "kaunta-domain",
        knows: &[],
        never: OUTSIDE,
    },
    Room {
        name: "kaunta-daraja",
        knows: &["kaunta-domain"],
        never: &["sqlx", "axum", "leptos", "chrono"],
    },
    Room {
        name: "daraja-sim",
        knows: &[],
        never: &["sqlx", "leptos", "chrono"],
    },
    Room {
        name: "kaunta-payments",
        knows: &["kaunta-domain", "kaunta-daraja"],
        never: &["axum", "leptos", "http", "chrono"],
    },
    Room {
        name: "kaunta-app",
        knows: &["kaunta-domain", "kaunta-payments"],
        never: &["sqlx", "reqwest", "chrono", "regex", "url"],
    },
    Room {
        name: "frontend",
        knows: &["kaunta-app"],
        never: &["serde_json", "url", "http", "regex", "chrono", "leptos_router"],
    },
    // The simulator is for `kaunta demo`, which speaks to it over HTTP.
    Room {
        name: "kaunta",
        knows: &["kaunta-domain", "kaunta-payments", "kaunta-app", "daraja-sim"],
        never: &["sqlx", "chrono"],
    },
    // Measures from outside; it knows the engine to seed it and to read its books.
    Room {
        name: "kaunta-bench",
        knows: &["kaunta-payments"],
        never: &["sqlx", "axum", "leptos", "chrono"],
    },
    Room {
        name: "xtask",
        knows: &[],
        never: &["tokio"],
    },
];

/// May not even be compiled for the browser. Leptos does compile `regex` and `url`, for parts that the linker drops:
/// `cargo xtask size` asks the linked code for those.
const NEVER_IN_WASM: [&str; 5] = ["tokio", "sqlx-core", "reqwest", "chrono", "leptos_router"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Absent for a normal one, else `dev` or `build`.
    kind: Option<String>,
}

pub(super) fn check() -> Result<Vec<String>> {
    let metadata =
        process::capture(process::command("cargo").args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Metadata = serde_json::from_str(&metadata).context("cargo metadata")?;
    let mut findings = arrows(&metadata);

    let mut tree = process::command("cargo");
    tree.args([
        "tree",
        "--package=frontend",
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={lib}",
    ]);
    let tree = process::capture(tree.args(["--target", WASM_TARGET]))?;
    let compiled: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let unwanted = NEVER_IN_WASM
        .iter()
        .filter(|name| compiled.contains(name.replace('-', "_").as_str()));
    findings.extend(unwanted.map(|name| format!("frontend: {name} is in the browser's copy")));
    Ok(findings)
}

fn arrows(metadata: &Metadata) -> Vec<String> {
    let ours: BTreeSet<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let Some(room) = ROOMS.iter().find(|room| room.name == package.name) else {
            findings.push(format!(
                "{}: no arrow leads to it yet; name it in xtask/src/tidy/graph.rs",
                package.name
            ));
            continue;
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.is_none())
        {
            let name = dependency.name.as_str();
            if ours.contains(name) && !room.knows.contains(&name) || room.never.contains(&name) {
                findings.push(format!("{}: may not know {name}", room.name));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependency: &str, kind: Option<&str>) -> Package {
        let dependency = Dependency {
            name: dependency.to_owned(),
            kind: kind.map(str::to_owned),
        };
        Package {
            name: name.to_owned(),
            dependencies: vec![dependency],
        }
    }

    #[test]
    fn arrows_against_the_map_are_found() {
        for (from, to, kind, broken) in [
            ("kaunta-payments", "kaunta-domain", None, 0),
            ("kaunta-domain", "kaunta-payments", None, 1),
            ("kaunta-app", "sqlx", None, 1),
            ("kaunta-payments", "daraja-sim", Some("dev"), 0),
            ("kaunta-payments", "daraja-sim", None, 1),
            ("a-new-crate", "serde", None, 1),
        ] {
            let other = Package {
                name: "daraja-sim".to_owned(),
                dependencies: Vec::new(),
            };
            let known = ["kaunta-domain", "kaunta-payments"].map(|name| package(name, "serde", None));
            let mut packages = vec![package(from, to, kind), other];
            packages.extend(known);
            assert_eq!(arrows(&Metadata { packages }).len(), broken, "{from} to {to}");
        }
    }
}
