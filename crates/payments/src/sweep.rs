//! What happens without anybody asking: silent prompts are asked about, and time passes for sessions.
//!
//! Work is leased rows, never held locks: a server that dies leaves a lease that runs out, and another takes over.

use futures_util::StreamExt as _;
use kaunta_daraja::{Busy, ErrorKind, Query, Retry};
use kaunta_domain::case::News;
use kaunta_domain::id::{AttemptId, SessionId};
use kaunta_domain::limits::{IDEMPOTENCY_KEPT, LEASE};
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use crate::Payments;
use crate::error::Error;
use crate::rail;
use crate::settle::{Heard, Item, Target, settle};
use crate::store::Tx;
use crate::store::case;
use crate::store::conn::{Dialect, args};
use crate::vault::Purpose;

/// Most prompts that one step asks about, and most sessions that one step moves.
const STEP: i64 = 100;
/// Queries on the way at once.
const AT_ONCE: usize = 8;
/// How long nothing is asked again after Safaricom said that it has no time and not for how long.
const BUSY_REST: std::time::Duration = std::time::Duration::from_secs(15);

#[derive(FromRow)]
struct DueRow {
    id: String,
    session_id: String,
    channel_id: String,
    checkout_request_id: Option<Vec<u8>>,
    asked: i64,
    created_at: i64,
}

/// A silent prompt that this server has taken on.
#[derive(Debug)]
struct Silent {
    attempt: AttemptId,
    session: SessionId,
    channel: String,
    checkout: Option<String>,
    asked: i64,
    created_at: Timestamp,
}

/// What asking about a prompt brought.
enum Asked {
    News(News),
    Nothing,
    Busy(std::time::Duration),
}

impl Payments {
    /// One step: asks Daraja about silent prompts that are due, oldest first. How many it asked about.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let due = self.lease_silent().await?;
        let count = due.len();
        let mut asked = futures_util::stream::iter(due.into_iter().map(|silent| self.ask(silent)))
            .buffer_unordered(self.clock().at_once(AT_ONCE));
        while let Some(done) = asked.next().await {
            done?;
        }
        Ok(count)
    }

    async fn lease_silent(&self) -> Result<Vec<Silent>, Error> {
        self.store
            .write(|tx| {
                Box::pin(async move {
                    let skip = if tx.conn.dialect() == Dialect::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
                    let sql = format!(
                        "UPDATE attempts SET lease_until = $2 WHERE id IN (SELECT id FROM attempts WHERE ask_at <= $1 \
                         AND (lease_until IS NULL OR lease_until <= $1) ORDER BY ask_at LIMIT {STEP}{skip}) \
                         RETURNING id, session_id, channel_id, checkout_request_id, asked, created_at"
                    );
                    let (now, until) = (tx.now, tx.now + LEASE);
                    let rows = tx.conn.rows::<DueRow>(sqlx::AssertSqlSafe(sql), args![now, until]).await?;
                    rows.into_iter().map(|row| silent(tx, row)).collect()
                })
            })
            .await
    }

    async fn ask(&self, silent: Silent) -> Result<(), Error> {
        let asked = match &silent.checkout {
            Some(checkout) => self.query(&silent, checkout).await,
            // The row is older than the first question and has no name at M-Pesa: the push's answer was lost, with
            // this process or the one before it. The prompt may be out, so it is not sent again.
            None => Asked::News(News::AnswerLost),
        };
        self.store.write(move |tx| {
            let (attempt, session, created_at, count) = (silent.attempt, silent.session, silent.created_at, silent.asked + 1);
            let (news, rest) = match &asked {
                Asked::News(news) => (Some(news.clone()), None),
                Asked::Nothing => (None, None),
                Asked::Busy(rest) => (None, Some(*rest)),
            };
            Box::pin(async move {
                let target = Target::Attempt(session, attempt);
                let next = match rest {
                    Some(rest) => Some(tx.now + rest),
                    None => next_question(tx, created_at, count),
                };
                let count = if rest.is_some() { count - 1 } else { count };
                let now = tx.now;
                tx.conn
                    .run_one(
                        "UPDATE attempts SET asked = $2, asked_at = $3, ask_at = $4, lease_until = NULL WHERE id = $1",
                        args![attempt, count, now, next.map(Timestamp::millis)],
                        "attempts",
                    )
                    .await?;
                let mut items: Vec<Item> = Vec::new();
                items.extend(news.map(|news| item(&target, news)));
                if next.is_none() {
                    items.push(item(&target, News::Silence));
                }
                settle(tx, &items).await.map(drop)
            })
        })
        .await
    }

    async fn query(&self, silent: &Silent, checkout: &str) -> Asked {
        let Ok(channel) = self.channel_of(&silent.channel).await else {
            return Asked::Nothing;
        };
        let Ok(daraja) = self.daraja(channel.livemode) else {
            return Asked::Nothing;
        };
        let request = Query {
            short_code: channel.push_shortcode().to_owned(),
            pass_key: channel.pass_key(),
            checkout_request_id: checkout.to_owned(),
        };
        match daraja.query(&channel.app(), &request).await {
            Ok(answer) => rail::query_news(&answer).map_or(Asked::Nothing, Asked::News),
            Err(error) => {
                tracing::info!(attempt = %silent.attempt, %error, "a query brought no answer");
                match (error.kind, error.retry) {
                    (ErrorKind::Busy(Busy::System), _) => Asked::Nothing,
                    (ErrorKind::Busy(_), Retry::Later(rest)) => {
                        Asked::Busy(rest.unwrap_or(BUSY_REST).max(BUSY_REST))
                    }
                    _ => Asked::Nothing,
                }
            }
        }
    }

    /// One step: opens sessions again whose prompt stayed silent, expires those whose time is over, and forgets old
    /// idempotency keys and desk sessions. How many sessions it moved.
    pub async fn pass_time(&self) -> Result<usize, Error> {
        self.store
            .write(|tx| {
                Box::pin(async move {
                    let now = tx.now;
                    let forget = now - IDEMPOTENCY_KEPT;
                    tx.conn
                        .run("DELETE FROM idempotency WHERE created_at < $1", args![forget])
                        .await?;
                    crate::desk::prune(tx).await?;
                    let sql =
                        format!("SELECT id FROM sessions WHERE due_at <= $1 ORDER BY due_at LIMIT {STEP}");
                    let due = tx
                        .conn
                        .rows::<(String,)>(sqlx::AssertSqlSafe(sql), args![now])
                        .await?;
                    let ids: Vec<SessionId> = due
                        .iter()
                        .map(|(id,)| case::parse(id, "sessions", "id", id))
                        .collect::<Result<_, _>>()?;
                    let items: Vec<Item> = ids
                        .iter()
                        .map(|id| Item {
                            target: Target::Session(*id),
                            heard: Heard::Time,
                            evidence: None,
                        })
                        .collect();
                    settle(tx, &items).await?;
                    Ok(ids.len())
                })
            })
            .await
    }
}

fn item(target: &Target, news: News) -> Item {
    Item {
        target: target.clone(),
        heard: Heard::News(news),
        evidence: None,
    }
}

fn silent(tx: &Tx, row: DueRow) -> Result<Silent, Error> {
    let checkout = row
        .checkout_request_id
        .as_ref()
        .map(|sealed| tx.vault.open_text(Purpose::CheckoutId, sealed));
    Ok(Silent {
        attempt: case::parse(&row.id, "attempts", "id", &row.id)?,
        session: case::parse(&row.session_id, "attempts", "session_id", &row.id)?,
        channel: row.channel_id,
        checkout: checkout.transpose()?,
        asked: row.asked,
        created_at: Timestamp::from_millis(row.created_at),
    })
}

/// When a prompt that was asked about `count` times is asked about next; never again where the schedule is over.
fn next_question(tx: &Tx, created_at: Timestamp, count: i64) -> Option<Timestamp> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    tx.timing
        .query_schedule
        .get(count)
        .map(|wait| (created_at + *wait).max(tx.now))
}
