//! The engine: starts prompts, settles what M-Pesa says, keeps the books.
//!
//! Everything that happens to money goes through one handle, [`Payments`], whoever asks: the page, the merchant's
//! API, Safaricom, or time. Only `settle` writes a final state, only `rail` reads a Daraja code, only [`clock`]
//! asks the machine for time or chance. What is acknowledged is on disk before the answer.

#[cfg(feature = "bench-seed")]
pub mod bench_seed;
mod c2b;
mod claim;
pub mod clock;
mod deliver;
mod desk;
mod egress;
mod endpoints;
mod error;
mod hub;
mod idempotency;
mod intake;
mod list;
mod listen;
mod merchants;
mod outbox;
mod page;
mod rail;
mod read;
mod sessions;
mod settle;
mod start;
mod store;
mod sweep;
mod tokens;
mod vault;
mod view;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kaunta_daraja::{Daraja, Options};
use tokio_util::task::TaskTracker;
use url::Url;

pub use c2b::Validation;
pub use claim::Claimed;
pub use deliver::{
    DeliveryAttemptObject, DeliveryDetail, DeliveryFilter, DeliveryObject, RequestObject, ResponseObject,
};
pub use desk::{Assigned, Clerk, DeskSession, Suggestion, Takings, Unmatched};
pub use endpoints::{EventFilter, NewWebhookEndpoint, Replay, WebhookEndpointChange, WebhookEndpointObject};
pub use error::Error;
pub use hub::Pulse;
pub use idempotency::{Answer, Once};
pub use intake::Intake;
pub use kaunta_daraja::Registered;
pub use list::{Cursor, List};
pub use merchants::{
    Caller, ChannelRow, KeyMade, MerchantMade, MerchantRow, NewChannel, NewMerchant, Number, Scope, Scopes,
    SecretText,
};
pub use page::{ByHand, Page, PageAttempt, PagePayment};
pub use read::PaymentFilter;
pub use sessions::{NewSession, SessionFilter};
pub use vault::{BadKey, MasterKeys};

use clock::Clock;
use egress::{Egress, Reach, system_lookup};
use store::Store;
use vault::Vault;

/// Safaricom's sandbox. Source: Daraja "Getting started".
const SANDBOX: &str = "https://sandbox.safaricom.co.ke";
/// Safaricom's production. Source: Daraja "Going live".
const PRODUCTION: &str = "https://api.safaricom.co.ke";

/// How the engine is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// What seals credentials, phones and evidence.
    pub master_keys: MasterKeys,
    /// What callbacks, links and frames are built on.
    pub public_url: Url,
    /// Another host that speaks Daraja; by the merchant's mode where nothing is said.
    pub daraja_base_url: Option<Url>,
    /// When a silent prompt is asked about, counted from when it was sent.
    pub query_schedule: Vec<Duration>,
    /// When the page offers to pay by hand.
    pub fallback_after: Duration,
    /// The pauses before the attempts to deliver a webhook, each counted from the attempt before; the first from the event.
    pub webhook_schedule: Vec<Duration>,
    /// Whether webhooks may go to private and loopback addresses.
    pub webhook_allow_private: bool,
}

impl Config {
    /// The settings of the contract where nothing is said.
    pub fn new(database_url: String, master_keys: MasterKeys, public_url: Url) -> Self {
        Self {
            database_url,
            master_keys,
            public_url,
            daraja_base_url: None,
            query_schedule: [15, 35, 65, 120, 300, 900, 3600]
                .map(Duration::from_secs)
                .to_vec(),
            fallback_after: Duration::from_secs(45),
            webhook_schedule: [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
                .map(Duration::from_secs)
                .to_vec(),
            webhook_allow_private: false,
        }
    }
}

/// The settings that rules and views look at.
#[derive(Debug, Clone)]
pub(crate) struct Timing {
    /// Without a slash at its end.
    pub(crate) public_url: Arc<str>,
    pub(crate) query_schedule: Arc<[Duration]>,
    pub(crate) fallback_after: Duration,
    pub(crate) webhook_schedule: Arc<[Duration]>,
}

/// The engine. Cheap to clone; one for a process.
#[derive(Clone)]
pub struct Payments {
    store: Store,
    timing: Timing,
    daraja_base_url: Option<Url>,
    daraja: Arc<Mutex<HashMap<bool, Daraja>>>,
    egress: Arc<Egress>,
    tasks: TaskTracker,
}

impl fmt::Debug for Payments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payments")
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}

impl Payments {
    /// Connects to the database. Does not migrate.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, Error> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let vault = Vault::new(&config.master_keys, clock.clone());
        let reach = if config.webhook_allow_private {
            Reach::Anywhere
        } else {
            Reach::Public
        };
        let timing = Timing {
            public_url: config.public_url.as_str().trim_end_matches('/').into(),
            query_schedule: config.query_schedule.into(),
            fallback_after: config.fallback_after,
            webhook_schedule: config.webhook_schedule.into(),
        };
        let store = Store::open(&config.database_url, clock, vault, timing.clone()).await?;
        Ok(Self {
            store,
            timing,
            daraja_base_url: config.daraja_base_url,
            daraja: Arc::default(),
            egress: Arc::new(Egress::new(reach, system_lookup())),
            tasks: TaskTracker::new(),
        })
    }

    /// Brings the database up to date.
    pub async fn migrate(&self) -> Result<(), Error> {
        self.store.migrate().await
    }

    /// Whether the database answers and takes what is written to it.
    pub async fn ready(&self) -> Result<(), Error> {
        self.store
            .write(|tx| {
                Box::pin(async move {
                    let sql = "INSERT INTO daraja_tokens (app) VALUES ('ready') ON CONFLICT (app) DO UPDATE SET expires_at = 0";
                    tx.conn.run(sql, Vec::new()).await.map(drop)
                })
            })
            .await
    }

    /// Lets what is under way finish, then closes the database.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await;
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Clock {
        self.store.clock()
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.timing.public_url
    }

    /// The client for a mode, made when it is first needed.
    pub(crate) fn daraja(&self, livemode: bool) -> Result<Daraja, Error> {
        let mut made = self.daraja.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(daraja) = made.get(&livemode) {
            return Ok(daraja.clone());
        }
        let usual = if livemode { PRODUCTION } else { SANDBOX };
        let unusable = |what: String| Error::Rail(format!("the Daraja client cannot be made: {what}"));
        let base_url = match &self.daraja_base_url {
            Some(url) => url.clone(),
            None => Url::parse(usual).map_err(|error| unusable(error.to_string()))?,
        };
        let clock = self.store.clock().clone();
        let options = Options::new(
            base_url,
            Arc::new(tokens::SharedTokens(self.store.clone())),
            Arc::new(move || clock.now()),
        );
        let daraja = Daraja::new(options).map_err(|error| unusable(error.to_string()))?;
        made.insert(livemode, daraja.clone());
        Ok(daraja)
    }
}
