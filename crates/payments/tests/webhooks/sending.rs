//! What is sent, to whom, and what is kept of it.

use std::time::{Duration, Instant};

use kaunta_domain::signature::{SignatureError, WebhookSecret};
use kaunta_payments::{NewChannel, NewMerchant, Number, SecretText};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::receiver::{Receiver, Reply};
use crate::world::{World, delivery_id};

#[tokio::test]
async fn exactly_the_stored_bytes_are_signed_and_sent() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    let session = world.session().await;
    assert_eq!(world.deliver().await, 1);
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    let webhook = &received[0];
    assert_eq!(webhook.verify(&endpoint.secret, world.now()), Ok(()));
    let other = WebhookSecret::from_bytes(&[7; 32]).unwrap();
    assert_eq!(webhook.verify(&other, world.now()), Err(SignatureError::NoMatch));
    assert_eq!(webhook.line, "POST /hook HTTP/1.1");
    assert_eq!(webhook.headers["content-type"], "application/json");
    assert_eq!(webhook.headers["webhook-timestamp"], world.now().to_string());
    assert!(webhook.headers["webhook-signature"].starts_with("v1,"));

    let kept = world.events().await;
    assert_eq!(
        kept[0].as_bytes(),
        webhook.body,
        "the bytes of the event list, not one more or less"
    );
    let event = webhook.json();
    assert_eq!(event["id"], webhook.id());
    assert_eq!(
        (&event["type"], &event["livemode"], &event["sequence"]),
        (&json!("checkout.session.created"), &json!(false), &json!(1))
    );
    assert_eq!(event["timestamp"], world.stage.clock.now().rfc3339());
    assert_eq!(event["data"]["object"]["id"], session.to_string());
    assert_eq!(event["data"]["object"]["amount"], 1500);
}

#[tokio::test]
async fn a_delivery_shows_what_was_said() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::Says(
        202,
        "x-shop: duka\r\n".to_owned(),
        b"queued".to_vec(),
    ))
    .await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    let before = world.detail(&endpoint).await;
    assert_eq!(
        (&before["status"], &before["attempt_count"]),
        (&json!("pending"), &json!(0))
    );
    world.deliver().await;
    let detail = world.detail(&endpoint).await;
    let webhook = &receiver.received()[0];
    assert_eq!(detail["status"], "succeeded");
    assert_eq!(
        (
            &detail["response_status"],
            &detail["error"],
            &detail["next_attempt_at"]
        ),
        (&json!(202), &json!(null), &json!(null))
    );
    assert_eq!(detail["request"]["url"], receiver.url);
    assert_eq!(
        detail["request"]["body"].as_str().unwrap().as_bytes(),
        webhook.body
    );
    for name in [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "content-type",
    ] {
        assert_eq!(
            detail["request"]["headers"][name], webhook.headers[name],
            "{name}"
        );
    }
    assert_eq!(detail["response"]["status"], 202);
    assert_eq!(detail["response"]["headers"]["x-shop"], "duka");
    assert_eq!(
        (&detail["response"]["body"], &detail["response"]["truncated"]),
        (&json!("queued"), &json!(false))
    );
    assert_eq!(detail["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(detail["event"], webhook.id());
    let stranger = kaunta_payments::Caller {
        livemode: true,
        ..world.caller.clone()
    };
    assert!(
        world
            .payments
            .delivery(&stranger, delivery_id(&detail))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_long_answer_is_cut_at_4_kb() {
    let world = World::new().await;
    let body = vec![b'x'; 3_000_000];
    let receiver = Receiver::that(Reply::Says(200, String::new(), body)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    world.deliver().await;
    let detail = world.detail(&endpoint).await;
    assert_eq!(detail["status"], "succeeded");
    assert_eq!(detail["response"]["body"].as_str().unwrap().len(), 4096);
    assert_eq!(detail["response"]["truncated"], true);
}

#[tokio::test]
async fn endpoints_hear_of_what_they_listen_for_and_of_nothing_else() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(204)).await;
    let everything = world.endpoint(&receiver.url, &["*"]).await;
    let expiry = world.endpoint(&receiver.url, &["checkout.session.expired"]).await;
    let sessions = world
        .endpoint(&receiver.url, &["payment.*", "checkout.session.*"])
        .await;
    let money = world.endpoint(&receiver.url, &["payment.*"]).await;
    let id = world.session().await;
    world
        .payments
        .expire_session(&world.caller, id, None)
        .await
        .unwrap();
    another_merchants_session(&world).await;
    assert_eq!(world.deliver().await, 5);
    let mut heard = Vec::new();
    for endpoint in [&everything, &expiry, &sessions, &money] {
        let deliveries = world.deliveries(endpoint).await;
        let types = deliveries
            .iter()
            .rev()
            .map(|delivery| delivery["event_type"].as_str().unwrap().to_owned());
        heard.push(types.collect::<Vec<_>>());
    }
    let both = ["checkout.session.created", "checkout.session.expired"];
    assert_eq!(heard, [both.as_slice(), &both[1..], &both, &[]]);
}

async fn another_merchants_session(world: &World) {
    let secret = || SecretText::new("x");
    let merchant = NewMerchant {
        name: "Another shop".to_owned(),
        livemode: false,
        origins: Vec::new(),
        channel: NewChannel {
            number: Number::Paybill("600001".to_owned()),
            consumer_key: secret(),
            consumer_secret: secret(),
            passkey: secret(),
        },
    };
    let made = world.payments.create_merchant(merchant).await.unwrap();
    let caller = world
        .payments
        .authenticate(made.api_key.reveal())
        .await
        .unwrap()
        .unwrap();
    let session = crate::support::new_session(100);
    world
        .payments
        .create_session(&caller, session, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_first_attempt_follows_the_commit_at_once() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    let stop = CancellationToken::new();
    let payments = world.payments.clone();
    let courier = tokio::spawn({
        let stop = stop.clone();
        async move { payments.deliver_until(stop.cancelled_owned()).await }
    });
    world.session().await;
    receiver.wait_for(1).await;
    // The look that needs no wake comes once a second: three in a row that are faster were woken.
    for already in 1..4 {
        let began = Instant::now();
        world.session().await;
        receiver.wait_for(already + 1).await;
        assert!(
            began.elapsed() < Duration::from_millis(600),
            "{:?}",
            began.elapsed()
        );
    }
    stop.cancel();
    courier.await.unwrap();
    let deliveries = world.deliveries(&endpoint).await;
    assert!(
        deliveries
            .iter()
            .all(|delivery| delivery["status"] == "succeeded"),
        "what was sent is written down"
    );
}

#[tokio::test]
async fn money_is_told_by_whatever_way_it_came() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    let id = world.stage.session(1500).await;
    world.stage.prompt(id).await;
    for callback in world.stage.sim.take_outbox() {
        world.stage.deliver(&callback).await;
    }
    world.stage.pay_by_hand("254722000111", "NOBODYS", 70).await;
    for confirmation in world.stage.sim.take_outbox() {
        world.stage.deliver(&confirmation).await;
    }
    world.deliver().await;
    let mut received = receiver.received();
    assert!(
        received
            .iter()
            .all(|webhook| webhook.verify(&endpoint.secret, world.now()).is_ok())
    );
    received.sort_by_key(|webhook| webhook.json()["sequence"].as_i64());
    let kept = world.events().await;
    assert_eq!(received.len(), kept.len(), "every event went out");
    assert!(
        received
            .iter()
            .all(|webhook| kept.iter().any(|event| event.as_bytes() == webhook.body))
    );
    let of_session = received
        .iter()
        .map(crate::receiver::Received::json)
        .filter(|event| event["type"] != "c2b.payment.unmatched");
    let sequences: Vec<i64> = of_session
        .map(|event| event["sequence"].as_i64().unwrap())
        .collect();
    assert_eq!(
        sequences,
        (1..=i64::try_from(sequences.len()).unwrap()).collect::<Vec<_>>()
    );
    let types: Vec<String> = received
        .iter()
        .map(|webhook| webhook.json()["type"].as_str().unwrap().to_owned())
        .collect();
    for kind in [
        "payment.succeeded",
        "checkout.session.completed",
        "c2b.payment.unmatched",
    ] {
        assert_eq!(
            types.iter().filter(|known| *known == kind).count(),
            1,
            "{kind}: {types:?}"
        );
    }
}
