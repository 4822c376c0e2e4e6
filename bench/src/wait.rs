//! Pages that wait: how soon each knows after its callback was sent, and what one costs the server in memory.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use kaunta_payments::bench_seed::session;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::figures::{Latencies, usage};
use crate::http::{Line, get};
use crate::{Result, post};

#[derive(Args)]
pub(crate) struct Wait {
    /// Where the server listens
    #[arg(long)]
    address: SocketAddr,
    /// The server's process, to read its memory
    #[arg(long)]
    pid: String,
    /// How many pages wait
    #[arg(long, default_value_t = 1000)]
    pages: u32,
    /// How many of them hear of a payment
    #[arg(long, default_value_t = 1000)]
    paid: u32,
    /// Callbacks a second
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// The first row that a page waits for
    #[arg(long, default_value_t = 0)]
    from: u32,
}

/// The version of a session with a prompt out, as it was seeded.
const SEEN: u8 = 3;
/// Connections that are being opened at once; the listen queue of a server is finite.
const OPENING: usize = 64;
/// Between the last question and the look at the memory.
const SETTLED: Duration = Duration::from_millis(500);

impl Wait {
    pub(crate) async fn run(&self) -> Result<()> {
        let before = usage(&self.pid);
        let rows = self.from..self.from + self.pages;
        let (mut waiting, asked) = self.ask(rows).await?;
        sleep(SETTLED).await;
        let during = usage(&self.pid);
        let posted = post::steadily(self.address, self.rate, self.from..self.from + self.paid).await?;
        let sent: HashMap<u32, Instant> = posted.iter().map(|one| (one.row, one.sent)).collect();
        let mut woken = Vec::new();
        while woken.len() < sent.len() {
            let (row, at) = waiting.join_next().await.ok_or("no page is left")???;
            let sent = sent.get(&row).ok_or("a page was answered that nobody paid for")?;
            woken.push(at.saturating_duration_since(*sent));
        }
        waiting.abort_all();
        let figures = json!({
            "pages": asked,
            "woken": Latencies::of(woken),
            "acknowledged": Latencies::of(posted.iter().map(|one| one.acknowledged - one.sent).collect()),
            "server_kib_before": before.kib,
            "server_kib_waiting": during.kib,
            "bytes_per_page": during.kib.saturating_sub(before.kib) * 1024 / u64::from(self.pages.max(1)),
        });
        println!("{figures}");
        Ok(())
    }

    /// Lets a page wait for each of `rows`; returns when all have asked.
    async fn ask(&self, rows: std::ops::Range<u32>) -> Result<(JoinSet<Result<(u32, Instant)>>, u32)> {
        let doors = Arc::new(Semaphore::new(OPENING));
        let (mut pages, mut asked) = (JoinSet::new(), JoinSet::new());
        for row in rows {
            let (doors, address) = (doors.clone(), self.address);
            asked.spawn(async move {
                let _door = doors.acquire().await?;
                let mut line = Line::open(address).await?;
                line.say(&question(row)).await?;
                Result::Ok((row, line))
            });
        }
        let mut count = 0;
        while let Some(one) = asked.join_next().await {
            let (row, line) = one??;
            pages.spawn(hear(row, line));
            count += 1;
        }
        Ok((pages, count))
    }
}

fn question(row: u32) -> String {
    get(&format!("/ui/status?session={}&seen={SEEN}", session(row)))
}

/// Waits as the page does: an answer without news is asked again.
async fn hear(row: u32, mut line: Line) -> Result<(u32, Instant)> {
    loop {
        let answer = line.hear().await?;
        let at = Instant::now();
        if answer.status != 200 {
            return Err(format!("the page of row {row} was answered {}", answer.status).into());
        }
        if !answer.body.contains(&format!("version={SEEN}&")) {
            return Ok((row, at));
        }
        line.say(&question(row)).await?;
    }
}
