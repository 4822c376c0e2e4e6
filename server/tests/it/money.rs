//! Money as it comes: by callback, by query, by hand; kept, counted once, told.

use std::collections::BTreeSet;

use daraja_sim::Payment;
use serde_json::json;

use crate::harness::Answer;
use crate::safaricom::{ACCEPTED, deliver, held, path, place_with, prompt, register, until};

#[tokio::test]
async fn a_callback_pays_a_session_once() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 1500 })).await;
    prompt(&shop, &session, "0712 345 678").await;
    let callback = sim.take_outbox().remove(0);
    assert!(callback.url.starts_with(&format!("{}/rail/stk/", server.base)));
    for _ in 0..2 {
        let answer = Answer::of(server.http.post(&callback.url).body(callback.body.clone())).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ACCEPTED));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let paid = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&paid["status"], &paid["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert_eq!(
        (&paid["amount_received"], &paid["attempts"][0]["status"]),
        (&json!(1500), &json!("succeeded"))
    );
    assert_eq!(paid["payments"].as_array().unwrap().len(), 1);
    let payment = &paid["payments"][0];
    assert_eq!(
        (&payment["method"], &payment["completion_source"]),
        (&json!("mpesa_stk"), &json!("callback"))
    );
    prompt(&shop, &session, "0712345678")
        .await
        .assert_problem(409, "session_complete");

    let receipt = payment["receipt"].as_str().unwrap();
    let found = shop.get(&format!("/v1/payments?receipt={receipt}")).await.body;
    assert_eq!(
        (&found["data"][0]["id"], &found["data"][0]["session"]),
        (&payment["id"], &session["id"])
    );
    let shown = shop
        .get(&format!("/v1/payments/{}", payment["id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(shown, found["data"][0]);
}

#[tokio::test]
async fn every_step_of_a_payment_is_an_event() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 1500 })).await;
    prompt(&shop, &session, "0712 345 678").await;
    deliver(&server, &sim).await;
    let events = shop.get("/v1/events?limit=100").await.body;
    let events = events["data"].as_array().unwrap();
    let kinds: BTreeSet<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    for kind in [
        "checkout.session.created",
        "checkout.session.processing",
        "payment.attempt.awaiting_pin",
        "payment.succeeded",
        "checkout.session.completed",
    ] {
        assert!(kinds.contains(kind), "{kind} in {kinds:?}");
    }
    let mut steps: Vec<i64> = events
        .iter()
        .map(|event| event["sequence"].as_i64().unwrap())
        .collect();
    steps.sort_unstable();
    assert!(
        steps.iter().copied().eq(1..=i64::try_from(events.len()).unwrap()),
        "{steps:?}"
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_kept_and_changes_nothing() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    prompt(&shop, &session, "0712345678").await;
    let callback = sim.take_outbox().remove(0);
    for body in [
        b"<html>".to_vec(),
        Vec::new(),
        b"{\"Body\":".to_vec(),
        vec![0xff; 64 * 1024],
    ] {
        let answer = Answer::of(server.http.post(&callback.url).body(body)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ACCEPTED));
    }
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "processing");
    let wrong = format!("{}x", callback.url);
    Answer::of(server.http.post(&wrong).body(callback.body.clone()))
        .await
        .assert_problem(404, "not_found");
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "processing");
    Answer::of(server.http.post(&callback.url).body(callback.body)).await;
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "complete");
}

#[tokio::test]
async fn a_silent_prompt_is_asked_about_in_the_background() {
    let sim = held().await;
    let mut place = place_with(&sim).await;
    place.set("KAUNTA_QUERY_SCHEDULE", "1s,2s,3s");
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    prompt(&shop, &session, "0712345678").await;
    // The callback is lost: nobody delivers it.
    let paid = until(&shop, &session, |session| session["status"] == "complete").await;
    assert_eq!(paid["payments"][0]["completion_source"], "stk_query");
}

// The command line is waited for while the simulator answers it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_by_hand_finds_its_session() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    register(&place, &server, &merchant);
    let account = session["paybill"]["account"].as_str().unwrap();
    let pay = |account: &str, amount| Payment::PayBill {
        business: "174379".to_owned(),
        account: account.to_owned(),
        amount,
        pin: "1234".to_owned(),
    };
    assert!(
        sim.lipa_na_mpesa("254712345678", pay("NOSUCHAC", 100))
            .await
            .is_err(),
        "refused before it moves"
    );
    sim.lipa_na_mpesa("254712345678", pay(&account.to_lowercase(), 60))
        .await
        .unwrap();
    let answers = deliver(&server, &sim).await;
    assert_eq!(answers[0].text, ACCEPTED);
    let partly = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&partly["payment_status"], &partly["amount_received"]),
        (&json!("partially_paid"), &json!(60))
    );
    sim.lipa_na_mpesa("254712345678", pay(account, 40)).await.unwrap();
    deliver(&server, &sim).await;
    let paid = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&paid["status"], &paid["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    let methods: Vec<_> = paid["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| payment["method"].as_str().unwrap())
        .collect();
    assert_eq!(methods, ["mpesa_paybill", "mpesa_paybill"]);
}
