//! Endpoints as rows, and as their owners see them.

use kaunta_domain::id::{MerchantId, WebhookEndpointId};
use kaunta_domain::signature::WebhookSecret;
use kaunta_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;
use url::Url;

use super::EventFilter;
use crate::error::Error;
use crate::merchants::Caller;
use crate::store::Tx;
use crate::store::case;
use crate::store::conn::args;
use crate::vault::{Purpose, Vault};
use crate::view;

/// Where a merchant hears of events. The secret is not part of it: it is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookEndpointObject {
    /// Its id.
    pub id: WebhookEndpointId,
    /// `webhook_endpoint`.
    pub object: &'static str,
    /// Whether it hears of real money.
    pub livemode: bool,
    /// Where webhooks are posted.
    pub url: String,
    /// Its owner's words.
    pub description: Option<String>,
    /// Which events it hears of.
    pub enabled_events: Vec<String>,
    /// Whether it is switched off.
    pub disabled: bool,
    /// `by_owner`, `gone` (it answered 410) or `failing` (nothing arrived for five days).
    pub disabled_reason: Option<String>,
    /// Since when it is switched off.
    pub disabled_at: Option<Timestamp>,
    /// The first failure after the last success.
    pub failing_since: Option<Timestamp>,
    /// Until when the secret before this one signs as well.
    pub old_secret_expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An endpoint with the secret that was just made.
#[derive(Serialize)]
struct WithSecret<'a> {
    #[serde(flatten)]
    endpoint: &'a WebhookEndpointObject,
    secret: &'a str,
}

#[derive(FromRow, Clone)]
pub(crate) struct EndpointRow {
    pub(crate) id: String,
    merchant_id: String,
    livemode: i64,
    url: String,
    description: Option<String>,
    enabled_events: String,
    secret: Option<Vec<u8>>,
    old_secret: Option<Vec<u8>>,
    old_secret_ends_at: Option<i64>,
    failing_since: Option<i64>,
    disabled_at: Option<i64>,
    disabled_reason: Option<String>,
    created_at: i64,
    deleted_at: Option<i64>,
}

/// All columns of an [`EndpointRow`].
macro_rules! select_endpoints {
    ($rest:literal) => {
        concat!(
            "SELECT w.id, w.merchant_id, w.livemode, w.url, w.description, w.enabled_events, w.secret, w.old_secret, \
             w.old_secret_ends_at, w.failing_since, w.disabled_at, w.disabled_reason, w.created_at, w.deleted_at \
             FROM webhook_endpoints w ",
            $rest
        )
    };
}
pub(crate) use select_endpoints;

impl EndpointRow {
    pub(crate) fn id(&self) -> Result<WebhookEndpointId, Error> {
        case::parse(&self.id, "webhook_endpoints", "id", &self.id)
    }

    pub(crate) fn merchant(&self) -> Result<MerchantId, Error> {
        case::parse(&self.merchant_id, "webhook_endpoints", "merchant_id", &self.id)
    }

    pub(crate) fn livemode(&self) -> bool {
        self.livemode == 1
    }

    pub(crate) fn is_on(&self) -> bool {
        self.disabled_at.is_none() && self.deleted_at.is_none()
    }

    pub(crate) fn failing_since(&self) -> Option<Timestamp> {
        self.failing_since.map(Timestamp::from_millis)
    }

    pub(crate) fn url(&self) -> Result<Url, Error> {
        Url::parse(&self.url).map_err(|_| self.wrong("url"))
    }

    pub(crate) fn filter(&self) -> Result<EventFilter, Error> {
        EventFilter::stored(&self.enabled_events, &self.id)
    }

    /// The secrets that sign at `now`: the one before last for as long as its owner wants.
    pub(crate) fn secrets(&self, vault: &Vault, now: Timestamp) -> Result<Vec<WebhookSecret>, Error> {
        let old = self
            .old_secret
            .as_ref()
            .filter(|_| self.old_secret_ends_at.is_some_and(|end| end > now.millis()));
        let open = |sealed: &Vec<u8>| {
            let bytes = zeroize::Zeroizing::new(vault.open(Purpose::WebhookSecret, sealed)?);
            WebhookSecret::from_bytes(&bytes).map_err(|_| self.wrong("secret"))
        };
        self.secret.iter().chain(old).map(open).collect()
    }

    fn wrong(&self, column: &'static str) -> Error {
        Error::Inconsistent {
            table: "webhook_endpoints",
            column,
            row: self.id.clone(),
        }
    }

    /// As its owner sees it at `now`.
    pub(crate) fn object(&self, now: Timestamp) -> Result<WebhookEndpointObject, Error> {
        let old_secret_ends_at = self.old_secret_ends_at.filter(|end| *end > now.millis());
        Ok(WebhookEndpointObject {
            id: self.id()?,
            object: "webhook_endpoint",
            livemode: self.livemode(),
            url: self.url.clone(),
            description: self.description.clone(),
            enabled_events: self.filter()?.patterns().to_vec(),
            disabled: self.disabled_at.is_some(),
            disabled_reason: self.disabled_reason.clone(),
            disabled_at: self.disabled_at.map(Timestamp::from_millis),
            failing_since: self.failing_since(),
            old_secret_expires_at: old_secret_ends_at.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

/// An endpoint with its new secret, as JSON: the one time that it is shown.
pub(super) fn with_secret(endpoint: &WebhookEndpointObject, secret: &WebhookSecret) -> Result<String, Error> {
    view::json_text(&WithSecret {
        endpoint,
        secret: &secret.reveal(),
    })
}

/// An endpoint of the caller's, kept from other transactions.
pub(super) async fn own(tx: &mut Tx, caller: &Caller, id: WebhookEndpointId) -> Result<EndpointRow, Error> {
    let row = by_id(tx, id).await?.filter(|row| row.deleted_at.is_none());
    let own =
        row.filter(|row| row.merchant_id == caller.merchant.to_string() && row.livemode() == caller.livemode);
    own.ok_or(Error::NotFound)
}

/// An endpoint, also one that was deleted, kept from other transactions.
pub(crate) async fn by_id(tx: &mut Tx, id: WebhookEndpointId) -> Result<Option<EndpointRow>, Error> {
    let sql = match tx.conn.dialect() {
        crate::store::conn::Dialect::Sqlite => select_endpoints!("WHERE w.id = $1"),
        crate::store::conn::Dialect::Postgres => select_endpoints!("WHERE w.id = $1 FOR NO KEY UPDATE"),
    };
    tx.conn.row::<EndpointRow>(sql, args![id]).await
}
