//! `kaunta demo`: a shop, a checkout and a phone, with nothing set up.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, PATIENCE, Place, Server};

async fn demo(place: &Place) -> Server {
    // The address that is printed last of the three.
    place
        .start("demo", |line| {
            Some(
                line.strip_prefix("phone ")?
                    .trim()
                    .strip_suffix("/demo/phone")?
                    .to_owned(),
            )
        })
        .await
}

/// What stands behind `name` in what is printed.
async fn printed(server: &mut Server, name: &'static str) -> String {
    server
        .printed_line(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
        .await
}

#[tokio::test]
async fn the_demo_needs_nothing_and_prints_three_addresses() {
    let place = Place::new().await;
    let mut server = demo(&place).await;
    for name in ["shop", "checkout", "phone"] {
        let address = printed(&mut server, name).await;
        assert!(address.starts_with(&server.base), "{name}: {address}");
    }
    let shop = printed(&mut server, "shop").await;
    let shop = Answer::of(server.http.get(shop)).await;
    assert_eq!(shop.status, 200);
    assert_eq!(shop.text.matches("action=\"/demo/buy/").count(), 3);
    let phone = printed(&mut server, "phone").await;
    assert_eq!(Answer::of(server.http.get(phone)).await.status, 200);
    server.signal("INT");
    assert!(server.ended().await.success());
    let left: Vec<_> = place
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter().all(|name| name.to_string_lossy().starts_with("log-")),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_thing_is_bought_paid_and_thanked_for() {
    let place = Place::new().await;
    let mut server = demo(&place).await;
    let bought = Answer::of(server.request(Method::POST, "/demo/buy/shirt")).await;
    assert_eq!(bought.status, 303);
    let session = bought
        .header("location")
        .unwrap()
        .strip_prefix("/c/")
        .unwrap()
        .to_owned();
    let thanks = format!("/demo/thanks?session={session}");
    let early = Answer::of(server.request(Method::GET, &thanks)).await;
    assert!(early.text.contains("not paid yet") && early.header("refresh").is_some());

    let key = printed(&mut server, "API key").await;
    let shop = server.shop(&json!({ "api_key": key }));
    let attempt = shop
        .post(
            &format!("/v1/checkout/sessions/{session}/attempts"),
            json!({ "phone": "0712345678" }),
        )
        .await;
    assert_eq!(
        (attempt.status.as_u16(), &attempt.body["status"]),
        (201, &json!("awaiting_pin")),
        "{}",
        attempt.body
    );
    let until = tokio::time::Instant::now() + PATIENCE;
    let paid = loop {
        let now = Answer::of(server.request(Method::GET, &thanks)).await;
        if now.text.contains("Asante") {
            break now;
        }
        assert!(tokio::time::Instant::now() < until, "{}", now.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(paid.text.contains("KES 1,500") && paid.header("refresh").is_none());
    let read = shop.get(&format!("/v1/checkout/sessions/{session}")).await.body;
    assert_eq!(
        (&read["status"], &read["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert!(
        paid.text
            .contains(read["payments"][0]["receipt"].as_str().unwrap())
    );
}

#[tokio::test]
async fn books_that_were_chosen_are_kept_for_the_next_demo() {
    let mut place = Place::new().await;
    if std::env::var_os("KAUNTA_TEST_POSTGRES").is_none() {
        place.set("KAUNTA_DATABASE_URL", "sqlite://kept.db");
    }
    let mut first = demo(&place).await;
    let old = printed(&mut first, "API key").await;
    let made = first
        .shop(&json!({ "api_key": old }))
        .session(json!({ "amount": 10 }))
        .await;
    first.signal("TERM");
    assert!(first.ended().await.success());
    let mut second = demo(&place).await;
    let path = format!("/v1/checkout/sessions/{}", made["id"].as_str().unwrap());
    let key = printed(&mut second, "API key").await;
    assert_eq!(
        second.shop(&json!({ "api_key": key })).get(&path).await.status,
        200
    );
    assert_eq!(
        place
            .run_json(&["merchant", "list", "--json"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
