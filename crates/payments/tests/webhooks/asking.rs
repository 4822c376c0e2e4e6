//! What owners ask for: a test, one again, all of a time again.

use kaunta_domain::limits::WEBHOOK_ENDPOINTS;
use kaunta_domain::time::Timestamp;
use kaunta_payments::{Error, EventFilter, Once, Replay};
use serde_json::{Value, json};

use crate::receiver::{Receiver, Reply};
use crate::support::{START, json as read};
use crate::world::{Endpoint, World, delivery_id, new_endpoint, page};

fn once(key: &str) -> Once {
    Once {
        key: key.to_owned(),
        fingerprint: [7; 32],
    }
}

fn all_of(types: &[&str], hours: i64) -> Replay {
    let types = types.iter().map(|&kind| kind.to_owned()).collect::<Vec<_>>();
    Replay {
        from: START,
        to: Timestamp::from_millis(START.millis() + hours * 3_600_000),
        types: (!types.is_empty()).then(|| EventFilter::parse(types).unwrap()),
        dry_run: false,
    }
}

async fn replayed(world: &World, endpoint: &Endpoint, replay: Replay) -> Value {
    let answer = world
        .payments
        .replay_webhooks(&world.caller, endpoint.id, replay, None)
        .await;
    read(&answer.unwrap().body)
}

#[tokio::test]
async fn a_test_is_signed_like_anything_else_and_tried_once() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(500)).await;
    let bystander = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["payment.succeeded"]).await;
    world.endpoint(&bystander.url, &["*"]).await;
    let test = world
        .payments
        .test_webhook_endpoint(&world.caller, endpoint.id, Some(once("t")))
        .await
        .unwrap();
    let again = world
        .payments
        .test_webhook_endpoint(&world.caller, endpoint.id, Some(once("t")))
        .await
        .unwrap();
    assert!(again.replayed && again.body == test.body);
    let delivery = read(&test.body);
    assert_eq!(
        (&delivery["origin"], &delivery["status"]),
        (&json!("test"), &json!("pending"))
    );
    assert_eq!(world.deliver().await, 1);
    let webhook = &receiver.received()[0];
    assert_eq!(webhook.verify(&endpoint.secret, world.now()), Ok(()));
    assert_eq!(webhook.json()["type"], "webhook_endpoint.test");
    assert_eq!(webhook.json()["data"]["object"]["id"], endpoint.id.to_string());
    assert_eq!(world.detail(&endpoint).await["status"], "failed");
    world.pass(86_400);
    assert_eq!(world.deliver().await, 0);
    assert_eq!(bystander.count(), 0, "a test is nobody else's business");
}

#[tokio::test]
async fn one_delivery_is_made_again_with_the_same_id_of_its_event() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    world.deliver().await;
    let first = world.deliveries(&endpoint).await.remove(0);
    world.pass(3600);
    let answer = world
        .payments
        .redeliver(&world.caller, delivery_id(&first), Some(once("r")))
        .await
        .unwrap();
    let second = read(&answer.body);
    assert_eq!(
        (&second["origin"], &second["original"]),
        (&json!("redelivery"), &first["id"])
    );
    assert_eq!(world.deliver().await, 1);
    let received = receiver.received();
    assert_eq!(received[0].id(), received[1].id());
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(received[1].headers["webhook-timestamp"], world.now().to_string());
    assert_eq!(received[1].verify(&endpoint.secret, world.now()), Ok(()));
    let kept = world
        .payments
        .delivery(&world.caller, delivery_id(&first))
        .await
        .unwrap();
    assert_eq!(kept.attempts.len(), 1, "the first stays as it was");
}

#[tokio::test]
async fn a_replay_sends_a_time_again() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["checkout.session.*"]).await;
    for _ in 0..3 {
        let id = world.session().await;
        world
            .payments
            .expire_session(&world.caller, id, None)
            .await
            .unwrap();
        world.pass(3600);
    }
    world.deliver().await;
    assert_eq!(receiver.count(), 6);
    let answer = replayed(&world, &endpoint, all_of(&[], 2)).await;
    assert_eq!(
        (
            &answer["events"],
            &answer["deliveries"],
            &answer["already_pending"]
        ),
        (&json!(4), &json!(4), &json!(0))
    );
    let answer = replayed(&world, &endpoint, all_of(&[], 3)).await;
    assert_eq!(
        (
            &answer["events"],
            &answer["deliveries"],
            &answer["already_pending"]
        ),
        (&json!(6), &json!(2), &json!(4))
    );
    assert_eq!(world.deliver().await, 6);
    let answer = replayed(&world, &endpoint, all_of(&["checkout.session.expired"], 3)).await;
    assert_eq!(answer["deliveries"], 3);
    let answer = replayed(&world, &endpoint, all_of(&["payment.*"], 3)).await;
    assert_eq!(answer["deliveries"], 0);
    world.deliver().await;
    let types = receiver
        .received()
        .into_iter()
        .skip(12)
        .map(|webhook| webhook.json()["type"].clone());
    assert_eq!(
        types.collect::<Vec<_>>(),
        vec![json!("checkout.session.expired"); 3]
    );
}

#[tokio::test]
async fn a_replay_reaches_back_before_the_endpoint_and_takes_its_key_once() {
    let world = World::new().await;
    world.session().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    for replayed in [false, true] {
        let answer = world
            .payments
            .replay_webhooks(&world.caller, endpoint.id, all_of(&[], 1), Some(once("p")))
            .await
            .unwrap();
        assert_eq!(answer.replayed, replayed);
        assert_eq!(read(&answer.body)["deliveries"], 1);
    }
    assert_eq!(world.deliver().await, 1);
    assert_eq!(
        receiver.received()[0].verify(&endpoint.secret, world.now()),
        Ok(())
    );
}

#[tokio::test]
async fn a_key_makes_one_endpoint_however_often_it_is_sent() {
    let world = World::new().await;
    let make = || {
        let new = new_endpoint("http://127.0.0.1:9/hook", &["*"]);
        world
            .payments
            .create_webhook_endpoint(&world.caller, new, Some(once("make")))
    };
    let (first, second) = (make().await.unwrap(), make().await.unwrap());
    assert_eq!((first.body, second.replayed), (second.body, true));
    let list = world
        .payments
        .webhook_endpoints(&world.caller, page(10))
        .await
        .unwrap();
    assert_eq!(list.data.len(), 1);
}

#[tokio::test]
async fn endpoints_are_a_merchants_own_and_have_their_number() {
    let world = World::new().await;
    let endpoint = world.endpoint("http://127.0.0.1:9/hook", &["*"]).await;
    let live = kaunta_payments::Caller {
        livemode: true,
        ..world.caller.clone()
    };
    assert!(matches!(
        world.payments.webhook_endpoint(&live, endpoint.id).await,
        Err(Error::NotFound)
    ));
    assert!(
        world
            .payments
            .webhook_endpoints(&live, page(10))
            .await
            .unwrap()
            .data
            .is_empty()
    );
    for _ in 1..WEBHOOK_ENDPOINTS {
        world.endpoint("http://127.0.0.1:9/hook", &["*"]).await;
    }
    let one_more = new_endpoint("http://127.0.0.1:9/hook", &["*"]);
    let refused = world
        .payments
        .create_webhook_endpoint(&world.caller, one_more, None)
        .await;
    assert!(matches!(
        refused,
        Err(Error::Invalid {
            code: "too_many_endpoints",
            ..
        })
    ));
}
