//! OAuth and its quirks.

use daraja_sim::{App, Config, Switches};
use serde_json::json;

use crate::merchant::{Merchant, NOON, Reply};

#[tokio::test]
async fn a_token_has_28_characters_and_its_lifetime_is_a_string() {
    let merchant = Merchant::stepped().await;
    let reply = merchant.ask_token("sandbox-key", "sandbox-secret").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.str("access_token").len(), 28);
    assert_eq!(reply.json["expires_in"], json!("3599"));
}

#[tokio::test]
async fn the_lifetime_is_a_number_on_request() {
    let switches = Switches {
        expires_in_number: true,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    let reply = merchant.ask_token("sandbox-key", "sandbox-secret").await;
    assert_eq!(reply.json["expires_in"], json!(3599));
}

#[tokio::test]
async fn each_new_token_voids_the_one_before_it_of_that_app_alone() {
    let apps = vec![
        App::new("sandbox-key", "sandbox-secret"),
        App::new("other", "secret"),
    ];
    let mut merchant = Merchant::new(Config {
        apps,
        ..Config::stepped(1, NOON)
    })
    .await;
    let first = merchant.token.clone();
    merchant.ask_token("other", "secret").await;
    merchant.accepted("254711000001", 1).await;
    let second = merchant.fetch_token().await;
    let reply = merchant.push(&merchant.order("254711000001", 1)).await;
    assert_eq!(reply.error(), (404, "404.001.03", "Invalid Access Token"));
    assert_ne!(first, second);
    merchant.token = second;
    merchant.accepted("254711000001", 1).await;
}

#[tokio::test]
async fn a_token_expires_after_3599_seconds() {
    let merchant = Merchant::stepped().await;
    merchant.sim.advance(std::time::Duration::from_secs(3598));
    merchant.accepted("254711000001", 1).await;
    merchant.sim.advance(std::time::Duration::from_secs(1));
    let reply = merchant.push(&merchant.order("254711000001", 1)).await;
    assert_eq!(reply.error(), (404, "404.001.03", "Invalid Access Token"));
}

#[tokio::test]
async fn wrong_keys_get_400_without_a_body_or_with_one_on_request() {
    let merchant = Merchant::stepped().await;
    let reply = merchant.ask_token("sandbox-key", "wrong").await;
    assert_eq!((reply.status, reply.text.as_str()), (400, ""));
    let switches = Switches {
        bad_credentials_body: true,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    let reply = merchant.ask_token("sandbox-key", "wrong").await;
    assert_eq!(
        reply.error(),
        (400, "400.008.01", "Invalid Authentication passed")
    );
}

#[tokio::test]
async fn any_keys_do_on_request() {
    let switches = Switches {
        accept_any_credentials: true,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    assert_eq!(merchant.ask_token("who", "ever").await.status, 200);
}

#[tokio::test]
async fn other_schemes_grants_and_methods_are_refused_in_safaricoms_words() {
    let merchant = Merchant::stepped().await;
    let url = format!("{}/oauth/v1/generate", merchant.sim.base_url());
    let granted = format!("{url}?grant_type=client_credentials");
    let reply = Reply::read(merchant.http.get(&granted).bearer_auth("x").send().await.unwrap()).await;
    assert_eq!(
        reply.error(),
        (400, "400.008.01", "Invalid Authentication passed")
    );
    let basic = merchant
        .http
        .get(&url)
        .basic_auth("sandbox-key", Some("sandbox-secret"));
    let reply = Reply::read(basic.send().await.unwrap()).await;
    assert_eq!(reply.error(), (400, "400.008.02", "Invalid grant type passed"));
    let reply = Reply::read(merchant.http.post(&granted).send().await.unwrap()).await;
    assert_eq!(
        reply.error(),
        (404, "404.001.04", "Invalid Authentication Header")
    );
}
