//! One attempt: sign the exact bytes, post them, and say what follows from the answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kaunta_domain::id::{DeliveryId, EventId, WebhookEndpointId};
use kaunta_domain::limits::WEBHOOK_TIMEOUT;
use kaunta_domain::signature::{HEADER_ID, HEADER_SIGNATURE, HEADER_TIMESTAMP, WebhookSecret, sign_all};
use kaunta_domain::time::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

use super::schedule;
use crate::Payments;
use crate::egress::{Exchange, Trouble};
use crate::vault::Purpose;

/// A lease that is shorter than this is not begun on: the attempt might outlive it.
const LEASE_LEFT: Duration = Duration::from_secs(WEBHOOK_TIMEOUT.as_secs() + 5);
const GONE: u16 = 410;

/// Where to send, as it was when the delivery was leased.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) id: WebhookEndpointId,
    pub(super) url: Url,
    /// The secret, and the one before it for as long as both sign.
    pub(super) secrets: Vec<WebhookSecret>,
    /// Whether its last attempt failed.
    pub(super) failing: bool,
}

/// A delivery that this server has taken on until its lease runs out.
#[derive(Debug)]
pub(super) struct Leased {
    pub(super) delivery: DeliveryId,
    pub(super) target: Arc<Target>,
    pub(super) event: EventId,
    /// The event's bytes, sealed.
    pub(super) body: Vec<u8>,
    /// Attempts made before.
    pub(super) attempts: usize,
    /// Whether it may be tried again.
    pub(super) retried: bool,
    pub(super) lease: Timestamp,
}

/// What became of a leased delivery.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    /// It was not begun on: it is due as before.
    Unsent(DeliveryId, Timestamp),
    /// It was tried.
    Tried(Tried),
}

/// An attempt.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub(super) delivery: DeliveryId,
    pub(super) endpoint: WebhookEndpointId,
    pub(super) lease: Timestamp,
    pub(super) number: usize,
    pub(super) at: Timestamp,
    pub(super) duration: Duration,
    pub(super) status: Option<u16>,
    pub(super) error: Option<Trouble>,
    pub(super) next: Next,
    /// A [`Kept`], sealed.
    pub(super) exchange: Vec<u8>,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It arrived.
    Succeeded,
    /// It is tried again at this time.
    Again(Timestamp),
    /// It was the last attempt.
    Exhausted,
    /// Nobody wants to hear of anything there any more.
    Gone,
}

/// What is kept of an attempt: what was sent and what was answered.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) detail: Option<String>,
    pub(super) answer: Option<KeptAnswer>,
}

/// What is kept of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptAnswer {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) truncated: bool,
}

impl Leased {
    pub(super) fn unsent(self) -> Sent {
        Sent::Unsent(self.delivery, self.lease)
    }
}

impl Sent {
    pub(super) fn was_tried(&self) -> bool {
        matches!(self, Self::Tried(_))
    }
}

impl Payments {
    pub(super) async fn send_webhook(&self, leased: Leased) -> Sent {
        let at = self.clock().now();
        if at + LEASE_LEFT > leased.lease {
            return leased.unsent();
        }
        let began = tokio::time::Instant::now();
        let (headers, exchange) = match self.store.vault().open(Purpose::Event, &leased.body) {
            Ok(body) => {
                let signature = sign_all(
                    &leased.target.secrets,
                    &leased.event.to_string(),
                    at.seconds(),
                    &body,
                );
                let headers = headers(leased.event, at, &signature);
                let exchange = self.egress.post(&leased.target.url, headers.clone(), body).await;
                (headers, exchange)
            }
            Err(error) => {
                tracing::error!(event = %leased.event, %error, "an event cannot be read, so its webhook is not sent");
                (
                    HeaderMap::new(),
                    Exchange::failed(Trouble::Unreadable, Some(error.to_string())),
                )
            }
        };
        let duration = began.elapsed();
        let next = self.next(&leased, &exchange);
        let kept = kept(&leased.target.url, &headers, &exchange);
        Sent::Tried(Tried {
            delivery: leased.delivery,
            endpoint: leased.target.id,
            lease: leased.lease,
            number: leased.attempts + 1,
            at,
            duration,
            status: exchange.status,
            error: exchange.error,
            next,
            exchange: self.store.vault().seal(Purpose::Exchange, &kept),
        })
    }

    fn next(&self, leased: &Leased, exchange: &Exchange) -> Next {
        if exchange.error.is_none() {
            return Next::Succeeded;
        }
        if exchange.status == Some(GONE) {
            return Next::Gone;
        }
        let now = self.clock().now();
        let asked = exchange
            .retry_after
            .as_deref()
            .and_then(|text| schedule::retry_after(text, now));
        let chance = self.clock().chance();
        let pause = schedule::pause(&self.timing.webhook_schedule, leased.attempts + 1, asked, chance);
        match pause.filter(|_| leased.retried) {
            Some(pause) => Next::Again(now + pause),
            None => Next::Exhausted,
        }
    }
}

fn headers(event: EventId, at: Timestamp, signature: &str) -> HeaderMap {
    let texts = [
        (HEADER_ID, event.to_string()),
        (HEADER_TIMESTAMP, at.seconds().to_string()),
        (HEADER_SIGNATURE, signature.to_owned()),
    ];
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    for (name, text) in texts {
        let value = HeaderValue::from_str(&text).expect("ids, numbers and base 64 are visible ASCII");
        headers.insert(HeaderName::from_static(name), value);
    }
    headers
}

fn kept(url: &Url, headers: &HeaderMap, exchange: &Exchange) -> Vec<u8> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let kept = Kept {
        url: url.to_string(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        detail: exchange.detail.clone(),
        answer: exchange.status.map(|_| KeptAnswer {
            headers: exchange.headers.clone(),
            body: exchange.body.clone(),
            truncated: exchange.truncated,
        }),
    };
    serde_json::to_vec(&kept).expect("texts and lists of texts are JSON")
}
