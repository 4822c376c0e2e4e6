//! Callbacks at a fixed rate, which wrk cannot: it sends the next when the last was answered.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use kaunta_payments::bench_seed::token;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::figures::Latencies;
use crate::http::{Line, post};
use crate::{Result, wire};

#[derive(Args)]
pub(crate) struct Post {
    /// Where the server listens
    #[arg(long)]
    address: SocketAddr,
    /// Callbacks a second
    #[arg(long)]
    rate: u32,
    /// The first row to settle
    #[arg(long, default_value_t = 0)]
    from: u32,
    /// How many callbacks
    #[arg(long)]
    count: u32,
}

/// Connections that share the work.
const LINES: u32 = 32;

/// When a callback was sent, and when it was acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posted {
    pub(crate) row: u32,
    pub(crate) sent: Instant,
    pub(crate) acknowledged: Instant,
}

impl Post {
    pub(crate) async fn run(&self) -> Result<()> {
        let posted = steadily(self.address, self.rate, self.from..self.from + self.count).await?;
        let took = posted
            .iter()
            .map(|one| one.acknowledged - one.sent)
            .collect::<Vec<Duration>>();
        println!(
            "{}",
            json!({ "callbacks": posted.len(), "latency": Latencies::of(took) })
        );
        Ok(())
    }
}

/// Posts a callback for each of `rows`, `rate` a second, as far as the server keeps up. All must be acknowledged.
pub(crate) async fn steadily(
    address: SocketAddr,
    rate: u32,
    rows: std::ops::Range<u32>,
) -> Result<Vec<Posted>> {
    let (start, pause) = (Instant::now(), Duration::from_secs(1) / rate.max(1));
    let mut lines = tokio::task::JoinSet::new();
    for first in 0..LINES {
        let mut line = Line::open(address).await?;
        let mine = (rows.start + first..rows.end).step_by(LINES as usize);
        let begin = rows.start;
        lines.spawn(async move {
            let mut posted = Vec::new();
            for row in mine {
                let request = post(&format!("/rail/stk/{}", token(row)), &wire::paid(row));
                sleep_until(start + pause * (row - begin)).await;
                let sent = Instant::now();
                line.say(&request).await?;
                let answer = line.hear().await?;
                if answer.status != 200 {
                    return Err(format!("row {row} was answered {}", answer.status).into());
                }
                posted.push(Posted {
                    row,
                    sent,
                    acknowledged: Instant::now(),
                });
            }
            Result::Ok(posted)
        });
    }
    let mut posted = Vec::new();
    while let Some(line) = lines.join_next().await {
        posted.extend(line??);
    }
    Ok(posted)
}
