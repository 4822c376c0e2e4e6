//! One OAuth token per app for every task and every server.
//!
//! Each new token voids the one before ("Authorization" page, question 3), so two that fetch for themselves knock each
//! other out. Within the process one task fetches and the others wait for it; between processes the one that holds the
//! store's lease fetches, and the others read what it saved.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use kaunta_domain::time::Timestamp;
use tokio::time::{Instant, sleep};

use crate::app::{AppId, AppKeys};
use crate::envelope::Answer;
use crate::error::{Error, ErrorKind, Reached, Twice};
use crate::http::Http;
use crate::secret::AccessToken;

/// How long a lease on a refresh holds. A store lets it lapse after this, so that a killed server blocks nobody.
pub const LEASE: Duration = Duration::from_secs(15);
/// Tokens are given up this long before they end, so that none ends on its way. Common practice.
const EARLY: Duration = Duration::from_mins(1);
/// What the documents say a token lives, for answers that do not tell.
const LIFETIME: Duration = Duration::from_hours(1);
/// How often a waiting process looks for what another has saved.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long it waits: a lapsed lease and the fetch of whoever took it over.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// A token and how long to use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The token. Encrypt it at rest.
    pub token: AccessToken,
    /// Until when it is used: its end less the 60 s by which it is refreshed early.
    pub good_until: Timestamp,
}

/// Who may fetch a new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// This process, until [`LEASE`] is over or it saved or released.
    Mine,
    /// Somebody else is at it.
    Theirs,
}

/// Where servers share their tokens. [`MemoryTokens`] is enough for one server.
pub trait TokenStore: Send + Sync {
    /// The token that was saved last, whether still good or not.
    fn load<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, Option<StoredToken>>;
    /// Asks for the right to fetch. Must grant it to one asker at a time, and again once [`LEASE`] is over.
    fn lease<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, LeaseAnswer>;
    /// Keeps a token in the place of any other, and ends the lease.
    fn save<'a>(&'a self, app: &'a AppId, token: StoredToken) -> BoxFuture<'a, ()>;
    /// Drops the kept token if it is still this one: Safaricom refused it.
    fn forget<'a>(&'a self, app: &'a AppId, token: &'a AccessToken) -> BoxFuture<'a, ()>;
    /// Ends the lease without a token: the fetch failed. Leaving it to lapse is correct, only slower.
    fn release<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, ()>;
}

/// Tokens of one process, in memory.
#[derive(Debug, Default)]
pub struct MemoryTokens(Mutex<HashMap<AppId, Kept>>);

#[derive(Debug, Default)]
struct Kept {
    token: Option<StoredToken>,
    leased: Option<Instant>,
}

impl MemoryTokens {
    fn with<T>(&self, app: &AppId, change: impl FnOnce(&mut Kept) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(app.clone()).or_default())
    }
}

impl TokenStore for MemoryTokens {
    fn load<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, Option<StoredToken>> {
        ready(self.with(app, |kept| kept.token.clone())).boxed()
    }

    fn lease<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, LeaseAnswer> {
        let answer = self.with(app, |kept| {
            if kept.leased.is_some_and(|since| since.elapsed() < LEASE) {
                return LeaseAnswer::Theirs;
            }
            kept.leased = Some(Instant::now());
            LeaseAnswer::Mine
        });
        ready(answer).boxed()
    }

    fn save<'a>(&'a self, app: &'a AppId, token: StoredToken) -> BoxFuture<'a, ()> {
        self.with(app, |kept| {
            *kept = Kept {
                token: Some(token),
                leased: None,
            }
        });
        ready(()).boxed()
    }

    fn forget<'a>(&'a self, app: &'a AppId, token: &'a AccessToken) -> BoxFuture<'a, ()> {
        self.with(app, |kept| {
            kept.token.take_if(|stored| stored.token == *token);
        });
        ready(()).boxed()
    }

    fn release<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, ()> {
        self.with(app, |kept| kept.leased = None);
        ready(()).boxed()
    }
}

/// The machine's notion of now.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The tokens that this process uses, over the store that it shares.
pub(crate) struct Tokens {
    store: Arc<dyn TokenStore>,
    clock: Clock,
    slots: Mutex<HashMap<AppId, Arc<Slot>>>,
}

/// One app's token in this process.
#[derive(Default)]
struct Slot {
    current: RwLock<Option<StoredToken>>,
    turn: Arc<tokio::sync::Mutex<Turns>>,
}

/// How many fetches there were, and how the last one failed: who waited for it shares its failure, so that fifty
/// waiters on a wrong secret are one refused request and not fifty.
#[derive(Default)]
struct Turns {
    failed: Option<(Instant, Error)>,
}

impl Tokens {
    pub(crate) fn new(store: Arc<dyn TokenStore>, clock: Clock) -> Self {
        Self {
            store,
            clock,
            slots: Mutex::default(),
        }
    }

    /// A token to use. `refused` is one that Safaricom no longer takes.
    pub(crate) async fn get(
        self: &Arc<Self>,
        http: &Arc<Http>,
        app: &AppKeys,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, Error> {
        let id = app.id();
        let slot = self.slot(&id);
        if let Some(token) = slot.good(self.now(), refused) {
            return Ok(token);
        }
        let asked = Instant::now();
        let mut turn = Arc::clone(&slot.turn).lock_owned().await;
        if let Some(token) = slot.good(self.now(), refused) {
            return Ok(token);
        }
        if let Some((_, error)) = turn.failed.as_ref().filter(|(since, _)| *since >= asked) {
            return Err(error.clone());
        }
        let (tokens, http, app, refused) =
            (Arc::clone(self), Arc::clone(http), app.clone(), refused.cloned());
        // A task of its own: a caller that gives up must not leave the lease behind for fifteen seconds.
        let fetch = tokio::spawn(async move {
            let result = tokens.obtain(&http, &app, &id, refused.as_ref()).await;
            match &result {
                Ok(stored) => slot.put(stored.clone()),
                Err(error) => turn.failed = Some((Instant::now(), error.clone())),
            }
            result
        });
        let ended = fetch.await.map_err(|_| Error::unsent(ErrorKind::TokenBusy))?;
        ended.map(|stored| stored.token)
    }

    /// Drops a token that Safaricom refused, here and in the store.
    pub(crate) async fn forget(&self, app: &AppKeys, token: &AccessToken) {
        let id = app.id();
        self.slot(&id).drop_if(token);
        self.store.forget(&id, token).await;
    }

    /// What another process saved, or a new token where the lease is ours.
    async fn obtain(
        &self,
        http: &Http,
        app: &AppKeys,
        id: &AppId,
        refused: Option<&AccessToken>,
    ) -> Result<StoredToken, Error> {
        let began = Instant::now();
        while began.elapsed() < LONGEST_WAIT {
            if let Some(stored) = self.load(id, refused).await {
                return Ok(stored);
            }
            if self.store.lease(id).await == LeaseAnswer::Mine {
                return self.fetch(http, app, id, refused).await;
            }
            sleep(LOOK_AGAIN).await;
        }
        Err(Error::unsent(ErrorKind::TokenBusy))
    }

    async fn load(&self, id: &AppId, refused: Option<&AccessToken>) -> Option<StoredToken> {
        self.store
            .load(id)
            .await
            .filter(|stored| is_good(stored, self.now(), refused))
    }

    /// Fetches under the lease, unless somebody saved one between our look and our lease.
    async fn fetch(
        &self,
        http: &Http,
        app: &AppKeys,
        id: &AppId,
        refused: Option<&AccessToken>,
    ) -> Result<StoredToken, Error> {
        if let Some(stored) = self.load(id, refused).await {
            self.store.release(id).await;
            return Ok(stored);
        }
        let asked = self.now();
        let answer = http
            .get_token(app)
            .await
            .and_then(|answer| read_token(&answer, asked));
        match answer {
            Ok(stored) => {
                self.store.save(id, stored.clone()).await;
                Ok(stored)
            }
            Err(error) => {
                self.store.release(id).await;
                // Whatever became of the fetch, the request that wanted the token was never sent.
                Err(Error {
                    reached: Reached::No,
                    ..error
                })
            }
        }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn slot(&self, id: &AppId) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(id.clone()).or_default())
    }
}

impl Slot {
    fn good(&self, now: Timestamp, refused: Option<&AccessToken>) -> Option<AccessToken> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .filter(|stored| is_good(stored, now, refused))
            .map(|stored| stored.token.clone())
    }

    fn put(&self, stored: StoredToken) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(stored);
    }

    fn drop_if(&self, token: &AccessToken) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|stored| stored.token == *token);
    }
}

fn is_good(stored: &StoredToken, now: Timestamp, refused: Option<&AccessToken>) -> bool {
    stored.good_until > now && refused != Some(&stored.token)
}

/// Reads OAuth's answer to a request of `asked`. `expires_in` is a string in recordings, a number in the newest
/// documents, and sometimes absent.
pub fn read_token(answer: &Answer, asked: Timestamp) -> Result<StoredToken, Error> {
    let read = answer.success(Twice::IsHarmless, |object| {
        let token = AccessToken::new(object.text("access_token")?);
        let seconds = object.text("expires_in").and_then(|text| text.parse().ok());
        let lifetime = seconds.map_or(LIFETIME, Duration::from_secs).min(LIFETIME);
        // A simulator's token may live for less than two minutes: half of it is then kept in hand.
        let used = lifetime.saturating_sub(EARLY.min(lifetime / 2));
        Some(StoredToken {
            token,
            good_until: asked + used,
        })
    });
    read.map_err(|error| bad_credentials(error, answer))
}

/// Wrong keys are answered with HTTP 400 and an empty body (recorded), or with 401 by whatever sits in between.
fn bad_credentials(error: Error, answer: &Answer) -> Error {
    let empty = answer.status == 400 && answer.body.iter().all(u8::is_ascii_whitespace);
    if !empty && error.kind != ErrorKind::InvalidToken {
        return error;
    }
    Error {
        status: error.status,
        code: error.code,
        ..Error::unsent(ErrorKind::BadCredentials)
    }
}
