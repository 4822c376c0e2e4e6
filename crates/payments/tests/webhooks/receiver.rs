//! A merchant's server: real HTTP/1.1 on the loopback, that answers as a test wants and remembers what came.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kaunta_domain::signature::{Headers, SignatureError, WebhookSecret, verify};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What came in one request.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// Checks the signature as a merchant would.
    pub(crate) fn verify(&self, secret: &WebhookSecret, now: i64) -> Result<(), SignatureError> {
        let header = |name: &str| self.headers.get(name).map(String::as_str).unwrap_or_default();
        let headers = Headers {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        verify(std::slice::from_ref(secret), headers, &self.body, now, 300)
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status with more headers (each ends with a line end) and a body.
    Says(u16, String, Vec<u8>),
    /// The same after a while.
    Slowly(Duration, u16),
    /// Nothing, ever.
    Never,
    /// The connection is closed.
    HangsUp,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::Says(status, String::new(), b"thanks".to_vec())
    }
}

type Behaviour = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

struct Inner {
    behaviour: Mutex<Behaviour>,
    received: Mutex<Vec<Received>>,
    count: watch::Sender<usize>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// A receiver; it lives as long as the test.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    inner: Arc<Inner>,
}

impl Receiver {
    /// One that answers every request with the same.
    pub(crate) async fn that(reply: Reply) -> Self {
        Self::with(move |_| reply.clone()).await
    }

    pub(crate) async fn with(behaviour: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            behaviour: Mutex::new(Arc::new(behaviour)),
            received: Mutex::new(Vec::new()),
            count: watch::Sender::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        });
        let shared = inner.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { url, inner }
    }

    /// Answers with `reply` from now on.
    pub(crate) fn change(&self, reply: Reply) {
        *self.inner.behaviour.lock().unwrap() = Arc::new(move |_| reply.clone());
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inner.received.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        *self.inner.count.borrow()
    }

    /// Most requests that were unanswered at the same moment.
    pub(crate) fn most_at_once(&self) -> usize {
        self.inner.most_at_once.load(Ordering::SeqCst)
    }

    /// Waits until `count` requests have come.
    pub(crate) async fn wait_for(&self, count: usize) {
        let mut seen = self.inner.count.subscribe();
        let waited =
            tokio::time::timeout(Duration::from_secs(30), seen.wait_for(|seen| *seen >= count)).await;
        assert!(waited.is_ok(), "{} of {count} requests came", self.count());
    }
}

async fn serve(stream: TcpStream, inner: Arc<Inner>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let behaviour = inner.behaviour.lock().unwrap().clone();
        let reply = behaviour(&request);
        let now = inner.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        inner.most_at_once.fetch_max(now, Ordering::SeqCst);
        inner.received.lock().unwrap().push(request);
        inner.count.send_modify(|count| *count += 1);
        let bytes = match reply {
            Reply::Says(status, headers, body) => Some(answer(status, &headers, &body)),
            Reply::Slowly(pause, status) => {
                tokio::time::sleep(pause).await;
                Some(answer(status, "", b""))
            }
            Reply::Never => {
                // Until the other side gives up.
                drop(stream.read_u8().await);
                None
            }
            Reply::HangsUp => None,
        };
        inner.at_once.fetch_sub(1, Ordering::SeqCst);
        let Some(bytes) = bytes else { return };
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        match header.trim().split_once(':') {
            Some((name, value)) => drop(headers.insert(name.to_ascii_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received {
        line: line.trim().to_owned(),
        headers,
        body,
    })
}
