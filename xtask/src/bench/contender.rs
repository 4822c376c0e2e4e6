//! The servers that are measured: ours, and the same job as a Node developer does it.

use std::path::PathBuf;
use std::process::Command;

use crate::{process, workspace};

/// Seals what is seeded. It protects nothing: 32 times the letter `k`.
pub(super) const MASTER_KEY: &str = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";

/// Where rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoreKind {
    Sqlite,
    Postgres,
}

/// Which program serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// `target/release/kaunta serve`
    Kaunta,
    /// A script of `bench/peer`.
    Node(&'static str),
}

/// A server on a store.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) program: Program,
    pub(super) store: StoreKind,
}

/// Ours first: ratios are of the first to the others of the same store.
pub(super) const CONTENDERS: [Contender; 5] = [
    Contender {
        name: "kaunta, SQLite",
        program: Program::Kaunta,
        store: StoreKind::Sqlite,
    },
    Contender {
        name: "fastify, SQLite, grouped commits",
        program: Program::Node("fastify.mjs"),
        store: StoreKind::Sqlite,
    },
    Contender {
        name: "express, SQLite, a commit each",
        program: Program::Node("express.mjs"),
        store: StoreKind::Sqlite,
    },
    Contender {
        name: "kaunta, PostgreSQL",
        program: Program::Kaunta,
        store: StoreKind::Postgres,
    },
    Contender {
        name: "fastify, PostgreSQL",
        program: Program::Node("fastify.mjs"),
        store: StoreKind::Postgres,
    },
];

impl Program {
    /// Its word in the load scripts.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Kaunta => "kaunta",
            Self::Node(_) => "peer",
        }
    }

    /// The server on `database`, with its words and settings; to be put behind `taskset`.
    pub(super) fn serve(self, database: &str, port: u16, pin: &[&str]) -> Command {
        let mut command = pinned(pin);
        match self {
            Self::Kaunta => {
                command.arg(kaunta()).arg("serve");
                command.env("KAUNTA_LISTEN", format!("127.0.0.1:{port}"));
                command.env("KAUNTA_DATABASE_URL", url(database));
                command.env("KAUNTA_MASTER_KEY", MASTER_KEY);
            }
            Self::Node(script) => {
                command
                    .arg("node")
                    .arg(workspace::path("bench/peer").join(script));
                command.env("PORT", port.to_string());
                command.env("DATABASE", database);
                command.env("NODE_ENV", "production");
            }
        }
        command
    }

    /// Fills an empty database.
    pub(super) fn seed(self, database: &str, rows: u32) -> Command {
        let mut command = self.client("seed");
        match self {
            Self::Kaunta => command
                .args(["--database", &url(database), "--count"])
                .arg(rows.to_string()),
            Self::Node(_) => command.arg(database).arg(rows.to_string()),
        };
        command
    }

    /// Prints what the books say.
    pub(super) fn books(self, database: &str) -> Command {
        let mut command = self.client("books");
        match self {
            Self::Kaunta => command.args(["--database", &url(database)]),
            Self::Node(_) => command.arg(database),
        };
        command
    }

    fn client(self, task: &str) -> Command {
        match self {
            Self::Kaunta => {
                let mut command = client();
                command.arg(task);
                command
            }
            Self::Node(_) => {
                let mut command = process::command("node");
                command.arg(workspace::path("bench/peer/orders.mjs")).arg(task);
                command
            }
        }
    }
}

/// `target/release/kaunta-bench`
pub(super) fn client() -> Command {
    let mut command = process::command(&workspace::path("target/release/kaunta-bench").to_string_lossy());
    command.env("KAUNTA_MASTER_KEY", MASTER_KEY);
    command
}

/// `target/release/kaunta`
pub(super) fn kaunta() -> PathBuf {
    workspace::path("target/release/kaunta")
}

/// A file as the server wants it named; an address of PostgreSQL as it is.
fn url(database: &str) -> String {
    if database.contains("://") {
        database.to_owned()
    } else {
        format!("sqlite://{database}")
    }
}

/// `taskset`, so that server and load do not fight for the same processor; bare `env` where there is only one.
pub(super) fn pinned(pin: &[&str]) -> Command {
    if pin.is_empty() {
        return process::command("env");
    }
    let mut command = process::command("taskset");
    command.arg("--cpu-list").arg(pin.join(","));
    command
}
