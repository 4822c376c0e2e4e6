//! Endpoints that are gone or fail for days are switched off, with notice, and come back by their owner.

use kaunta_domain::time::Timestamp;
use kaunta_payments::{Error, Replay};
use serde_json::{Value, json};

use crate::receiver::{Receiver, Reply};
use crate::support::{START, json as read};
use crate::world::{Endpoint, World};

async fn replay(world: &World, endpoint: &Endpoint, dry_run: bool) -> Result<Value, Error> {
    let replay = Replay {
        from: START,
        to: Timestamp::from_millis(world.stage.clock.now().millis() + 1),
        types: None,
        dry_run,
    };
    let answer = world
        .payments
        .replay_webhooks(&world.caller, endpoint.id, replay, None)
        .await?;
    Ok(read(&answer.body))
}

#[tokio::test]
async fn an_endpoint_that_says_410_hears_no_more_and_its_owner_is_told() {
    let world = World::new().await;
    let gone = Receiver::that(Reply::status(410)).await;
    let witness = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&gone.url, &["*"]).await;
    world.endpoint(&witness.url, &["webhook_endpoint.*"]).await;
    world.session().await;
    world.deliver().await;
    let object = world.endpoint_object(&endpoint).await;
    assert_eq!(
        (&object["disabled"], &object["disabled_reason"]),
        (&json!(true), &json!("gone"))
    );
    assert_eq!(
        world.detail(&endpoint).await["status"],
        "failed",
        "a 410 is not tried again"
    );
    let told = witness.received();
    assert_eq!(told.len(), 1);
    let event = told[0].json();
    assert_eq!(event["type"], "webhook_endpoint.disabled");
    assert_eq!(event["data"]["object"]["id"], endpoint.id.to_string());
    assert_eq!(event["data"]["object"]["disabled_reason"], "gone");
    assert!(!event.to_string().contains("whsec_"));

    world.session().await;
    assert_eq!(world.deliver().await, 0);
    assert_eq!(gone.count(), 1);
    let test = world
        .payments
        .test_webhook_endpoint(&world.caller, endpoint.id, None)
        .await;
    assert!(matches!(test, Err(Error::EndpointDisabled)));
    assert!(matches!(
        replay(&world, &endpoint, false).await,
        Err(Error::EndpointDisabled)
    ));

    // Two sessions, and the event that tells of the endpoint's own end.
    gone.change(Reply::status(200));
    let dry = replay(&world, &endpoint, true).await.unwrap();
    assert_eq!(
        (&dry["events"], &dry["deliveries"], &dry["dry_run"]),
        (&json!(3), &json!(3), &json!(true))
    );
    assert_eq!(world.deliver().await, 0, "a dry run sends nothing");
    world.switch_on(&endpoint).await;
    let object = world.endpoint_object(&endpoint).await;
    assert_eq!(
        (
            &object["disabled"],
            &object["disabled_reason"],
            &object["failing_since"]
        ),
        (&json!(false), &json!(null), &json!(null))
    );
    assert_eq!(replay(&world, &endpoint, false).await.unwrap()["deliveries"], 3);
    assert_eq!(world.deliver().await, 3);
    assert_eq!(gone.count(), 4);
    assert!(
        gone.received()
            .iter()
            .all(|webhook| webhook.verify(&endpoint.secret, world.now()).is_ok())
    );
}

#[tokio::test]
async fn five_days_without_a_success_switch_an_endpoint_off() {
    let world = World::new().await;
    let dead = Receiver::that(Reply::status(502)).await;
    let witness = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&dead.url, &["checkout.*"]).await;
    world.endpoint(&witness.url, &["webhook_endpoint.disabled"]).await;
    for _ in 0..5 {
        world.session().await;
        world.deliver().await;
        assert_eq!(world.endpoint_object(&endpoint).await["disabled"], false);
        assert_eq!(
            world.endpoint_object(&endpoint).await["failing_since"],
            START.rfc3339()
        );
        world.pass(86_400);
    }
    world.session().await;
    world.deliver().await;
    let object = world.endpoint_object(&endpoint).await;
    assert_eq!(
        (&object["disabled"], &object["disabled_reason"]),
        (&json!(true), &json!("failing"))
    );
    assert_eq!(witness.received().len(), 1, "its owner is told once");
    let tries = dead.count();
    world.pass(30 * 86_400);
    assert_eq!(world.deliver().await, 0);
    assert_eq!(dead.count(), tries);
    let left = world.deliveries(&endpoint).await;
    assert!(
        left.iter().all(|delivery| delivery["status"] != "pending"),
        "what was on its way is canceled"
    );
    assert!(left.iter().any(|delivery| delivery["status"] == "canceled"));
}

#[tokio::test]
async fn a_success_in_between_starts_the_five_days_anew() {
    let world = World::new().await;
    let shaky = Receiver::that(Reply::status(500)).await;
    let endpoint = world.endpoint(&shaky.url, &["*"]).await;
    for day in 0..9 {
        shaky.change(Reply::status(if day % 4 == 3 { 200 } else { 500 }));
        world.session().await;
        world.deliver().await;
        let object = world.endpoint_object(&endpoint).await;
        assert_eq!(object["disabled"], false, "day {day}");
        assert_eq!(object["failing_since"].is_null(), day % 4 == 3, "day {day}");
        world.pass(86_400);
    }
}

#[tokio::test]
async fn what_waits_for_an_endpoint_that_is_switched_on_in_time_still_goes_out() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(500)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    world.deliver().await;
    let off = kaunta_payments::WebhookEndpointChange {
        disabled: Some(true),
        ..Default::default()
    };
    world
        .payments
        .change_webhook_endpoint(&world.caller, endpoint.id, off)
        .await
        .unwrap();
    let object = world.endpoint_object(&endpoint).await;
    assert_eq!(object["disabled_reason"], "by_owner");
    world.session().await;
    assert_eq!(world.deliver().await, 0);
    receiver.change(Reply::status(200));
    world.switch_on(&endpoint).await;
    world.pass(6);
    assert_eq!(
        world.deliver().await,
        1,
        "the first; of the second it never was to hear"
    );
    assert_eq!(world.detail(&endpoint).await["status"], "succeeded");
}
