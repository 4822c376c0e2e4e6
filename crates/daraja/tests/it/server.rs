//! Small servers that answer by a script, and the client and requests that the tests share.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kaunta_daraja::{
    AccountReference, AppKeys, Daraja, Description, MemoryTokens, Options, Push, Timeouts, TokenStore,
    TransactionKind,
};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

/// 2026-11-21 10:15:00 in Nairobi.
pub(crate) const NOW: i64 = 1_795_245_300_000;
pub(crate) const PHONE: &str = "254711000222";
pub(crate) const PASS_KEY: &str = "pass-key-of-the-test";

/// One answer of the script.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) retry_after: Option<&'static str>,
    pub(crate) delay: Duration,
}

pub(crate) fn reply(status: u16, body: impl Into<String>) -> Reply {
    Reply {
        status,
        body: body.into(),
        retry_after: None,
        delay: Duration::ZERO,
    }
}

pub(crate) fn pushed() -> Reply {
    reply(
        200,
        r#"{"MerchantRequestID":"7c1e-1","CheckoutRequestID":"ws_CO_21112026101500411711000222","ResponseCode":"0",
            "ResponseDescription":"Success. Request accepted for processing","CustomerMessage":"Success."}"#,
    )
}

/// A request as the server saw it.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: serde_json::Value,
}

#[derive(Default)]
struct Inner {
    replies: Mutex<VecDeque<Reply>>,
    token_replies: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
    tokens: AtomicUsize,
    refused: Mutex<Option<&'static str>>,
}

/// A server that gives tokens `token-1`, `token-2` …, and else answers by its script, its last line for ever.
pub(crate) struct Server {
    pub(crate) url: Url,
    inner: Arc<Inner>,
}

impl Server {
    pub(crate) async fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        let inner = Arc::new(Inner {
            replies: Mutex::new(replies.into_iter().collect()),
            ..Inner::default()
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = local(listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// The same, with a script for OAuth too.
    pub(crate) async fn with_tokens(
        tokens: impl IntoIterator<Item = Reply>,
        replies: impl IntoIterator<Item = Reply>,
    ) -> Self {
        let server = Self::answering(replies).await;
        server.inner.token_replies.lock().unwrap().extend(tokens);
        server
    }

    /// Refuses one token from now on, whatever the script says.
    pub(crate) fn refuse(&self, token: &'static str) {
        *self.inner.refused.lock().unwrap() = Some(token);
    }

    /// How often OAuth was asked.
    pub(crate) fn tokens_fetched(&self) -> usize {
        self.inner.tokens.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.inner.seen.lock().unwrap().clone()
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let path = parts.uri.path_and_query().unwrap().to_string();
    let is_token = path.contains("/oauth/");
    let refused = inner.refused.lock().unwrap().is_some_and(|token| {
        parts
            .headers
            .get(header::AUTHORIZATION)
            .is_some_and(|given| given == &format!("Bearer {token}"))
    });
    inner.seen.lock().unwrap().push(Seen {
        path,
        headers: parts.headers,
        body,
    });
    let reply = if is_token {
        token(&inner)
    } else if refused {
        reply(
            404,
            r#"{"requestId":"1","errorCode":"404.001.03","errorMessage":"Invalid Access Token"}"#,
        )
    } else {
        next(&inner.replies).expect("a script has a line")
    };
    tokio::time::sleep(reply.delay).await;
    let mut response = (StatusCode::from_u16(reply.status).unwrap(), reply.body).into_response();
    if let Some(wait) = reply.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, wait.parse().unwrap());
    }
    response
}

fn token(inner: &Inner) -> Reply {
    let number = inner.tokens.fetch_add(1, Ordering::SeqCst) + 1;
    let body = format!(r#"{{"access_token":"token-{number}","expires_in":"3599"}}"#);
    next(&inner.token_replies).unwrap_or_else(|| reply(200, body))
}

fn next(replies: &Mutex<VecDeque<Reply>>) -> Option<Reply> {
    let mut replies = replies.lock().unwrap();
    if replies.len() > 1 {
        replies.pop_front()
    } else {
        replies.front().cloned()
    }
}

/// A server that gives a token properly, and to any other request writes these bytes and hangs up.
pub(crate) async fn raw(bytes: &'static [u8], linger: Duration) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = local(listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !ended(&request) {
                    let read = stream.read(&mut buffer).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    request.extend_from_slice(&buffer[..read]);
                }
                let is_token = request.starts_with(b"GET /oauth/");
                let token = br#"{"access_token":"token-1","expires_in":"3599"}"#;
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    token.len()
                );
                if is_token {
                    stream
                        .write_all(&[head.as_bytes(), token].concat())
                        .await
                        .unwrap();
                } else {
                    stream.write_all(bytes).await.unwrap();
                    tokio::time::sleep(linger).await;
                }
            });
        }
    });
    url
}

/// Whether a whole request is there: its head, and as much body as the head says.
fn ended(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn local(address: SocketAddr) -> Url {
    format!("http://{address}").parse().unwrap()
}

/// A clock that tests move.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) fn client(url: &Url) -> Daraja {
    client_over(url, Arc::new(MemoryTokens::default()), &TestClock::new())
}

pub(crate) fn client_over(url: &Url, tokens: Arc<dyn TokenStore>, clock: &TestClock) -> Daraja {
    let clock = clock.clone();
    let mut options = Options::new(url.clone(), tokens, Arc::new(move || clock.now()));
    let short = Duration::from_millis(400);
    options.timeouts = Timeouts {
        connect: short,
        token: short,
        request: short,
    };
    Daraja::new(options).unwrap()
}

pub(crate) fn keys() -> AppKeys {
    AppKeys::new("consumer-key-of-the-test", "consumer-secret-of-the-test")
}

pub(crate) fn push() -> Push {
    Push {
        short_code: "505150".into(),
        pass_key: PASS_KEY.into(),
        kind: TransactionKind::PayBill,
        amount: Kes::new(1500),
        party_a: PHONE.into(),
        party_b: "505150".into(),
        phone: PHONE.into(),
        callback_url: "https://pay.example/rail/stk/0f1e2d".parse().unwrap(),
        account_reference: AccountReference::new("K7QX4M2P").unwrap(),
        description: Description::new("Order 1001").unwrap(),
    }
}
