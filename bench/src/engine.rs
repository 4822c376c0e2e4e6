//! Callbacks without HTTP: where the engine's own time goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use kaunta_payments::bench_seed::token;
use kaunta_payments::{Intake, Payments};
use serde_json::json;

use crate::figures::{Latencies, usage};
use crate::seed::Database;
use crate::{Result, wire};

#[derive(Args)]
pub(crate) struct Engine {
    #[command(flatten)]
    database: Database,
    /// The first row to settle
    #[arg(long, default_value_t = 0)]
    from: u32,
    /// The row to stop before
    #[arg(long, default_value_t = 200_000)]
    to: u32,
    /// How many callbacks are on the way at once
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// When to stop at the latest
    #[arg(long, default_value_t = 3600)]
    secs: u64,
}

impl Engine {
    pub(crate) async fn run(&self) -> Result<()> {
        let payments = self.database.open().await?;
        let next = Arc::new(AtomicU32::new(self.from));
        let (before, started) = (usage("self"), Instant::now());
        let until = started + Duration::from_secs(self.secs);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..self.connections {
            tasks.spawn(settle(payments.clone(), next.clone(), self.to, until));
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            latencies.extend(done??);
        }
        let (took, used) = (started.elapsed(), usage("self"));
        let settled = latencies.len();
        #[expect(
            clippy::cast_precision_loss,
            clippy::float_arithmetic,
            reason = "figures, not money"
        )]
        let figures = json!({
            "callbacks_per_s": (settled as f64 / took.as_secs_f64()).round(),
            "cpu_us_per_callback": used.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6 / settled as f64,
            "latency": Latencies::of(latencies),
        });
        println!("{figures}");
        payments.close().await;
        Ok(())
    }
}

async fn settle(payments: Payments, next: Arc<AtomicU32>, to: u32, until: Instant) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= to || Instant::now() >= until {
            return Ok(latencies);
        }
        let body = wire::paid(number).into_bytes();
        let sent = Instant::now();
        let intake = payments.stk_callback(&token(number), body).await?;
        if intake != Intake::Kept {
            return Err(format!("row {number} was not taken: {intake:?}").into());
        }
        latencies.push(sent.elapsed());
    }
}
