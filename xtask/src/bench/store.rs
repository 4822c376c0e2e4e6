//! Seeded databases, and a fresh copy of one for each run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::contender::{Program, StoreKind};
use super::server::{Usage, usage};
use super::tools::{Tools, folder};
use crate::ci::postgres::{Cluster, Purpose};
use crate::process;

/// The two programs whose tables differ.
const SEEDED: [(Program, &str); 2] = [
    (Program::Kaunta, "kaunta"),
    (Program::Node("fastify.mjs"), "peer"),
];

/// Where the seeded databases of one store are.
pub(super) enum Stores {
    Sqlite,
    Postgres(Cluster),
}

/// A copy that a run may fill.
pub(super) enum Copy<'a> {
    File(PathBuf),
    Database(&'a Cluster, String),
}

fn name(program: Program) -> &'static str {
    match program {
        Program::Kaunta => "kaunta",
        Program::Node(_) => "peer",
    }
}

fn seed_file(program: Program, rows: u32) -> PathBuf {
    folder().join(format!("{}-{rows}.db", name(program)))
}

impl Stores {
    /// Seeds two files, anew for each call of the command: the schema may have changed since the last.
    pub(super) fn sqlite(tools: &Tools, rows: u32) -> Result<Self> {
        for (program, _) in SEEDED {
            println!("seeding {rows} rows for {} on SQLite", name(program));
            seed_sqlite(tools, program, rows)?;
        }
        Ok(Self::Sqlite)
    }

    /// Starts a cluster whose disk takes `delay` microseconds, and seeds two databases.
    pub(super) fn postgres(tools: &Tools, rows: u32, delay: u32) -> Result<Self> {
        let cluster = Cluster::start_for(Purpose::Measuring, |command| {
            tools.on_pretended_disk(command, delay);
        })?;
        for (program, database) in SEEDED {
            println!("seeding {rows} rows for {database} on PostgreSQL");
            cluster.query("postgres", &format!("CREATE DATABASE {database}"))?;
            process::run(&mut program.seed(&cluster.url_of(database), rows))?;
            cluster.query(database, "VACUUM ANALYZE")?;
        }
        Ok(Self::Postgres(cluster))
    }

    pub(super) fn kind(&self) -> StoreKind {
        match self {
            Self::Sqlite => StoreKind::Sqlite,
            Self::Postgres(_) => StoreKind::Postgres,
        }
    }

    /// A fresh copy of the seeded database of `program`.
    pub(super) fn copy(&self, program: Program, rows: u32) -> Result<Copy<'_>> {
        match self {
            Self::Sqlite => {
                let file = folder().join("run.db");
                remove(&file);
                std::fs::copy(seed_file(program, rows), &file).context("the seeded database")?;
                Ok(Copy::File(file))
            }
            Self::Postgres(cluster) => {
                let database = format!("{}_run", name(program));
                let sql = |text: &str| cluster.query("postgres", text);
                sql(&format!("DROP DATABASE IF EXISTS {database}"))?;
                sql(&format!(
                    "CREATE DATABASE {database} TEMPLATE {} STRATEGY file_copy",
                    name(program)
                ))?;
                sql("CHECKPOINT")?;
                Ok(Copy::Database(cluster, database))
            }
        }
    }

    /// What the database server has used; nothing where it is part of the process that is measured.
    pub(super) fn usage(&self) -> Usage {
        match self {
            Self::Sqlite => Usage::default(),
            Self::Postgres(cluster) => {
                let all = cluster.processes().into_iter().map(usage);
                all.fold(Usage::default(), |sum, one| Usage {
                    cpu: sum.cpu + one.cpu,
                    ..sum
                })
            }
        }
    }
}

/// Seeds a file without waiting for any disk.
pub(super) fn seed_sqlite(tools: &Tools, program: Program, rows: u32) -> Result<PathBuf> {
    let file = seed_file(program, rows);
    remove(&file);
    let mut seed = program.seed(&file.to_string_lossy(), rows);
    tools.on_pretended_disk(&mut seed, 0);
    process::run(&mut seed)?;
    Ok(file)
}

/// With what SQLite keeps beside it.
pub(super) fn remove(file: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(ending);
        drop(std::fs::remove_file(path));
    }
}

impl Copy<'_> {
    /// As the server is told of it.
    pub(super) fn address(&self) -> String {
        match self {
            Self::File(file) => file.to_string_lossy().into_owned(),
            Self::Database(cluster, database) => cluster.url_of(database),
        }
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        match self {
            Self::File(file) => remove(file),
            Self::Database(cluster, database) => {
                let sql = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
                drop(cluster.query("postgres", &sql));
            }
        }
    }
}
