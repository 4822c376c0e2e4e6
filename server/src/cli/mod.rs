//! The command line: what a person types, and how it ends.

mod channel;
mod key;
mod merchant;
mod out;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use kaunta_payments::clock::Clock;
use kaunta_payments::{Config, Error, Payments};
use url::Url;

use crate::config::{BadSetting, KeyTrouble, Settings, master_keys};
use crate::{demo, serve, telemetry};
pub(crate) use channel::sandbox_channel;
pub(crate) use out::say;

/// M-Pesa checkout for Kenyan shops: hosted pages, an API, and the books behind them
#[derive(Parser)]
#[command(
    name = "kaunta",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  kaunta demo                                   everything with a pretend Safaricom, nothing to set up
  kaunta merchant create --name 'Duka Bora'     a test merchant and its secret key
  kaunta serve                                  the server

Settings come from the environment (KAUNTA_LISTEN, KAUNTA_PUBLIC_URL, KAUNTA_DATABASE_URL …) or kaunta.toml;
docs/operations.md lists them."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server: pages, merchant API, callback intake and background work
    #[command(after_help = "Examples:
  kaunta serve
  KAUNTA_LISTEN=0.0.0.0:3000 KAUNTA_PUBLIC_URL=https://pay.shop.example kaunta serve
  KAUNTA_DATABASE_URL=postgres://kaunta:secret@db/kaunta KAUNTA_MASTER_KEY_FILE=/run/secrets/master kaunta serve")]
    Serve,
    /// Runs the server with a pretend Safaricom, a demo shop and a phone; needs no settings and no network
    #[command(after_help = "Examples:
  kaunta demo
  KAUNTA_LISTEN=127.0.0.1:0 kaunta demo                          on a free port
  KAUNTA_DATABASE_URL=sqlite://demo.db kaunta demo               keeps what happened for the next time")]
    Demo,
    /// Brings the database up to date, and exits
    #[command(after_help = "Examples:
  kaunta migrate
  KAUNTA_DATABASE_URL=postgres://kaunta:secret@db/kaunta KAUNTA_MASTER_KEY_FILE=/run/secrets/master kaunta migrate")]
    Migrate,
    /// Makes and lists merchants
    #[command(subcommand)]
    Merchant(merchant::Command),
    /// Makes and revokes a merchant's API keys
    #[command(subcommand)]
    Key(key::Command),
    /// Adds and lists a merchant's paybills and tills, and registers their URLs with Safaricom
    #[command(subcommand)]
    Channel(channel::Command),
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Settings that cannot be used, all of them.
    #[error("{} bad {}", .0.len(), if .0.len() == 1 { "setting" } else { "settings" })]
    Settings(Vec<BadSetting>),
    /// No master key.
    #[error(transparent)]
    Key(#[from] KeyTrouble),
    /// The engine could not.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The machine could not.
    #[error("{what}: {error}")]
    Machine {
        /// What was tried.
        what: String,
        /// What it said.
        error: std::io::Error,
    },
    /// The arguments do not fit each other: the same as any wrong usage.
    #[error("{0}")]
    Usage(String),
    /// Something else, with what to do about it.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// For `map_err`: the machine could not do `what`.
    pub(crate) fn machine(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Machine { what, error }
    }

    fn exit_code(&self) -> u8 {
        if matches!(self, Self::Usage(_)) { 2 } else { 1 }
    }
}

/// Reads the arguments, does the command, and says how it ended.
pub(crate) fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return explain_usage(&error),
    };
    match start(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::complain(&format!("kaunta: {failure}"));
            if let Failure::Settings(bad) = &failure {
                for bad in bad {
                    out::complain(&format!("  {bad}"));
                }
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn start(command: Command) -> Result<(), Failure> {
    let settings = Settings::read().map_err(Failure::Settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::machine("the runtime could not start"))?;
    telemetry::start(&settings);
    runtime.block_on(async {
        match command {
            Command::Serve => serve::serve(settings).await,
            Command::Demo => demo::demo(settings).await,
            Command::Migrate => {
                with_engine(&settings, async |_| {
                    say("the database is up to date");
                    Ok(())
                })
                .await
            }
            Command::Merchant(command) => {
                with_engine(&settings, async |engine| command.run(engine, &settings).await).await
            }
            Command::Key(command) => with_engine(&settings, async |engine| command.run(engine).await).await,
            Command::Channel(command) => {
                with_engine(&settings, async |engine| command.run(engine, &settings).await).await
            }
        }
    })
}

/// Does something short with the engine, and closes it.
async fn with_engine(
    settings: &Settings,
    work: impl AsyncFnOnce(&Payments) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let engine = open(settings, settings.public_url(settings.listen)).await?;
    let done = work(&engine).await;
    engine.close().await;
    done
}

/// Opens the engine on a database that is up to date.
pub(crate) async fn open(settings: &Settings, public_url: Url) -> Result<Payments, Failure> {
    let clock = Clock::system();
    let config = Config {
        database_url: settings.database.url().to_owned(),
        master_keys: master_keys(settings, &clock)?,
        public_url,
        daraja_base_url: settings.daraja_base_url.clone(),
        query_schedule: settings.query_schedule.clone(),
        fallback_after: settings.fallback_after,
        webhook_schedule: settings.webhook_schedule.clone(),
        webhook_allow_private: settings.webhook_allow_private(),
    };
    let engine = Payments::open(config, clock).await?;
    engine.migrate().await?;
    Ok(engine)
}

/// Help goes out as it is; wrong usage is one clear line and status 2.
fn explain_usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return if error.print().is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let line = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "kaunta: a command is missing; see --help".to_owned()
        }
        _ => one_line(&error.render().to_string()),
    };
    out::complain(&line);
    ExitCode::from(2)
}

/// The reason out of clap's paragraphs, without the usage that `--help` shows better.
fn one_line(rendered: &str) -> String {
    let lines = rendered.lines().map(str::trim).filter(|line| !line.is_empty());
    let reason: Vec<&str> = lines
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .collect();
    let reason = reason.join(" ");
    format!(
        "kaunta: {}; see --help",
        reason.strip_prefix("error: ").unwrap_or(&reason)
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command) {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                command.has_subcommands() || help.contains("Examples:"),
                "{}",
                command.get_name()
            );
            command.get_subcommands().for_each(check);
        }
        Arguments::command().debug_assert();
        check(&Arguments::command());
    }

    #[test]
    fn wrong_usage_is_one_line() {
        for wrong in [
            &["kaunta"][..],
            &["kaunta", "serv"],
            &["kaunta", "merchant", "create"],
            &["kaunta", "serve", "--port", "1"],
            &["kaunta", "key", "revoke", "7"],
        ] {
            let error = Arguments::try_parse_from(wrong).err().unwrap();
            let line = one_line(&error.render().to_string());
            assert!(
                !line.contains('\n') && line.len() > 20 && line.ends_with("see --help"),
                "{wrong:?}: {line}"
            );
        }
    }
}
