//! Secrets: shown once, rotated with both signing, gone with their endpoint.

use std::time::Duration;

use kaunta_domain::signature::{SignatureError, WebhookSecret};
use kaunta_payments::Error;

use crate::receiver::{Receiver, Reply};
use crate::support::json;
use crate::world::{Endpoint, World};

async fn rotate(world: &World, endpoint: &Endpoint, overlap: u64) -> WebhookSecret {
    let overlap = Duration::from_secs(overlap);
    let answer = world
        .payments
        .rotate_webhook_secret(&world.caller, endpoint.id, overlap, None)
        .await;
    WebhookSecret::parse(json(&answer.unwrap().body)["secret"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn both_secrets_sign_while_one_takes_over_from_the_other() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    let new = rotate(&world, &endpoint, 3600).await;
    assert_ne!(new.bytes(), endpoint.secret.bytes());
    assert!(world.endpoint_object(&endpoint).await["old_secret_expires_at"].is_string());
    world.session().await;
    world.deliver().await;
    let during = &receiver.received()[0];
    assert_eq!(during.headers["webhook-signature"].split(' ').count(), 2);
    for secret in [&endpoint.secret, &new] {
        assert_eq!(during.verify(secret, world.now()), Ok(()));
    }
    world.pass(3601);
    world.session().await;
    world.deliver().await;
    let after = &receiver.received()[1];
    assert_eq!(after.headers["webhook-signature"].split(' ').count(), 1);
    assert_eq!(after.verify(&new, world.now()), Ok(()));
    assert_eq!(
        after.verify(&endpoint.secret, world.now()),
        Err(SignatureError::NoMatch)
    );
    assert!(world.endpoint_object(&endpoint).await["old_secret_expires_at"].is_null());
}

#[tokio::test]
async fn a_leaked_secret_can_be_ended_at_once() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    rotate(&world, &endpoint, 3600).await;
    let new = rotate(&world, &endpoint, 0).await;
    world.session().await;
    world.deliver().await;
    let webhook = &receiver.received()[0];
    assert_eq!(webhook.headers["webhook-signature"].split(' ').count(), 1);
    assert_eq!(webhook.verify(&new, world.now()), Ok(()));
}

#[tokio::test]
async fn a_secret_is_shown_once_and_goes_with_its_endpoint() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let endpoint = world.endpoint(&receiver.url, &["*"]).await;
    let shown = endpoint.secret.reveal();
    let object = world.endpoint_object(&endpoint).await;
    assert!(object.get("secret").is_none() && !object.to_string().contains(shown.as_str()));
    world.session().await;
    world
        .payments
        .delete_webhook_endpoint(&world.caller, endpoint.id)
        .await
        .unwrap();
    assert_eq!(world.deliver().await, 0);
    assert_eq!(
        receiver.count(),
        0,
        "what was on its way when it was deleted is canceled"
    );
    let again = world.payments.webhook_endpoint(&world.caller, endpoint.id).await;
    assert!(matches!(again, Err(Error::NotFound)));
    let twice = world
        .payments
        .delete_webhook_endpoint(&world.caller, endpoint.id)
        .await;
    assert!(matches!(twice, Err(Error::NotFound)));
}
