//! Events with their deliveries, in the commit that decides what they tell of.
//!
//! Whoever writes an event writes it here, so that none goes out that did not happen and none that happened is kept
//! from going out. A commit whose merchants have no endpoint pays one indexed look-up for it.

use std::collections::BTreeSet;

use kaunta_domain::api::{EventData, EventObject};
use kaunta_domain::event::EventType;
use kaunta_domain::id::{DeliveryId, EventId, MerchantId, SessionId, WebhookEndpointId};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::FromRow;

use crate::endpoints::EventFilter;
use crate::error::Error;
use crate::store::Tx;
use crate::store::batch::{self, Batch, Col, hex};
use crate::store::case::{self, run_batch};
use crate::store::conn::args;
use crate::vault::Purpose;
use crate::view;

/// Something that happened.
pub(crate) struct NewEvent {
    pub(crate) id: EventId,
    pub(crate) merchant: MerchantId,
    pub(crate) livemode: bool,
    pub(crate) kind: EventType,
    pub(crate) session: Option<SessionId>,
    pub(crate) sequence: i64,
    /// Exactly the bytes that a webhook signs.
    pub(crate) body: String,
}

impl NewEvent {
    /// An event that is about no session, with the whole `object`.
    pub(crate) fn alone<T: Serialize>(
        tx: &Tx,
        merchant: MerchantId,
        livemode: bool,
        kind: EventType,
        object: T,
    ) -> Result<Self, Error> {
        let (id, sequence) = (EventId::new(tx.now, tx.clock.chance()), 1);
        let body = view::json_text(&EventObject {
            id,
            object: "event",
            kind: kind.as_str(),
            timestamp: tx.now,
            livemode,
            sequence,
            data: EventData { object },
        })?;
        Ok(Self {
            id,
            merchant,
            livemode,
            kind,
            session: None,
            sequence,
            body,
        })
    }
}

/// Why a delivery is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Event,
    Test,
    Redelivery,
    Replay,
}

impl Origin {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Test => "test",
            Self::Redelivery => "redelivery",
            Self::Replay => "replay",
        }
    }
}

/// A delivery to be made: one event to one endpoint.
pub(crate) struct NewDelivery {
    pub(crate) id: DeliveryId,
    pub(crate) endpoint: WebhookEndpointId,
    pub(crate) merchant: MerchantId,
    pub(crate) livemode: bool,
    pub(crate) event: EventId,
    pub(crate) kind: String,
    pub(crate) origin: Origin,
    /// The delivery that is made again.
    pub(crate) original: Option<DeliveryId>,
}

static INSERT_EVENTS: Batch = Batch::new(
    "INSERT INTO events (id, merchant_id, livemode, kind, session_id, sequence, body, created_at) \
     SELECT r.id, r.merchant_id, r.livemode, r.kind, r.session_id, r.sequence, r.body, r.created_at FROM {rows} r",
    &[
        ("id", Col::Text),
        ("merchant_id", Col::Text),
        ("livemode", Col::Int),
        ("kind", Col::Text),
        ("session_id", Col::Text),
        ("sequence", Col::Int),
        ("body", Col::Blob),
        ("created_at", Col::Int),
    ],
);

/// Writes `events`, and a delivery of each to every endpoint that listens for it.
pub(crate) async fn write_events(tx: &mut Tx, events: &[NewEvent]) -> Result<(), Error> {
    insert_events(tx, events).await?;
    let listeners = listeners(tx, events).await?;
    let mut deliveries = Vec::new();
    for event in events {
        let hears = |listener: &&Listener| {
            (listener.merchant, listener.livemode) == (event.merchant, event.livemode)
                && listener.filter.takes(event.kind.as_str())
        };
        for listener in listeners.iter().filter(hears) {
            deliveries.push(NewDelivery {
                id: DeliveryId::new(tx.now, tx.clock.chance()),
                endpoint: listener.endpoint,
                merchant: event.merchant,
                livemode: event.livemode,
                event: event.id,
                kind: event.kind.as_str().to_owned(),
                origin: Origin::Event,
                original: None,
            });
        }
    }
    insert_deliveries(tx, &deliveries).await
}

/// Writes `events` and tells nobody.
pub(crate) async fn insert_events(tx: &mut Tx, events: &[NewEvent]) -> Result<(), Error> {
    let row = |event: &NewEvent| {
        json!([
            event.id,
            event.merchant,
            i64::from(event.livemode),
            event.kind.as_str(),
            event.session,
            event.sequence,
            hex(&tx.vault.seal(Purpose::Event, event.body.as_bytes())),
            tx.now.millis(),
        ])
    };
    let rows: Vec<Value> = events.iter().map(row).collect();
    run_batch(tx, &INSERT_EVENTS, &rows).await
}

struct Listener {
    endpoint: WebhookEndpointId,
    merchant: MerchantId,
    livemode: bool,
    filter: EventFilter,
}

#[derive(FromRow)]
struct ListenerRow {
    id: String,
    merchant_id: String,
    livemode: i64,
    enabled_events: String,
}

static LISTENERS: Batch = Batch::new(
    "SELECT w.id, w.merchant_id, w.livemode, w.enabled_events FROM {rows} r JOIN webhook_endpoints w \
     ON w.merchant_id = r.merchant_id AND w.livemode = r.livemode AND w.deleted_at IS NULL \
     WHERE w.disabled_at IS NULL",
    &[("merchant_id", Col::Text), ("livemode", Col::Int)],
);

/// The endpoints of the merchants of `events` that are switched on.
async fn listeners(tx: &mut Tx, events: &[NewEvent]) -> Result<Vec<Listener>, Error> {
    let merchants: BTreeSet<_> = events
        .iter()
        .map(|event| (event.merchant, event.livemode))
        .collect();
    if merchants.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Value> = merchants
        .iter()
        .map(|(merchant, livemode)| json!([merchant, i64::from(*livemode)]))
        .collect();
    let sql = LISTENERS.sql(tx.conn.dialect());
    let found = tx
        .conn
        .rows::<ListenerRow>(sql, args![batch::json(&rows)])
        .await?;
    found
        .into_iter()
        .map(|row| {
            Ok(Listener {
                endpoint: case::parse(&row.id, "webhook_endpoints", "id", &row.id)?,
                merchant: case::parse(&row.merchant_id, "webhook_endpoints", "merchant_id", &row.id)?,
                livemode: row.livemode == 1,
                filter: EventFilter::stored(&row.enabled_events, &row.id)?,
            })
        })
        .collect()
}

static INSERT_DELIVERIES: Batch = Batch::new(
    "INSERT INTO deliveries (id, endpoint_id, merchant_id, livemode, event_id, kind, origin, original_id, status, due_at, \
     created_at) SELECT r.id, r.endpoint_id, r.merchant_id, r.livemode, r.event_id, r.kind, r.origin, r.original_id, \
     'pending', r.due_at, r.created_at FROM {rows} r",
    &[
        ("id", Col::Text),
        ("endpoint_id", Col::Text),
        ("merchant_id", Col::Text),
        ("livemode", Col::Int),
        ("event_id", Col::Text),
        ("kind", Col::Text),
        ("origin", Col::Text),
        ("original_id", Col::Text),
        ("due_at", Col::Int),
        ("created_at", Col::Int),
    ],
);

/// Puts deliveries on their way; they are sent as soon as the commit is done.
pub(crate) async fn insert_deliveries(tx: &mut Tx, deliveries: &[NewDelivery]) -> Result<(), Error> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let wait = tx.timing.webhook_schedule.first().copied().unwrap_or_default();
    let due_at = (tx.now + wait).millis();
    let row = |delivery: &NewDelivery| {
        json!([
            delivery.id,
            delivery.endpoint,
            delivery.merchant,
            i64::from(delivery.livemode),
            delivery.event,
            delivery.kind,
            delivery.origin.as_str(),
            delivery.original,
            due_at,
            tx.now.millis(),
        ])
    };
    let rows: Vec<Value> = deliveries.iter().map(row).collect();
    run_batch(tx, &INSERT_DELIVERIES, &rows).await?;
    tx.posted = true;
    Ok(())
}
