//! Webhooks on their way: lease, sign the exact bytes, send, record.
//!
//! At least once: a delivery is leased, sent, and its outcome written after; a server that dies between the last two
//! leaves a lease that runs out, and the delivery is sent again with the same `webhook-id`. No transaction waits for the
//! network. One task leases and records for all endpoints, in one commit a round; every delivery is sent by a task of
//! its own, behind the gate of its endpoint, so that who answers slowly or never makes nobody else wait.

mod read;
mod round;
mod schedule;
mod send;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kaunta_domain::id::WebhookEndpointId;
use kaunta_domain::limits::WEBHOOKS_AT_ONCE;
use kaunta_domain::time::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

pub(crate) use read::delivery_object;
pub use read::{
    DeliveryAttemptObject, DeliveryDetail, DeliveryFilter, DeliveryObject, RequestObject, ResponseObject,
};

use crate::Payments;
use crate::error::Error;
use round::{Ask, DueEndpoint};
use send::{Leased, Sent};

/// Deliveries of one endpoint that are leased ahead, so that its gate has work while the next round commits.
const AHEAD: usize = 128;
/// Deliveries leased in all.
const LEASED: usize = 2048;
/// An endpoint whose last attempt failed is tried by one delivery at a time, and all of those together hold at most
/// half of what may be on the way: endpoints that are dead leave the other half to those that live.
const FAILING: usize = WEBHOOKS_AT_ONCE.1 / 2;
/// Between two looks where nothing woke us: what other servers left behind and what is to be tried again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A last look at what is done takes this long at most when the database does not answer.
const LAST_TRIES: usize = 3;

impl Payments {
    /// One step: sends all that is due, and what becomes due meanwhile, until nothing is. How many attempts it made.
    pub async fn deliver(&self) -> Result<usize, Error> {
        let mut courier = Courier::new(self.clone());
        let mut attempts = 0;
        loop {
            let round = courier.round().await?;
            if !round.did_something && courier.sends.is_empty() {
                return Ok(attempts);
            }
            if let Some(joined) = courier.sends.join_next_with_id().await {
                attempts += courier.take_in(joined);
            }
        }
    }

    /// Delivers until `stop`: at once when a commit here put something on its way, else when it is due. Then lets what
    /// is being sent finish, and gives back what is not.
    pub async fn deliver_until(&self, stop: impl Future<Output = ()>) {
        let mut courier = Courier::new(self.clone());
        let mut stop = std::pin::pin!(stop);
        loop {
            let pause = match courier.round().await {
                Ok(round) => round.pause,
                Err(Error::Closed) => return,
                Err(error) => {
                    tracing::warn!(%error, "webhooks wait for the database");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = &mut stop => break,
                Some(joined) = courier.sends.join_next_with_id() => { courier.take_in(joined); }
                () = self.store.post().notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        courier.finish().await;
    }
}

/// What a round did.
struct Round {
    did_something: bool,
    /// Until something is due that is known now.
    pause: Duration,
}

/// One endpoint's deliveries that this server holds.
struct Lane {
    /// Lets as many through as may be on the way to one endpoint.
    gate: Arc<Semaphore>,
    held: usize,
    failing: bool,
}

struct Courier {
    engine: Payments,
    lanes: HashMap<WebhookEndpointId, Lane>,
    sends: JoinSet<Sent>,
    /// Whose delivery a task sends, should it panic.
    owners: HashMap<Id, WebhookEndpointId>,
    /// Lets as many through as may be on the way in all.
    room: Arc<Semaphore>,
    /// Outcomes that are not on disk yet.
    outcomes: Vec<Sent>,
    closing: CancellationToken,
}

impl Courier {
    fn new(engine: Payments) -> Self {
        Self {
            engine,
            lanes: HashMap::new(),
            sends: JoinSet::new(),
            owners: HashMap::new(),
            room: Arc::new(Semaphore::new(WEBHOOKS_AT_ONCE.1)),
            outcomes: Vec::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Writes what came of earlier deliveries, leases what there is room for, and starts to send it.
    async fn round(&mut self) -> Result<Round, Error> {
        let due = self.engine.due_endpoints().await?;
        let now = self.engine.clock().now();
        let asks = self.asks(&due, now);
        let pause = pause(&due, now);
        if self.outcomes.is_empty() && asks.is_empty() {
            return Ok(Round {
                did_something: false,
                pause,
            });
        }
        let outcomes = Arc::new(std::mem::take(&mut self.outcomes));
        let committed = self
            .engine
            .record_and_lease(outcomes.clone(), Arc::new(asks))
            .await;
        let leased = match committed {
            Ok(leased) => leased,
            Err(error) => {
                self.outcomes = Arc::unwrap_or_clone(outcomes);
                return Err(error);
            }
        };
        // Full leases and canceled rows may have left more behind.
        let more = leased.canceled > 0 || leased.deliveries.len() >= AHEAD;
        for delivery in leased.deliveries {
            self.start(delivery);
        }
        self.lanes.retain(|_, lane| lane.held > 0);
        Ok(Round {
            did_something: true,
            pause: if more { Duration::ZERO } else { pause },
        })
    }

    /// How much to lease for each endpoint that has something due: longest due first.
    fn asks(&self, due: &[DueEndpoint], now: Timestamp) -> Vec<Ask> {
        let mut room = LEASED.saturating_sub(self.sends.len());
        let failing_held = |lane: &Lane| if lane.failing { lane.held } else { 0 };
        let mut failing_room = FAILING.saturating_sub(self.lanes.values().map(failing_held).sum());
        let mut asks = Vec::new();
        for endpoint in due.iter().filter(|endpoint| endpoint.due_at <= now) {
            let (held, failing) = self
                .lanes
                .get(&endpoint.id)
                .map_or((0, false), |lane| (lane.held, lane.failing));
            let (healthy, probe) = (AHEAD - held.min(AHEAD), usize::from(held == 0));
            let ask = Ask {
                endpoint: endpoint.id,
                // Half a lease is worth a round's work; a few rows are not.
                healthy: if failing || healthy < AHEAD / 2 {
                    0
                } else {
                    healthy.min(room)
                },
                failing: probe.min(failing_room).min(room),
            };
            if ask.healthy + ask.failing > 0 {
                room -= ask.healthy.max(ask.failing);
                failing_room -= ask.failing;
                asks.push(ask);
            }
        }
        asks
    }

    fn start(&mut self, leased: Leased) {
        let endpoint = leased.target.id;
        let lane = self.lanes.entry(endpoint).or_insert_with(|| Lane {
            gate: Arc::new(Semaphore::new(WEBHOOKS_AT_ONCE.0)),
            held: 0,
            failing: false,
        });
        lane.held += 1;
        lane.failing = leased.target.failing;
        let (engine, gate, room) = (self.engine.clone(), lane.gate.clone(), self.room.clone());
        let closing = self.closing.clone();
        let task = self.sends.spawn(async move {
            let (Ok(_lane), Ok(_room)) = (gate.acquire().await, room.acquire().await) else {
                return leased.unsent();
            };
            if closing.is_cancelled() {
                return leased.unsent();
            }
            engine.send_webhook(leased).await
        });
        self.owners.insert(task.id(), endpoint);
    }

    /// Takes in a finished send and all others that have finished by now. How many attempts they were.
    fn take_in(&mut self, joined: Result<(Id, Sent), JoinError>) -> usize {
        let mut attempts = 0;
        let mut next = Some(joined);
        while let Some(joined) = next {
            let id = match &joined {
                Ok((id, _)) => *id,
                Err(error) => error.id(),
            };
            let lane = self
                .owners
                .remove(&id)
                .and_then(|endpoint| self.lanes.get_mut(&endpoint));
            if let Some(lane) = lane {
                lane.held -= 1;
            }
            match joined {
                Ok((_, sent)) => {
                    attempts += usize::from(sent.was_tried());
                    self.outcomes.push(sent);
                }
                // Its lease runs out, and it is sent again.
                Err(error) => tracing::error!(%error, "a webhook's task broke down"),
            }
            next = self.sends.try_join_next_with_id();
        }
        attempts
    }

    /// Gives back what is not being sent, waits for what is, and writes both down.
    async fn finish(mut self) {
        self.closing.cancel();
        while let Some(joined) = self.sends.join_next_with_id().await {
            self.take_in(joined);
        }
        let outcomes = Arc::new(self.outcomes);
        for _ in 0..LAST_TRIES {
            if outcomes.is_empty() {
                return;
            }
            match self
                .engine
                .record_and_lease(outcomes.clone(), Arc::default())
                .await
            {
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, deliveries = outcomes.len(), "outcomes of webhooks are not written; they are sent again");
                }
            }
        }
    }
}

/// How long until the next thing is due that is not due yet.
fn pause(due: &[DueEndpoint], now: Timestamp) -> Duration {
    let later = due.iter().filter(|endpoint| endpoint.due_at > now);
    let waits = later.map(|endpoint| endpoint.due_at.since(now));
    waits.min().unwrap_or(LOOK_EVERY).min(LOOK_EVERY)
}
