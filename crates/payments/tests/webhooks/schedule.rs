//! When a delivery is tried again, and what counts as arrived.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::receiver::{Received, Receiver, Reply};
use crate::world::World;

#[tokio::test]
async fn the_schedule_is_kept_and_ends() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(500)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    assert_eq!(world.deliver().await, 1);
    for (made, pause) in (1..).zip([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]) {
        world.pass(pause - 1);
        assert_eq!(world.deliver().await, 0, "attempt {} comes early", made + 1);
        // What is left of the pause, and a tenth for chance.
        world.pass(2 + pause / 10);
        assert_eq!(world.deliver().await, 1, "attempt {} does not come", made + 1);
    }
    world.pass(10 * 86_400);
    assert_eq!(world.deliver().await, 0);
    let received = receiver.received();
    assert_eq!(received.len(), 10);
    let ids: BTreeSet<&str> = received.iter().map(Received::id).collect();
    let times: BTreeSet<&str> = received
        .iter()
        .map(|webhook| webhook.headers["webhook-timestamp"].as_str())
        .collect();
    assert_eq!(
        (ids.len(), times.len()),
        (1, 10),
        "one id, and a time of its own for each attempt"
    );
    for webhook in &received {
        let at = webhook.headers["webhook-timestamp"].parse().unwrap();
        assert_eq!(webhook.verify(&endpoint.secret, at), Ok(()));
    }
    let detail = world.detail(&endpoint).await;
    assert_eq!(
        (
            &detail["status"],
            &detail["attempt_count"],
            &detail["error"],
            &detail["response_status"]
        ),
        (&json!("failed"), &json!(10), &json!("status"), &json!(500))
    );
    assert_eq!(detail["attempts"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_retry_that_arrives_ends_it() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::HangsUp).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    world.deliver().await;
    assert_eq!(world.detail(&endpoint).await["error"], "interrupted");
    receiver.change(Reply::status(299));
    world.pass(6);
    assert_eq!(world.deliver().await, 1);
    let detail = world.detail(&endpoint).await;
    assert_eq!(
        (&detail["status"], &detail["attempt_count"]),
        (&json!("succeeded"), &json!(2))
    );
    world.pass(86_400);
    assert_eq!(world.deliver().await, 0);
}

#[tokio::test]
async fn retry_after_is_honoured_within_the_schedule() {
    let schedule = [0, 5, 300, 1800].map(Duration::from_secs).to_vec();
    let world = World::with(|config| config.webhook_schedule = schedule).await;
    let busy = |header: &str| Reply::Says(503, format!("retry-after: {header}\r\n"), Vec::new());
    let receiver = Receiver::that(busy("120")).await;
    world.endpoint(&receiver.url, &["*"]).await;
    world.session().await;
    world.deliver().await;
    world.pass(119);
    assert_eq!(world.deliver().await, 0, "it asked for 120 seconds");
    receiver.change(busy("999999999"));
    world.pass(14);
    assert_eq!(world.deliver().await, 1);
    // What is left of the schedule is 300 and 1800 seconds: nobody can ask for more.
    world.pass(2099);
    assert_eq!(world.deliver().await, 0);
    receiver.change(busy("1"));
    world.pass(212);
    assert_eq!(world.deliver().await, 1);
    world.pass(1799);
    assert_eq!(world.deliver().await, 0, "asking for less hurries nothing");
    world.pass(182);
    assert_eq!(world.deliver().await, 1);
    world.pass(86_400);
    assert_eq!(
        world.deliver().await,
        0,
        "asking for more time makes no more attempts"
    );
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let world = World::new().await;
    let elsewhere = Receiver::that(Reply::status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}\r\n", elsewhere.url);
        let receiver = Receiver::that(Reply::Says(status, location, Vec::new())).await;
        let endpoint = world.endpoint(&receiver.url, &["*"]).await;
        world.session().await;
        world.deliver().await;
        let detail = world.detail(&endpoint).await;
        assert_eq!(
            (&detail["status"], &detail["error"], &detail["response_status"]),
            (&json!("pending"), &json!("redirect"), &json!(status))
        );
    }
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn nobody_listening_is_a_failure_that_is_tried_again() {
    let world = World::new().await;
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let endpoint = world.endpoint(&format!("http://127.0.0.1:{port}/"), &["*"]).await;
    world.session().await;
    assert_eq!(world.deliver().await, 1);
    let detail = world.detail(&endpoint).await;
    assert_eq!(
        (&detail["status"], &detail["error"]),
        (&json!("pending"), &json!("unreachable"))
    );
    assert!(detail["next_attempt_at"].is_string() && detail["response"].is_null());
}
