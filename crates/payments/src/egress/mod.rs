//! The way out to addresses that strangers name: bounded in time and size, without redirects, and never to machines
//! that only we can reach.
//!
//! An address is judged twice: when an endpoint is saved, so that its owner hears of a mistake, and at every
//! connection, where it counts. The resolver of the HTTP client gives out public addresses alone, so what was judged is
//! what is connected to, and a name that changes its mind in between changes nothing.

mod address;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use kaunta_domain::limits::{WEBHOOK_ANSWER_BYTES, WEBHOOK_TIMEOUT, WEBHOOKS_AT_ONCE};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response, redirect};
use url::{Host, Url};

use address::is_public;

const CONNECT: Duration = Duration::from_secs(5);
/// How long is spent on the body of an answer whose status is known: it decides nothing.
const BODY: Duration = Duration::from_secs(2);
/// Below what servers and proxies keep open, so that no request goes into a connection that is being closed.
const KEPT_IDLE: Duration = Duration::from_secs(15);
/// Headers of an answer that are kept.
const MOST_HEADERS: usize = 32;
const HEADER_CHARS: usize = 256;

/// Finds the addresses of a host name.
pub(crate) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The operating system's resolver.
pub(crate) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|socket| socket.ip()).collect())
        })
    })
}

/// Where webhooks may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The public Internet alone.
    Public,
    /// Anywhere: the operator runs the receivers.
    Anywhere,
}

impl Reach {
    fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }
}

/// The address of a receiver is not on the public Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is not on the public Internet")]
pub(crate) struct NotPublic;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// The status, where there was an answer.
    pub(crate) status: Option<u16>,
    /// Why it counts as failed; nothing where it went well.
    pub(crate) error: Option<Trouble>,
    /// What the operating system or the protocol said.
    pub(crate) detail: Option<String>,
    /// The header of that name, as it came.
    pub(crate) retry_after: Option<String>,
    /// Headers of the answer.
    pub(crate) headers: Vec<(String, String)>,
    /// The beginning of the answer's body.
    pub(crate) body: String,
    /// Whether there was more of it.
    pub(crate) truncated: bool,
}

/// Why a delivery failed, by its name in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An answer that is neither 2xx nor a redirect.
    Status,
    /// Redirects are not followed: they lead where nobody has checked.
    Redirect,
    Timeout,
    NotPublic,
    /// The name has no address, nobody listens there, or TLS failed.
    Unreachable,
    /// The connection broke off before the answer.
    Interrupted,
    /// The event cannot be read here: the master key that sealed it is missing.
    Unreadable,
}

impl Trouble {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Redirect => "redirect",
            Self::Timeout => "timeout",
            Self::NotPublic => "private_address",
            Self::Unreachable => "unreachable",
            Self::Interrupted => "interrupted",
            Self::Unreadable => "unreadable_event",
        }
    }
}

impl Exchange {
    /// No answer came.
    pub(crate) fn failed(error: Trouble, detail: Option<String>) -> Self {
        Self {
            status: None,
            error: Some(error),
            detail,
            retry_after: None,
            headers: Vec::new(),
            body: String::new(),
            truncated: false,
        }
    }
}

/// The way out.
pub(crate) struct Egress {
    reach: Reach,
    lookup: Lookup,
    /// Made when first needed: a server without https receivers loads no certificates, and a bare container has none.
    plain: OnceLock<Result<Client, String>>,
    tls: OnceLock<Result<Client, String>>,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

impl Egress {
    pub(crate) fn new(reach: Reach, lookup: Lookup) -> Self {
        Self {
            reach,
            lookup,
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    pub(crate) fn reach(&self) -> Reach {
        self.reach
    }

    /// Whether `url` may be saved. A name that has no address now is judged when it is connected to.
    pub(crate) async fn judge(&self, url: &Url) -> Result<(), NotPublic> {
        if self.reach == Reach::Anywhere {
            return Ok(());
        }
        let found = match (literal(url), url.domain()) {
            (Some(address), _) => vec![address],
            (None, Some(name)) if !is_local_name(name) => {
                let looked_up = tokio::time::timeout(CONNECT, (self.lookup)(name.to_owned())).await;
                looked_up.ok().and_then(Result::ok).unwrap_or_default()
            }
            _ => return Err(NotPublic),
        };
        if found.iter().all(|address| is_public(*address)) {
            Ok(())
        } else {
            Err(NotPublic)
        }
    }

    /// Posts `body`. Never fails: what went wrong is in what came of it.
    pub(crate) async fn post(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Exchange {
        // A literal address never comes to the resolver.
        if literal(url).is_some_and(|address| !self.reach.allows(address)) {
            return Exchange::failed(Trouble::NotPublic, Some(NotPublic.to_string()));
        }
        let client = match self.client(url) {
            Ok(client) => client,
            Err(said) => return Exchange::failed(Trouble::Unreachable, Some(said)),
        };
        let request = client.post(url.clone()).headers(headers).body(body);
        match tokio::time::timeout(WEBHOOK_TIMEOUT, request.send()).await {
            Err(_) => Exchange::failed(Trouble::Timeout, None),
            Ok(Err(error)) => broken(&error),
            Ok(Ok(response)) => answered(response).await,
        }
    }

    fn client(&self, url: &Url) -> Result<&Client, String> {
        let (cell, builder): (_, fn(ClientBuilder) -> ClientBuilder) = match url.scheme() {
            "https" => (&self.tls, |builder| builder.https_only(true)),
            _ => (&self.plain, |builder| builder.tls_certs_only([])),
        };
        let made = cell.get_or_init(|| {
            let resolver = Guarded {
                reach: self.reach,
                lookup: self.lookup.clone(),
            };
            let shared = Client::builder()
                .user_agent(concat!("kaunta/", env!("CARGO_PKG_VERSION"), " (webhooks)"))
                .redirect(redirect::Policy::none())
                // A proxy would connect for us, to where nobody has looked.
                .no_proxy()
                .dns_resolver(resolver)
                .connect_timeout(CONNECT)
                .tcp_nodelay(true)
                .pool_idle_timeout(KEPT_IDLE)
                .pool_max_idle_per_host(WEBHOOKS_AT_ONCE.0);
            builder(shared).build().map_err(|error| last_cause(&error))
        });
        made.as_ref().map_err(Clone::clone)
    }
}

/// The address that stands in `url` in the place of a name. The URL standard has read `0x7f.1` and `2130706433` as
/// addresses by now.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Names that stand for this machine or its own network, whatever the resolver makes of them. Source: RFC 6761, RFC 6762.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    ["localhost", "local", "internal", "home.arpa"]
        .iter()
        .any(|end| name == *end || name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.')))
}

/// Gives out the addresses that are allowed.
struct Guarded {
    reach: Reach,
    lookup: Lookup,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, looked_up) = (self.reach, (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let found = looked_up.await?;
            let known = !found.is_empty();
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| reach.allows(*address))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if known && allowed.is_empty() {
                return Err(NotPublic.into());
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter()))
        })
    }
}

async fn answered(mut response: Response) -> Exchange {
    let status = response.status();
    let error = match status.as_u16() {
        200..=299 => None,
        300..=399 => Some(Trouble::Redirect),
        _ => Some(Trouble::Status),
    };
    let text = |value: &reqwest::header::HeaderValue| -> String {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(HEADER_CHARS)
            .collect()
    };
    let headers = response.headers().iter().take(MOST_HEADERS);
    let mut exchange = Exchange {
        status: Some(status.as_u16()),
        error,
        detail: None,
        retry_after: response.headers().get(RETRY_AFTER).map(text),
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: String::new(),
        truncated: false,
    };
    let mut body = Vec::new();
    let whole = tokio::time::timeout(BODY, read_beginning(&mut response, &mut body)).await;
    exchange.truncated = !matches!(whole, Ok(Whole::Yes));
    body.truncate(WEBHOOK_ANSWER_BYTES);
    exchange.body = String::from_utf8_lossy(&body).into_owned();
    exchange
}

enum Whole {
    Yes,
    No,
}

/// Reads until the end, or until there is more than is kept: then the connection is dropped with the rest.
async fn read_beginning(response: &mut Response, body: &mut Vec<u8>) -> Whole {
    loop {
        match response.chunk().await {
            Ok(None) => return Whole::Yes,
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(_) => return Whole::No,
        }
        if body.len() > WEBHOOK_ANSWER_BYTES {
            return Whole::No;
        }
    }
}

fn broken(error: &reqwest::Error) -> Exchange {
    let not_public = causes(error).find_map(|cause| cause.downcast_ref::<NotPublic>());
    let trouble = if not_public.is_some() {
        Trouble::NotPublic
    } else if error.is_timeout() {
        Trouble::Timeout
    } else if error.is_connect() {
        Trouble::Unreachable
    } else {
        Trouble::Interrupted
    };
    Exchange::failed(trouble, Some(last_cause(error)))
}

fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// The innermost cause: the outer ones repeat the address, which may hold a secret of its owner's.
fn last_cause(error: &reqwest::Error) -> String {
    let innermost = causes(error).skip(1).last();
    innermost.map_or_else(|| "the request cannot be made".to_owned(), ToString::to_string)
}
