//! The query: the four ways of saying "not yet", and the noise.

use daraja_sim::{Config, Faults, Switches};
use serde_json::json;

use crate::merchant::{Merchant, NOON, credentials, stk_callback};

const PAYER: &str = "254708374149";

#[tokio::test]
async fn not_yet_has_four_shapes() {
    let merchant = Merchant::stepped().await;
    merchant.sim.attend(PAYER);
    let checkout = merchant.accepted(PAYER, 10).await;
    let first = merchant.query(&checkout).await;
    assert_eq!((first.status, first.str("ResultCode")), (200, "4999"));
    assert_eq!(
        first.str("ResultDesc"),
        "The transaction is still under processing"
    );
    let processed = "The transaction is being processed";
    assert_eq!(
        merchant.query(&checkout).await.error(),
        (500, "500.001.1001", processed)
    );
    assert_eq!(merchant.query(&checkout).await.error(), (200, "500.001.1001", ""));
    let unknown = "Bad Request - Invalid CheckoutRequestID";
    assert_eq!(
        merchant.query(&checkout).await.error(),
        (400, "400.002.02", unknown)
    );
    assert_eq!(merchant.query(&checkout).await.str("ResultCode"), "4999");
}

#[tokio::test]
async fn unknown_and_foreign_ids_do_not_exist() {
    let merchant = Merchant::stepped().await;
    let expected = (500, "500.001.1001", "The transaction does not Exist");
    assert_eq!(
        merchant.query("ws_CO_21112026090000000708374149").await.error(),
        expected
    );
    let checkout = merchant.accepted(PAYER, 10).await;
    let mut foreign = credentials("600000", NOON);
    foreign["CheckoutRequestID"] = json!(checkout);
    let reply = merchant.post("/mpesa/stkpushquery/v1/query", &foreign).await;
    assert_eq!(reply.error(), expected);
}

#[tokio::test]
async fn callback_and_query_word_1037_differently() {
    let merchant = Merchant::stepped().await;
    let checkout = merchant.accepted("254700001037", 10).await;
    let callback = stk_callback(&merchant.sim.take_outbox()[0].body);
    assert_eq!(
        (&callback["ResultCode"], &callback["ResultDesc"]),
        (&json!(1037), &json!("No response from user."))
    );
    let answer = merchant.query(&checkout).await;
    assert_eq!(answer.str("ResultCode"), "1037");
    assert_eq!(answer.str("ResultDesc"), "DS timeout user cannot be reached.");
}

#[tokio::test]
async fn finished_pushes_answer_with_noise_now_and_then() {
    let faults = Faults {
        query_noise: 200,
        ..Faults::default()
    };
    let merchant = Merchant::new(Config {
        faults,
        ..Config::stepped(1, NOON)
    })
    .await;
    let checkout = merchant.accepted(PAYER, 10).await;
    let (mut answers, mut noise) = (0, 0);
    for _ in 0..200 {
        let reply = merchant.query(&checkout).await;
        if reply.status == 200 {
            answers += 1;
            continue;
        }
        assert_eq!(reply.error(), (500, "500.001.1001", ""));
        noise += 1;
    }
    assert!((20..60).contains(&noise), "{noise} of {}", answers + noise);
}

#[tokio::test]
async fn the_sixth_query_of_a_minute_meets_the_spike_arrest() {
    let switches = Switches {
        query_quota: true,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    let checkout = merchant.accepted(PAYER, 10).await;
    for _ in 0..5 {
        assert_eq!(merchant.query(&checkout).await.status, 200);
    }
    let reply = merchant.query(&checkout).await;
    assert_eq!(reply.status, 429);
    assert_eq!(
        reply.json["fault"]["detail"]["errorcode"],
        json!("policies.ratelimit.SpikeArrestViolation")
    );
    merchant.sim.advance(std::time::Duration::from_secs(61));
    assert_eq!(merchant.query(&checkout).await.status, 200);
}

#[tokio::test]
async fn a_payment_succeeds_after_the_query_said_failed() {
    let pace = daraja_sim::Pace {
        answer: std::time::Duration::from_secs(20),
        ..daraja_sim::Pace::instant()
    };
    let merchant = Merchant::new(Config {
        pace,
        ..Config::stepped(1, NOON)
    })
    .await;
    let checkout = merchant.accepted("254700001056", 10).await;
    assert_eq!(merchant.query(&checkout).await.str("ResultCode"), "1037");
    assert!(merchant.sim.ledger().is_empty());
    merchant.sim.advance(std::time::Duration::from_secs(20));
    assert_eq!(merchant.query(&checkout).await.str("ResultCode"), "0");
    assert_eq!(merchant.sim.ledger().len(), 1);
}
