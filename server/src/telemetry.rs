//! Log lines, to standard error. Never in one: phones, tokens, keys, bodies, query strings, paths with secrets.

use std::io::IsTerminal as _;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, Settings};

/// Starts logging, and tells what the settings warn of.
pub(crate) fn start(settings: &Settings) {
    // The settings were checked, so the filter parses.
    let chosen = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(&settings.log);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // Filters for the whole registry: one that belongs to a layer loses the line after each `enabled!` of a library.
    let registry = tracing_subscriber::registry()
        .with(chosen)
        .with(filter_fn(is_ours_or_calm));
    let started = match settings.log_format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => registry
            .with(lines.with_ansi(std::io::stderr().is_terminal()))
            .try_init(),
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
}

/// Below `info`, libraries print headers, frames and statements, and with them keys and phones: whatever the filter
/// says, that fine only our own lines are.
fn is_ours_or_calm(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::INFO || line.target().starts_with("kaunta") || line.target().starts_with("daraja")
}

/// A panic's place always; its words only where they are a fixed text, because others may hold anything.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let words = panic
        .payload()
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("(words left out)");
    tracing::error!(place, words, "a task panicked");
}
