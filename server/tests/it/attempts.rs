//! Prompts from the shop's own server: sent once, ended by M-Pesa's word, refused with a reason.

use std::collections::BTreeSet;
use std::time::Duration;

use daraja_sim::Kind;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Place};
use crate::safaricom::{deliver, held, path, place_with, prompt, slow_road_to};

#[tokio::test]
async fn a_prompt_is_out_until_mpesa_says_how_it_ended() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 1500 })).await;
    let attempt = prompt(&shop, &session, "0712 345 678").await;
    assert_eq!(attempt.status, 201, "{}", attempt.body);
    assert_eq!(attempt.body["status"], "awaiting_pin");
    assert_eq!(attempt.body["phone_masked"], "2547****5678");
    assert!(attempt.body["id"].as_str().unwrap().starts_with("att_"));
    let name = attempt.body["checkout_request_id"].as_str().unwrap();
    assert!(name.starts_with("ws_CO_"));
    prompt(&shop, &session, "0712345678")
        .await
        .assert_problem(409, "attempt_in_progress");
    let expire = shop.post(&path(&session, "/expire"), json!({})).await;
    expire.assert_problem(409, "session_not_open");
    let waiting = shop.get(&path(&session, "")).await.body;
    assert_eq!(waiting["status"], "processing");
    assert_eq!(waiting["payment_status"], "unpaid");
    assert_eq!(waiting["attempts"][0]["id"], attempt.body["id"]);
}

#[tokio::test]
async fn a_failure_is_told_and_the_next_prompt_may_succeed() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    sim.script_next("wrong_pin").unwrap();
    assert_eq!(prompt(&shop, &session, "0712345678").await.status, 201);
    deliver(&server, &sim).await;
    let failed = shop.get(&path(&session, "")).await.body;
    let failure = &failed["attempts"][0]["failure"];
    assert_eq!(
        (&failed["status"], &failed["attempts"][0]["status"]),
        (&json!("open"), &json!("failed"))
    );
    let expected = json!({ "code": "wrong_pin", "result_code": "2001", "retryable": true, "cooldown_seconds": 0, "next_action": "retry" });
    assert_eq!(failure, &expected);
    assert_eq!(prompt(&shop, &session, "0712345678").await.status, 201);
    deliver(&server, &sim).await;
    let paid = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&paid["status"], paid["attempts"].as_array().unwrap().len()),
        (&json!("complete"), 2)
    );
}

#[tokio::test]
async fn identical_requests_send_one_prompt() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    let send = || {
        let path = path(&session, "/attempts");
        let shop = &shop;
        async move {
            shop.post_once("pay-1", &path, json!({ "phone": "0712345678" }))
                .await
        }
    };
    let answers = join_all((0..30).map(|_| send())).await;
    let made: BTreeSet<&str> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.text.as_str())
        .collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.assert_problem(409, "idempotency_key_in_use");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(sim.take_outbox().len(), 1, "one prompt, one callback");
    let again = send().await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotent-replayed")),
        (201, Some("true"))
    );
}

#[tokio::test]
async fn where_nothing_was_sent_mpesa_is_unavailable_and_says_so_again() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    sim.script_next("spike_arrest").unwrap();
    let body = json!({ "phone": "0712345678" });
    let refused = shop
        .post_once("pay-1", &path(&session, "/attempts"), body.clone())
        .await;
    refused.assert_problem(502, "mpesa_unavailable");
    assert!(refused.body["user_message"]["sw"].is_string());
    let again = shop
        .post_once("pay-1", &path(&session, "/attempts"), body.clone())
        .await;
    again.assert_problem(502, "mpesa_unavailable");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert!(sim.take_outbox().is_empty());
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "open");
    assert_eq!(
        shop.post_once("pay-2", &path(&session, "/attempts"), body)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_phone_that_cannot_be_asked_is_refused() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    for phone in [json!("020 222 2222"), json!(""), json!(712_345_678), json!(null)] {
        let refused = shop
            .post(&path(&session, "/attempts"), json!({ "phone": phone }))
            .await;
        assert_eq!(
            refused.assert_problem(422, "validation_failed").fields()[0].0,
            "/phone",
            "{phone}"
        );
    }
    sim.script_next("bad_number").unwrap();
    let refused = prompt(&shop, &session, "0712345678").await;
    assert_eq!(
        refused.assert_problem(422, "validation_failed").fields()[0].0,
        "/phone"
    );
    assert!(refused.body["user_message"]["en"].is_string());
}

#[tokio::test]
async fn a_prompt_on_its_way_is_finished_before_the_end() {
    let sim = held().await;
    let mut place = Place::new().await;
    place.set("KAUNTA_DARAJA_BASE_URL", slow_road_to(&sim).await);
    let merchant = place.merchant("Duka Bora");
    let mut server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    let request = shop
        .request(Method::POST, &path(&session, "/attempts"))
        .json(&json!({ "phone": "0712345678" }));
    let answer = tokio::spawn(Answer::of(request));
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.signal("TERM");
    let answer = answer.await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body["status"]),
        (201, &json!("awaiting_pin")),
        "{}",
        answer.body
    );
    assert!(server.ended().await.success());
    assert_eq!(
        sim.take_outbox()
            .iter()
            .filter(|outgoing| outgoing.kind == Kind::StkCallback)
            .count(),
        1
    );
}
