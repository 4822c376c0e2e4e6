//! Pushes and queries over real HTTP: what is sent, and what each way of failing leaves unknown.

use std::time::Duration;

use kaunta_daraja::c2b::{RegisterUrls, ResponseType, Version};
use kaunta_daraja::{
    BuildError, Busy, Daraja, ErrorKind, Fault, MemoryTokens, Options, Query, QueryAnswer, Reached,
    Registered, Retry, Timeouts, TransactionKind,
};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;

use crate::server::{PASS_KEY, Reply, Server, client, keys, push, pushed, raw, reply};

fn query() -> Query {
    let checkout_request_id = "ws_CO_21112026101500411711000222".into();
    Query {
        short_code: "505150".into(),
        pass_key: PASS_KEY.into(),
        checkout_request_id,
    }
}

#[tokio::test]
async fn a_push_is_sent_as_the_documents_show_it() {
    let server = Server::answering([pushed()]).await;
    let answer = client(&server.url).push(&keys(), &push()).await.unwrap();
    assert_eq!(answer.merchant_request_id, "7c1e-1");
    assert_eq!(answer.checkout_request_id, "ws_CO_21112026101500411711000222");
    assert_eq!(
        (answer.response_code.as_str(), answer.customer_message.as_str()),
        ("0", "Success.")
    );

    let seen = server.seen();
    assert_eq!(seen[0].path, "/oauth/v1/generate?grant_type=client_credentials");
    let basic = "Basic Y29uc3VtZXIta2V5LW9mLXRoZS10ZXN0OmNvbnN1bWVyLXNlY3JldC1vZi10aGUtdGVzdA==";
    assert_eq!(seen[0].headers["authorization"], basic);
    assert_eq!(seen[1].path, "/mpesa/stkpush/v1/processrequest");
    assert_eq!(seen[1].headers["authorization"], "Bearer token-1");
    assert_eq!(seen[1].headers["content-type"], "application/json");
    let expected = serde_json::json!({
        "BusinessShortCode": "505150",
        // base64 of 505150, the passkey and the timestamp.
        "Password": "NTA1MTUwcGFzcy1rZXktb2YtdGhlLXRlc3QyMDI2MTEyMTEwMTUwMA==",
        "Timestamp": "20261121101500",
        "TransactionType": "CustomerPayBillOnline",
        "Amount": "1500",
        "PartyA": "254711000222",
        "PartyB": "505150",
        "PhoneNumber": "254711000222",
        "CallBackURL": "https://pay.example/rail/stk/0f1e2d",
        "AccountReference": "K7QX4M2P",
        "TransactionDesc": "Order 1001",
    });
    assert_eq!(seen[1].body, expected);
}

#[tokio::test]
async fn a_till_is_paid_under_the_store_number() {
    let server = Server::answering([pushed()]).await;
    let mut request = push();
    (request.kind, request.party_b) = (TransactionKind::BuyGoods, "987654".into());
    client(&server.url).push(&keys(), &request).await.unwrap();
    let body = &server.seen()[1].body;
    assert_eq!(
        (&body["TransactionType"], &body["PartyB"]),
        (&"CustomerBuyGoodsOnline".into(), &"987654".into())
    );
}

#[tokio::test]
async fn a_call_runs_in_any_task() {
    let server = Server::answering([pushed()]).await;
    let client = client(&server.url);
    let (pushing, asking) = (client.clone(), client);
    let one = tokio::spawn(async move { pushing.push(&keys(), &push()).await });
    let two = tokio::spawn(async move { asking.query(&keys(), &query()).await });
    assert!(one.await.unwrap().is_ok() && two.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_base_url_keeps_its_path() {
    let server = Server::answering([pushed()]).await;
    let base = server.url.join("/proxy/daraja/").unwrap();
    client(&base).push(&keys(), &push()).await.unwrap();
    assert_eq!(
        server.seen()[1].path,
        "/proxy/daraja/mpesa/stkpush/v1/processrequest"
    );
}

type Spoil = fn(&mut kaunta_daraja::Push);

#[tokio::test]
async fn nonsense_is_not_sent() {
    let server = Server::answering([pushed()]).await;
    let wrong: [(Spoil, ErrorKind); 6] = [
        (
            |push| push.amount = Kes::new(0),
            ErrorKind::InvalidField("Amount".into()),
        ),
        (
            |push| push.amount = Kes::new(250_001),
            ErrorKind::InvalidField("Amount".into()),
        ),
        (|push| push.phone = "0711000222".into(), ErrorKind::InvalidPhone),
        (
            |push| push.party_a = "254200000000".into(),
            ErrorKind::InvalidPhone,
        ),
        (
            |push| push.short_code = "shop".into(),
            ErrorKind::InvalidField("BusinessShortCode".into()),
        ),
        (
            |push| push.party_b = String::new(),
            ErrorKind::InvalidField("PartyB".into()),
        ),
    ];
    for (spoil, kind) in wrong {
        let mut request = push();
        spoil(&mut request);
        let error = client(&server.url).push(&keys(), &request).await.unwrap_err();
        assert_eq!(
            (error.kind, error.reached, error.retry),
            (kind, Reached::No, Retry::Never)
        );
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn no_connection_means_that_nothing_was_sent() {
    let url = "http://127.0.0.1:1".parse().unwrap();
    let error = client(&url).push(&keys(), &push()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.reached, error.fault),
        (ErrorKind::Connect, Reached::No, Fault::Network)
    );
    assert_eq!(error.retry, Retry::Later(None));
}

#[tokio::test]
async fn a_lost_answer_leaves_a_push_unknown_and_a_query_free_to_be_asked_again() {
    let cuts: [(&'static [u8], ErrorKind); 6] = [
        (b"", ErrorKind::Interrupted),
        (b"HTTP/1.1 200 OK\r\nContent-Le", ErrorKind::Interrupted),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"MerchantRequestID\":\"7c",
            ErrorKind::Interrupted,
        ),
        (
            b"HTTP/1.1 200 OK\r\n\r\n{\"MerchantRequestID\":\"7c",
            ErrorKind::Unreadable,
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            ErrorKind::Unreadable,
        ),
        (
            b"HTTP/1.1 500 Oops\r\nContent-Length: 500\r\n\r\n{\"errorCode\":\"500",
            ErrorKind::Interrupted,
        ),
    ];
    for (bytes, kind) in cuts {
        let url = raw(bytes, Duration::ZERO).await;
        let error = client(&url).push(&keys(), &push()).await.unwrap_err();
        assert_eq!((&error.kind, error.reached), (&kind, Reached::Maybe), "{error:?}");
        assert_eq!(error.retry, Retry::Never);
        let error = client(&url).query(&keys(), &query()).await.unwrap_err();
        assert!(
            matches!(error.retry, Retry::Now | Retry::Later(None)),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_cut_refusal_is_still_a_refusal() {
    let url = raw(
        b"HTTP/1.1 400 Bad\r\nContent-Length: 500\r\n\r\n{\"errorCode\":\"400",
        Duration::ZERO,
    )
    .await;
    let error = client(&url).push(&keys(), &push()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.reached, error.status),
        (ErrorKind::Refused, Reached::Yes, Some(400))
    );
}

#[tokio::test]
async fn silence_ends_in_a_timeout_of_unknown_effect() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"] {
        let url = raw(bytes, Duration::from_secs(5)).await;
        let error = client(&url).push(&keys(), &push()).await.unwrap_err();
        assert_eq!(
            (error.kind, error.reached, error.retry),
            (ErrorKind::Timeout, Reached::Maybe, Retry::Never)
        );
    }
}

#[tokio::test]
async fn a_silent_token_server_means_that_no_prompt_went_out() {
    let slow = Reply {
        delay: Duration::from_secs(5),
        ..reply(200, "{}")
    };
    let server = Server::with_tokens([slow], [pushed()]).await;
    let error = client(&server.url).push(&keys(), &push()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.reached, error.retry),
        (ErrorKind::Timeout, Reached::No, Retry::Later(None))
    );
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server = Server::answering([reply(200, " ".repeat(5 << 20))]).await;
    let error = client(&server.url).push(&keys(), &push()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.reached),
        (ErrorKind::Unreadable, Reached::Maybe)
    );
}

#[tokio::test]
async fn a_wait_that_safaricom_asks_for_is_passed_on() {
    let spike = "Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5}";
    let server = Server::answering([Reply {
        retry_after: Some("7"),
        ..reply(429, spike)
    }])
    .await;
    let error = client(&server.url).push(&keys(), &push()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.reached),
        (ErrorKind::Busy(Busy::SpikeArrest), Reached::Yes)
    );
    assert_eq!(error.retry, Retry::Later(Some(Duration::from_secs(7))));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let url = raw(redirect, Duration::ZERO).await;
    let error = client(&url).push(&keys(), &push()).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Unreadable, Some(302)));
}

#[tokio::test]
async fn a_query_asks_with_a_fresh_password_and_reads_a_final_code() {
    let body = r#"{"ResponseCode":"0","ResponseDescription":"The service request has been accepted successsfully",
        "MerchantRequestID":"7c1e-1","CheckoutRequestID":"ws_CO_1","ResultCode":"1032","ResultDesc":"Request cancelled by user"}"#;
    let server = Server::answering([reply(200, body)]).await;
    let answer = client(&server.url).query(&keys(), &query()).await.unwrap();
    let QueryAnswer::Final {
        code,
        merchant_request_id,
        checkout_request_id,
        ..
    } = answer
    else {
        panic!()
    };
    assert_eq!(code.as_str(), "1032");
    assert_eq!(
        (merchant_request_id.as_deref(), checkout_request_id.as_deref()),
        (Some("7c1e-1"), Some("ws_CO_1"))
    );
    let expected = serde_json::json!({
        "BusinessShortCode": "505150",
        "Password": "NTA1MTUwcGFzcy1rZXktb2YtdGhlLXRlc3QyMDI2MTEyMTEwMTUwMA==",
        "Timestamp": "20261121101500",
        "CheckoutRequestID": "ws_CO_21112026101500411711000222",
    });
    assert_eq!(server.seen()[1].body, expected);
}

#[tokio::test]
async fn urls_are_registered_once_and_a_second_time_is_no_error() {
    let success =
        r#"{"OriginatorCoversationID":"6e86-1","ResponseCode":"0","ResponseDescription":"Success"}"#;
    let again =
        r#"{"requestId":"1","errorCode":"500.003.1001","errorMessage":"Urls are already registered."}"#;
    let server = Server::answering([reply(200, success), reply(500, again)]).await;
    let request = RegisterUrls {
        short_code: "505150".into(),
        response_type: ResponseType::Completed,
        confirmation_url: "https://pay.example/rail/c2b/0a1b/confirm".parse().unwrap(),
        validation_url: "https://pay.example/rail/c2b/0a1b/validate".parse().unwrap(),
        version: Version::V2,
    };
    let client = client(&server.url);
    assert_eq!(client.register_c2b(&keys(), &request).await, Ok(Registered::Now));
    assert_eq!(
        client.register_c2b(&keys(), &request).await,
        Ok(Registered::Already)
    );
    let seen = &server.seen()[1];
    assert_eq!(seen.path, "/mpesa/c2b/v2/registerurl");
    let expected = serde_json::json!({
        "ShortCode": "505150", "ResponseType": "Completed",
        "ConfirmationURL": "https://pay.example/rail/c2b/0a1b/confirm",
        "ValidationURL": "https://pay.example/rail/c2b/0a1b/validate",
    });
    assert_eq!(seen.body, expected);
}

#[test]
fn a_client_with_impossible_settings_is_not_built() {
    let build = |url: &str, timeouts: Timeouts| {
        let tokens = std::sync::Arc::new(MemoryTokens::default());
        let options = Options::new(
            url.parse().unwrap(),
            tokens,
            std::sync::Arc::new(|| Timestamp::from_millis(0)),
        );
        Daraja::new(Options { timeouts, ..options }).map(|_| ())
    };
    let usual = Timeouts::default();
    assert_eq!(build("ftp://daraja.example", usual), Err(BuildError::BaseUrl));
    let long = Timeouts {
        token: Duration::from_secs(15),
        ..usual
    };
    assert_eq!(build("http://daraja.example", long), Err(BuildError::Timeouts));
    assert_eq!(build("https://daraja.example", usual), Ok(()));
}
