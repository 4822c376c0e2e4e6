//! Token, push and query with the crate `mpesa` 1.1, unchanged: only its host is ours.
//!
//! Usage: `sdk-mpesa BASE_URL`. The crate has no STK query; the query that it has is Transaction Status.

use mpesa::{ApiEnvironment, Mpesa};

#[derive(Clone)]
struct Simulator(String);

impl ApiEnvironment for Simulator {
    fn base_url(&self) -> &str {
        &self.0
    }

    fn get_certificate(&self) -> &str {
        mpesa::Environment::Sandbox.get_certificate()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let base_url = std::env::args().nth(1).expect("the address of the simulator");
    let client = Mpesa::new("sandbox-key", "sandbox-secret", Simulator(base_url));
    assert!(client.is_connected().await, "a token");

    let push = client
        .express_request("174379")
        .phone_number("254708374149")
        .amount(25)
        .account_ref("RUST-1")
        .callback_url("https://shop.example/cb/rust")
        .send()
        .await
        .expect("a push");
    assert_eq!(push.response_code, "0");
    assert!(push.checkout_request_id.starts_with("ws_CO_"), "{}", push.checkout_request_id);

    let refused = client.express_request("999999").phone_number("254708374149").amount(25);
    let refused = refused.callback_url("https://shop.example/cb/rust").send().await;
    let refused = refused.expect_err("an unknown shortcode").to_string();
    assert!(refused.contains("500.001.1001"), "{refused}");

    let query = client
        .transaction_status("testapi")
        .party_a("174379")
        .transaction_id("UKL0000000")
        .result_url("https://shop.example/r")
        .timeout_url("https://shop.example/t")
        .send()
        .await
        .expect("a query");
    assert!(query.conversation_id.starts_with("AG_"), "{}", query.conversation_id);
    println!("ok");
}
