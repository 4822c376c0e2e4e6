//! Every failure is a problem document, and its type opens as a page.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Place};

const SESSIONS: &str = "/v1/checkout/sessions";

#[tokio::test]
async fn every_kind_of_failure_is_a_problem() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let raw = |body: &'static str| {
        shop.request(Method::POST, SESSIONS)
            .header("content-type", "application/json")
            .body(body)
    };
    for body in ["", "{", "{\"amount\":1,\"amount\":2}", "{}{}", "\u{1}"] {
        Answer::of(raw(body)).await.assert_problem(400, "invalid_json");
    }
    Answer::of(raw("[1]"))
        .await
        .assert_problem(422, "validation_failed");
    Answer::of(raw("{}").header("idempotency-key", "a b"))
        .await
        .assert_problem(400, "invalid_idempotency_key");
    Answer::of(shop.request(Method::POST, SESSIONS).body("amount=10"))
        .await
        .assert_problem(415, "unsupported_media_type");
    Answer::of(shop.request(Method::POST, SESSIONS).json(&"x".repeat(300_000)))
        .await
        .assert_problem(413, "payload_too_large");
    Answer::of(shop.request(Method::POST, SESSIONS).json(&"x".repeat(3_000_000)))
        .await
        .assert_problem(413, "payload_too_large");
    shop.get("/v1/nothing").await.assert_problem(404, "not_found");
    shop.get("/v1").await.assert_problem(404, "not_found");
    for id in [
        "cs_1",
        "pay_01m7y90xmw6sw5x7cntzwhccw4",
        "%FF",
        "cs_01m7y90xmw6sw5x7cntzwhccw4",
    ] {
        shop.get(&format!("{SESSIONS}/{id}"))
            .await
            .assert_problem(404, "not_found");
    }
    shop.get("/v1/payments/pay_01m7y90xmw6sw5x7cntzwhccw4")
        .await
        .assert_problem(404, "not_found");
    shop.get("/v1/events/evt_01m7y90xmw6sw5x7cntzwhccw4")
        .await
        .assert_problem(404, "not_found");
    let wrong_method = Answer::of(shop.request(Method::DELETE, SESSIONS)).await;
    wrong_method.assert_problem(405, "method_not_allowed");
    assert!(wrong_method.header("allow").unwrap().contains("POST"));
}

#[tokio::test]
async fn a_key_must_be_known() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let good = merchant["api_key"].as_str().unwrap();
    let wrong_headers = [
        String::new(),
        "Bearer".into(),
        format!("Basic {good}"),
        format!("Bearer {good}x"),
        "Bearer sk_live_x".into(),
        good.into(),
    ];
    for header in wrong_headers {
        let refused = Answer::of(
            server
                .request(Method::POST, SESSIONS)
                .header("authorization", &header)
                .body("not json"),
        )
        .await;
        refused.assert_problem(401, "invalid_api_key");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    Answer::of(server.request(Method::GET, "/v1/payments"))
        .await
        .assert_problem(401, "invalid_api_key");
    let lower = server
        .request(Method::GET, SESSIONS)
        .header("authorization", format!("bearer {good}"));
    assert_eq!(Answer::of(lower).await.status, 200);
}

#[tokio::test]
async fn all_bad_fields_are_named_at_once() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let body = json!({ "amount": 10.5, "locale": "fr", "customer_phone": "020 222 2222", "metadata": { "a/b": 1 }, "colour": "red" });
    let refused = server.shop(&merchant).post(SESSIONS, body).await;
    refused.assert_problem(422, "validation_failed");
    let named = refused.fields();
    let named: Vec<_> = named
        .iter()
        .map(|(pointer, code)| (pointer.as_str(), code.as_str()))
        .collect();
    for expected in [
        ("/amount", "not_whole"),
        ("/locale", "unknown_locale"),
        ("/customer_phone", "phone_landline"),
        ("/metadata/a~1b", "not_a_text"),
        ("/colour", "unknown_field"),
    ] {
        assert!(named.contains(&expected), "{expected:?} in {named:?}");
    }
    assert!(refused.body["user_message"]["en"].is_string() && refused.body["user_message"]["sw"].is_string());
    for amount in [
        json!(0),
        json!(-1),
        json!(250_001),
        json!("10"),
        json!(null),
        json!(1e20),
    ] {
        let refused = server
            .shop(&merchant)
            .post(SESSIONS, json!({ "amount": amount }))
            .await;
        assert_eq!(
            refused.assert_problem(422, "validation_failed").fields()[0].0,
            "/amount",
            "{amount}"
        );
    }
}

#[tokio::test]
async fn the_type_of_a_problem_opens_as_a_page() {
    let place = Place::new().await;
    let server = place.serve().await;
    let refused = Answer::of(server.request(Method::GET, "/v1/payments")).await;
    let page = Answer::of(server.http.get(refused.body["type"].as_str().unwrap())).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.text.contains("invalid_api_key") && page.text.contains("kaunta key create"));
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
    let unknown = Answer::of(server.request(Method::GET, "/errors/no_such_code")).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text.contains("rate_limited"));
}

#[tokio::test]
async fn outside_the_api_people_get_a_page_and_programs_a_problem() {
    let place = Place::new().await;
    let server = place.serve().await;
    Answer::of(server.request(Method::GET, "/nowhere"))
        .await
        .assert_problem(404, "not_found");
    let page = Answer::of(
        server
            .request(Method::GET, "/nowhere")
            .header("accept", "text/html"),
    )
    .await;
    assert_eq!(page.status, 404);
    assert!(page.text.starts_with("<!doctype html>") && page.header("request-id").is_some());
}

#[tokio::test]
async fn health_is_told_with_a_request_id() {
    let place = Place::new().await;
    let server = place.serve().await;
    for path in ["/healthz", "/readyz"] {
        let answer = Answer::of(server.request(Method::GET, path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("request-id").unwrap().starts_with("req_"));
    }
}

/// A declared length beyond the limit is answered without the body having to arrive.
#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_longer_than_it_may_take() {
    let place = Place::new().await;
    let server = place.serve().await;
    let mut line = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
    line.write_all(
        b"POST /rail/stk/x HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\nconnection: close\r\n\r\n",
    )
    .unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}
