//! A PostgreSQL of our own for the length of a run: fresh, on a free port, gone afterwards.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::process;

/// For a cluster of a test run: nothing has to survive a crash, and many tests connect at once.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "max_connections=300",
    "unix_socket_directories=",
    "log_min_messages=fatal",
];

/// For a cluster that is measured: as durable as it comes, and with room for the tables.
const MEASURED: [&str; 3] = [
    "shared_buffers=256MB",
    "unix_socket_directories=",
    "log_min_messages=fatal",
];

/// What a cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Testing,
    Measuring,
}

const READY_WITHIN: Duration = Duration::from_secs(30);

/// Where the programs are; Debian keeps them off the PATH, by version.
pub(super) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let whole = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_ctl", "pg_isready"]
            .iter()
            .all(|name| folder.join(name).exists())
    };
    folders.into_iter().find(whole)
}

/// A running server; stopped and deleted when dropped.
pub(crate) struct Cluster {
    server: Child,
    folder: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes a cluster in the temporary folder, where the user `postgres` may go even if the workspace is private.
    pub(super) fn start() -> Result<Self> {
        Self::start_for(Purpose::Testing, |_| {})
    }

    /// The same for another purpose; `prepare` sees the server's command before it runs.
    pub(crate) fn start_for(purpose: Purpose, prepare: impl Fn(&mut Command)) -> Result<Self> {
        let programs = programs().context("PostgreSQL is missing: apt-get install postgresql")?;
        let folder = std::env::temp_dir().join(format!("kaunta-postgres-{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        if process::is_root() {
            process::run(process::command("chown").arg("postgres:").arg(&folder))?;
        }
        let mut initdb = unprivileged(&programs.join("initdb"));
        initdb.args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        process::run(initdb.arg("--pgdata").arg(&folder).stdout(Stdio::null()))?;

        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut server = unprivileged(&programs.join("postgres"));
        server
            .arg("-D")
            .arg(&folder)
            .args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        let settings = match purpose {
            Purpose::Testing => SETTINGS.as_slice(),
            Purpose::Measuring => MEASURED.as_slice(),
        };
        server.args(settings.iter().flat_map(|setting| ["-c", setting]));
        prepare(&mut server);
        let server = server
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start postgres")?;
        let mut cluster = Self { server, folder, port };
        cluster.wait(&programs)?;
        Ok(cluster)
    }

    fn wait(&mut self, programs: &Path) -> Result<()> {
        let started = Instant::now();
        let port = self.port.to_string();
        loop {
            let mut ask = process::command(&programs.join("pg_isready").to_string_lossy());
            if process::succeeds(ask.args(["-q", "-U", "postgres", "-h", "127.0.0.1", "-p", &port])) {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                bail!("postgres ended with {status}");
            }
            ensure!(
                started.elapsed() < READY_WITHIN,
                "postgres is not ready after {READY_WITHIN:?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Of a role that may create databases.
    pub(super) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The same for another database.
    pub(crate) fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs one statement in `database`.
    pub(crate) fn query(&self, database: &str, sql: &str) -> Result<()> {
        let psql = programs().context("PostgreSQL is missing")?.join("psql");
        let mut psql = process::command(&psql.to_string_lossy());
        process::run(psql.args(["--quiet", &self.url_of(database), "--command", sql]))
    }

    /// The server's processes, the first of them the parent of the others.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let first = read(self.folder.join("postmaster.pid"));
        let Some(first) = first.lines().next() else {
            return Vec::new();
        };
        let children = read(format!("/proc/{first}/task/{first}/children").into());
        std::iter::once(first)
            .chain(children.split_whitespace())
            .filter_map(|pid| pid.parse().ok())
            .collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // By pid file: under root our child is `runuser`, and a signal to that one stops nothing.
        let Some(programs) = programs() else { return };
        let mut stop = unprivileged(&programs.join("pg_ctl"));
        stop.arg("stop")
            .args(["--silent", "--mode=immediate", "--pgdata"])
            .arg(&self.folder);
        if let Err(error) = process::run(&mut stop).and_then(|()| Ok(self.server.wait()?)) {
            eprintln!("PostgreSQL could not be stopped: {error:#}");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} could not be deleted: {error}", self.folder.display());
        }
    }
}

/// PostgreSQL refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    let mut command = if process::is_root() {
        let mut runuser = process::command("runuser");
        runuser.args(["-u", "postgres", "--"]).arg(program);
        runuser
    } else {
        process::command(&program.to_string_lossy())
    };
    command.current_dir("/");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        let cluster = Cluster::start().unwrap();
        let (url, folder) = (cluster.url(), cluster.folder.clone());
        let psql = programs().unwrap().join("psql");
        let mut ask = process::command(&psql.to_string_lossy());
        assert_eq!(
            process::capture(ask.args([&url, "-Atc", "select 1"]))
                .unwrap()
                .trim(),
            "1"
        );
        drop(cluster);
        assert!(!folder.exists());
        assert!(!process::succeeds(&mut ask));
    }
}
