//! Who answers slowly or never makes nobody else wait.

use std::time::{Duration, Instant};

use kaunta_domain::limits::WEBHOOKS_AT_ONCE;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::receiver::{Received, Receiver, Reply};
use crate::world::World;

const LIVE: usize = 99;
const EVENTS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_dead_endpoint_of_a_hundred_costs_the_others_nothing() {
    let world = World::new().await;
    let (live, dead) = (
        Receiver::that(Reply::status(200)).await,
        Receiver::that(Reply::Never).await,
    );
    let silent = world.endpoint(&dead.url, &["*"]).await;
    for _ in 0..LIVE {
        world.endpoint(&live.url, &["*"]).await;
    }
    let stop = CancellationToken::new();
    let payments = world.payments.clone();
    let courier = tokio::spawn({
        let stop = stop.clone();
        async move { payments.deliver_until(stop.cancelled_owned()).await }
    });
    let began = Instant::now();
    for _ in 0..EVENTS {
        world.session().await;
    }
    live.wait_for(LIVE * EVENTS).await;
    let took = began.elapsed();
    println!("{} deliveries beside a dead endpoint in {took:?}", LIVE * EVENTS);
    assert!(
        took < Duration::from_secs(14),
        "they waited for the dead one: {took:?}"
    );
    assert!(
        dead.most_at_once() <= WEBHOOKS_AT_ONCE.0,
        "{}",
        dead.most_at_once()
    );
    // The dead one itself: told off after its fifteen seconds, then tried by one delivery at a time. From now on it hangs up
    // at once, so that the test does not wait for fifteen seconds more.
    dead.change(Reply::HangsUp);
    while world.endpoint_object(&silent).await["failing_since"].is_null() {
        assert!(began.elapsed() < Duration::from_secs(25));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(began.elapsed() >= Duration::from_secs(15));
    stop.cancel();
    courier.await.unwrap();
    let timeouts = world.deliveries(&silent).await;
    assert!(
        timeouts
            .iter()
            .any(|delivery| delivery["error"] == json!("timeout"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_endpoint_gets_no_more_at_once_than_it_should() {
    let world = World::new().await;
    let slow = Receiver::that(Reply::Slowly(Duration::from_millis(30), 200)).await;
    let endpoint = world.endpoint(&slow.url, &["*"]).await;
    for _ in 0..40 {
        world.session().await;
    }
    assert_eq!(world.deliver().await, 40);
    assert_eq!(slow.most_at_once(), WEBHOOKS_AT_ONCE.0);
    let deliveries = world.deliveries(&endpoint).await;
    assert!(
        deliveries
            .iter()
            .all(|delivery| delivery["status"] == "succeeded")
    );
}

#[tokio::test]
async fn a_failing_endpoint_is_tried_by_one_delivery_at_a_time() {
    let world = World::new().await;
    let broken = Receiver::that(Reply::Slowly(Duration::from_millis(20), 500)).await;
    world.endpoint(&broken.url, &["*"]).await;
    world.session().await;
    world.deliver().await;
    for _ in 0..10 {
        world.session().await;
    }
    assert_eq!(world.deliver().await, 10);
    assert_eq!(broken.most_at_once(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_events_goes_out_once_each() {
    const CROWD: usize = 1500;
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    world.endpoint(&receiver.url, &["*"]).await;
    let made = (0..CROWD).map(|_| world.session());
    futures_util::future::join_all(made).await;
    let began = Instant::now();
    assert_eq!(world.deliver().await, CROWD);
    println!(
        "{} deliveries a second",
        u128::from(1500_u32) * 1000 / began.elapsed().as_millis()
    );
    let received = receiver.received();
    let ids: std::collections::BTreeSet<&str> = received.iter().map(Received::id).collect();
    assert_eq!((received.len(), ids.len()), (CROWD, CROWD));
}
