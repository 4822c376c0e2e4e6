//! A merchant for the tests: a small client that speaks Daraja, and a server that keeps what it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daraja_sim::{Config, SANDBOX_PASSKEY, Sim, UnixMs, stamp};
use serde_json::{Value, json};

/// 2026-11-21 09:00:00 in Nairobi.
pub(crate) const NOON: UnixMs = 1_795_240_800_000;

/// A merchant's client of one simulator.
pub(crate) struct Merchant {
    pub(crate) sim: Sim,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

/// An answer with its body read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, text, json }
    }

    pub(crate) fn str(&self, key: &str) -> &str {
        self.json[key]
            .as_str()
            .unwrap_or_else(|| panic!("no string {key} in {}", self.text))
    }

    /// Status, code and message of an error.
    pub(crate) fn error(&self) -> (u16, &str, &str) {
        (self.status, self.str("errorCode"), self.str("errorMessage"))
    }
}

pub(crate) fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

impl Merchant {
    pub(crate) async fn new(config: Config) -> Self {
        let sim = Sim::start(config).await.unwrap();
        let mut merchant = Self {
            sim,
            http: http(),
            token: String::new(),
        };
        merchant.token = merchant.fetch_token().await;
        merchant
    }

    /// A clock that stands, no delays, callbacks held.
    pub(crate) async fn stepped() -> Self {
        Self::new(Config::stepped(1, NOON)).await
    }

    pub(crate) async fn fetch_token(&self) -> String {
        let reply = self.ask_token("sandbox-key", "sandbox-secret").await;
        reply.str("access_token").to_owned()
    }

    pub(crate) async fn ask_token(&self, key: &str, secret: &str) -> Reply {
        let url = format!(
            "{}/oauth/v1/generate?grant_type=client_credentials",
            self.sim.base_url()
        );
        Reply::read(
            self.http
                .get(url)
                .basic_auth(key, Some(secret))
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    pub(crate) async fn try_post(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let url = format!("{}{path}", self.sim.base_url());
        self.http
            .post(url)
            .bearer_auth(&self.token)
            .json(body)
            .send()
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::read(self.try_post(path, body).await.unwrap()).await
    }

    pub(crate) async fn push(&self, body: &Value) -> Reply {
        self.post("/mpesa/stkpush/v1/processrequest", body).await
    }

    pub(crate) async fn query(&self, checkout: &str) -> Reply {
        let mut body = credentials("174379", self.sim.now());
        body["CheckoutRequestID"] = json!(checkout);
        self.post("/mpesa/stkpushquery/v1/query", &body).await
    }

    /// A push that must be accepted; gives its CheckoutRequestID.
    pub(crate) async fn accepted(&self, msisdn: &str, amount: i64) -> String {
        let reply = self.push(&self.order(msisdn, amount)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.str("CheckoutRequestID").to_owned()
    }

    pub(crate) fn order(&self, msisdn: &str, amount: i64) -> Value {
        push_body(msisdn, amount, "https://shop.example/cb/stk", self.sim.now())
    }
}

pub(crate) fn credentials(shortcode: &str, now: UnixMs) -> Value {
    let timestamp = stamp(now);
    let password = STANDARD.encode(format!("{shortcode}{SANDBOX_PASSKEY}{timestamp}"));
    json!({"BusinessShortCode": shortcode, "Password": password, "Timestamp": timestamp})
}

pub(crate) fn push_body(msisdn: &str, amount: i64, callback: &str, now: UnixMs) -> Value {
    let mut body = credentials("174379", now);
    let rest = json!({
        "TransactionType": "CustomerPayBillOnline", "Amount": amount, "PartyA": msisdn, "PartyB": "174379",
        "PhoneNumber": msisdn, "CallBackURL": callback, "AccountReference": "K7QX4M2P",
        "TransactionDesc": "Order 1",
    });
    body.as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    body
}

/// What the merchant's server was told, and what it says to validations.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
    pub(crate) reply: Arc<Mutex<Value>>,
    pub(crate) delay: Arc<Mutex<Duration>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shop = Self {
            address: listener.local_addr().unwrap(),
            told: Arc::default(),
            reply: Arc::new(Mutex::new(json!({"ResultCode": "0", "ResultDesc": "Accepted"}))),
            delay: Arc::default(),
        };
        let app = Router::new().fallback(listen).with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        shop
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// Waits until so many have come.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Told> {
        let start = Instant::now();
        while self.told().len() < count {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "only {:?} came",
                self.told()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.told()
    }
}

async fn listen(State(shop): State<Shop>, uri: Uri, headers: HeaderMap, text: String) -> String {
    let delay = *shop.delay.lock().unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    shop.told.lock().unwrap().push(Told {
        path: uri.path().to_owned(),
        headers,
        text,
        json,
    });
    tokio::time::sleep(delay).await;
    shop.reply.lock().unwrap().to_string()
}

/// The `stkCallback` of an outgoing body.
pub(crate) fn stk_callback(body: &[u8]) -> Value {
    let json: Value = serde_json::from_slice(body).unwrap();
    json["Body"]["stkCallback"].clone()
}
