//! Servers that die with a delivery in their hands, and servers that share the work.

use std::collections::BTreeMap;
use std::time::Duration;

use kaunta_payments::Payments;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::receiver::{Receiver, Reply};
use crate::world::World;

async fn another_server(world: &World) -> Payments {
    let config = kaunta_payments::Config {
        webhook_allow_private: true,
        ..world.stage.config.clone()
    };
    Payments::open(config, world.stage.clock.clone()).await.unwrap()
}

#[tokio::test]
async fn what_a_dead_server_held_is_sent_again_when_its_lease_runs_out() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::Never).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    let doomed = another_server(&world).await;
    let sending = tokio::spawn(async move { doomed.deliver().await });
    receiver.wait_for(1).await;
    sending.abort();
    drop(sending.await);

    receiver.change(Reply::status(200));
    assert_eq!(world.deliver().await, 0, "it is still leased");
    world.pass(61);
    assert_eq!(world.deliver().await, 1);
    let received = receiver.received();
    assert_eq!(
        received[0].id(),
        received[1].id(),
        "the receiver can tell that it is the same"
    );
    assert_eq!(received[1].verify(&endpoint.secret, world.now()), Ok(()));
    let detail = world.detail(&endpoint).await;
    assert_eq!(
        (&detail["status"], &detail["attempt_count"]),
        (&json!("succeeded"), &json!(1))
    );
}

#[tokio::test]
async fn what_is_heard_after_the_lease_changes_nothing() {
    let world = World::new().await;
    let receiver = Receiver::with(|_| Reply::Slowly(Duration::from_millis(700), 500)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    let slow = another_server(&world).await;
    let sending = tokio::spawn(async move { slow.deliver().await });
    receiver.wait_for(1).await;
    receiver.change(Reply::status(200));
    world.pass(61);
    assert_eq!(world.deliver().await, 1);
    sending.await.unwrap().unwrap();
    let detail = world.detail(&endpoint).await;
    assert_eq!(
        (&detail["status"], &detail["response_status"]),
        (&json!("succeeded"), &json!(200))
    );
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_finishes_what_it_sends() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::Slowly(Duration::from_millis(300), 200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    for _ in 0..20 {
        world.session().await;
    }
    let stop = CancellationToken::new();
    let payments = world.payments.clone();
    let courier = tokio::spawn({
        let stop = stop.clone();
        async move { payments.deliver_until(stop.cancelled_owned()).await }
    });
    receiver.wait_for(8).await;
    stop.cancel();
    courier.await.unwrap();
    let sent = receiver.count();
    assert!((8..20).contains(&sent), "{sent}");
    let deliveries = world.deliveries(&endpoint).await;
    let succeeded = deliveries
        .iter()
        .filter(|delivery| delivery["status"] == "succeeded")
        .count();
    assert_eq!(succeeded, sent, "every answer is written down");
    assert_eq!(
        world.deliver().await,
        20 - sent,
        "the rest is free for the next server at once"
    );
    assert_eq!(receiver.count(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_share_the_work_without_doing_it_twice() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::Slowly(Duration::from_millis(2), 200)).await;
    for _ in 0..3 {
        world.endpoint(&receiver.url, &["*"]).await;
    }
    for _ in 0..60 {
        world.session().await;
    }
    let servers = [
        another_server(&world).await,
        another_server(&world).await,
        world.payments.clone(),
    ];
    let all = servers.map(|server| tokio::spawn(async move { server.deliver().await.unwrap() }));
    let mut attempts = 0;
    for server in all {
        attempts += server.await.unwrap();
    }
    assert_eq!(attempts, 180);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for webhook in receiver.received() {
        *times.entry(webhook.id().to_owned()).or_default() += 1;
    }
    assert!(
        times.len() == 60 && times.values().all(|count| *count == 3),
        "{times:?}"
    );
}
