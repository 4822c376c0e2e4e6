//! The desk: money without a session is tied once and by its owner, and who is signed in outlives the process.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests are tests, which clippy cannot see"
)]

mod support;

use std::time::Duration;

use kaunta_domain::id::PaymentId;
use kaunta_payments::{
    Caller, Clerk, DeskSession, Error, NewChannel, NewMerchant, Number, Payments, Scopes, SecretText, Takings,
};
use support::{START, Stage};

async fn clerk_of(payments: &Payments, caller: &Caller) -> Clerk {
    let made = payments
        .create_key(caller.merchant, caller.livemode, Scopes::all())
        .await
        .unwrap();
    payments
        .clerk_of_key(made.api_key.reveal())
        .await
        .unwrap()
        .unwrap()
}

/// Money by hand for an account that names nothing.
async fn stray(stage: &Stage, account: &str, amount: i64) -> PaymentId {
    stage.pay_by_hand("254711000222", account, amount).await;
    for message in stage.sim.take_outbox() {
        stage.deliver(&message).await;
    }
    let found = stage.payments.unmatched(&stage.caller).await.unwrap();
    found.data[0].payment.id
}

async fn stranger(stage: &Stage, number: &str) -> Clerk {
    let merchant = NewMerchant {
        name: "Duka Jirani".to_owned(),
        livemode: false,
        origins: Vec::new(),
        channel: NewChannel {
            number: Number::Paybill(number.to_owned()),
            consumer_key: SecretText::new("key"),
            consumer_secret: SecretText::new("secret"),
            passkey: SecretText::new("passkey"),
        },
    };
    let made = stage.payments.create_merchant(merchant).await.unwrap();
    let key = made.api_key.reveal();
    stage.payments.clerk_of_key(key).await.unwrap().unwrap()
}

#[tokio::test]
async fn money_without_a_session_is_assigned_once_and_keeps_its_source() {
    let stage = Stage::new().await;
    let (first, second) = (stage.session(700).await, stage.session(700).await);
    let clerk = clerk_of(&stage.payments, &stage.caller).await;
    let payment = stray(&stage, "JANE", 700).await;
    assert_eq!(stage.payments.unmatched_count(&stage.caller).await.unwrap(), 1);
    for _ in 0..2 {
        stage.payments.assign(&clerk, payment, first).await.unwrap();
    }
    let object = stage.object(first).await;
    assert_eq!(
        (object["status"].as_str(), object["amount_received"].as_i64()),
        (Some("complete"), Some(700))
    );
    assert_eq!(object["payments"].as_array().unwrap().len(), 1);
    assert_eq!(object["payments"][0]["id"], payment.to_string());
    assert_eq!(object["payments"][0]["completion_source"], "c2b");
    let audit = stage.payments.assigned(&stage.caller, first).await.unwrap();
    assert_eq!((audit.len(), audit[0].payment, audit[0].at), (1, payment, START));
    assert!(audit[0].who.contains(&clerk.key.to_string()) && audit[0].who.contains(&clerk.hint));
    let again = stage.payments.assign(&clerk, payment, second).await;
    assert!(
        matches!(
            again,
            Err(Error::Invalid {
                code: "already_assigned",
                ..
            })
        ),
        "{again:?}"
    );
    assert_eq!(stage.object(second).await["amount_received"], 0);
    assert_eq!(stage.payments.assigned(&stage.caller, second).await.unwrap(), []);
    assert_eq!(stage.payments.unmatched_count(&stage.caller).await.unwrap(), 0);
    let completed = stage.event_types().await;
    let completed = completed
        .iter()
        .filter(|kind| *kind == "checkout.session.completed");
    assert_eq!(completed.count(), 1);
}

#[tokio::test]
async fn two_people_who_assign_the_same_money_at_once_do_not_double_it() {
    let stage = Stage::new().await;
    let clerk = clerk_of(&stage.payments, &stage.caller).await;
    let sessions = [stage.session(300).await, stage.session(300).await];
    let payment = stray(&stage, "JANE", 300).await;
    let both = sessions.map(|session| {
        let (payments, clerk) = (stage.payments.clone(), clerk.clone());
        tokio::spawn(async move { payments.assign(&clerk, payment, session).await })
    });
    let mut done = 0;
    for task in both {
        done += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(done, 1);
    let mut received = 0;
    for session in sessions {
        received += stage.object(session).await["amount_received"].as_i64().unwrap();
    }
    assert_eq!(received, 300);
}

#[tokio::test]
async fn nobody_sees_or_moves_the_money_of_another_merchant() {
    let stage = Stage::new().await;
    let own = stage.session(700).await;
    let payment = stray(&stage, "JANE", 700).await;
    let other = stranger(&stage, "600999").await;
    assert!(
        stage
            .payments
            .unmatched(&other.caller)
            .await
            .unwrap()
            .data
            .is_empty()
    );
    assert_eq!(stage.payments.unmatched_count(&other.caller).await.unwrap(), 0);
    let refused = stage.payments.assign(&other, payment, own).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    let session = stage
        .payments
        .create_session(&other.caller, support::new_session(700), None)
        .await
        .unwrap();
    let theirs = support::json(&session.body)["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let refused = stage.payments.assign(&other, payment, theirs).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    let clerk = clerk_of(&stage.payments, &stage.caller).await;
    let refused = stage.payments.assign(&clerk, payment, theirs).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(stage.object(own).await["amount_received"], 0);
}

#[tokio::test]
async fn suggestions_begin_with_the_amount_and_what_was_typed_decides_between_equals() {
    let stage = Stage::new().await;
    let (meant, equal) = (stage.session(450).await, stage.session(450).await);
    let cheaper = stage.session(400).await;
    let account = stage.object(meant).await["paybill"]["account"]
        .as_str()
        .unwrap()
        .to_owned();
    // Two letters are missing: too far for the account to be put right without a person.
    stray(&stage, &account[2..], 450).await;
    let found = stage.payments.unmatched(&stage.caller).await.unwrap();
    assert_eq!(found.data[0].typed.as_deref(), Some(&account[2..]));
    let suggestions = &found.data[0].suggestions;
    let order: Vec<_> = suggestions.iter().map(|one| one.session).collect();
    assert_eq!(order, [meant, equal, cheaper]);
    assert!(suggestions[0].same_amount && !suggestions[2].same_amount);
    assert_eq!(suggestions[0].due.shillings(), 450);
}

#[tokio::test]
async fn the_takings_of_a_day_are_its_payments_whether_matched_or_not() {
    let stage = Stage::new().await;
    let day = Duration::from_hours(24);
    let id = stage.session(1500).await;
    stage.prompt(id).await;
    for message in stage.sim.take_outbox() {
        stage.deliver(&message).await;
    }
    stray(&stage, "JANE", 250).await;
    let of = async |from| {
        let Takings { sum, payments } = stage
            .payments
            .takings(&stage.caller, from, from + day)
            .await
            .unwrap();
        (sum.shillings(), payments)
    };
    assert_eq!(of(START - Duration::from_hours(1)).await, (1750, 2));
    assert_eq!(of(START - day - day).await, (0, 0));
    assert_eq!(of(START + day).await, (0, 0));
}

#[tokio::test]
async fn a_desk_session_outlives_the_process_and_ends_when_its_time_is_over() {
    let stage = Stage::new().await;
    let kept = |data: &[u8], hours: u64| DeskSession {
        data: data.to_vec(),
        expires_at: START + Duration::from_hours(hours),
    };
    let made = stage
        .payments
        .create_desk_session("secret-id", kept(b"one", 8))
        .await;
    assert!(made.unwrap());
    let made = stage
        .payments
        .create_desk_session("secret-id", kept(b"two", 8))
        .await;
    assert!(!made.unwrap(), "an id is given once");
    let other = stage.another_server().await;
    assert!(other.desk_session("secret-id").await.unwrap() == Some(kept(b"one", 8)));
    assert!(other.desk_session("another").await.unwrap().is_none());
    other
        .save_desk_session("secret-id", kept(b"three", 9))
        .await
        .unwrap();
    stage.pass(8 * 3600);
    assert!(stage.payments.desk_session("secret-id").await.unwrap() == Some(kept(b"three", 9)));
    stage.pass(3600);
    stage.payments.pass_time().await.unwrap();
    assert!(stage.payments.desk_session("secret-id").await.unwrap().is_none());
    other
        .save_desk_session("secret-id", kept(b"four", 20))
        .await
        .unwrap();
    assert!(
        other.desk_session("secret-id").await.unwrap().is_none(),
        "what has ended does not come back"
    );
    other.close().await;
}

#[tokio::test]
async fn a_revoked_key_has_nobody_at_the_desk() {
    let stage = Stage::new().await;
    let clerk = clerk_of(&stage.payments, &stage.caller).await;
    assert_eq!(clerk.merchant_name, "Duka Bora");
    assert_eq!(
        stage.payments.clerk(clerk.key).await.unwrap(),
        Some(clerk.clone())
    );
    stage.payments.revoke_key(clerk.key).await.unwrap();
    assert_eq!(stage.payments.clerk(clerk.key).await.unwrap(), None);
    assert_eq!(stage.payments.clerk_of_key("sk_test_nobody").await.unwrap(), None);
}
