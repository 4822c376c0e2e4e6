//! The way of a payment, told once and run on both databases.

#![expect(clippy::unwrap_used, reason = "a test tells of its failure by panicking")]

mod support;

use std::time::Duration;

use kaunta_domain::case::Phase;
use kaunta_domain::msisdn::Msisdn;
use kaunta_payments::{Claimed, Error, Intake, Once};
use support::{PHONE, Stage, json, new_session};

#[tokio::test]
async fn a_shopper_pays_by_the_prompt() {
    let stage = Stage::new().await;
    let id = stage.session(1500).await;
    let attempt = stage.prompt(id).await;
    assert_eq!(
        (attempt["status"].as_str(), attempt["phone_masked"].as_str()),
        (Some("awaiting_pin"), Some("2547****5678"))
    );
    assert_eq!(stage.object(id).await["status"], "processing");
    let callbacks = stage.sim.take_outbox();
    assert_eq!(stage.deliver(&callbacks[0]).await, Intake::Kept);
    let paid = stage.object(id).await;
    assert_eq!(
        (paid["status"].as_str(), paid["payment_status"].as_str()),
        (Some("complete"), Some("paid"))
    );
    assert_eq!(paid["payments"][0]["completion_source"], "callback");
    assert_eq!(
        paid["payments"][0]["receipt"],
        stage.sim.ledger()[0].receipt.as_str()
    );
    assert_eq!(
        stage.event_types().await,
        [
            "checkout.session.created",
            "payment.attempt.awaiting_pin",
            "checkout.session.processing",
            "payment.succeeded",
            "checkout.session.completed"
        ]
    );
    stage.payments.close().await;
}

#[tokio::test]
async fn the_same_callback_twice_and_its_c2b_echo_count_once() {
    let stage = Stage::new().await;
    let id = stage.session(200).await;
    stage.prompt(id).await;
    let messages = stage.sim.take_outbox();
    assert!(
        messages.len() >= 2,
        "the simulator confirms a prompt by C2B as well"
    );
    for message in messages.iter().rev().chain(&messages) {
        assert_eq!(stage.deliver(message).await, Intake::Kept);
    }
    let object = stage.object(id).await;
    assert_eq!(
        (
            object["amount_received"].as_i64(),
            object["payments"].as_array().unwrap().len()
        ),
        (Some(200), 1)
    );
    assert_eq!(object["payments"][0]["method"], "mpesa_stk");
    let completed = stage
        .event_types()
        .await
        .iter()
        .filter(|kind| *kind == "checkout.session.completed")
        .count();
    assert_eq!(completed, 1);
}

#[tokio::test]
async fn a_lost_callback_is_found_by_asking_and_its_receipt_comes_later() {
    let stage = Stage::new().await;
    let id = stage.session(300).await;
    stage.prompt(id).await;
    let lost = stage.sim.take_outbox();
    assert_eq!(stage.payments.sweep().await.unwrap(), 0, "nothing is due yet");
    for _ in 0..7 {
        stage.pass(60);
        stage.payments.sweep().await.unwrap();
    }
    let object = stage.object(id).await;
    assert_eq!(object["payment_status"], "paid");
    assert_eq!(object["payments"][0]["completion_source"], "stk_query");
    assert!(object["payments"][0]["receipt"].is_null());
    for message in &lost {
        stage.deliver(message).await;
    }
    let object = stage.object(id).await;
    assert_eq!(
        (
            object["amount_received"].as_i64(),
            object["payments"].as_array().unwrap().len()
        ),
        (Some(300), 1)
    );
    assert_eq!(
        object["payments"][0]["receipt"],
        stage.sim.ledger()[0].receipt.as_str()
    );
}

#[tokio::test]
async fn an_idempotency_key_makes_one_session_and_refuses_another_body() {
    let stage = Stage::new().await;
    let once = |fill: u8| {
        Some(Once {
            key: "order-1001".to_owned(),
            fingerprint: [fill; 32],
        })
    };
    let first = stage
        .payments
        .create_session(&stage.caller, new_session(10), once(1))
        .await
        .unwrap();
    let again = stage
        .payments
        .create_session(&stage.caller, new_session(10), once(1))
        .await
        .unwrap();
    assert_eq!(
        (first.body == again.body, first.replayed, again.replayed),
        (true, false, true)
    );
    let other = stage
        .payments
        .create_session(&stage.caller, new_session(11), once(2))
        .await;
    assert!(matches!(other, Err(Error::IdempotencyKeyReused)));
}

#[tokio::test]
async fn one_prompt_at_a_time_also_when_fifty_ask_at_once() {
    let stage = Stage::new().await;
    let id = stage.session(10).await;
    let phone = Msisdn::parse(PHONE).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (payments, caller) = (stage.payments.clone(), stage.caller.clone());
        tasks.spawn(async move { payments.start_attempt(&caller, id, phone, None).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(_) | Err(Error::AttemptInProgress)))
    );
    assert_eq!(stage.object(id).await["attempts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_waiting_page_hears_of_the_money_at_once() {
    let stage = Stage::new().await;
    let id = stage.session(10).await;
    stage.prompt(id).await;
    let now = stage
        .payments
        .pulse(id, 0, Duration::ZERO)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(now.phase, Phase::Waiting);
    assert_eq!(
        stage
            .payments
            .pulse(id, now.version, Duration::from_millis(20))
            .await
            .unwrap(),
        None
    );
    let payments = stage.payments.clone();
    let waiting = tokio::spawn(async move { payments.pulse(id, now.version, Duration::from_secs(20)).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    stage.deliver(&stage.sim.take_outbox()[0]).await;
    let woken = tokio::time::timeout(Duration::from_secs(1), waiting)
        .await
        .unwrap()
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!((woken.phase, woken.version > now.version), (Phase::Paid, true));
}

#[tokio::test]
async fn money_by_hand_finds_its_session_and_money_without_a_name_is_kept() {
    let stage = Stage::new().await;
    let id = stage.session(500).await;
    let account = stage.object(id).await["paybill"]["account"]
        .as_str()
        .unwrap()
        .to_owned();
    let typed = format!("{} {}", account[..4].to_lowercase(), &account[4..]);
    stage.pay_by_hand("254711000222", &typed, 200).await;
    stage.pay_by_hand("254711000222", &account, 300).await;
    for message in stage.sim.take_outbox() {
        assert_eq!(stage.deliver(&message).await, Intake::Kept);
    }
    let object = stage.object(id).await;
    assert_eq!(
        (object["status"].as_str(), object["amount_received"].as_i64()),
        (Some("complete"), Some(500))
    );
    assert_eq!(object["payments"][0]["method"], "mpesa_paybill");
    stage.pay_by_hand("254711000222", "JANE", 700).await;
    for message in stage.sim.take_outbox() {
        stage.deliver(&message).await;
        stage.deliver(&message).await;
    }
    let unmatched = stage
        .event_types()
        .await
        .iter()
        .filter(|kind| *kind == "c2b.payment.unmatched")
        .count();
    assert_eq!(unmatched, 1);
}

#[tokio::test]
async fn an_unknown_path_changes_nothing_and_an_unreadable_body_is_kept() {
    let stage = Stage::new().await;
    let id = stage.session(10).await;
    stage.prompt(id).await;
    let before = stage.object(id).await;
    assert_eq!(
        stage
            .payments
            .stk_callback("nobody", b"{}".to_vec())
            .await
            .unwrap(),
        Intake::UnknownToken
    );
    let mut message = stage.sim.take_outbox().remove(0);
    message.body = b"<html>".to_vec();
    assert_eq!(stage.deliver(&message).await, Intake::Kept);
    assert_eq!(stage.object(id).await, before);
}

#[tokio::test]
async fn an_expired_session_takes_no_prompt_and_still_catches_money() {
    let stage = Stage::new().await;
    let id = stage.session(10).await;
    let account = stage.object(id).await["paybill"]["account"]
        .as_str()
        .unwrap()
        .to_owned();
    stage.pass(1801);
    stage.payments.pass_time().await.unwrap();
    assert_eq!(stage.object(id).await["status"], "expired");
    let phone = Msisdn::parse(PHONE).unwrap();
    let refused = stage.payments.start_attempt(&stage.caller, id, phone, None).await;
    assert!(matches!(refused, Err(Error::SessionExpired)));
    stage.pay_by_hand("254711000222", &account, 10).await;
    for message in stage.sim.take_outbox() {
        stage.deliver(&message).await;
    }
    let object = stage.object(id).await;
    assert_eq!(
        (object["status"].as_str(), object["payment_status"].as_str()),
        (Some("expired"), Some("paid"))
    );
    assert!(
        stage
            .event_types()
            .await
            .contains(&"checkout.session.late_payment".to_owned())
    );
}

#[tokio::test]
async fn a_safaricom_that_is_away_leaves_a_failed_attempt_and_a_session_that_can_be_paid() {
    let stage = Stage::new().await;
    let id = stage.session(10).await;
    stage.sim.stop().await;
    let phone = Msisdn::parse(PHONE).unwrap();
    let once = Some(Once {
        key: "k".to_owned(),
        fingerprint: [1; 32],
    });
    let refused = stage
        .payments
        .start_attempt(&stage.caller, id, phone, once.clone())
        .await;
    assert!(matches!(refused, Err(Error::MpesaUnavailable(_))), "{refused:?}");
    let replayed = stage
        .payments
        .start_attempt(&stage.caller, id, phone, once)
        .await
        .unwrap();
    assert_eq!(
        (replayed.replayed, replayed.refused.as_deref()),
        (true, Some("mpesa_unavailable"))
    );
    let object = stage.object(id).await;
    assert_eq!(
        (
            object["status"].as_str(),
            object["attempts"][0]["status"].as_str()
        ),
        (Some("open"), Some("failed"))
    );
    assert_eq!(
        json(&object["attempts"][0].to_string())["failure"]["code"],
        "system_busy"
    );
}

#[tokio::test]
async fn a_code_claims_money_that_is_here_and_money_that_comes_later_and_no_other_session_gets_it() {
    let stage = Stage::new().await;
    let (first, second) = (stage.session(700).await, stage.session(700).await);
    let claim = |text: &str| kaunta_domain::sms::read(text).unwrap();
    stage.pay_by_hand("254711000222", "JANE", 700).await;
    let receipt = stage.sim.ledger()[0].receipt.clone();
    assert_eq!(
        stage.payments.claim(first, claim(&receipt)).await.unwrap(),
        Claimed::Checking
    );
    assert_eq!(
        stage.payments.claim(second, claim(&receipt)).await.unwrap(),
        Claimed::Taken
    );
    for message in stage.sim.take_outbox() {
        stage.deliver(&message).await;
    }
    assert_eq!(stage.object(first).await["payment_status"], "paid");
    assert_eq!(
        stage.payments.claim(first, claim(&receipt)).await.unwrap(),
        Claimed::Known
    );
    stage.pay_by_hand("254711000222", "JOHN", 700).await;
    for message in stage.sim.take_outbox() {
        stage.deliver(&message).await;
    }
    let receipt = stage.sim.ledger()[1].receipt.clone();
    assert_eq!(
        stage.payments.claim(second, claim(&receipt)).await.unwrap(),
        Claimed::Tied
    );
    assert_eq!(stage.object(second).await["status"], "complete");
    assert_eq!(
        stage.payments.claim(first, claim(&receipt)).await.unwrap(),
        Claimed::Taken
    );
}
