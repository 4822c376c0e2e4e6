//! Payments from the shop's side: prompts, callbacks, queries and money by hand, with a pretend Safaricom over HTTP.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use daraja_sim::{Callbacks, Config, Kind, Pace, Payment, Shortcode, Sim, Switches, Validation};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Answer, PATIENCE, Place, Server, Shop};

const SESSIONS: &str = "/v1/checkout/sessions";
const ACCEPTED: &str = r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#;

/// Phones that answer at once; callbacks wait until a test delivers them.
async fn held() -> Sim {
    let shortcodes = Shortcode::sandbox().into_iter().map(|code| Shortcode {
        validation: Validation::On,
        ..code
    });
    let config = Config {
        pace: Pace::instant(),
        callbacks: Callbacks::Hold,
        shortcodes: shortcodes.collect(),
        switches: Switches {
            c2b_after_stk: false,
            ..Switches::default()
        },
        ..Config::default()
    };
    Sim::start(config).await.unwrap()
}

async fn place_with(sim: &Sim) -> Place {
    let mut place = Place::new().await;
    place.set("KAUNTA_DARAJA_BASE_URL", sim.base_url());
    place
}

fn path(session: &Value, end: &str) -> String {
    format!("{SESSIONS}/{}{end}", session["id"].as_str().unwrap())
}

async fn prompt(shop: &Shop<'_>, session: &Value, phone: &str) -> Answer {
    shop.post(&path(session, "/attempts"), json!({ "phone": phone }))
        .await
}

/// Posts what the simulator held back, and returns the answers.
async fn deliver(server: &Server, sim: &Sim) -> Vec<Answer> {
    let posts = sim
        .take_outbox()
        .into_iter()
        .map(|outgoing| server.http.post(&outgoing.url).body(outgoing.body));
    join_all(posts.map(Answer::of)).await
}

/// Reads the session until `done` says so.
async fn until(shop: &Shop<'_>, session: &Value, done: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let now = shop.get(&path(session, "")).await.body;
        if done(&now) {
            return now;
        }
        assert!(Instant::now() < end, "{now}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_prompt_is_paid_by_its_callback_and_by_nothing_else() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop
        .session(json!({ "amount": 1500, "client_reference_id": "order-1001" }))
        .await;
    let attempt = prompt(&shop, &session, "0712 345 678").await;
    assert_eq!(
        (attempt.status.as_u16(), &attempt.body["status"]),
        (201, &json!("awaiting_pin")),
        "{}",
        attempt.body
    );
    assert_eq!(attempt.body["phone_masked"], "2547****5678");
    assert!(attempt.body["id"].as_str().unwrap().starts_with("att_"));
    assert!(
        attempt.body["checkout_request_id"]
            .as_str()
            .unwrap()
            .starts_with("ws_CO_")
    );
    prompt(&shop, &session, "0712345678")
        .await
        .assert_problem(409, "attempt_in_progress");
    assert_eq!(shop.post(&path(&session, "/expire"), json!({})).await.status, 409);
    let waiting = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&waiting["status"], &waiting["payment_status"]),
        (&json!("processing"), &json!("unpaid"))
    );

    let callbacks = sim.take_outbox();
    assert_eq!(callbacks.len(), 1);
    assert!(
        callbacks[0]
            .url
            .starts_with(&format!("{}/rail/stk/", server.base))
    );
    for _ in 0..2 {
        let answer = Answer::of(
            server
                .http
                .post(&callbacks[0].url)
                .body(callbacks[0].body.clone()),
        )
        .await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ACCEPTED));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let paid = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&paid["status"], &paid["payment_status"], &paid["amount_received"]),
        (&json!("complete"), &json!("paid"), &json!(1500))
    );
    assert_eq!(
        (
            &paid["attempts"][0]["status"],
            paid["payments"].as_array().unwrap().len()
        ),
        (&json!("succeeded"), 1)
    );
    let payment = &paid["payments"][0];
    assert_eq!(
        (&payment["method"], &payment["completion_source"]),
        (&json!("mpesa_stk"), &json!("callback"))
    );
    let receipt = payment["receipt"].as_str().unwrap();
    let found = shop.get(&format!("/v1/payments?receipt={receipt}")).await.body;
    assert_eq!(
        (&found["data"][0]["id"], &found["data"][0]["session"]),
        (&payment["id"], &session["id"])
    );
    assert_eq!(
        shop.get(&format!("/v1/payments/{}", payment["id"].as_str().unwrap()))
            .await
            .body,
        found["data"][0]
    );
    prompt(&shop, &session, "0712345678")
        .await
        .assert_problem(409, "session_complete");
    let events = shop.get("/v1/events?limit=100").await.body;
    let kinds: BTreeSet<&str> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    for kind in [
        "checkout.session.created",
        "checkout.session.processing",
        "payment.attempt.awaiting_pin",
        "payment.succeeded",
        "checkout.session.completed",
    ] {
        assert!(kinds.contains(kind), "{kind} in {kinds:?}");
    }
}

#[tokio::test]
async fn a_failure_is_told_and_the_next_prompt_may_succeed() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    sim.script_next("wrong_pin").unwrap();
    assert_eq!(prompt(&shop, &session, "0712345678").await.status, 201);
    deliver(&server, &sim).await;
    let failed = shop.get(&path(&session, "")).await.body;
    let failure = &failed["attempts"][0]["failure"];
    assert_eq!(
        (&failed["status"], &failed["attempts"][0]["status"]),
        (&json!("open"), &json!("failed"))
    );
    let expected = json!({ "code": "wrong_pin", "result_code": "2001", "retryable": true, "cooldown_seconds": 0, "next_action": "retry" });
    assert_eq!(failure, &expected);
    assert_eq!(prompt(&shop, &session, "0712345678").await.status, 201);
    deliver(&server, &sim).await;
    let paid = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&paid["status"], paid["attempts"].as_array().unwrap().len()),
        (&json!("complete"), 2)
    );
}

#[tokio::test]
async fn identical_requests_send_one_prompt() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    let send = || {
        let path = path(&session, "/attempts");
        let shop = &shop;
        async move {
            shop.post_once("pay-1", &path, json!({ "phone": "0712345678" }))
                .await
        }
    };
    let answers = join_all((0..30).map(|_| send())).await;
    let made: BTreeSet<&str> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.text.as_str())
        .collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.assert_problem(409, "idempotency_key_in_use");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(sim.take_outbox().len(), 1, "one prompt, one callback");
    let again = send().await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotent-replayed")),
        (201, Some("true"))
    );
}

#[tokio::test]
async fn where_nothing_was_sent_mpesa_is_unavailable_and_says_so_again() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    sim.script_next("spike_arrest").unwrap();
    let body = json!({ "phone": "0712345678" });
    let refused = shop
        .post_once("pay-1", &path(&session, "/attempts"), body.clone())
        .await;
    refused.assert_problem(502, "mpesa_unavailable");
    assert!(refused.body["user_message"]["sw"].is_string());
    let again = shop
        .post_once("pay-1", &path(&session, "/attempts"), body.clone())
        .await;
    again.assert_problem(502, "mpesa_unavailable");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert!(sim.take_outbox().is_empty());
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "open");
    assert_eq!(
        shop.post_once("pay-2", &path(&session, "/attempts"), body)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_phone_that_cannot_be_asked_is_refused() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    for phone in [json!("020 222 2222"), json!(""), json!(712_345_678), json!(null)] {
        let refused = shop
            .post(&path(&session, "/attempts"), json!({ "phone": phone }))
            .await;
        assert_eq!(
            refused.assert_problem(422, "validation_failed").fields()[0].0,
            "/phone",
            "{phone}"
        );
    }
    sim.script_next("bad_number").unwrap();
    let refused = prompt(&shop, &session, "0712345678").await;
    assert_eq!(
        refused.assert_problem(422, "validation_failed").fields()[0].0,
        "/phone"
    );
    assert!(refused.body["user_message"]["en"].is_string());
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_kept_and_changes_nothing() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    prompt(&shop, &session, "0712345678").await;
    let callback = sim.take_outbox().remove(0);
    for body in [
        b"<html>".to_vec(),
        Vec::new(),
        b"{\"Body\":".to_vec(),
        vec![0xff; 64 * 1024],
    ] {
        let answer = Answer::of(server.http.post(&callback.url).body(body)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ACCEPTED));
    }
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "processing");
    let wrong = format!("{}x", callback.url);
    Answer::of(server.http.post(&wrong).body(callback.body.clone()))
        .await
        .assert_problem(404, "not_found");
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "processing");
    Answer::of(server.http.post(&callback.url).body(callback.body)).await;
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "complete");
}

#[tokio::test]
async fn a_silent_prompt_is_asked_about_in_the_background() {
    let sim = held().await;
    let mut place = place_with(&sim).await;
    place.set("KAUNTA_QUERY_SCHEDULE", "1s,2s,3s");
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    prompt(&shop, &session, "0712345678").await;
    // The callback is lost: nobody delivers it.
    let paid = until(&shop, &session, |session| session["status"] == "complete").await;
    assert_eq!(paid["payments"][0]["completion_source"], "stk_query");
}

// The command line is waited for while the simulator answers it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_by_hand_finds_its_session() {
    let sim = held().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    register(&place, &server, &merchant);
    let account = session["paybill"]["account"].as_str().unwrap();
    let pay = |account: &str, amount| Payment::PayBill {
        business: "174379".to_owned(),
        account: account.to_owned(),
        amount,
        pin: "1234".to_owned(),
    };
    assert!(
        sim.lipa_na_mpesa("254712345678", pay("NOSUCHAC", 100))
            .await
            .is_err(),
        "refused before it moves"
    );
    sim.lipa_na_mpesa("254712345678", pay(&account.to_lowercase(), 60))
        .await
        .unwrap();
    let answers = deliver(&server, &sim).await;
    assert_eq!(answers[0].text, ACCEPTED);
    let partly = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&partly["payment_status"], &partly["amount_received"]),
        (&json!("partially_paid"), &json!(60))
    );
    sim.lipa_na_mpesa("254712345678", pay(account, 40)).await.unwrap();
    deliver(&server, &sim).await;
    let paid = shop.get(&path(&session, "")).await.body;
    assert_eq!(
        (&paid["status"], &paid["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    let methods: Vec<_> = paid["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| payment["method"].as_str().unwrap())
        .collect();
    assert_eq!(methods, ["mpesa_paybill", "mpesa_paybill"]);
}

/// Tells the simulator the server's C2B URLs by the command line, as an operator does.
fn register(place: &Place, server: &Server, merchant: &Value) {
    let told = place.run_json_with(
        &[("KAUNTA_PUBLIC_URL", &server.base)],
        &[
            "channel",
            "register",
            merchant["channel"].as_str().unwrap(),
            "--json",
        ],
    );
    assert_eq!(told["registered"], "now");
}

#[tokio::test]
async fn a_prompt_on_its_way_is_finished_before_the_end() {
    let sim = held().await;
    let mut place = Place::new().await;
    place.set("KAUNTA_DARAJA_BASE_URL", slow_road_to(&sim).await);
    let merchant = place.merchant("Duka Bora");
    let mut server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 100 })).await;
    let request = shop
        .request(Method::POST, &path(&session, "/attempts"))
        .json(&json!({ "phone": "0712345678" }));
    let answer = tokio::spawn(Answer::of(request));
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.signal("TERM");
    let answer = answer.await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body["status"]),
        (201, &json!("awaiting_pin")),
        "{}",
        answer.body
    );
    assert!(server.ended().await.success());
    assert_eq!(
        sim.take_outbox()
            .iter()
            .filter(|outgoing| outgoing.kind == Kind::StkCallback)
            .count(),
        1
    );
}

/// A way to the simulator on which every connection takes most of a second to come through.
async fn slow_road_to(sim: &Sim) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    let there = sim.base_url().strip_prefix("http://").unwrap().to_owned();
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            let there = there.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(800)).await;
                let mut sim = TcpStream::connect(there).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut caller, &mut sim).await);
            });
        }
    });
    here
}
