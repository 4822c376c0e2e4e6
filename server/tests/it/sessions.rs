//! Sessions by the API: what comes back, who sees it, how it ends.

use serde_json::{Value, json};

use crate::harness::Place;

#[tokio::test]
async fn a_session_comes_back_as_the_contract_shows_it() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let made = server
        .shop(&merchant)
        .session(json!({
            "amount": 1500, "client_reference_id": "order-1001", "description": "Kitenge shirt", "customer_phone": "0712 345 678",
            "metadata": { "cart": "7" }, "line_items": [{ "name": "Shirt", "quantity": 2, "amount": 750 }], "locale": "sw",
            "success_url": "https://shop.example/thanks?s={CHECKOUT_SESSION_ID}", "cancel_url": "https://shop.example/cart",
            "expires_in": 600, "channel": merchant["channel"], "appearance": { "theme": "dark" },
        }))
        .await;
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("cs_") && !id.contains('.'));
    let expected = json!({
        "object": "checkout.session", "livemode": false, "status": "open", "payment_status": "unpaid", "amount": 1500,
        "amount_received": 0, "amount_refunded": 0, "currency": "KES", "url": format!("{}/c/{id}", server.base),
        "embed_url": format!("{}/e/{id}", server.base), "client_reference_id": "order-1001", "description": "Kitenge shirt",
        "metadata": { "cart": "7" }, "line_items": [{ "name": "Shirt", "quantity": 2, "amount": 750 }],
        "phone_masked": "2547****5678", "locale": "sw", "success_url": "https://shop.example/thanks?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/cart", "attempts": [], "payments": [], "completed_at": null,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(made["paybill"]["business_number"], "174379");
    assert_eq!(made["paybill"]["account"].as_str().unwrap().len(), 8);
    assert!(made.get("till").is_none());
    assert!(
        made["created_at"].as_str().unwrap().ends_with('Z')
            && made["expires_at"].as_str() > made["created_at"].as_str()
    );
    assert_eq!(
        server
            .shop(&merchant)
            .get(&format!("/v1/checkout/sessions/{id}"))
            .await
            .body,
        made
    );
}

#[tokio::test]
async fn nobody_sees_what_is_anothers() {
    let place = Place::new().await;
    let (ours, theirs) = (place.merchant("Duka Bora"), place.merchant("Duka Nyingine"));
    let server = place.serve().await;
    let made = server.shop(&ours).session(json!({ "amount": 10 })).await;
    let path = format!("/v1/checkout/sessions/{}", made["id"].as_str().unwrap());
    let stranger = server.shop(&theirs);
    stranger.get(&path).await.assert_problem(404, "not_found");
    stranger
        .post(&format!("{path}/expire"), json!({}))
        .await
        .assert_problem(404, "not_found");
    stranger
        .post(&format!("{path}/attempts"), json!({ "phone": "0712345678" }))
        .await
        .assert_problem(404, "not_found");
    assert_eq!(
        stranger.get("/v1/checkout/sessions").await.body["data"],
        json!([])
    );
    assert_eq!(stranger.get("/v1/events").await.body["data"], json!([]));
    let channel = stranger
        .post(
            "/v1/checkout/sessions",
            json!({ "amount": 10, "channel": ours["channel"] }),
        )
        .await;
    channel.assert_problem(422, "validation_failed");
    assert_eq!(channel.fields()[0].0, "/channel");
    let live = place.run_json(&[
        "key",
        "create",
        "--merchant",
        ours["merchant"].as_str().unwrap(),
        "--live",
        "--json",
    ]);
    server
        .shop(&live)
        .get(&path)
        .await
        .assert_problem(404, "not_found");
}

#[tokio::test]
async fn only_an_open_session_can_be_expired() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let made = shop.session(json!({ "amount": 10 })).await;
    let path = format!("/v1/checkout/sessions/{}", made["id"].as_str().unwrap());
    let expired = shop.post(&format!("{path}/expire"), json!({})).await;
    assert_eq!(
        (expired.status.as_u16(), &expired.body["status"]),
        (200, &json!("expired"))
    );
    let again = shop.post(&format!("{path}/expire"), json!({})).await;
    assert_eq!(again.status, 409, "{}", again.body);
    shop.post(&format!("{path}/attempts"), json!({ "phone": "0712345678" }))
        .await
        .assert_problem(409, "session_expired");
    shop.post(&format!("{path}/expire"), json!({ "now": true }))
        .await
        .assert_problem(422, "validation_failed");
    let empty =
        crate::harness::Answer::of(shop.request(reqwest::Method::POST, &format!("{path}/expire"))).await;
    assert_eq!(
        empty.status, 409,
        "an empty body is as good as {{}}: {}",
        empty.body
    );
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let id = merchant["merchant"].as_str().unwrap();
    let reader = place.run_json(&[
        "key",
        "create",
        "--merchant",
        id,
        "--scope",
        "payments:read",
        "--json",
    ]);
    let webhooks = place.run_json(&[
        "key",
        "create",
        "--merchant",
        id,
        "--scope",
        "webhooks:write",
        "--json",
    ]);
    let server = place.serve().await;
    let made = server.shop(&merchant).session(json!({ "amount": 10 })).await;
    let path = format!("/v1/checkout/sessions/{}", made["id"].as_str().unwrap());
    assert_eq!(server.shop(&reader).get(&path).await.status, 200);
    server
        .shop(&reader)
        .post("/v1/checkout/sessions", json!({ "amount": 10 }))
        .await
        .assert_problem(403, "missing_scope");
    server
        .shop(&webhooks)
        .get("/v1/payments")
        .await
        .assert_problem(403, "missing_scope");
    place.run_json(&["key", "revoke", reader["key"].as_str().unwrap(), "--json"]);
    server
        .shop(&reader)
        .get(&path)
        .await
        .assert_problem(401, "invalid_api_key");
}

#[tokio::test]
async fn a_till_merchant_has_a_till_in_place_of_a_paybill() {
    let place = Place::new().await;
    let till = place.run_json(&[
        "merchant", "create", "--name", "Kibanda", "--till", "5678901", "--store", "600001", "--json",
    ]);
    let server = place.serve().await;
    let made: Value = server.shop(&till).session(json!({ "amount": 10 })).await;
    assert_eq!(made["till"]["number"], "5678901");
    assert!(made.get("paybill").is_none());
}
