//! Every "no" of the push, with its status, code and words.

use daraja_sim::{Config, Switches};
use serde_json::{Value, json};

use crate::merchant::{Merchant, NOON, Reply, credentials};

const PAYER: &str = "254708374149";

/// A good order with one field changed, or removed where the value is `None`.
async fn with_field(merchant: &Merchant, name: &str, value: Option<Value>) -> Reply {
    let mut order = merchant.order(PAYER, 10);
    match value {
        Some(value) => order[name] = value,
        None => {
            order.as_object_mut().expect("an order is an object").remove(name);
        }
    }
    merchant.push(&order).await
}

#[tokio::test]
async fn each_wrong_field_is_named() {
    let merchant = Merchant::stepped().await;
    let cases = [
        ("BusinessShortCode", json!("12"), "BusinessShortCode"),
        ("Timestamp", json!("2026112109"), "Timestamp"),
        ("Timestamp", json!("20261321090000"), "Timestamp"),
        ("TransactionType", json!("CustomerPay"), "TransactionType"),
        ("Amount", json!("1.5"), "Amount"),
        ("Amount", json!(0), "Amount"),
        ("Amount", json!("ten"), "Amount"),
        ("PartyA", json!("0708374149"), "PartyA"),
        ("PartyB", json!("x"), "PartyB"),
        ("PhoneNumber", json!("+254708374149"), "PhoneNumber"),
        ("PhoneNumber", json!("254208374149"), "PhoneNumber"),
        ("CallBackURL", json!("ftp://shop.example/x"), "CallBackURL"),
        (
            "CallBackURL",
            json!("https://shop.example/<token>"),
            "CallBackURL",
        ),
        ("CallBackURL", json!("https://shop.example/a b"), "CallBackURL"),
        ("CallBackURL", json!("https://Shop.example/a"), "CallBackURL"),
        (
            "CallBackURL",
            json!("https://shop.example/mpesa/cb"),
            "CallBackURL",
        ),
        (
            "CallBackURL",
            json!("https://shop.example/cb/query"),
            "CallBackURL",
        ),
        ("AccountReference", json!(""), "AccountReference"),
        ("AccountReference", Value::Null, "Remarks"),
        ("TransactionDesc", Value::Null, "Remarks"),
    ];
    for (name, value, complaint) in cases {
        let reply = with_field(&merchant, name, Some(value.clone())).await;
        let message = format!("Bad Request - Invalid {complaint}");
        assert_eq!(
            reply.error(),
            (400, "400.002.02", message.as_str()),
            "{name} = {value}"
        );
        assert!(reply.str("requestId").len() > 20);
    }
    let required = [
        ("Password", "Password"),
        ("Amount", "Amount"),
        ("CallBackURL", "CallBackURL"),
        ("TransactionDesc", "Remarks"),
    ];
    for (name, complaint) in required {
        let reply = with_field(&merchant, name, None).await;
        assert_eq!(
            reply.str("errorMessage"),
            format!("Bad Request - Invalid {complaint}"),
            "without {name}"
        );
    }
    assert!(merchant.sim.prompts().is_empty() && merchant.sim.ledger().is_empty());
}

#[tokio::test]
async fn numbers_may_be_strings_and_strings_numbers() {
    let merchant = Merchant::stepped().await;
    for (name, value) in [
        ("Amount", json!("10")),
        ("Amount", json!(10.0)),
        ("BusinessShortCode", json!(174_379)),
        ("PhoneNumber", json!(254_708_374_149_i64)),
        ("PartyB", json!(174_379)),
    ] {
        let reply = with_field(&merchant, name, Some(value.clone())).await;
        assert_eq!(reply.status, 200, "{name} = {value}: {}", reply.text);
    }
}

#[tokio::test]
async fn what_the_documents_forbid_and_the_sandbox_lets_pass_passes() {
    let merchant = Merchant::stepped().await;
    let reply = with_field(&merchant, "AccountReference", Some(json!("FIFTEEN-LETTERS"))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let switches = Switches {
        forbidden_words: false,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    let reply = with_field(&merchant, "CallBackURL", Some(json!("http://shop.example/mpesa"))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn production_wants_https() {
    let switches = Switches {
        production: true,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    let reply = with_field(&merchant, "CallBackURL", Some(json!("http://shop.example/cb"))).await;
    assert_eq!(reply.str("errorMessage"), "Bad Request - Invalid CallBackURL");
}

#[tokio::test]
async fn strangers_and_wrong_passwords_are_turned_away() {
    let merchant = Merchant::stepped().await;
    let mut order = merchant.order(PAYER, 10);
    order["BusinessShortCode"] = json!("999999");
    assert_eq!(
        merchant.push(&order).await.error(),
        (500, "500.001.1001", "Merchant does not exist")
    );
    let reply = with_field(&merchant, "Password", Some(json!("c2VjcmV0"))).await;
    assert_eq!(reply.error(), (500, "500.001.1001", "Wrong credentials"));
    let reply = with_field(&merchant, "Timestamp", Some(json!("20261121090001"))).await;
    assert_eq!(reply.error(), (500, "500.001.1001", "Wrong credentials"));
}

#[tokio::test]
async fn a_strict_simulator_refuses_the_hour_of_london() {
    let switches = Switches {
        strict_timestamp: true,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    merchant.accepted(PAYER, 10).await;
    let mut order = merchant.order(PAYER, 10);
    let london = credentials("174379", NOON - 3 * 3_600_000);
    order["Password"] = london["Password"].clone();
    order["Timestamp"] = london["Timestamp"].clone();
    assert_eq!(
        merchant.push(&order).await.str("errorMessage"),
        "Bad Request - Invalid Timestamp"
    );
}

#[tokio::test]
async fn methods_paths_content_types_and_tokens_are_checked() {
    let mut merchant = Merchant::stepped().await;
    let url = format!("{}/mpesa/stkpush/v1/processrequest", merchant.sim.base_url());
    let reply = Reply::read(merchant.http.get(&url).send().await.unwrap()).await;
    assert_eq!(reply.error(), (405, "405.001", "GET Method Not Allowed"));
    let text = merchant.order(PAYER, 1).to_string();
    let plain = merchant.http.post(&url).bearer_auth(&merchant.token).body(text);
    let reply = Reply::read(plain.send().await.unwrap()).await;
    assert_eq!(
        reply.error(),
        (400, "400.002.02", "Bad Request - Invalid BusinessShortCode")
    );
    let reply = merchant
        .post("/mpesa/stkpush/v2/processrequest", &json!({}))
        .await;
    assert_eq!(reply.error(), (404, "404.001.01", "Resource not found"));
    merchant.token = "stale".to_owned();
    for (path, expected) in [
        (
            "/mpesa/stkpush/v1/processrequest",
            (404, "404.001.03", "Invalid Access Token"),
        ),
        (
            "/mpesa/stkpushquery/v1/query",
            (404, "404.001.03", "Invalid Access Token"),
        ),
        (
            "/mpesa/c2b/v2/registerurl",
            (400, "400.003.01", "Invalid Access Token"),
        ),
        (
            "/mpesa/transactionstatus/v1/query",
            (400, "400.003.01", "Invalid Access Token"),
        ),
        (
            "/mpesa/b2c/v3/paymentrequest",
            (401, "401.002.01", "Error Occurred - Invalid Access Token - stale"),
        ),
        (
            "/mpesa/reversal/v1/request",
            (404, "404.001.03", "Invalid Access Token"),
        ),
        (
            "/pulltransactions/v1/query",
            (401, "401.001", "Invalid Access Token"),
        ),
    ] {
        assert_eq!(merchant.post(path, &json!({})).await.error(), expected, "{path}");
    }
}

#[tokio::test]
async fn wrong_products_limits_and_long_prompts_fail_on_the_phone() {
    let merchant = Merchant::stepped().await;
    let cases = [
        ("TransactionType", json!("CustomerBuyGoodsOnline"), "2028"),
        ("PartyB", json!("600000"), "SFC_IC0003"),
        ("Amount", json!(250_001), "3"),
        ("AccountReference", json!("X".repeat(150)), "1025"),
    ];
    for (name, value, code) in cases {
        let reply = with_field(&merchant, name, Some(value)).await;
        let answer = merchant.query(reply.str("CheckoutRequestID")).await;
        assert_eq!(answer.str("ResultCode"), code, "{name}");
    }
    assert!(merchant.sim.ledger().is_empty());
}

#[tokio::test]
async fn the_same_amount_again_within_two_minutes_is_refused_on_request() {
    let switches = Switches {
        repeat_rule: true,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    merchant.accepted(PAYER, 10).await;
    let again = merchant.accepted(PAYER, 10).await;
    assert_eq!(merchant.query(&again).await.str("ResultCode"), "17");
    let other = merchant.accepted(PAYER, 11).await;
    assert_eq!(merchant.query(&other).await.str("ResultCode"), "0");
    merchant.sim.advance(std::time::Duration::from_secs(121));
    let later = merchant.accepted(PAYER, 10).await;
    assert_eq!(merchant.query(&later).await.str("ResultCode"), "0");
}

#[tokio::test]
async fn a_till_is_known_by_its_store_and_paid_by_its_number() {
    let merchant = Merchant::stepped().await;
    let mut order = merchant.order(PAYER, 10);
    order
        .as_object_mut()
        .unwrap()
        .extend(credentials("600001", NOON).as_object().unwrap().clone());
    order["TransactionType"] = json!("CustomerBuyGoodsOnline");
    order["PartyB"] = json!("5678901");
    assert_eq!(merchant.push(&order).await.status, 200);
    let ledger = merchant.sim.ledger();
    assert_eq!((ledger.len(), ledger[0].shortcode.as_str()), (1, "5678901"));
}
