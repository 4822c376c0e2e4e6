//! The measuring side of `cargo xtask bench`: seeds, callbacks without HTTP, waiting pages, and the books.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool speaks to its terminal"
)]

mod engine;
mod figures;
mod http;
mod post;
mod seed;
mod wait;
mod wire;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What any of it ends with; only a person reads it.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Parser)]
#[command(name = "kaunta-bench")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Migrates an empty database and fills it with sessions that wait for their callback
    Seed(seed::Seed),
    /// Prints what the books say, as JSON
    Books(seed::Database),
    /// Settles callbacks without HTTP, as fast as the engine takes them
    Engine(engine::Engine),
    /// Posts callbacks to a server at a fixed rate
    Post(post::Post),
    /// Lets pages wait and pays for them
    Wait(wait::Wait),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Seed(seed) => seed.run().await,
        Task::Books(database) => database.books().await,
        Task::Engine(engine) => engine.run().await,
        Task::Post(post) => post.run().await,
        Task::Wait(wait) => wait.run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
