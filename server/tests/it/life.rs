//! The life of the process: start, log, stop, and being killed.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Place};

#[tokio::test]
async fn a_request_in_flight_is_finished_before_the_end() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let mut server = place.serve().await;
    let body = r#"{"amount":1500}"#;
    let mut line = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
    let key = merchant["api_key"].as_str().unwrap();
    let head = format!(
        "POST /v1/checkout/sessions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    line.write_all(head.as_bytes()).unwrap();
    // The handler runs from here on, and waits for the body.
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.signal("TERM");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(
        TcpStream::connect(server.base.strip_prefix("http://").unwrap()).is_err(),
        "it takes nothing new"
    );
    line.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(server.ended().await.success());
    assert!(server.log().contains("stopped"), "{}", server.log());
}

#[tokio::test]
async fn a_reader_that_waits_does_not_hold_the_end_up() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let mut server = place.serve().await;
    let waiting = server.shop(&merchant).request(Method::GET, "/v1/events?wait=25");
    let waiting = tokio::spawn(Answer::of(waiting));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = Instant::now();
    server.signal("TERM");
    assert!(server.ended().await.success());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(waiting.await.unwrap().status, 200);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_end_up() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    assert_eq!(
        Answer::of(server.request(Method::GET, "/healthz")).await.status,
        200
    );
    let asked = Instant::now();
    server.signal("INT");
    assert!(server.ended().await.success());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let mut server = place.serve().await;
    let made = server.shop(&merchant).session(json!({ "amount": 1500 })).await;
    server.signal("KILL");
    server.ended().await;
    let server = place.serve().await;
    let path = format!("/v1/checkout/sessions/{}", made["id"].as_str().unwrap());
    assert_eq!(server.shop(&merchant).get(&path).await.body["amount"], 1500);
}

#[tokio::test]
async fn a_socket_that_is_taken_is_told() {
    let mut place = Place::new().await;
    let server = place.serve().await;
    place.set("KAUNTA_LISTEN", server.base.strip_prefix("http://").unwrap());
    let second = place.run(&["serve"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("cannot listen on KAUNTA_LISTEN="));
}

#[tokio::test]
async fn log_lines_are_json_where_machines_read_them_and_hold_no_secret() {
    let mut place = Place::new().await;
    place.set("KAUNTA_LOG", "trace").set("KAUNTA_LOG_FORMAT", "json");
    let merchant = place.merchant("Duka Bora");
    let mut server = place.serve().await;
    let shop = server.shop(&merchant);
    shop.session(
        json!({ "amount": 10, "customer_phone": "0712345678", "client_reference_id": "order-of-amina" }),
    )
    .await;
    shop.get("/v1/checkout/sessions?client_reference_id=order-of-amina")
        .await;
    Answer::of(
        server
            .request(Method::POST, "/rail/stk/averysecrettoken")
            .body("{\"PhoneNumber\":254712345678}"),
    )
    .await;
    server.signal("TERM");
    server.ended().await;
    let log = server.log();
    assert!(log.lines().count() > 3, "{log}");
    for line in log.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string());
    }
    assert!(log.contains("/rail/stk/{token}"), "{log}");
    for secret in [
        merchant["api_key"].as_str().unwrap(),
        "712345678",
        "averysecrettoken",
        "order-of-amina",
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
