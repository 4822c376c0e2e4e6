//! Webhooks through the merchant API, to a shop's own server.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use kaunta_domain::signature::{Headers, SignatureError, WebhookSecret, verify};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Answer, PATIENCE, Place, Shop};

const ENDPOINTS: &str = "/v1/webhook_endpoints";

/// What came to the shop.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<Vec<(HeaderMap, Bytes)>>>);

impl Inbox {
    /// A shop that answers 200 on a free port; the address of its hook.
    async fn open() -> (Self, String) {
        let inbox = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        inbox.serve(listener);
        (inbox, url)
    }

    fn serve(&self, listener: TcpListener) {
        let take = |State(inbox): State<Self>, headers: HeaderMap, body: Bytes| async move {
            inbox.0.lock().unwrap().push((headers, body));
        };
        let app = Router::new().route("/hook", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
    }

    /// Waits for the webhook after `already` others.
    async fn next(&self, already: usize) -> (HeaderMap, Bytes) {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(webhook) = self.0.lock().unwrap().get(already) {
                return webhook.clone();
            }
            assert!(Instant::now() < until, "no webhook came");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn check(webhook: &(HeaderMap, Bytes), secret: &Value) -> Result<(), SignatureError> {
    let text = |name: &str| webhook.0[name].to_str().unwrap();
    let timestamp = text("webhook-timestamp");
    let headers = Headers {
        id: text("webhook-id"),
        timestamp,
        signature: text("webhook-signature"),
    };
    let secret = WebhookSecret::parse(secret.as_str().unwrap()).unwrap();
    verify(&[secret], headers, &webhook.1, timestamp.parse().unwrap(), 0)
}

async fn place() -> Place {
    let mut place = Place::new().await;
    place.set("KAUNTA_WEBHOOK_ALLOW_PRIVATE", "true");
    place.set("KAUNTA_WEBHOOK_SCHEDULE", "0s,1s,1s,1s,1s,1s,1s,1s");
    place
}

async fn endpoint(shop: &Shop<'_>, url: &str) -> Value {
    let made = shop
        .post(
            ENDPOINTS,
            json!({ "url": url, "enabled_events": ["checkout.*", "payment.*"] }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

async fn send(shop: &Shop<'_>, method: Method, path: &str, body: Value) -> Answer {
    Answer::of(shop.request(method, path).json(&body)).await
}

/// Waits until a delivery has this status.
async fn settled(shop: &Shop<'_>, path: &str, status: &str) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let delivery = shop.get(path).await.body;
        if delivery["status"] == status {
            return delivery;
        }
        assert!(Instant::now() < until, "{delivery}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_shop_sets_up_its_webhooks_and_hears_of_a_session() {
    let place = place().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let (inbox, url) = Inbox::open().await;
    let made = endpoint(&shop, &url).await;
    assert!(made["id"].as_str().unwrap().starts_with("we_"));
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let shown = shop.get(&path).await.body;
    assert_eq!((&shown["url"], &shown["disabled"]), (&json!(url), &json!(false)));
    assert!(shown.get("secret").is_none(), "the secret is shown once");
    assert_eq!(shop.get(ENDPOINTS).await.body["data"], json!([shown]));

    let session = shop.session(json!({ "amount": 1500 })).await;
    let webhook = inbox.next(0).await;
    assert_eq!(check(&webhook, &made["secret"]), Ok(()));
    let event: Value = serde_json::from_slice(&webhook.1).unwrap();
    assert_eq!(
        (&event["type"], &event["data"]["object"]),
        (&json!("checkout.session.created"), &session)
    );
    let kept = shop
        .get(&format!("/v1/events/{}", event["id"].as_str().unwrap()))
        .await;
    assert_eq!(
        kept.text.as_bytes(),
        &webhook.1[..],
        "the event list says the same, byte for byte"
    );

    let list = shop
        .get(&format!(
            "{path}/deliveries?event={}",
            event["id"].as_str().unwrap()
        ))
        .await
        .body;
    let delivery = format!("/v1/deliveries/{}", list["data"][0]["id"].as_str().unwrap());
    let detail = settled(&shop, &delivery, "succeeded").await;
    assert_eq!(
        detail["request"]["body"].as_str().unwrap().as_bytes(),
        &webhook.1[..]
    );
    assert_eq!(detail["request"]["headers"]["webhook-id"], event["id"]);
    assert_eq!(
        (&detail["response"]["status"], &detail["attempts"][0]["number"]),
        (&json!(200), &json!(1))
    );

    let again = shop.post(&format!("{delivery}/redeliver"), json!({})).await;
    assert_eq!(
        (again.status, &again.body["original"]),
        (StatusCode::CREATED, &detail["id"])
    );
    assert_eq!(inbox.next(1).await.1, webhook.1);
}

#[tokio::test]
async fn a_shop_tries_rotates_replays_and_ends_its_endpoint() {
    let place = place().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let (inbox, url) = Inbox::open().await;
    let made = endpoint(&shop, &url).await;
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());

    // An empty body and `{}` are the same.
    let test = Answer::of(shop.request(Method::POST, &format!("{path}/test"))).await;
    assert_eq!(
        (test.status, &test.body["event_type"]),
        (StatusCode::CREATED, &json!("webhook_endpoint.test"))
    );
    assert_eq!(check(&inbox.next(0).await, &made["secret"]), Ok(()));

    let rotated = shop
        .post(&format!("{path}/rotate_secret"), json!({ "overlap_seconds": 60 }))
        .await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    assert_ne!(rotated.body["secret"], made["secret"]);
    shop.session(json!({ "amount": 10 })).await;
    let both = inbox.next(1).await;
    assert_eq!(
        (
            check(&both, &made["secret"]),
            check(&both, &rotated.body["secret"])
        ),
        (Ok(()), Ok(()))
    );

    let range = |dry_run: bool| json!({ "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "dry_run": dry_run });
    let count =
        async |dry_run| shop.post(&format!("{path}/replay"), range(dry_run)).await.body["events"].clone();
    assert_eq!((count(true).await, count(false).await), (json!(1), json!(1)));
    assert_eq!(inbox.next(2).await.1, both.1);

    let change = json!({ "description": "Shop", "enabled_events": ["refund.*"], "disabled": true });
    let changed = send(&shop, Method::PATCH, &path, change).await.body;
    assert_eq!(
        (&changed["description"], &changed["disabled_reason"]),
        (&json!("Shop"), &json!("by_owner"))
    );
    shop.post(&format!("{path}/test"), json!({}))
        .await
        .assert_problem(409, "webhook_endpoint_disabled");
    let on = send(
        &shop,
        Method::PATCH,
        &path,
        json!({ "disabled": false, "description": null }),
    )
    .await
    .body;
    assert_eq!(
        (&on["description"], &on["disabled"]),
        (&json!(null), &json!(false))
    );
    assert_eq!(on["enabled_events"], json!(["refund.*"]));

    let deleted = send(&shop, Method::DELETE, &path, json!({})).await;
    assert_eq!(
        (deleted.status, &deleted.body["deleted"]),
        (StatusCode::OK, &json!(true))
    );
    shop.get(&path).await.assert_problem(404, "not_found");
    shop.post(&format!("{path}/test"), json!({}))
        .await
        .assert_problem(404, "not_found");
}

#[tokio::test]
async fn a_webhook_outlives_the_death_of_both_servers() {
    let place = place().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    // The shop's server is away; its port is remembered.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let made = endpoint(&shop, &format!("http://{address}/hook")).await;
    let path = format!("{ENDPOINTS}/{}/deliveries", made["id"].as_str().unwrap());
    shop.session(json!({ "amount": 1500 })).await;
    let until = Instant::now() + PATIENCE;
    while shop.get(&path).await.body["data"][0]["error"] != "unreachable" {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.signal("KILL");
    drop(server);
    let inbox = Inbox::default();
    inbox.serve(TcpListener::bind(address).await.unwrap());
    let server = place.serve().await;
    assert_eq!(check(&inbox.next(0).await, &made["secret"]), Ok(()));
    let shop = server.shop(&merchant);
    let delivery = shop.get(&path).await.body["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    settled(&shop, &format!("/v1/deliveries/{delivery}"), "succeeded").await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_reason() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let limited = place.run_json(&[
        "key",
        "create",
        "--merchant",
        merchant["merchant"].as_str().unwrap(),
        "--scope",
        "payments:read",
        "--json",
    ]);
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    for url in [
        "http://127.0.0.1:9/hook",
        "https://localhost/hook",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/",
    ] {
        let refused = shop.post(ENDPOINTS, json!({ "url": url })).await;
        refused.assert_problem(422, "validation_failed");
        assert_eq!(
            refused.fields(),
            [("/url".to_owned(), "private_address".to_owned())],
            "{url}"
        );
    }
    let wrong = shop
        .post(
            ENDPOINTS,
            json!({ "url": "ftp://x", "enabled_events": ["payment.paid"] }),
        )
        .await;
    wrong.assert_problem(422, "validation_failed");
    assert_eq!(wrong.fields().len(), 2);
    let reader = server.shop(&limited);
    reader.get(ENDPOINTS).await.assert_problem(403, "missing_scope");
    reader
        .post(ENDPOINTS, json!({ "url": "https://shop.example" }))
        .await
        .assert_problem(403, "missing_scope");

    let url = json!({ "url": "https://shop.example/hook" });
    let first = shop.post_once("hook-1", ENDPOINTS, url.clone()).await;
    let second = shop.post_once("hook-1", ENDPOINTS, url).await;
    assert_eq!(
        (&first.body, second.header("idempotent-replayed")),
        (&second.body, Some("true"))
    );
    assert_eq!(
        shop.get(ENDPOINTS).await.body["data"].as_array().unwrap().len(),
        1
    );
    let path = format!("{ENDPOINTS}/{}", first.body["id"].as_str().unwrap());
    let empty = shop
        .post(
            &format!("{path}/replay"),
            json!({ "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z" }),
        )
        .await;
    assert_eq!(empty.fields(), [("/to".to_owned(), "range_empty".to_owned())]);
    shop.get("/v1/deliveries/dlv_00000000000000000000000000")
        .await
        .assert_problem(404, "not_found");
    send(&shop, Method::PUT, &path, json!({}))
        .await
        .assert_problem(405, "method_not_allowed");
    assert!(!server.log().contains("whsec_"), "{}", server.log());
}
