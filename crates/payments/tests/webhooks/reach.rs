//! Machines that only the server can reach: refused when an endpoint is saved, and when it is connected to.

use kaunta_payments::{Error, Payments, WebhookEndpointChange};
use serde_json::json;

use crate::receiver::{Receiver, Reply};
use crate::world::{World, new_endpoint};

const PRIVATE: [&str; 10] = [
    "http://127.0.0.1/hook",
    "http://localhost:8080/hook",
    "http://LOCALHOST./hook",
    "http://10.0.0.5/hook",
    "https://192.168.1.1/hook",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/hook",
    "http://[::ffff:10.0.0.1]/hook",
    "http://2130706433/hook",
    "http://metadata.google.internal/hook",
];

#[tokio::test]
async fn private_addresses_are_refused_when_they_are_saved() {
    let world = World::with(|config| config.webhook_allow_private = false).await;
    let endpoint = world.endpoint("http://93.184.215.14/hook", &["*"]).await;
    for url in PRIVATE {
        let made = world
            .payments
            .create_webhook_endpoint(&world.caller, new_endpoint(url, &["*"]), None)
            .await;
        assert!(
            matches!(
                made,
                Err(Error::Invalid {
                    code: "private_address",
                    ..
                })
            ),
            "{url}: {made:?}"
        );
        let change = WebhookEndpointChange {
            url: Some(url.parse().unwrap()),
            ..WebhookEndpointChange::default()
        };
        let changed = world
            .payments
            .change_webhook_endpoint(&world.caller, endpoint.id, change)
            .await;
        assert!(
            matches!(
                changed,
                Err(Error::Invalid {
                    code: "private_address",
                    ..
                })
            ),
            "{url}: {changed:?}"
        );
    }
    assert_eq!(
        world.endpoint_object(&endpoint).await["url"],
        "http://93.184.215.14/hook"
    );
}

#[tokio::test]
async fn private_addresses_are_refused_when_they_are_connected_to() {
    let world = World::new().await;
    let receiver = Receiver::that(Reply::status(200)).await;
    let by_address = world.endpoint(&receiver.url, &["*"]).await;
    let by_name = world
        .endpoint(&receiver.url.replace("127.0.0.1", "localhost"), &["*"])
        .await;
    world.session().await;
    // Saved by a server that might, delivered by one that may not.
    let strict = kaunta_payments::Config {
        webhook_allow_private: false,
        ..world.stage.config.clone()
    };
    let strict = Payments::open(strict, world.stage.clock.clone()).await.unwrap();
    assert_eq!(strict.deliver().await.unwrap(), 2);
    assert_eq!(receiver.count(), 0);
    for endpoint in [&by_address, &by_name] {
        let detail = world.detail(endpoint).await;
        assert_eq!(
            (&detail["error"], &detail["response"]),
            (&json!("private_address"), &json!(null))
        );
    }
    // The same endpoints, where it is allowed.
    world.pass(6);
    assert_eq!(world.deliver().await, 2);
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn real_money_is_told_over_https_alone() {
    let world = World::with(|config| config.webhook_allow_private = false).await;
    let live = kaunta_payments::Caller {
        livemode: true,
        ..world.caller.clone()
    };
    let create = |url| {
        world
            .payments
            .create_webhook_endpoint(&live, new_endpoint(url, &["*"]), None)
    };
    let plain = create("http://93.184.215.14/hook").await;
    assert!(matches!(
        plain,
        Err(Error::Invalid {
            code: "https_required",
            ..
        })
    ));
    assert!(create("https://93.184.215.14/hook").await.is_ok());
}
