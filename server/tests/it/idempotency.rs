//! `Idempotency-Key`: the work once, the first answer again.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::Place;

const SESSIONS: &str = "/v1/checkout/sessions";

#[tokio::test]
async fn a_hundred_identical_requests_make_one_session() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let body = json!({ "amount": 1500, "client_reference_id": "order-1001" });
    let answers = join_all((0..100).map(|_| shop.post_once("order-1001", SESSIONS, body.clone()))).await;
    let mut ids = BTreeSet::new();
    let mut first_answers = 0;
    for answer in &answers {
        if answer.status == 409 {
            answer.assert_problem(409, "idempotency_key_in_use");
            continue;
        }
        assert_eq!(answer.status, 201, "{}", answer.body);
        ids.insert(answer.text.clone());
        first_answers += usize::from(answer.header("idempotent-replayed").is_none());
    }
    assert_eq!((ids.len(), first_answers), (1, 1));
    let list = shop.get(SESSIONS).await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_first_answer_comes_again_and_another_request_is_refused() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let first = shop.post_once("k1", SESSIONS, json!({ "amount": 10 })).await;
    let again = shop.post_once("k1", SESSIONS, json!({ "amount": 10 })).await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert_eq!(
        (
            first.header("idempotent-replayed"),
            again.header("idempotent-replayed")
        ),
        (None, Some("true"))
    );
    assert_ne!(first.header("request-id"), again.header("request-id"));
    let quoted = shop.post_once("\"k1\"", SESSIONS, json!({ "amount": 10 })).await;
    assert_eq!(quoted.text, first.text);
    shop.post_once("k1", SESSIONS, json!({ "amount": 11 }))
        .await
        .assert_problem(422, "idempotency_key_reused");
    let id = first.body["id"].as_str().unwrap();
    shop.post_once("k1", &format!("{SESSIONS}/{id}/expire"), json!({ "amount": 10 }))
        .await
        .assert_problem(422, "validation_failed");
    shop.post_once("k1", &format!("{SESSIONS}/{id}/expire"), json!({}))
        .await
        .assert_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_key_belongs_to_one_merchant() {
    let place = Place::new().await;
    let (ours, theirs) = (place.merchant("Duka Bora"), place.merchant("Duka Nyingine"));
    let server = place.serve().await;
    let first = server
        .shop(&ours)
        .post_once("k1", SESSIONS, json!({ "amount": 10 }))
        .await;
    let other = server
        .shop(&theirs)
        .post_once("k1", SESSIONS, json!({ "amount": 10 }))
        .await;
    assert_eq!(other.status, 201);
    assert_ne!(first.body["id"], other.body["id"]);
}

#[tokio::test]
async fn what_was_refused_before_it_began_does_not_use_the_key_up() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    shop.post_once("k1", SESSIONS, json!({ "amount": 0 }))
        .await
        .assert_problem(422, "validation_failed");
    assert_eq!(
        shop.post_once("k1", SESSIONS, json!({ "amount": 10 }))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn an_expiry_is_answered_the_same_twice() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let made = shop.session(json!({ "amount": 10 })).await;
    let path = format!("{SESSIONS}/{}/expire", made["id"].as_str().unwrap());
    let first = shop.post_once("end", &path, json!({})).await;
    let again = shop.post_once("end", &path, json!({})).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (200, 200));
    assert_eq!(first.text, again.text);
}
