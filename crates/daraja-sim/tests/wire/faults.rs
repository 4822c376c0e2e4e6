//! What goes wrong: on request by the script, and by chance from the seed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use daraja_sim::{Callbacks, Config, Faults, Kind, Pace};

use crate::merchant::{Merchant, NOON, Shop, push_body, stk_callback};

const PAYER: &str = "254711000001";
const PUSH: &str = "/mpesa/stkpush/v1/processrequest";

#[tokio::test]
async fn a_lost_answer_cuts_the_connection_and_the_money_moves() {
    let merchant = Merchant::stepped().await;
    let answer = merchant.try_post(PUSH, &merchant.order("254700001054", 10)).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(
        (merchant.sim.ledger().len(), merchant.sim.take_outbox().len()),
        (1, 1)
    );
    merchant.accepted(PAYER, 10).await;
}

#[tokio::test]
async fn a_cut_answer_begins_and_does_not_end() {
    let merchant = Merchant::stepped().await;
    let response = merchant
        .try_post(PUSH, &merchant.order("254700001064", 10))
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
    assert_eq!(merchant.sim.ledger().len(), 1);
}

#[tokio::test]
async fn a_callback_is_there_before_the_answer() {
    let shop = Shop::open().await;
    let merchant = Merchant::new(Config::default()).await;
    let order = push_body("254700001053", 10, &shop.url("/cb"), merchant.sim.now());
    let reply = merchant.push(&order).await;
    assert_eq!(reply.status, 200);
    let told = shop.told();
    assert_eq!(told.len(), 1, "it came before the answer did");
    let callback = stk_callback(told[0].text.as_bytes());
    assert_eq!(callback["CheckoutRequestID"], reply.json["CheckoutRequestID"]);
}

#[tokio::test]
async fn a_test_may_take_the_callback_before_the_answer_comes() {
    let merchant = Merchant::stepped().await;
    let (http, sim, token) = (
        merchant.http.clone(),
        merchant.sim.clone(),
        merchant.token.clone(),
    );
    let order = merchant.order("254700001053", 10);
    let url = format!("{}{PUSH}", sim.base_url());
    let push = tokio::spawn(async move { http.post(url).bearer_auth(token).json(&order).send().await });
    let outbox = loop {
        let outbox = merchant.sim.take_outbox();
        if !outbox.is_empty() {
            break outbox;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(outbox[0].kind, Kind::StkCallback);
    assert_eq!(push.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn html_gateways_and_firewalls_answer_as_they_do() {
    let merchant = Merchant::stepped().await;
    let reply = merchant.push(&merchant.order("254700001088", 10)).await;
    assert_eq!(reply.status, 403);
    assert!(reply.text.contains("Incapsula incident ID"), "{}", reply.text);
    let reply = merchant.push(&merchant.order("254700001089", 10)).await;
    assert!(reply.status == 200 && reply.text.starts_with("<!DOCTYPE html>"));
    assert!(merchant.sim.ledger().is_empty());
    let reply = merchant.push(&merchant.order("254700001065", 10)).await;
    assert_eq!(reply.status, 504);
    assert_eq!(merchant.sim.ledger().len(), 1);
}

#[tokio::test]
async fn late_and_doubled_callbacks_are_late_and_doubled() {
    let merchant = Merchant::stepped().await;
    merchant.accepted("254700001051", 10).await;
    assert_eq!(merchant.sim.take_outbox()[0].due, NOON + 95_000);
    merchant.accepted("254700001052", 10).await;
    let twice = merchant.sim.take_outbox();
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0].body, twice[1].body);
}

#[tokio::test]
async fn a_late_callback_leaves_late() {
    let shop = Shop::open().await;
    let pace = Pace {
        late: Duration::from_millis(400),
        ..Pace::instant()
    };
    let merchant = Merchant::new(Config {
        pace,
        ..Config::default()
    })
    .await;
    let order = push_body("254700001051", 10, &shop.url("/cb"), merchant.sim.now());
    merchant.push(&order).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(shop.told().is_empty());
    shop.wait_for(1).await;
}

/// Forty payers on a villain's day, and all that came of it.
async fn bad_day(seed: u64) -> String {
    let config = Config {
        faults: Faults::villain(),
        ..Config::stepped(seed, NOON)
    };
    let sim = daraja_sim::Sim::start(config).await.unwrap();
    let mut merchant = Merchant {
        sim,
        http: crate::merchant::http(),
        token: String::new(),
    };
    // The token too may be refused or lost.
    while merchant.token.is_empty() {
        let url = format!(
            "{}/oauth/v1/generate?grant_type=client_credentials",
            merchant.sim.base_url()
        );
        let Ok(reply) = merchant
            .http
            .get(url)
            .basic_auth("sandbox-key", Some("sandbox-secret"))
            .send()
            .await
        else {
            continue;
        };
        let body: serde_json::Value = reply.json().await.unwrap_or_default();
        body["access_token"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut merchant.token);
    }
    let early = Arc::new(Mutex::new(Vec::new()));
    let kept = early.clone();
    merchant.sim.on_callback_before_answer(move |outgoing| {
        kept.lock().unwrap().push(outgoing);
        std::future::ready(())
    });
    let mut out = String::new();
    for payer in 0..40 {
        let order = merchant.order(&format!("2547110000{payer:02}"), 100 + payer);
        let answer = match merchant.try_post(PUSH, &order).await {
            Ok(response) => format!("{} {:?}", response.status(), response.text().await.ok()),
            Err(_) => "cut".to_owned(),
        };
        out.push_str(&answer);
    }
    format!(
        "{out}{early:?}{:?}{:?}",
        merchant.sim.take_outbox(),
        merchant.sim.ledger()
    )
}

#[tokio::test]
async fn a_villains_seed_replays() {
    let first = bad_day(7).await;
    assert_eq!(first, bad_day(7).await);
    assert_ne!(first, bad_day(8).await);
    assert!(first.contains("StkCallback"), "a bad day has callbacks too");
    for trace in ["cut", "Incapsula", "Gateway Timeout"] {
        let seen = [&first, &bad_day(8).await, &bad_day(9).await]
            .iter()
            .any(|day| day.contains(trace));
        assert!(seen, "no {trace} in three bad days");
    }
}

#[tokio::test]
async fn reordered_callbacks_overtake_each_other() {
    let faults = Faults {
        reordered: 500,
        ..Faults::default()
    };
    let pace = Pace::instant();
    let config = Config {
        faults,
        pace,
        callbacks: Callbacks::Hold,
        ..Config::stepped(3, NOON)
    };
    let merchant = Merchant::new(config).await;
    for payer in 0..20 {
        merchant.accepted(&format!("2547110000{payer:02}"), 10).await;
    }
    let ids: Vec<u64> = merchant
        .sim
        .take_outbox()
        .iter()
        .map(|outgoing| outgoing.id)
        .collect();
    assert_eq!(ids.len(), 20);
    assert!(!ids.is_sorted(), "{ids:?}");
}
