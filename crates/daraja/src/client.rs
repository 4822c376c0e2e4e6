//! The client: what every call has in common.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kaunta_domain::time::Timestamp;
use url::Url;

use crate::app::AppKeys;
use crate::envelope::Answer;
use crate::error::{Error, ErrorKind};
use crate::http::{Call, Http};
use crate::token::{Clock, LEASE, TokenStore, Tokens};

/// A client of Daraja. Clones share its connections and tokens.
#[derive(Clone)]
pub struct Daraja {
    http: Arc<Http>,
    tokens: Arc<Tokens>,
    clock: Clock,
}

/// What a client needs.
#[derive(Clone)]
pub struct Options {
    /// The host: Safaricom's sandbox or production, or anything else that speaks Daraja. A path is kept as a prefix.
    pub base_url: Url,
    /// Where tokens are shared.
    pub tokens: Arc<dyn TokenStore>,
    /// What time it is.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// DNS, TCP and TLS.
    pub connect: Duration,
    /// The fetch of a token, whole. Shorter than the lease on it, [`LEASE`].
    pub token: Duration,
    /// Any other request, whole.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(3),
            token: seconds(10),
            request: seconds(10),
        }
    }
}

/// A client that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The base URL is not http or https, or has no host.
    #[error("the Daraja base URL must be http:// or https:// with a host")]
    BaseUrl,
    /// The token's timeout is not shorter than the lease, or one of them is nothing.
    #[error("timeouts must be above 0, and the token's below {} s", LEASE.as_secs())]
    Timeouts,
    /// TLS could not be set up: usually no CA certificates on this machine.
    #[error("no HTTP client: {0}")]
    Client(String),
}

impl Options {
    /// Options with the usual timeouts.
    pub fn new(
        base_url: Url,
        tokens: Arc<dyn TokenStore>,
        clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Self {
        Self {
            base_url,
            tokens,
            clock,
            timeouts: Timeouts::default(),
        }
    }
}

impl Daraja {
    /// A client for one host. It opens no connection yet.
    pub fn new(options: Options) -> Result<Self, BuildError> {
        let Timeouts {
            connect,
            token,
            request,
        } = options.timeouts;
        if [connect, token, request].contains(&Duration::ZERO) || token >= LEASE {
            return Err(BuildError::Timeouts);
        }
        let http = Arc::new(Http::new(&options.base_url, options.timeouts)?);
        let tokens = Arc::new(Tokens::new(options.tokens, Arc::clone(&options.clock)));
        Ok(Self {
            http,
            tokens,
            clock: options.clock,
        })
    }

    /// Fetches or reuses a token, and says whether these keys work.
    pub async fn check_keys(&self, app: &AppKeys) -> Result<(), Error> {
        self.tokens.get(&self.http, app, None).await.map(|_| ())
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Sends a request, and sends it once more with a fresh token where the token was refused. A refused token is a
    /// definite refusal: nothing was done, so the second sending cannot do a thing twice.
    pub(crate) async fn call<T>(
        &self,
        app: &AppKeys,
        call: &Call<'_>,
        read: impl Fn(&Answer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let token = self.tokens.get(&self.http, app, None).await?;
        let first = read(&self.http.post(call, &token).await?);
        if !first
            .as_ref()
            .is_err_and(|error| error.kind == ErrorKind::InvalidToken)
        {
            return first;
        }
        self.tokens.forget(app, &token).await;
        let fresh = self.tokens.get(&self.http, app, Some(&token)).await?;
        read(&self.http.post(call, &fresh).await?)
    }
}

impl fmt::Debug for Daraja {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Daraja").finish_non_exhaustive()
    }
}
