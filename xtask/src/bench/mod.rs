//! `cargo xtask bench`: durable callbacks and status polls, side by side with what a Node developer writes.
//!
//! Single figures of a shared machine mean little, so the servers take turns (A B A B …) on a disk that always
//! takes the same time, and what is quoted is the ratio of their medians. `docs/performance.md` tells how to
//! read the table.

#![expect(clippy::float_arithmetic, reason = "figures of a measurement, not money")]

mod contender;
mod load;
mod page;
mod report;
mod sample;
mod server;
mod store;
mod tools;

use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::{process, site};
use contender::CONTENDERS;
use sample::Sample;
use store::Stores;

/// What to measure, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// Short runs, for a look: below 5 minutes after the build
    #[arg(long)]
    quick: bool,
    /// Runs of each server at each disk speed
    #[arg(long, default_value_t = 3)]
    repeats: u32,
    /// How many sessions wait for their callback
    #[arg(long, default_value_t = 200_000)]
    rows: u32,
    /// Measure this alone
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Take target/release as it is
    #[arg(long)]
    no_build: bool,
}

/// A part of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Callbacks and polls on SQLite
    Sqlite,
    /// Callbacks and polls on PostgreSQL
    Postgres,
    /// Waiting pages, start and memory
    Pages,
}

/// What a full run and a quick one differ in.
pub(crate) struct Plan {
    /// Of callbacks.
    seconds: u32,
    /// Of each kind of polls.
    poll_seconds: u32,
    repeats: u32,
    rows: u32,
    /// Microseconds that an fsync takes, for each store.
    sqlite_delays: &'static [u32],
    postgres_delays: &'static [u32],
}

impl Options {
    fn plan(&self) -> Plan {
        Plan {
            seconds: if self.quick { 2 } else { 4 },
            poll_seconds: if self.quick { 1 } else { 3 },
            repeats: self.repeats,
            rows: self.rows,
            sqlite_delays: &[1000, 4000],
            postgres_delays: if self.quick { &[1000] } else { &[1000, 4000] },
        }
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(options.repeats > 0, "--repeats must be at least 1");
    if !options.no_build {
        build()?;
    }
    let (plan, started) = (options.plan(), Instant::now());
    let tools = tools::prepare()?;
    let mut samples = Vec::new();
    if options.wants(Part::Sqlite) {
        let stores = Stores::sqlite(&tools, plan.rows)?;
        for delay in plan.sqlite_delays {
            take_turns(&tools, &stores, &plan, *delay, &mut samples)?;
        }
    }
    if options.wants(Part::Postgres) {
        for delay in plan.postgres_delays {
            let stores = Stores::postgres(&tools, plan.rows, *delay)?;
            take_turns(&tools, &stores, &plan, *delay, &mut samples)?;
        }
    }
    let pages = if options.wants(Part::Pages) {
        Some(page::measure(&tools, &plan)?)
    } else {
        None
    };
    report::print(&samples, pages.as_ref());
    let file = report::write(&samples, pages.as_ref())?;
    println!(
        "\n{} in {}; all figures in {}",
        if options.quick { "quick run" } else { "full run" },
        process::spoken(started.elapsed()),
        file.display()
    );
    Ok(())
}

/// In one command, so that the features of the shared crates are settled once.
fn build() -> Result<()> {
    println!("what browsers download");
    site::build()?;
    println!("the server and the measuring client, optimised");
    process::run(process::command("cargo").args([
        "build",
        "--release",
        "--package",
        "kaunta",
        "--package",
        "kaunta-bench",
    ]))
}

/// Each server once, then each again: a machine that slows down meanwhile slows all of them.
fn take_turns(
    tools: &tools::Tools,
    stores: &Stores,
    plan: &Plan,
    delay: u32,
    samples: &mut Vec<Sample>,
) -> Result<()> {
    for repeat in 1..=plan.repeats {
        for contender in CONTENDERS.iter().filter(|one| one.store == stores.kind()) {
            let sample = sample::measure(tools, stores, plan, contender, delay)?;
            println!("{repeat}/{} {}", plan.repeats, sample.line());
            samples.push(sample);
        }
    }
    Ok(())
}
