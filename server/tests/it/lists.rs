//! Lists: pages, filters, and what is said of bad ones.

use serde_json::{Value, json};

use crate::harness::Place;

const SESSIONS: &str = "/v1/checkout/sessions";

fn ids(list: &Value) -> Vec<&str> {
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|thing| thing["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn pages_go_both_ways_through_all_sessions() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let mut made = Vec::new();
    for amount in 1..=12 {
        made.push(
            shop.session(json!({ "amount": amount })).await["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    // Ids that are born in the same millisecond are in no certain order, so the list itself is the order.
    let all = shop.get(&format!("{SESSIONS}?limit=100")).await.body;
    assert_eq!(
        (all["object"].as_str(), all["has_more"].as_bool()),
        (Some("list"), Some(false))
    );
    let order = ids(&all);
    assert_eq!(order.len(), 12);
    assert!(order.iter().all(|id| made.iter().any(|known| known == id)));
    let first = shop.get(SESSIONS).await.body;
    assert_eq!(
        (ids(&first), first["has_more"].as_bool()),
        (order[..10].to_vec(), Some(true))
    );
    let rest = shop
        .get(&format!("{SESSIONS}?starting_after={}", order[9]))
        .await
        .body;
    assert_eq!(
        (ids(&rest), rest["has_more"].as_bool()),
        (order[10..].to_vec(), Some(false))
    );
    let back = shop
        .get(&format!("{SESSIONS}?limit=3&ending_before={}", order[10]))
        .await
        .body;
    assert_eq!(
        (ids(&back), back["has_more"].as_bool()),
        (order[7..10].to_vec(), Some(true))
    );
}

#[tokio::test]
async fn filters_narrow_a_list() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let one = shop
        .session(json!({ "amount": 1, "client_reference_id": "order 1" }))
        .await;
    let two = shop
        .session(json!({ "amount": 2, "client_reference_id": "order-2" }))
        .await;
    shop.post(
        &format!("{SESSIONS}/{}/expire", two["id"].as_str().unwrap()),
        json!({}),
    )
    .await;
    let count = async |query: &str| ids(&shop.get(&format!("{SESSIONS}?{query}")).await.body).len();
    assert_eq!(count("client_reference_id=order%201").await, 1);
    assert_eq!(count("client_reference_id=order+1&status=open").await, 1);
    assert_eq!(count("client_reference_id=order+1&status=expired").await, 0);
    assert_eq!(count("status=expired").await, 1);
    assert_eq!(count("payment_status=unpaid").await, 2);
    assert_eq!(count("payment_status=paid").await, 0);
    assert_eq!(
        count(&format!("created[gte]={}", one["created_at"].as_str().unwrap())).await,
        2
    );
    assert_eq!(count("created[gte]=2999-01-01T00:00:00Z").await, 0);
    assert_eq!(count("created%5Bgte%5D=2000-01-01T03:00:00%2B03:00").await, 2);
}

#[tokio::test]
async fn every_bad_parameter_is_named() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let refused = shop
        .get(&format!(
            "{SESSIONS}?limit=0&status=paid&created[gte]=now&page=2&starting_after=pay_1"
        ))
        .await;
    let named: Vec<String> = refused
        .assert_problem(422, "validation_failed")
        .fields()
        .into_iter()
        .map(|(pointer, _)| pointer)
        .collect();
    assert_eq!(
        named,
        ["/limit", "/starting_after", "/status", "/created[gte]", "/page"]
    );
    for (path, pointer) in [
        ("/v1/payments?limit=101", "/limit"),
        ("/v1/events?wait=26", "/wait"),
        ("/v1/events?type=x", "/type"),
        ("/v1/events?after=x", "/after"),
    ] {
        assert_eq!(
            shop.get(path)
                .await
                .assert_problem(422, "validation_failed")
                .fields()[0]
                .0,
            pointer
        );
    }
}

#[tokio::test]
async fn events_come_oldest_first_after_one_that_is_known() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let first = shop.session(json!({ "amount": 1 })).await;
    let events = shop.get("/v1/events").await.body;
    assert_eq!(events["data"][0]["type"], "checkout.session.created");
    assert_eq!(events["data"][0]["data"]["object"]["id"], first["id"]);
    let seen = events["data"][0]["id"].as_str().unwrap().to_owned();
    let shown = shop.get(&format!("/v1/events/{seen}")).await.body;
    assert_eq!(shown, events["data"][0]);
    shop.session(json!({ "amount": 2 })).await;
    shop.post(
        &format!("{SESSIONS}/{}/expire", first["id"].as_str().unwrap()),
        json!({}),
    )
    .await;
    let later = shop.get(&format!("/v1/events?after={seen}")).await.body;
    let kinds: Vec<_> = later["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["checkout.session.created", "checkout.session.expired"]);
    let only = shop.get("/v1/events?type=checkout.session.expired").await.body;
    assert_eq!(ids(&only).len(), 1);
}

#[tokio::test]
async fn a_reader_of_events_waits_for_the_next_one() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    shop.session(json!({ "amount": 1 })).await;
    let seen = shop.get("/v1/events").await.body["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/events?after={seen}&wait=15");
    let (waited, made) = tokio::join!(shop.get(&path), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        shop.session(json!({ "amount": 2 })).await
    });
    assert_eq!(waited.body["data"][0]["data"]["object"]["id"], made["id"]);
}
