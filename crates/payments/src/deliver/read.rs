//! Deliveries as the owners of endpoints see them.

use std::collections::BTreeMap;

use kaunta_domain::id::{DeliveryId, EventId, WebhookEndpointId};
use kaunta_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use super::send::Kept;
use crate::Payments;
use crate::error::Error;
use crate::list::{Cursor, List, Where};
use crate::merchants::Caller;
use crate::store::case;
use crate::store::conn::{Conn, args};
use crate::vault::Purpose;

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// With this status.
    pub status: Option<String>,
    /// Of this event.
    pub event: Option<EventId>,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryObject {
    /// Its id.
    pub id: DeliveryId,
    /// `delivery`.
    pub object: &'static str,
    /// Whether it is about real money.
    pub livemode: bool,
    /// To whom.
    pub webhook_endpoint: WebhookEndpointId,
    /// Of what; `webhook-id` on every attempt.
    pub event: EventId,
    /// The type of that.
    pub event_type: String,
    /// `event`, `test`, `redelivery` or `replay`.
    pub origin: String,
    /// The delivery that is made again.
    pub original: Option<DeliveryId>,
    /// `pending`, `succeeded`, `failed` or `canceled`.
    pub status: String,
    /// Attempts made.
    pub attempt_count: i64,
    /// The status of the last answer.
    pub response_status: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it is tried next; while it is being sent, when it would be taken over from a server that died.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A delivery with all that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryDetail {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryObject,
    /// What was sent last, or will be sent.
    pub request: RequestObject,
    /// What was answered last.
    pub response: Option<ResponseObject>,
    /// Every attempt, oldest first.
    pub attempts: Vec<DeliveryAttemptObject>,
}

/// A request as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestObject {
    /// Where it went; nothing before the first attempt.
    pub url: Option<String>,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body, byte for byte.
    pub body: String,
}

/// An answer as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResponseObject {
    /// Its status.
    pub status: i64,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// The first 4 KB of its body.
    pub body: String,
    /// Whether there was more.
    pub truncated: bool,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryAttemptObject {
    /// The first is 1.
    pub number: i64,
    /// When it was made.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// What the machine said of that.
    pub detail: Option<String>,
    /// The headers that were sent; the signature is over this attempt's own timestamp.
    pub request_headers: BTreeMap<String, String>,
    /// The answer.
    pub response: Option<ResponseObject>,
}

#[derive(FromRow)]
struct DeliveryRow {
    id: String,
    endpoint_id: String,
    livemode: i64,
    event_id: String,
    kind: String,
    origin: String,
    original_id: Option<String>,
    status: String,
    attempts: i64,
    due_at: Option<i64>,
    last_status: Option<i64>,
    last_error: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
}

const COLUMNS: &str = "SELECT d.id, d.endpoint_id, d.livemode, d.event_id, d.kind, d.origin, d.original_id, d.status, d.attempts, \
     d.due_at, d.last_status, d.last_error, d.created_at, d.finished_at FROM deliveries d";

#[derive(FromRow)]
struct AttemptRow {
    number: i64,
    at: i64,
    duration_ms: i64,
    status: Option<i64>,
    error: Option<String>,
    exchange: Vec<u8>,
}

impl DeliveryRow {
    fn object(self) -> Result<DeliveryObject, Error> {
        let original = self
            .original_id
            .as_deref()
            .map(|id| case::parse(id, "deliveries", "original_id", &self.id));
        Ok(DeliveryObject {
            id: case::parse(&self.id, "deliveries", "id", &self.id)?,
            object: "delivery",
            livemode: self.livemode == 1,
            webhook_endpoint: case::parse(&self.endpoint_id, "deliveries", "endpoint_id", &self.id)?,
            event: case::parse(&self.event_id, "deliveries", "event_id", &self.id)?,
            event_type: self.kind,
            origin: self.origin,
            original: original.transpose()?,
            status: self.status,
            attempt_count: self.attempts,
            response_status: self.last_status,
            error: self.last_error,
            next_attempt_at: self.due_at.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(self.created_at),
            finished_at: self.finished_at.map(Timestamp::from_millis),
        })
    }
}

impl Payments {
    /// The deliveries to an endpoint of the caller's, newest first.
    pub async fn deliveries(
        &self,
        caller: &Caller,
        endpoint: WebhookEndpointId,
        filter: DeliveryFilter,
        cursor: Cursor,
    ) -> Result<List<DeliveryObject>, Error> {
        self.webhook_endpoint(caller, endpoint).await?;
        let mut wanted = Where::of(caller, "d");
        wanted.equals("d.endpoint_id", Some(endpoint.to_string()));
        wanted.equals("d.status", filter.status);
        wanted.equals("d.event_id", filter.event.map(|id| id.to_string()));
        let (condition, args) = wanted.page("d.id", &cursor);
        let mut conn = self.store.read().await?;
        let sql = format!("{COLUMNS} {condition}");
        let rows = conn.rows::<DeliveryRow>(sqlx::AssertSqlSafe(sql), args).await?;
        let objects = rows.into_iter().map(DeliveryRow::object);
        Ok(cursor.cut(objects.collect::<Result<_, _>>()?))
    }

    /// A delivery of the caller's with all that was said.
    pub async fn delivery(&self, caller: &Caller, id: DeliveryId) -> Result<DeliveryDetail, Error> {
        let mut conn = self.store.read().await?;
        let delivery = delivery_object(&mut conn, caller, id).await?;
        let sql = "SELECT number, at, duration_ms, status, error, exchange FROM delivery_attempts \
                   WHERE delivery_id = $1 ORDER BY number";
        let rows = conn.rows::<AttemptRow>(sql, args![id]).await?;
        let kept = rows.iter().map(|row| self.kept(id, row));
        let kept: Vec<Kept> = kept.collect::<Result<_, _>>()?;
        let sql = "SELECT body FROM events WHERE id = $1";
        let event = conn.row::<(Vec<u8>,)>(sql, args![delivery.event]).await?;
        let (sealed,) = event.ok_or(Error::NotFound)?;
        let last = kept.last();
        let request = RequestObject {
            url: last.map(|kept| kept.url.clone()),
            headers: last.map(|kept| kept.headers.clone()).unwrap_or_default(),
            body: self.store.vault().open_text(Purpose::Event, &sealed)?,
        };
        let attempts: Vec<DeliveryAttemptObject> = rows
            .into_iter()
            .zip(kept)
            .map(|(row, kept)| attempt_object(row, kept))
            .collect();
        Ok(DeliveryDetail {
            delivery,
            request,
            response: attempts.last().and_then(|attempt| attempt.response.clone()),
            attempts,
        })
    }

    fn kept(&self, id: DeliveryId, row: &AttemptRow) -> Result<Kept, Error> {
        let opened = self.store.vault().open(Purpose::Exchange, &row.exchange)?;
        serde_json::from_slice(&opened).map_err(|_| Error::Inconsistent {
            table: "delivery_attempts",
            column: "exchange",
            row: id.to_string(),
        })
    }
}

fn attempt_object(row: AttemptRow, kept: Kept) -> DeliveryAttemptObject {
    let response = row.status.zip(kept.answer).map(|(status, answer)| {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in answer.headers {
            let whole = headers.entry(name).or_default();
            if !whole.is_empty() {
                whole.push_str(", ");
            }
            whole.push_str(&value);
        }
        ResponseObject {
            status,
            headers,
            body: answer.body,
            truncated: answer.truncated,
        }
    });
    DeliveryAttemptObject {
        number: row.number,
        at: Timestamp::from_millis(row.at),
        duration_ms: row.duration_ms,
        error: row.error,
        detail: kept.detail,
        request_headers: kept.headers,
        response,
    }
}

/// A delivery of the caller's.
pub(crate) async fn delivery_object(
    conn: &mut Conn,
    caller: &Caller,
    id: DeliveryId,
) -> Result<DeliveryObject, Error> {
    let sql = format!("{COLUMNS} WHERE d.id = $1 AND d.merchant_id = $2 AND d.livemode = $3");
    let args = args![id, caller.merchant, caller.livemode];
    let row = conn.row::<DeliveryRow>(sqlx::AssertSqlSafe(sql), args).await?;
    row.ok_or(Error::NotFound)?.object()
}
