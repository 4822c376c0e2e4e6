//! Webhook endpoints: where merchants hear of events.

mod filter;
mod object;
mod replay;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use kaunta_domain::event::EventType;
use kaunta_domain::id::WebhookEndpointId;
use kaunta_domain::limits::WEBHOOK_ENDPOINTS;
use kaunta_domain::signature::WebhookSecret;
use kaunta_domain::time::Timestamp;
use url::Url;
use zeroize::Zeroizing;

pub use filter::EventFilter;
pub use object::WebhookEndpointObject;
pub(crate) use object::{EndpointRow, by_id, select_endpoints};
pub use replay::Replay;

use crate::Payments;
use crate::egress::{NotPublic, Reach};
use crate::error::Error;
use crate::idempotency::{self, Answer, Once, Seen};
use crate::list::{Cursor, List, Where};
use crate::merchants::Caller;
use crate::outbox::{NewEvent, write_events};
use crate::store::Tx;
use crate::store::conn::args;
use crate::vault::Purpose;
use crate::view;
use object::{own, with_secret};

/// An endpoint to be made.
#[derive(Debug, Clone)]
pub struct NewWebhookEndpoint {
    /// Where webhooks are posted: http or https.
    pub url: Url,
    /// Which events it hears of.
    pub enabled_events: EventFilter,
    /// Its owner's words.
    pub description: Option<String>,
}

/// What is to change of an endpoint; what is nothing stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookEndpointChange {
    /// Where webhooks are posted.
    pub url: Option<Url>,
    /// Which events it hears of.
    pub enabled_events: Option<EventFilter>,
    /// Its owner's words; the inner nothing takes them away.
    pub description: Option<Option<String>>,
    /// Off, or on again.
    pub disabled: Option<bool>,
}

/// Why an endpoint was switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisabledReason {
    /// It answered 410.
    Gone,
    /// It failed for as long as an endpoint may.
    Failing,
}

const SECRET_BYTES: usize = 32;

impl Payments {
    /// Makes an endpoint; the answer is the endpoint with its secret, which is shown this once.
    pub async fn create_webhook_endpoint(
        &self,
        caller: &Caller,
        new: NewWebhookEndpoint,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        self.judge(caller, &new.url).await?;
        self.do_once(caller, once, move |tx, caller| {
            let new = new.clone();
            Box::pin(async move { create(tx, &caller, &new).await })
        })
        .await
    }

    /// The caller's endpoints, newest first.
    pub async fn webhook_endpoints(
        &self,
        caller: &Caller,
        cursor: Cursor,
    ) -> Result<List<WebhookEndpointObject>, Error> {
        let mut wanted = Where::of(caller, "w");
        wanted.raw("w.deleted_at IS NULL");
        let (condition, args) = wanted.page("w.id", &cursor);
        let sql = format!("{}{condition}", select_endpoints!(""));
        let mut conn = self.store.read().await?;
        let rows = conn.rows::<EndpointRow>(sqlx::AssertSqlSafe(sql), args).await?;
        let now = self.store.clock().now();
        let objects = rows.iter().map(|row| row.object(now));
        Ok(cursor.cut(objects.collect::<Result<_, _>>()?))
    }

    /// An endpoint of the caller's.
    pub async fn webhook_endpoint(
        &self,
        caller: &Caller,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpointObject, Error> {
        let mut conn = self.store.read().await?;
        let sql = select_endpoints!(
            "WHERE w.id = $1 AND w.merchant_id = $2 AND w.livemode = $3 AND w.deleted_at IS NULL"
        );
        let row = conn
            .row::<EndpointRow>(sql, args![id, caller.merchant, caller.livemode])
            .await?;
        row.ok_or(Error::NotFound)?.object(self.store.clock().now())
    }

    /// Changes an endpoint. One that is switched on again starts without its old failures.
    pub async fn change_webhook_endpoint(
        &self,
        caller: &Caller,
        id: WebhookEndpointId,
        change: WebhookEndpointChange,
    ) -> Result<WebhookEndpointObject, Error> {
        if let Some(url) = &change.url {
            self.judge(caller, url).await?;
        }
        let caller = caller.clone();
        self.store
            .write(move |tx| {
                let (caller, change) = (caller.clone(), change.clone());
                Box::pin(async move { apply(tx, &caller, id, &change).await })
            })
            .await
    }

    /// Takes an endpoint away, and its secrets with it. What is on its way to it is canceled; what was delivered can
    /// still be read.
    pub async fn delete_webhook_endpoint(&self, caller: &Caller, id: WebhookEndpointId) -> Result<(), Error> {
        let caller = caller.clone();
        self.store
            .write(move |tx| {
                let caller = caller.clone();
                Box::pin(async move {
                    own(tx, &caller, id).await?;
                    let sql = "UPDATE webhook_endpoints SET deleted_at = $2, secret = NULL, old_secret = NULL, \
                               old_secret_ends_at = NULL WHERE id = $1";
                    let now = tx.now;
                    tx.conn.run_one(sql, args![id, now], "webhook_endpoints").await
                })
            })
            .await
    }

    /// Gives an endpoint a new secret, which is shown this once. The old one signs beside it for `overlap`.
    pub async fn rotate_webhook_secret(
        &self,
        caller: &Caller,
        id: WebhookEndpointId,
        overlap: Duration,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        self.do_once(caller, once, move |tx, caller| {
            Box::pin(async move { rotate(tx, &caller, id, overlap).await })
        })
        .await
    }

    /// Does `work` once for its `Idempotency-Key`, in the commit that keeps its answer.
    pub(crate) async fn do_once<F>(
        &self,
        caller: &Caller,
        once: Option<Once>,
        work: F,
    ) -> Result<Answer, Error>
    where
        F: for<'t> Fn(&'t mut Tx, Caller) -> BoxFuture<'t, Result<String, Error>> + Send + Sync + 'static,
    {
        let (caller, work) = (caller.clone(), Arc::new(work));
        self.store
            .write(move |tx| {
                let (caller, once, work) = (caller.clone(), once.clone(), work.clone());
                Box::pin(async move {
                    if let Seen::Answered(answer) = idempotency::take(tx, &caller, once.as_ref()).await? {
                        return Ok(answer);
                    }
                    let answer = Answer::fresh(work(tx, caller.clone()).await?);
                    idempotency::keep(tx, &caller, once.as_ref(), &answer).await?;
                    Ok(answer)
                })
            })
            .await
    }

    /// Refuses an address that webhooks may not go to.
    async fn judge(&self, caller: &Caller, url: &Url) -> Result<(), Error> {
        let refuse = |code, detail: &str| {
            Err(Error::Invalid {
                pointer: "/url",
                code,
                detail: detail.to_owned(),
            })
        };
        if caller.livemode && url.scheme() != "https" && self.egress.reach() == Reach::Public {
            return refuse(
                "https_required",
                "webhooks about real money go over https:// alone",
            );
        }
        match self.egress.judge(url).await {
            Ok(()) => Ok(()),
            Err(NotPublic) => refuse(
                "private_address",
                "is not on the public Internet; the operator of this server can allow that with KAUNTA_WEBHOOK_ALLOW_PRIVATE=true",
            ),
        }
    }
}

async fn create(tx: &mut Tx, caller: &Caller, new: &NewWebhookEndpoint) -> Result<String, Error> {
    let sql = "SELECT count(*) FROM webhook_endpoints WHERE merchant_id = $1 AND livemode = $2 AND deleted_at IS NULL";
    let known = tx
        .conn
        .number(sql, args![caller.merchant, caller.livemode])
        .await?;
    if known >= WEBHOOK_ENDPOINTS {
        return Err(Error::Invalid {
            pointer: "/url",
            code: "too_many_endpoints",
            detail: format!(
                "would be one more than the {WEBHOOK_ENDPOINTS} endpoints that a merchant may have"
            ),
        });
    }
    let id = WebhookEndpointId::new(tx.now, tx.clock.chance());
    let (secret, sealed) = new_secret(tx)?;
    let args = args![
        id,
        caller.merchant,
        caller.livemode,
        new.url.as_str(),
        new.description.clone(),
        view::json_text(&new.enabled_events.patterns())?,
        sealed,
        tx.now,
    ];
    tx.conn
        .run(
            "INSERT INTO webhook_endpoints (id, merchant_id, livemode, url, description, enabled_events, secret, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args,
        )
        .await?;
    with_secret(&own(tx, caller, id).await?.object(tx.now)?, &secret)
}

fn new_secret(tx: &Tx) -> Result<(WebhookSecret, Vec<u8>), Error> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    tx.clock.fill(bytes.as_mut_slice());
    let secret = WebhookSecret::from_bytes(bytes.as_slice()).map_err(|_| Error::Closed)?;
    let sealed = tx.vault.seal(Purpose::WebhookSecret, secret.bytes());
    Ok((secret, sealed))
}

async fn apply(
    tx: &mut Tx,
    caller: &Caller,
    id: WebhookEndpointId,
    change: &WebhookEndpointChange,
) -> Result<WebhookEndpointObject, Error> {
    let now = tx.now;
    own(tx, caller, id).await?;
    if let Some(url) = &change.url {
        let sql = "UPDATE webhook_endpoints SET url = $2, failing_since = NULL WHERE id = $1";
        tx.conn.run(sql, args![id, url.as_str()]).await?;
    }
    if let Some(filter) = &change.enabled_events {
        let sql = "UPDATE webhook_endpoints SET enabled_events = $2 WHERE id = $1";
        let text = view::json_text(&filter.patterns())?;
        tx.conn.run(sql, args![id, text]).await?;
    }
    if let Some(description) = &change.description {
        let sql = "UPDATE webhook_endpoints SET description = $2 WHERE id = $1";
        tx.conn.run(sql, args![id, description.clone()]).await?;
    }
    match change.disabled {
        Some(true) => {
            let sql = "UPDATE webhook_endpoints SET disabled_at = $2, disabled_reason = 'by_owner' \
                       WHERE id = $1 AND disabled_at IS NULL";
            tx.conn.run(sql, args![id, now]).await?;
        }
        Some(false) => {
            let sql = "UPDATE webhook_endpoints SET disabled_at = NULL, disabled_reason = NULL, failing_since = NULL \
                       WHERE id = $1 AND disabled_at IS NOT NULL";
            tx.conn.run(sql, args![id]).await?;
            tx.posted = true;
        }
        None => {}
    }
    own(tx, caller, id).await?.object(now)
}

async fn rotate(
    tx: &mut Tx,
    caller: &Caller,
    id: WebhookEndpointId,
    overlap: Duration,
) -> Result<String, Error> {
    own(tx, caller, id).await?;
    let (secret, sealed) = new_secret(tx)?;
    let ends_at = (!overlap.is_zero()).then(|| (tx.now + overlap).millis());
    let sql = "UPDATE webhook_endpoints SET old_secret = CASE WHEN $3 IS NULL THEN NULL ELSE secret END, \
               old_secret_ends_at = $3, secret = $2 WHERE id = $1";
    tx.conn
        .run_one(sql, args![id, sealed, ends_at], "webhook_endpoints")
        .await?;
    with_secret(&own(tx, caller, id).await?.object(tx.now)?, &secret)
}

/// Switches an endpoint off and tells its merchant, unless it is off already.
pub(crate) async fn disable(tx: &mut Tx, id: WebhookEndpointId, reason: DisabledReason) -> Result<(), Error> {
    let name = match reason {
        DisabledReason::Gone => "gone",
        DisabledReason::Failing => "failing",
    };
    let now: Timestamp = tx.now;
    let sql = "UPDATE webhook_endpoints SET disabled_at = $2, disabled_reason = $3 \
               WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL";
    if tx.conn.run(sql, args![id, now, name]).await? == 0 {
        return Ok(());
    }
    tracing::warn!(endpoint = %id, reason = name, "a webhook endpoint was switched off");
    let Some(row) = by_id(tx, id).await? else {
        return Ok(());
    };
    let event = NewEvent::alone(
        tx,
        row.merchant()?,
        row.livemode(),
        EventType::WebhookEndpointDisabled,
        row.object(now)?,
    )?;
    write_events(tx, &[event]).await
}
