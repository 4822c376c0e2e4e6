//! An engine that may send to the loopback, and what a merchant does with its endpoints.

use std::time::Duration;

use kaunta_domain::id::{DeliveryId, SessionId, WebhookEndpointId};
use kaunta_domain::signature::WebhookSecret;
use kaunta_payments::{
    Caller, Config, Cursor, DeliveryFilter, EventFilter, NewWebhookEndpoint, Payments, WebhookEndpointChange,
};
use serde_json::Value;

use crate::support::{Stage, json, new_session};

pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) payments: Payments,
    pub(crate) caller: Caller,
}

/// An endpoint with the secret that was shown when it was made.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: WebhookEndpointId,
    pub(crate) secret: WebhookSecret,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let stage = Stage::new().await;
        let mut config = Config {
            webhook_allow_private: true,
            ..stage.config.clone()
        };
        change(&mut config);
        let payments = Payments::open(config, stage.clock.clone()).await.unwrap();
        let caller = stage.caller.clone();
        Self {
            stage,
            payments,
            caller,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.stage.clock.now().seconds()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.stage.hands.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn endpoint(&self, url: &str, events: &[&str]) -> Endpoint {
        let answer = self
            .payments
            .create_webhook_endpoint(&self.caller, new_endpoint(url, events), None)
            .await
            .unwrap();
        let object = json(&answer.body);
        Endpoint {
            id: object["id"].as_str().unwrap().parse().unwrap(),
            secret: WebhookSecret::parse(object["secret"].as_str().unwrap()).unwrap(),
        }
    }

    pub(crate) async fn endpoint_object(&self, endpoint: &Endpoint) -> Value {
        let object = self.payments.webhook_endpoint(&self.caller, endpoint.id).await;
        serde_json::to_value(object.unwrap()).unwrap()
    }

    pub(crate) async fn switch_on(&self, endpoint: &Endpoint) {
        let change = WebhookEndpointChange {
            disabled: Some(false),
            ..WebhookEndpointChange::default()
        };
        self.payments
            .change_webhook_endpoint(&self.caller, endpoint.id, change)
            .await
            .unwrap();
    }

    /// Makes a session, and with it the event `checkout.session.created`.
    pub(crate) async fn session(&self) -> SessionId {
        let answer = self
            .payments
            .create_session(&self.caller, new_session(1500), None)
            .await
            .unwrap();
        json(&answer.body)["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn deliver(&self) -> usize {
        self.payments.deliver().await.unwrap()
    }

    /// The deliveries to an endpoint, newest first.
    pub(crate) async fn deliveries(&self, endpoint: &Endpoint) -> Vec<Value> {
        let filter = DeliveryFilter::default();
        let list = self
            .payments
            .deliveries(&self.caller, endpoint.id, filter, page(100))
            .await
            .unwrap();
        list.data
            .iter()
            .map(|delivery| serde_json::to_value(delivery).unwrap())
            .collect()
    }

    /// The newest delivery to an endpoint, with all that was said.
    pub(crate) async fn detail(&self, endpoint: &Endpoint) -> Value {
        let id = delivery_id(&self.deliveries(endpoint).await[0]);
        let detail = self.payments.delivery(&self.caller, id).await.unwrap();
        serde_json::to_value(detail).unwrap()
    }

    /// The caller's events, newest first, as they are kept.
    pub(crate) async fn events(&self) -> Vec<String> {
        let list = self
            .payments
            .events(&self.caller, None, None, page(100), Duration::ZERO)
            .await
            .unwrap();
        list.data.iter().map(|event| event.get().to_owned()).collect()
    }
}

pub(crate) fn delivery_id(object: &Value) -> DeliveryId {
    object["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn new_endpoint(url: &str, events: &[&str]) -> NewWebhookEndpoint {
    let patterns = events.iter().map(|&event| event.to_owned()).collect();
    NewWebhookEndpoint {
        url: url.parse().unwrap(),
        enabled_events: EventFilter::parse(patterns).unwrap(),
        description: None,
    }
}

pub(crate) fn page(limit: i64) -> Cursor {
    Cursor {
        limit,
        starting_after: None,
        ending_before: None,
    }
}
