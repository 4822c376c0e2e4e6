//! Every command a person types: `cargo xtask …`, `cargo demo`, `cargo ci`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool speaks to its terminal"
)]

mod bench;
mod cargo;
mod ci;
mod demo;
mod node;
mod process;
mod site;
mod size;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, checks and runs Kaunta.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds everything and serves http://127.0.0.1:3000 with a pretend Safaricom beside it
    Demo {
        /// What `kaunta demo` is given
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// Builds the site and the release binary at target/release/kaunta
    Build,
    /// Builds what browsers download into target/site
    Site {
        /// Also fail when something weighs more than its budget
        #[arg(long)]
        check_size: bool,
    },
    /// Runs every check and every test
    Ci {
        /// Run this step alone
        #[arg(long, value_name = "STEP", conflicts_with = "from")]
        only: Option<String>,
        /// Run this step and those after it
        #[arg(long, value_name = "STEP")]
        from: Option<String>,
    },
    /// Checks the rules of the house that no compiler checks
    Tidy,
    /// Measures durable callbacks, status polls and waiting pages beside Node servers
    Bench(bench::Options),
    /// Prints what a browser downloads, part by part, and fails above a budget
    Size,
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without the backtrace that `RUST_BACKTRACE` would add: the fault is never in here.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Demo { arguments } => demo::demo(&arguments),
        Task::Build => demo::release(),
        Task::Site { check_size } => {
            site::build()?;
            if check_size { size::check() } else { Ok(()) }
        }
        Task::Ci { only, from } => ci::run(only.as_deref(), from.as_deref()),
        Task::Tidy => tidy::check(),
        Task::Bench(options) => bench::run(&options),
        Task::Size => {
            site::build()?;
            size::check()
        }
    }
}
