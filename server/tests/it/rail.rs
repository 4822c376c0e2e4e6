//! The callback intake: who gets in, what is taken, and what is said.

use reqwest::Method;

use crate::harness::{Answer, Place, Server};

const PATHS: [&str; 3] = [
    "/rail/stk/wrong",
    "/rail/c2b/wrong/validate",
    "/rail/c2b/wrong/confirm",
];

async fn post(server: &Server, path: &str, body: Vec<u8>) -> Answer {
    Answer::of(server.request(Method::POST, path).body(body)).await
}

#[tokio::test]
async fn an_unknown_token_is_nothing() {
    let place = Place::new().await;
    let server = place.serve().await;
    for path in PATHS {
        post(&server, path, b"{}".to_vec())
            .await
            .assert_problem(404, "not_found");
        post(&server, path, b"{\"Body\":".to_vec())
            .await
            .assert_problem(404, "not_found");
        Answer::of(server.request(Method::GET, path))
            .await
            .assert_problem(405, "method_not_allowed");
    }
    for path in [
        "/rail/stk/",
        "/rail/stk/%FF",
        "/rail/result/wrong",
        "/rail/timeout/wrong",
        "/rail",
    ] {
        post(&server, path, b"{}".to_vec())
            .await
            .assert_problem(404, "not_found");
    }
    post(
        &server,
        &format!("/rail/stk/{}", "a".repeat(5000)),
        b"{}".to_vec(),
    )
    .await
    .assert_problem(404, "not_found");
}

#[tokio::test]
async fn a_body_may_have_64_kilobytes_and_no_more() {
    let place = Place::new().await;
    let server = place.serve().await;
    for path in PATHS {
        post(&server, path, vec![b' '; 64 * 1024])
            .await
            .assert_problem(404, "not_found");
        post(&server, path, vec![b' '; 64 * 1024 + 1])
            .await
            .assert_problem(413, "payload_too_large");
        post(&server, path, vec![b' '; 1024 * 1024])
            .await
            .assert_problem(413, "payload_too_large");
    }
}

#[tokio::test]
async fn only_allowed_addresses_may_call_back() {
    let mut place = Place::new().await;
    place.set("KAUNTA_CALLBACK_IPS", "196.201.212.0/22");
    let server = place.serve().await;
    for path in PATHS {
        post(&server, path, b"{}".to_vec())
            .await
            .assert_problem(403, "source_not_allowed");
    }
    let claimed = server
        .request(Method::POST, PATHS[0])
        .header("x-forwarded-for", "196.201.214.200")
        .body("{}");
    Answer::of(claimed)
        .await
        .assert_problem(403, "source_not_allowed");
    assert_eq!(
        Answer::of(server.request(Method::GET, "/healthz")).await.status,
        200
    );

    place.set("KAUNTA_TRUSTED_PROXIES", "127.0.0.1");
    let server = place.serve().await;
    let through_proxy = |heard: &'static str| {
        server
            .request(Method::POST, PATHS[0])
            .header("x-forwarded-for", heard)
            .body("{}")
    };
    Answer::of(through_proxy("196.201.214.200"))
        .await
        .assert_problem(404, "not_found");
    Answer::of(through_proxy("196.201.214.200, 9.9.9.9"))
        .await
        .assert_problem(403, "source_not_allowed");
    post(&server, PATHS[0], b"{}".to_vec())
        .await
        .assert_problem(403, "source_not_allowed");
}
