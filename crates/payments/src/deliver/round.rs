//! What the courier does with the database: one look at what is due, one commit that records and leases.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kaunta_domain::id::WebhookEndpointId;
use kaunta_domain::limits::{LEASE, WEBHOOK_FAILS};
use kaunta_domain::time::Timestamp;
use serde_json::{Value, json};
use sqlx::FromRow;

use super::send::{Leased, Next, Sent, Target, Tried};
use crate::Payments;
use crate::egress::Trouble;
use crate::endpoints::{DisabledReason, EndpointRow, disable, select_endpoints};
use crate::error::Error;
use crate::outbox::Origin;
use crate::store::Tx;
use crate::store::batch::{self, Batch, Col, hex};
use crate::store::case;
use crate::store::conn::{Dialect, args};

/// Deliveries of an endpoint that is off, canceled in one round.
const CANCELED: i64 = 500;

/// An endpoint that has deliveries on their way, and when the first of them is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct DueEndpoint {
    pub(super) id: WebhookEndpointId,
    pub(super) due_at: Timestamp,
}

/// How many deliveries to lease of an endpoint: where it is healthy, and where its last attempt failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) endpoint: WebhookEndpointId,
    pub(super) healthy: usize,
    pub(super) failing: usize,
}

/// What a round leased.
#[derive(Default)]
pub(super) struct Lease {
    pub(super) deliveries: Vec<Leased>,
    /// Deliveries of endpoints that are off.
    pub(super) canceled: u64,
}

/// Steps over the index from endpoint to endpoint: a backlog of a million rows costs as much as one of a single row.
const DUE: &str = "WITH RECURSIVE e (id) AS (SELECT min(endpoint_id) FROM deliveries WHERE due_at IS NOT NULL UNION ALL \
     SELECT (SELECT min(d.endpoint_id) FROM deliveries d WHERE d.endpoint_id > e.id AND d.due_at IS NOT NULL) \
     FROM e WHERE e.id IS NOT NULL) \
     SELECT e.id, (SELECT min(d.due_at) FROM deliveries d WHERE d.endpoint_id = e.id AND d.due_at IS NOT NULL) AS due_at \
     FROM e WHERE e.id IS NOT NULL";

impl Payments {
    /// The endpoints that have deliveries on their way, longest due first.
    pub(super) async fn due_endpoints(&self) -> Result<Vec<DueEndpoint>, Error> {
        let mut conn = self.store.read().await?;
        let rows = conn.rows::<(String, i64)>(DUE, args![]).await?;
        let mut due = rows
            .iter()
            .map(|(id, due_at)| {
                let id = case::parse(id, "deliveries", "endpoint_id", id)?;
                let due_at = Timestamp::from_millis(*due_at);
                Ok(DueEndpoint { id, due_at })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        due.sort_by_key(|endpoint| endpoint.due_at);
        Ok(due)
    }

    /// Writes what came of deliveries, and leases what is asked for.
    pub(super) async fn record_and_lease(
        &self,
        sent: Arc<Vec<Sent>>,
        asks: Arc<Vec<Ask>>,
    ) -> Result<Lease, Error> {
        self.store
            .write(move |tx| {
                let (sent, asks) = (sent.clone(), asks.clone());
                Box::pin(async move {
                    record(tx, &sent).await?;
                    lease(tx, &asks).await
                })
            })
            .await
    }
}

static UPDATE_DELIVERIES: Batch = Batch::new(
    "UPDATE deliveries SET status = r.status, attempts = r.attempts, due_at = r.due_at, last_status = r.last_status, \
     last_error = r.last_error, finished_at = r.finished_at FROM {rows} r \
     WHERE deliveries.id = r.id AND deliveries.due_at = r.lease",
    &[
        ("id", Col::Text),
        ("lease", Col::Int),
        ("status", Col::Text),
        ("attempts", Col::Int),
        ("due_at", Col::Int),
        ("last_status", Col::Int),
        ("last_error", Col::Text),
        ("finished_at", Col::Int),
    ],
);
static RELEASE: Batch = Batch::new(
    "UPDATE deliveries SET due_at = r.due_at FROM {rows} r WHERE deliveries.id = r.id AND deliveries.due_at = r.lease",
    &[("id", Col::Text), ("lease", Col::Int), ("due_at", Col::Int)],
);
static INSERT_ATTEMPTS: Batch = Batch::new(
    "INSERT INTO delivery_attempts (delivery_id, number, at, duration_ms, status, error, exchange) \
     SELECT r.delivery_id, r.number, r.at, r.duration_ms, r.status, r.error, r.exchange FROM {rows} r WHERE true \
     ON CONFLICT (delivery_id, number) DO NOTHING",
    &[
        ("delivery_id", Col::Text),
        ("number", Col::Int),
        ("at", Col::Int),
        ("duration_ms", Col::Int),
        ("status", Col::Int),
        ("error", Col::Text),
        ("exchange", Col::Blob),
    ],
);

async fn record(tx: &mut Tx, sent: &[Sent]) -> Result<(), Error> {
    let (mut tried, mut unsent) = (Vec::new(), Vec::new());
    for sent in sent {
        match sent {
            Sent::Tried(attempt) => tried.push(attempt),
            Sent::Unsent(id, lease) => unsent.push(json!([id, lease.millis(), tx.now.millis()])),
        }
    }
    run(tx, &RELEASE, &unsent).await?;
    if tried.is_empty() {
        return Ok(());
    }
    let updates: Vec<Value> = tried.iter().map(|attempt| update(tx, attempt)).collect();
    // A delivery whose lease ran out is another server's by now: what that one hears counts.
    let written = run(tx, &UPDATE_DELIVERIES, &updates).await?;
    if usize::try_from(written).ok() != Some(updates.len()) {
        tracing::warn!(
            tried = updates.len(),
            written,
            "leases of webhooks ran out before their attempts ended"
        );
    }
    let attempts: Vec<Value> = tried.iter().copied().map(attempt_row).collect();
    run(tx, &INSERT_ATTEMPTS, &attempts).await?;
    note_health(tx, &tried).await
}

fn update(tx: &Tx, tried: &Tried) -> Value {
    let (status, due_at) = match tried.next {
        Next::Succeeded => ("succeeded", None),
        Next::Again(at) => ("pending", Some(at.millis())),
        Next::Exhausted | Next::Gone => ("failed", None),
    };
    let finished_at = due_at.is_none().then_some(tx.now.millis());
    json!([
        tried.delivery,
        tried.lease.millis(),
        status,
        tried.number,
        due_at,
        tried.status,
        tried.error.map(Trouble::as_str),
        finished_at,
    ])
}

fn attempt_row(tried: &Tried) -> Value {
    json!([
        tried.delivery,
        tried.number,
        tried.at.millis(),
        u64::try_from(tried.duration.as_millis()).unwrap_or(u64::MAX),
        tried.status,
        tried.error.map(Trouble::as_str),
        hex(&tried.exchange),
    ])
}

async fn run(tx: &mut Tx, statement: &'static Batch, rows: &[Value]) -> Result<u64, Error> {
    if rows.is_empty() {
        return Ok(0);
    }
    let sql = statement.sql(tx.conn.dialect());
    tx.conn.run(sql, args![batch::json(rows)]).await
}

/// Where a run of failures began: by what was heard now, and whether a success was among it.
#[derive(Default)]
struct Health {
    succeeded: bool,
    failing_since: Option<Timestamp>,
}

// Rows that stay as they are are not written: a healthy endpoint costs its row no lock.
static UPDATE_HEALTH: Batch = Batch::new(
    "UPDATE webhook_endpoints SET failing_since = CASE WHEN r.succeeded = 1 THEN r.failing_since \
     ELSE COALESCE(webhook_endpoints.failing_since, r.failing_since) END FROM {rows} r WHERE webhook_endpoints.id = r.id \
     AND CASE WHEN r.succeeded = 1 THEN webhook_endpoints.failing_since IS NOT NULL OR r.failing_since IS NOT NULL \
     ELSE webhook_endpoints.failing_since IS NULL END",
    &[
        ("id", Col::Text),
        ("succeeded", Col::Int),
        ("failing_since", Col::Int),
    ],
);
static FAILING_TOO_LONG: Batch = Batch::new(
    "SELECT w.id FROM {rows} r JOIN webhook_endpoints w ON w.id = r.id \
     WHERE w.disabled_at IS NULL AND w.deleted_at IS NULL AND w.failing_since <= r.latest",
    &[("id", Col::Text), ("latest", Col::Int)],
);

/// Notes since when endpoints fail, and switches off those that are gone or failed for too long.
async fn note_health(tx: &mut Tx, tried: &[&Tried]) -> Result<(), Error> {
    let mut heard: BTreeMap<WebhookEndpointId, Health> = BTreeMap::new();
    let mut off = BTreeMap::new();
    for attempt in tried {
        let health = heard.entry(attempt.endpoint).or_default();
        match attempt.next {
            Next::Succeeded => {
                *health = Health {
                    succeeded: true,
                    failing_since: None,
                };
            }
            _ => {
                health.failing_since.get_or_insert(attempt.at);
            }
        }
        if attempt.next == Next::Gone {
            off.insert(attempt.endpoint, DisabledReason::Gone);
        }
    }
    let rows: Vec<Value> = heard
        .iter()
        .map(|(id, health)| {
            json!([
                id,
                i64::from(health.succeeded),
                health.failing_since.map(Timestamp::millis)
            ])
        })
        .collect();
    run(tx, &UPDATE_HEALTH, &rows).await?;
    let latest = (tx.now - WEBHOOK_FAILS).millis();
    let failing = heard.iter().filter(|(_, health)| health.failing_since.is_some());
    let failing: Vec<Value> = failing.map(|(id, _)| json!([id, latest])).collect();
    if !failing.is_empty() {
        let sql = FAILING_TOO_LONG.sql(tx.conn.dialect());
        for (id,) in tx
            .conn
            .rows::<(String,)>(sql, args![batch::json(&failing)])
            .await?
        {
            let id = case::parse(&id, "webhook_endpoints", "id", &id)?;
            off.entry(id).or_insert(DisabledReason::Failing);
        }
    }
    for (id, reason) in off {
        disable(tx, id, reason).await?;
    }
    Ok(())
}

static ENDPOINTS: Batch = Batch::new(
    select_endpoints!("WHERE w.id IN (SELECT r.id FROM {rows} r)"),
    &[("id", Col::Text)],
);
static BODIES: Batch = Batch::new(
    "SELECT e.id, e.body FROM events e WHERE e.id IN (SELECT r.id FROM {rows} r)",
    &[("id", Col::Text)],
);

#[derive(FromRow)]
struct LeasedRow {
    id: String,
    event_id: String,
    origin: String,
    attempts: i64,
}

async fn lease(tx: &mut Tx, asks: &[Ask]) -> Result<Lease, Error> {
    let mut lease = Lease::default();
    if asks.is_empty() {
        return Ok(lease);
    }
    let ids: Vec<Value> = asks.iter().map(|ask| json!([ask.endpoint])).collect();
    let sql = ENDPOINTS.sql(tx.conn.dialect());
    let found = tx.conn.rows::<EndpointRow>(sql, args![batch::json(&ids)]).await?;
    let by_id: HashMap<&str, &EndpointRow> = found.iter().map(|row| (row.id.as_str(), row)).collect();
    let until = tx.now + LEASE;
    let mut picked = Vec::new();
    for ask in asks {
        let row = by_id.get(ask.endpoint.to_string().as_str());
        match row.filter(|row| row.is_on()) {
            Some(row) => {
                let target = Arc::new(target(tx, row)?);
                let most = if target.failing { ask.failing } else { ask.healthy };
                for leased in pick(tx, ask.endpoint, most, until).await? {
                    picked.push((target.clone(), leased));
                }
            }
            None => lease.canceled += cancel(tx, ask.endpoint).await?,
        }
    }
    lease.deliveries = with_bodies(tx, picked, until).await?;
    Ok(lease)
}

fn target(tx: &Tx, row: &EndpointRow) -> Result<Target, Error> {
    Ok(Target {
        id: row.id()?,
        url: row.url()?,
        secrets: row.secrets(&tx.vault, tx.now)?,
        failing: row.failing_since().is_some(),
    })
}

fn skip_locked(tx: &Tx) -> &'static str {
    match tx.conn.dialect() {
        Dialect::Sqlite => "",
        Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
    }
}

async fn pick(
    tx: &mut Tx,
    endpoint: WebhookEndpointId,
    most: usize,
    until: Timestamp,
) -> Result<Vec<LeasedRow>, Error> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let skip = skip_locked(tx);
    let sql = format!(
        "WITH picked AS MATERIALIZED (SELECT id FROM deliveries WHERE endpoint_id = $1 AND due_at <= $2 \
         ORDER BY due_at LIMIT $4{skip}) \
         UPDATE deliveries SET due_at = $3 WHERE id IN (SELECT id FROM picked) RETURNING id, event_id, origin, attempts"
    );
    let args = args![endpoint, tx.now, until, i64::try_from(most).unwrap_or(i64::MAX)];
    let mut rows = tx.conn.rows::<LeasedRow>(sqlx::AssertSqlSafe(sql), args).await?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}

/// Deliveries to an endpoint that is off when their turn comes are canceled; its owner can replay them.
async fn cancel(tx: &mut Tx, endpoint: WebhookEndpointId) -> Result<u64, Error> {
    let skip = skip_locked(tx);
    let sql = format!(
        "WITH picked AS MATERIALIZED (SELECT id FROM deliveries WHERE endpoint_id = $1 AND due_at <= $2 \
         ORDER BY due_at LIMIT {CANCELED}{skip}) \
         UPDATE deliveries SET status = 'canceled', due_at = NULL, finished_at = $2 WHERE id IN (SELECT id FROM picked)"
    );
    let now = tx.now;
    tx.conn.run(sqlx::AssertSqlSafe(sql), args![endpoint, now]).await
}

async fn with_bodies(
    tx: &mut Tx,
    picked: Vec<(Arc<Target>, LeasedRow)>,
    lease: Timestamp,
) -> Result<Vec<Leased>, Error> {
    let events: BTreeSet<&str> = picked.iter().map(|(_, row)| row.event_id.as_str()).collect();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Value> = events.iter().map(|id| json!([id])).collect();
    let sql = BODIES.sql(tx.conn.dialect());
    let bodies = tx
        .conn
        .rows::<(String, Vec<u8>)>(sql, args![batch::json(&rows)])
        .await?;
    let bodies: HashMap<String, Vec<u8>> = bodies.into_iter().collect();
    picked
        .into_iter()
        .map(|(target, row)| {
            Ok(Leased {
                delivery: case::parse(&row.id, "deliveries", "id", &row.id)?,
                target,
                event: case::parse(&row.event_id, "deliveries", "event_id", &row.id)?,
                body: bodies.get(&row.event_id).cloned().unwrap_or_default(),
                attempts: usize::try_from(row.attempts).unwrap_or(usize::MAX),
                retried: row.origin != Origin::Test.as_str(),
                lease,
            })
        })
        .collect()
}
