//! Medians with their spread, the ratios that are promised, and all of it as JSON.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use super::contender::{CONTENDERS, Contender, Program};
use super::load::Load;
use super::page::Pages;
use super::sample::Sample;
use super::tools::folder;

/// A median between the least and the most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    /// Of nothing there is no median.
    fn of(figures: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.collect();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: *sorted.get(sorted.len() / 2)?,
            least: *sorted.first()?,
            most: *sorted.last()?,
        })
    }

    fn shown(self, digits: usize) -> String {
        format!(
            "{:.digits$} ({:.digits$}-{:.digits$})",
            self.median, self.least, self.most
        )
    }
}

type Figure = (&'static str, usize, fn(&Sample) -> f64);

const FIGURES: [Figure; 12] = [
    ("callbacks/s", 0, |sample| sample.callbacks.load.per_second),
    ("  p50 ms", 1, |sample| sample.callbacks.load.p50_ms),
    ("  p99 ms", 1, |sample| sample.callbacks.load.p99_ms),
    ("  CPU us each", 1, |sample| sample.callbacks.cpu_us),
    ("  database CPU us each", 1, |sample| {
        sample.callbacks.database_cpu_us
    }),
    ("polls/s, all sessions", 0, |sample| sample.polls.load.per_second),
    ("  p99 ms", 2, |sample| sample.polls.load.p99_ms),
    ("  CPU us each", 1, |sample| sample.polls.cpu_us),
    ("polls/s, 1000 sessions", 0, |sample| {
        sample.hot_polls.load.per_second
    }),
    ("  p99 ms", 2, |sample| sample.hot_polls.load.p99_ms),
    ("  CPU us each", 1, |sample| sample.hot_polls.cpu_us),
    ("peak memory MiB", 1, |sample| sample.peak_mib),
];

/// Of ours to a peer's, by the medians.
const RATIOS: [Figure; 5] = [
    ("callbacks/s", 2, |sample| sample.callbacks.load.per_second),
    ("callback p99", 2, |sample| sample.callbacks.load.p99_ms),
    ("callback CPU", 2, |sample| sample.callbacks.cpu_us),
    ("polls/s", 2, |sample| sample.polls.load.per_second),
    ("polls/s, hot", 2, |sample| sample.hot_polls.load.per_second),
];

/// Prints the tables.
pub(super) fn print(samples: &[Sample], pages: Option<&Pages>) {
    for delay in delays(samples) {
        for contender in &CONTENDERS {
            let runs = of(samples, contender, delay);
            if runs.is_empty() {
                continue;
            }
            println!(
                "\n{}, fsync {} ms, {} runs: median (least-most)",
                contender.name,
                delay / 1000,
                runs.len()
            );
            for (name, digits, figure) in FIGURES {
                if let Some(spread) = Spread::of(runs.iter().map(|run| figure(run))) {
                    println!("  {name:<26} {}", spread.shown(digits));
                }
            }
        }
    }
    let ratios = ratios(samples);
    if !ratios.is_empty() {
        println!("\nratios of the medians, ours to theirs");
    }
    for ratio in ratios {
        println!("  {ratio}");
    }
    if let Some(pages) = pages {
        print_pages(pages);
    }
}

fn print_pages(pages: &Pages) {
    println!("\nwaiting pages, SQLite, fsync 1 ms: median (least-most)");
    let of = |runs: &[Value], pointer: &str| {
        Spread::of(runs.iter().filter_map(|run| run.pointer(pointer)?.as_f64()))
    };
    let polls = |figure: fn(&Load) -> f64| Spread::of(pages.polls_beside_callbacks.iter().map(figure));
    for (name, spread, digits) in [
        (
            "1,000 wait: p50 ms from callback to page",
            of(&pages.thousand, "/woken/p50_ms"),
            1,
        ),
        ("1,000 wait: p99 ms", of(&pages.thousand, "/woken/p99_ms"), 1),
        ("10,000 wait: p50 ms", of(&pages.ten_thousand, "/woken/p50_ms"), 1),
        ("10,000 wait: p99 ms", of(&pages.ten_thousand, "/woken/p99_ms"), 1),
        (
            "10,000 wait: bytes a page",
            of(&pages.ten_thousand, "/bytes_per_page"),
            0,
        ),
        (
            "polls beside 5,000 callbacks/s: p99 ms",
            polls(|load| load.p99_ms),
            1,
        ),
        ("start to ready ms", Spread::of(pages.start_ms.iter().copied()), 0),
        ("idle memory MiB", Spread::of(pages.idle_mib.iter().copied()), 1),
    ] {
        if let Some(spread) = spread {
            println!("  {name:<42} {}", spread.shown(digits));
        }
    }
}

fn delays(samples: &[Sample]) -> Vec<u32> {
    let mut delays: Vec<u32> = samples.iter().map(|sample| sample.delay_us).collect();
    delays.sort_unstable();
    delays.dedup();
    delays
}

fn of<'a>(samples: &'a [Sample], contender: &Contender, delay: u32) -> Vec<&'a Sample> {
    let wanted = samples
        .iter()
        .filter(|sample| sample.contender == contender.name && sample.delay_us == delay);
    wanted.collect()
}

/// One line for each pair of ours and a peer on the same store.
fn ratios(samples: &[Sample]) -> Vec<String> {
    let mut lines = Vec::new();
    for delay in delays(samples) {
        for ours in CONTENDERS.iter().filter(|one| one.program == Program::Kaunta) {
            let theirs = CONTENDERS
                .iter()
                .filter(|one| one.store == ours.store && one.program != Program::Kaunta);
            for peer in theirs {
                let median = |contender: &Contender, figure: fn(&Sample) -> f64| {
                    Spread::of(of(samples, contender, delay).into_iter().map(figure))
                };
                let shown = RATIOS.iter().filter_map(|(name, digits, figure)| {
                    let (ours, theirs) = (median(ours, *figure)?, median(peer, *figure)?);
                    let ratio = ours.median / theirs.median;
                    Some(format!("{name} {ratio:.digits$}"))
                });
                let shown: Vec<String> = shown.collect();
                if !shown.is_empty() {
                    lines.push(format!(
                        "fsync {} ms, against {}: {}",
                        delay / 1000,
                        peer.name,
                        shown.join(", ")
                    ));
                }
            }
        }
    }
    lines
}

/// Writes every run to `target/bench/results.json`.
pub(super) fn write(samples: &[Sample], pages: Option<&Pages>) -> Result<PathBuf> {
    let file = folder().join("results.json");
    let all = json!({ "runs": samples, "pages": pages, "ratios": ratios(samples) });
    std::fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_three_runs_is_quoted_with_its_neighbours() {
        let spread = Spread::of([3.0, 1.0, 2.0].into_iter()).unwrap();
        assert_eq!((spread.median, spread.least, spread.most), (2.0, 1.0, 3.0));
        assert_eq!(spread.shown(1), "2.0 (1.0-3.0)");
        assert_eq!(Spread::of(std::iter::empty()), None);
    }
}
