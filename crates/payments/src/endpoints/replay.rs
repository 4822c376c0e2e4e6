//! Deliveries that an owner asks for: a test, one again, or all of a time again.

use kaunta_domain::event::EventType;
use kaunta_domain::id::{DeliveryId, EventId, WebhookEndpointId};
use kaunta_domain::limits::WEBHOOK_REPLAY;
use kaunta_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use super::{EndpointRow, EventFilter, own};
use crate::Payments;
use crate::deliver::delivery_object;
use crate::error::Error;
use crate::idempotency::{Answer, Once};
use crate::merchants::Caller;
use crate::outbox::{NewDelivery, NewEvent, Origin, insert_deliveries, insert_events};
use crate::store::Tx;
use crate::store::case;
use crate::store::conn::args;
use crate::view;

/// Servers number the events of one moment side by side: numbers this far apart may lie in time the other way round.
const NUMBERS_OVERLAP: i64 = 10_000;

/// Most events that a replay looks through.
const LOOKED_THROUGH: usize = 100_000;

/// Which events to send again.
#[derive(Debug, Clone)]
pub struct Replay {
    /// From this moment on.
    pub from: Timestamp,
    /// Before this moment.
    pub to: Timestamp,
    /// Of these types alone, among those that the endpoint hears of.
    pub types: Option<EventFilter>,
    /// Whether to count only.
    pub dry_run: bool,
}

#[derive(Serialize)]
struct ReplayObject {
    object: &'static str,
    webhook_endpoint: WebhookEndpointId,
    from: Timestamp,
    to: Timestamp,
    dry_run: bool,
    /// Events of that time that the endpoint hears of.
    events: usize,
    /// Of these, what is on its way to it anyway.
    already_pending: usize,
    /// Of these, what was put on its way now; in a dry run, what would be.
    deliveries: usize,
}

impl Payments {
    /// Sends an event that means nothing; the answer is its delivery. It is tried once.
    pub async fn test_webhook_endpoint(
        &self,
        caller: &Caller,
        id: WebhookEndpointId,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        self.do_once(caller, once, move |tx, caller| {
            Box::pin(async move {
                let endpoint = own_and_on(tx, &caller, id).await?;
                let (kind, object) = (EventType::WebhookEndpointTest, endpoint.object(tx.now)?);
                let event = NewEvent::alone(tx, caller.merchant, caller.livemode, kind, object)?;
                let delivery = NewDelivery {
                    id: DeliveryId::new(tx.now, tx.clock.chance()),
                    endpoint: id,
                    merchant: caller.merchant,
                    livemode: caller.livemode,
                    event: event.id,
                    kind: kind.as_str().to_owned(),
                    origin: Origin::Test,
                    original: None,
                };
                insert_events(tx, &[event]).await?;
                make(tx, &caller, delivery).await
            })
        })
        .await
    }

    /// Sends the event of a delivery again, by a delivery of its own; the answer is that one.
    pub async fn redeliver(
        &self,
        caller: &Caller,
        id: DeliveryId,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        self.do_once(caller, once, move |tx, caller| {
            Box::pin(async move {
                let sql = "SELECT endpoint_id, event_id, kind FROM deliveries \
                           WHERE id = $1 AND merchant_id = $2 AND livemode = $3";
                let row = tx
                    .conn
                    .row::<AgainRow>(sql, args![id, caller.merchant, caller.livemode])
                    .await?
                    .ok_or(Error::NotFound)?;
                let endpoint = case::parse(&row.endpoint_id, "deliveries", "endpoint_id", &row.endpoint_id)?;
                own_and_on(tx, &caller, endpoint).await?;
                let delivery = NewDelivery {
                    id: DeliveryId::new(tx.now, tx.clock.chance()),
                    endpoint,
                    merchant: caller.merchant,
                    livemode: caller.livemode,
                    event: case::parse(&row.event_id, "deliveries", "event_id", &row.event_id)?,
                    kind: row.kind,
                    origin: Origin::Redelivery,
                    original: Some(id),
                };
                make(tx, &caller, delivery).await
            })
        })
        .await
    }

    /// Sends all that happened in a time again, by deliveries of their own; the answer tells how many.
    pub async fn replay_webhooks(
        &self,
        caller: &Caller,
        id: WebhookEndpointId,
        replay: Replay,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        self.do_once(caller, once, move |tx, caller| {
            let replay = replay.clone();
            Box::pin(async move {
                let endpoint = if replay.dry_run {
                    own(tx, &caller, id).await?
                } else {
                    own_and_on(tx, &caller, id).await?
                };
                send_again(tx, &caller, &endpoint, &replay).await
            })
        })
        .await
    }
}

#[derive(FromRow)]
struct AgainRow {
    endpoint_id: String,
    event_id: String,
    kind: String,
}

async fn own_and_on(tx: &mut Tx, caller: &Caller, id: WebhookEndpointId) -> Result<EndpointRow, Error> {
    let endpoint = own(tx, caller, id).await?;
    if endpoint.is_on() {
        Ok(endpoint)
    } else {
        Err(Error::EndpointDisabled)
    }
}

async fn make(tx: &mut Tx, caller: &Caller, delivery: NewDelivery) -> Result<String, Error> {
    let id = delivery.id;
    insert_deliveries(tx, &[delivery]).await?;
    view::json_text(&delivery_object(&mut tx.conn, caller, id).await?)
}

async fn send_again(
    tx: &mut Tx,
    caller: &Caller,
    endpoint: &EndpointRow,
    replay: &Replay,
) -> Result<String, Error> {
    let id = endpoint.id()?;
    let filter = endpoint.filter()?;
    let mut found = happened(tx, caller, replay).await?;
    if found.len() > LOOKED_THROUGH {
        return Err(too_wide(&format!("looks through {LOOKED_THROUGH}")));
    }
    found.retain(|event| {
        event.kind != EventType::WebhookEndpointTest.as_str()
            && filter.takes(&event.kind)
            && replay.types.as_ref().is_none_or(|types| types.takes(&event.kind))
    });
    let events = found.len();
    let on_its_way = on_its_way(tx, id).await?;
    found.retain(|event| !on_its_way.contains(&event.id));
    if i64::try_from(found.len()).unwrap_or(i64::MAX) > WEBHOOK_REPLAY {
        return Err(too_wide(&format!("sends {WEBHOOK_REPLAY}")));
    }
    if !replay.dry_run {
        let deliveries: Vec<NewDelivery> = found
            .iter()
            .map(|event| again(tx, caller, id, event))
            .collect::<Result<_, _>>()?;
        insert_deliveries(tx, &deliveries).await?;
    }
    view::json_text(&ReplayObject {
        object: "webhook_endpoint.replay",
        webhook_endpoint: id,
        from: replay.from,
        to: replay.to,
        dry_run: replay.dry_run,
        events,
        already_pending: events - found.len(),
        deliveries: found.len(),
    })
}

fn too_wide(does: &str) -> Error {
    Error::Invalid {
        pointer: "/to",
        code: "range_too_wide",
        detail: format!("is too late: one replay {does} events at most, and there are more"),
    }
}

fn again(
    tx: &Tx,
    caller: &Caller,
    endpoint: WebhookEndpointId,
    event: &HappenedRow,
) -> Result<NewDelivery, Error> {
    Ok(NewDelivery {
        id: DeliveryId::new(tx.now, tx.clock.chance()),
        endpoint,
        merchant: caller.merchant,
        livemode: caller.livemode,
        event: case::parse(&event.id, "events", "id", &event.id)?,
        kind: event.kind.clone(),
        origin: Origin::Replay,
        original: None,
    })
}

#[derive(FromRow)]
struct HappenedRow {
    id: String,
    kind: String,
}

/// The caller's events of a time, oldest first. Ids hold the time and are indexed for all merchants together; what is indexed
/// by merchant is the number, which rises with time. So the edges are found by id, and what lies between by number.
async fn happened(tx: &mut Tx, caller: &Caller, replay: &Replay) -> Result<Vec<HappenedRow>, Error> {
    let (first, last) = (EventId::new(replay.from, 0), EventId::new(replay.to, 0));
    let edges = [
        "SELECT seq FROM events WHERE id >= $1 ORDER BY id LIMIT 1",
        "SELECT seq FROM events WHERE id < $1 ORDER BY id DESC LIMIT 1",
    ];
    let mut numbers = [0; 2];
    for ((number, sql), id) in numbers.iter_mut().zip(edges).zip([first, last]) {
        match tx.conn.row::<(i64,)>(sql, args![id]).await? {
            Some((found,)) => *number = found,
            None => return Ok(Vec::new()),
        }
    }
    let most = i64::try_from(LOOKED_THROUGH + 1).unwrap_or(i64::MAX);
    tx.conn
        .rows::<HappenedRow>(
            "SELECT id, kind FROM events WHERE merchant_id = $1 AND livemode = $2 AND seq BETWEEN $3 AND $4 \
             AND created_at >= $5 AND created_at < $6 ORDER BY seq LIMIT $7",
            args![
                caller.merchant,
                caller.livemode,
                numbers[0] - NUMBERS_OVERLAP,
                numbers[1] + NUMBERS_OVERLAP,
                replay.from,
                replay.to,
                most,
            ],
        )
        .await
}

async fn on_its_way(
    tx: &mut Tx,
    endpoint: WebhookEndpointId,
) -> Result<std::collections::HashSet<String>, Error> {
    let sql = "SELECT event_id FROM deliveries WHERE endpoint_id = $1 AND due_at IS NOT NULL";
    let rows = tx.conn.rows::<(String,)>(sql, args![endpoint]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
