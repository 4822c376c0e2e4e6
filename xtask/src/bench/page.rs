//! Waiting pages, the start of the server, and what it keeps in memory.

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use super::Plan;
use super::contender::{Program, client, pinned};
use super::load::{self, Load};
use super::server::Server;
use super::store::{Stores, remove, seed_sqlite};
use super::tools::{LOAD_CPU, Tools, folder};
use crate::process;

/// As fast as a disk in a small rented server.
const DELAY: u32 = 1000;
/// Callbacks a second while polls are measured.
const BACKGROUND: u32 = 5000;

/// What was found, over all repeats.
#[derive(Debug, Serialize)]
pub(super) struct Pages {
    /// A thousand pages wait, and all are paid for at 500 a second.
    pub(super) thousand: Vec<Value>,
    /// Ten thousand wait, and a thousand of them are paid for.
    pub(super) ten_thousand: Vec<Value>,
    /// Polls of a thousand sessions while 5,000 callbacks a second are settled.
    pub(super) polls_beside_callbacks: Vec<Load>,
    /// From the start of the process to `/readyz`, with all rows settled.
    pub(super) start_ms: Vec<f64>,
    /// A second after that.
    pub(super) idle_mib: Vec<f64>,
}

/// Measures on SQLite.
pub(super) fn measure(tools: &Tools, plan: &Plan) -> Result<Pages> {
    let mut pages = Pages {
        thousand: Vec::new(),
        ten_thousand: Vec::new(),
        polls_beside_callbacks: Vec::new(),
        start_ms: Vec::new(),
        idle_mib: Vec::new(),
    };
    seed_sqlite(tools, Program::Kaunta, plan.rows)?;
    for repeat in 1..=plan.repeats {
        println!("{repeat}/{} waiting pages", plan.repeats);
        let copy = Stores::Sqlite.copy(Program::Kaunta, plan.rows)?;
        let server = Server::start(tools, Program::Kaunta, &copy.address(), DELAY)?;
        pages.thousand.push(wait(&server, 1_000, 0)?);
        pages.ten_thousand.push(wait(&server, 10_000, 2_000)?);
        pages
            .polls_beside_callbacks
            .push(polls_beside_callbacks(&server, plan.poll_seconds, 20_000)?);
        server.stop()?;
    }
    start(tools, plan, &mut pages)?;
    Ok(pages)
}

fn wait(server: &Server, count: u32, from: u32) -> Result<Value> {
    let (address, pid) = (format!("127.0.0.1:{}", server.port), server.pid().to_string());
    let mut command = pinned(LOAD_CPU.as_slice());
    let bench = client();
    command
        .arg(bench.get_program())
        .arg("wait")
        .args(["--address", &address]);
    command.envs(bench.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args([
        "--pid",
        &pid,
        "--pages",
        &count.to_string(),
        "--from",
        &from.to_string(),
    ]);
    let told = process::capture(&mut command)?;
    serde_json::from_str(&told).with_context(|| format!("not figures: {told}"))
}

fn polls_beside_callbacks(server: &Server, seconds: u32, from: u32) -> Result<Load> {
    let mut post = client();
    post.arg("post")
        .args(["--address", &format!("127.0.0.1:{}", server.port)]);
    post.args(["--rate", &BACKGROUND.to_string(), "--from", &from.to_string()]);
    let count = BACKGROUND * (seconds + 1);
    let mut posting = post
        .args(["--count", &count.to_string()])
        .stdout(std::process::Stdio::null())
        .spawn()?;
    let hot = ["kaunta".to_owned(), "0".to_owned(), "1000".to_owned()];
    let load = load::run("status.lua", server.port, seconds, &hot);
    anyhow::ensure!(posting.wait()?.success(), "callbacks were refused");
    load
}

/// On a database in which everything is settled.
fn start(tools: &Tools, plan: &Plan, pages: &mut Pages) -> Result<()> {
    let file = folder().join("settled.db");
    remove(&file);
    std::fs::rename(seed_sqlite(tools, Program::Kaunta, plan.rows)?, &file)?;
    println!("settling {} payments", plan.rows);
    let mut settle = client();
    settle.args(["engine", "--database", &format!("sqlite://{}", file.display())]);
    tools.on_pretended_disk(settle.args(["--to", &plan.rows.to_string()]), 0);
    process::run(settle.stdout(std::process::Stdio::null()))?;
    for _ in 0..plan.repeats {
        let server = Server::start(tools, Program::Kaunta, &file.to_string_lossy(), DELAY)?;
        pages.start_ms.push(server.started_in.as_secs_f64() * 1e3);
        std::thread::sleep(std::time::Duration::from_secs(1));
        pages.idle_mib.push(server.usage().resident_mib);
        server.stop()?;
    }
    remove(&file);
    Ok(())
}
