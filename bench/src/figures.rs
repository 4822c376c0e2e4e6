//! Latencies and processor time, as they are reported.

use std::time::Duration;

use serde::Serialize;

/// A set of latencies in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Latencies {
    pub(crate) count: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latencies {
    /// Sums `latencies` up; all zero where there are none.
    #[expect(clippy::float_arithmetic, reason = "figures, not money")]
    pub(crate) fn of(mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let at = |percent: usize| {
            let index = (latencies.len() * percent / 100).min(latencies.len().saturating_sub(1));
            latencies.get(index).map_or(0.0, Duration::as_secs_f64) * 1e3
        };
        Self {
            count: latencies.len(),
            p50_ms: at(50),
            p99_ms: at(99),
            max_ms: at(100),
        }
    }
}

/// What a process has used of the machine; everything is 0 where it cannot be read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Resident memory.
    pub(crate) kib: u64,
}

/// Reads `/proc` of `pid`, which may be `self`.
pub(crate) fn usage(pid: &str) -> Usage {
    let read = |file| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let stat = read("stat");
    // The name in brackets may hold blanks; what follows it is numbers.
    let fields: Vec<&str> = stat
        .rsplit_once(") ")
        .map_or("", |(_, rest)| rest)
        .split(' ')
        .collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let status = read("status");
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = kib.and_then(|line| line.split_whitespace().next()?.parse().ok());
    Usage {
        // A tick is 10 ms on every Linux that we know of.
        cpu: Duration::from_millis(10 * (ticks(11) + ticks(12))),
        kib: kib.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_list() {
        let latencies = Latencies::of((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(
            (latencies.count, latencies.p50_ms, latencies.max_ms),
            (200, 101.0, 200.0)
        );
        assert!((latencies.p99_ms - 199.0).abs() < 1e-9);
        assert_eq!(Latencies::of(Vec::new()).count, 0);
    }

    #[test]
    fn this_process_uses_memory() {
        assert!(usage("self").kib > 0);
    }
}
