//! Background work, and the only place that spawns a task.

use std::time::Duration;

use kaunta_payments::{Error, Payments};
use tokio_util::sync::CancellationToken;

use crate::state::AppState;

/// Between two looks for silent prompts that are due; short beside the first step of any schedule.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Between two looks for sessions whose time has come.
const TIME_EVERY: Duration = Duration::from_secs(1);
/// Before LISTEN is tried again after the database hung up.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
/// The longest pause after failures in a row.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Starts everything that runs beside the requests.
pub(crate) fn start(state: &AppState) {
    let AppState {
        payments,
        tasks,
        closing,
        ..
    } = state;
    tasks.spawn(repeat(
        "sweep",
        SWEEP_EVERY,
        payments.clone(),
        closing.clone(),
        async |payments| payments.sweep().await.map(drop),
    ));
    tasks.spawn(repeat(
        "pass_time",
        TIME_EVERY,
        payments.clone(),
        closing.clone(),
        async |payments| payments.pass_time().await.map(drop),
    ));
    tasks.spawn(listen(payments.clone(), closing.clone()));
    tasks.spawn(deliver(payments.clone(), closing.clone()));
}

/// Does `step` again and again until the server closes; a step that has begun is done to its end.
async fn repeat(
    name: &'static str,
    every: Duration,
    payments: Payments,
    closing: CancellationToken,
    step: impl AsyncFn(&Payments) -> Result<(), Error>,
) {
    let mut failures: u32 = 0;
    loop {
        let pause = jittered(&payments, backed_off(every, failures));
        if closing
            .run_until_cancelled(tokio::time::sleep(pause))
            .await
            .is_none()
        {
            return;
        }
        match step(&payments).await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::warn!(job = name, failures, %error, "background work failed; it is tried again");
            }
        }
    }
}

/// Sends webhooks, as soon as there are any.
async fn deliver(payments: Payments, closing: CancellationToken) {
    payments.deliver_until(closing.cancelled_owned()).await;
}

/// Hears from the other servers on the same PostgreSQL. With SQLite there are none, and it returns at once.
async fn listen(payments: Payments, closing: CancellationToken) {
    loop {
        match closing.run_until_cancelled(payments.listen()).await {
            None | Some(Ok(())) => return,
            Some(Err(error)) => tracing::warn!(%error, "news from other servers stopped; listening again"),
        }
        if closing
            .run_until_cancelled(tokio::time::sleep(jittered(&payments, LISTEN_AGAIN)))
            .await
            .is_none()
        {
            return;
        }
    }
}

/// Twice as long after each failure in a row.
fn backed_off(every: Duration, failures: u32) -> Duration {
    every
        .saturating_mul(2_u32.saturating_pow(failures.min(10)))
        .min(LONGEST_PAUSE.max(every))
}

/// 75 to 125 percent of `pause`, so that servers which started together do not ask together.
fn jittered(payments: &Payments, pause: Duration) -> Duration {
    let percent = u32::try_from(payments.clock().chance() % 51).unwrap_or(25) + 75;
    pause * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_are_backed_off() {
        let second = Duration::from_secs(1);
        assert_eq!(backed_off(second, 0), second);
        assert_eq!(backed_off(second, 3), Duration::from_secs(8));
        assert_eq!(backed_off(second, 40), LONGEST_PAUSE);
    }
}
