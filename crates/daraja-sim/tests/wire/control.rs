//! The control API: what the library can do, for programs in other languages.

use daraja_sim::{Config, Pace};
use serde_json::{Value, json};

use crate::merchant::{Merchant, NOON};

const PAYER: &str = "254708374149";

async fn get(merchant: &Merchant, path: &str) -> Value {
    let url = format!("{}/sim{path}", merchant.sim.base_url());
    merchant.http.get(url).send().await.unwrap().json().await.unwrap()
}

async fn send(merchant: &Merchant, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/sim{path}", merchant.sim.base_url());
    let request = merchant.http.request(method.parse().unwrap(), url).json(&body);
    let response = request.send().await.unwrap();
    (
        response.status().as_u16(),
        response.json().await.unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_prompt_is_listed_answered_cancelled_and_ignored() {
    let merchant = Merchant::stepped().await;
    assert_eq!(
        send(&merchant, "POST", "/handsets/0708374149/attend", json!({}))
            .await
            .0,
        204
    );
    merchant.accepted(PAYER, 10).await;
    let prompts = get(&merchant, "/prompts").await;
    assert_eq!(prompts[0]["business_name"], json!("Duka Bora"));
    assert_eq!(
        (&prompts[0]["amount"], &prompts[0]["account"]),
        (&json!(10), &json!("K7QX4M2P"))
    );
    let pin = format!("/prompts/{}/pin", prompts[0]["id"]);
    assert_eq!(
        send(&merchant, "POST", &pin, json!({"pin": "1234"})).await,
        (200, json!({"result": "paid"}))
    );
    assert_eq!(send(&merchant, "POST", &pin, json!({"pin": "1234"})).await.0, 404);
    for action in ["cancel", "ignore"] {
        merchant.accepted(PAYER, 10).await;
        let id = merchant.sim.prompts()[0].id;
        assert_eq!(
            send(&merchant, "POST", &format!("/prompts/{id}/{action}"), json!({}))
                .await
                .0,
            204
        );
        assert!(merchant.sim.prompts().is_empty());
    }
}

#[tokio::test]
async fn a_handset_is_changed_and_pays_from_its_menu() {
    let merchant = Merchant::stepped().await;
    let (_, phone) = send(
        &merchant,
        "PATCH",
        "/handsets/254708374149",
        json!({"balance": 5}),
    )
    .await;
    assert_eq!(
        (&phone["balance"], &phone["reachable"]),
        (&json!(5), &json!(true))
    );
    let pay = json!({"type": "pay_bill", "business": "600000", "account": "A1", "amount": 10, "pin": "1234"});
    let (status, body) = send(&merchant, "POST", "/handsets/254708374149/pay", pay.clone()).await;
    assert_eq!((status, &body["code"]), (422, &json!("insufficient")));
    send(
        &merchant,
        "PATCH",
        "/handsets/254708374149",
        json!({"balance": 500}),
    )
    .await;
    let (status, body) = send(&merchant, "POST", "/handsets/254708374149/pay", pay).await;
    assert_eq!((status, &body["balance"]), (200, &json!(490)));
    let ledger = get(&merchant, "/ledger").await;
    assert_eq!(
        (&ledger[0]["receipt"], &ledger[0]["kind"]),
        (&body["receipt"], &json!("pay_bill"))
    );
    assert_eq!(
        send(&merchant, "PATCH", "/handsets/12345", json!({})).await.0,
        400
    );
}

#[tokio::test]
async fn low_balances_unreachable_phones_and_locked_pins_fail_pushes() {
    let merchant = Merchant::stepped().await;
    for (settings, code) in [
        (json!({"balance": 5}), "1"),
        (json!({"reachable": false}), "1037"),
        (
            json!({"reachable": true, "balance": 500, "pin_locked": true}),
            "8006",
        ),
        (json!({"pin_locked": false}), "0"),
    ] {
        send(&merchant, "PATCH", "/handsets/254708374149", settings).await;
        let checkout = merchant.accepted(PAYER, 10).await;
        assert_eq!(merchant.query(&checkout).await.str("ResultCode"), code);
    }
}

#[tokio::test]
async fn the_outbox_the_script_the_faults_and_the_clock_are_in_reach() {
    let merchant = Merchant::stepped().await;
    assert_eq!(
        send(&merchant, "POST", "/script", json!({"row": "cancelled"}))
            .await
            .0,
        204
    );
    assert_eq!(
        send(&merchant, "POST", "/script", json!({"row": "nonsense"}))
            .await
            .0,
        404
    );
    merchant.accepted(PAYER, 10).await;
    let (_, outbox) = send(&merchant, "POST", "/outbox/take", json!({})).await;
    assert_eq!(outbox[0]["kind"], json!("stk_callback"));
    assert!(
        outbox[0]["body"]
            .as_str()
            .unwrap()
            .contains(r#""ResultCode":1032"#)
    );
    let rows = get(&merchant, "/script").await;
    assert!(rows.as_array().unwrap().len() > 40);
    let (_, faults) = send(&merchant, "PUT", "/faults", json!({"lost": 1000})).await;
    assert_eq!((&faults["lost"], &faults["late"]), (&json!(1000), &json!(0)));
    merchant.accepted(PAYER, 10).await;
    assert!(merchant.sim.take_outbox().is_empty());
    let (_, clock) = send(&merchant, "POST", "/clock", json!({"advance_ms": 1500})).await;
    assert_eq!(clock["now"], json!(NOON + 1500));
}

#[tokio::test]
async fn news_of_a_phone_comes_when_it_happens() {
    let pace = Pace {
        callback: std::time::Duration::ZERO,
        ..Pace::default()
    };
    let merchant = Merchant::new(Config {
        pace,
        ..Config::default()
    })
    .await;
    let view = get(&merchant, "/handsets/254708374149/wait?since=0").await;
    assert!(view["prompts"].as_array().unwrap().is_empty());
    let path = format!("/handsets/254708374149/wait?since={}", view["version"]);
    let (view, _) = tokio::join!(get(&merchant, &path), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        merchant.accepted(PAYER, 10).await
    });
    assert_eq!(
        view["prompts"][0]["msisdn"],
        json!(PAYER),
        "whoever waits attends"
    );
    assert!(view["elsewhere"].as_array().unwrap().is_empty());
    let other = get(&merchant, "/handsets/254711000001/wait?since=0&anyone=1").await;
    assert_eq!(other["elsewhere"][0]["msisdn"], json!(PAYER));
}
