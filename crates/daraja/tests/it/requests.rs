//! The APIs with an initiator: what is sent, and how their first answer is read.

use kaunta_daraja::b2c::{Command, Payout};
use kaunta_daraja::balance::BalanceQuery;
use kaunta_daraja::pull::{PullQuery, PullRegister};
use kaunta_daraja::request::{Initiator, Party, ReplyTo};
use kaunta_daraja::reversal::Reversal;
use kaunta_daraja::status::{Asked, StatusQuery};
use kaunta_daraja::{ErrorKind, Reached, Registered, Retry};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use serde_json::json;

use crate::readers::fixture;
use crate::server::{NOW, PHONE, Server, client, keys, reply};

const ACCEPTED: &str = r#"{"ConversationID":"AG_20261121_2010","OriginatorConversationID":"payout-1","ResponseCode":"0",
    "ResponseDescription":"Accept the service request successfully."}"#;

fn initiator() -> Initiator {
    Initiator {
        name: "shopapi".into(),
        credential: "sealed-password".into(),
    }
}

fn reply_to() -> ReplyTo {
    ReplyTo {
        result_url: "https://pay.example/rail/result/0a".parse().unwrap(),
        timeout_url: "https://pay.example/rail/timeout/0a".parse().unwrap(),
    }
}

fn payout() -> Payout {
    Payout {
        originator_conversation_id: "payout-1".into(),
        initiator: initiator(),
        command: Command::BusinessPayment,
        amount: Kes::new(450),
        short_code: "505150".into(),
        phone: PHONE.into(),
        remarks: "Refund of order 1001".into(),
        occasion: String::new(),
        reply_to: reply_to(),
    }
}

#[tokio::test]
async fn a_payout_is_sent_under_its_own_id() {
    let server = Server::answering([reply(200, ACCEPTED)]).await;
    let accepted = client(&server.url).b2c(&keys(), &payout()).await.unwrap();
    assert_eq!(accepted.conversation_id.as_deref(), Some("AG_20261121_2010"));
    assert_eq!(accepted.originator_conversation_id.as_deref(), Some("payout-1"));
    let seen = &server.seen()[1];
    assert_eq!(seen.path, "/mpesa/b2c/v3/paymentrequest");
    let expected = json!({
        "OriginatorConversationID": "payout-1", "InitiatorName": "shopapi", "SecurityCredential": "sealed-password",
        "CommandID": "BusinessPayment", "Amount": "450", "PartyA": "505150", "PartyB": PHONE,
        "Remarks": "Refund of order 1001", "QueueTimeOutURL": "https://pay.example/rail/timeout/0a",
        "ResultURL": "https://pay.example/rail/result/0a", "Occassion": "ok",
    });
    assert_eq!(seen.body, expected);
}

#[tokio::test]
async fn a_payout_may_be_sent_again_and_its_double_is_told() {
    let duplicate = r#"{"requestId":"1","errorCode":"500.002.1001","errorMessage":"Duplicate OriginatorConversationID."}"#;
    let server = Server::answering([reply(502, "<html>"), reply(500, duplicate)]).await;
    let client = client(&server.url);
    let lost = client.b2c(&keys(), &payout()).await.unwrap_err();
    assert_eq!((lost.reached, lost.retry), (Reached::Maybe, Retry::Later(None)));
    let double = client.b2c(&keys(), &payout()).await.unwrap_err();
    assert_eq!(double.kind, ErrorKind::DuplicateRequest);
    let small = Payout {
        amount: Kes::new(9),
        ..payout()
    };
    assert_eq!(
        client.b2c(&keys(), &small).await.unwrap_err().kind,
        ErrorKind::InvalidField("Amount".into())
    );
}

#[tokio::test]
async fn a_reversal_is_spelt_as_safaricom_spells_it_and_never_sent_again() {
    let server = Server::answering([reply(200, ACCEPTED), reply(502, "<html>")]).await;
    let client = client(&server.url);
    let request = Reversal {
        initiator: initiator(),
        receipt: "UKL3ZA81QX".into(),
        amount: Kes::new(1500),
        short_code: "505150".into(),
        remarks: "x".into(),
        reply_to: reply_to(),
    };
    client.reversal(&keys(), &request).await.unwrap();
    let seen = &server.seen()[1];
    assert_eq!(seen.path, "/mpesa/reversal/v1/request");
    let expected = json!({
        "Initiator": "shopapi", "SecurityCredential": "sealed-password", "CommandID": "TransactionReversal",
        "TransactionID": "UKL3ZA81QX", "Amount": "1500", "ReceiverParty": "505150", "RecieverIdentifierType": "11",
        "ResultURL": "https://pay.example/rail/result/0a", "QueueTimeOutURL": "https://pay.example/rail/timeout/0a",
        "Remarks": "ok",
    });
    assert_eq!(seen.body, expected);
    let lost = client.reversal(&keys(), &request).await.unwrap_err();
    assert_eq!((lost.reached, lost.retry), (Reached::Maybe, Retry::Never));
}

#[tokio::test]
async fn a_transaction_is_asked_for_by_receipt_or_by_conversation() {
    let server = Server::answering([reply(200, ACCEPTED)]).await;
    let client = client(&server.url);
    let mut request = StatusQuery {
        initiator: initiator(),
        asked: Asked::Receipt("UKL3ZA81QX".into()),
        party: Party::ShortCode("505150".into()),
        remarks: "which".into(),
        reply_to: reply_to(),
    };
    client.transaction_status(&keys(), &request).await.unwrap();
    request.asked = Asked::Conversation("payout-1".into());
    client.transaction_status(&keys(), &request).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[1].path, "/mpesa/transactionstatus/v1/query");
    let expected = json!({
        "Initiator": "shopapi", "SecurityCredential": "sealed-password", "CommandID": "TransactionStatusQuery",
        "TransactionID": "UKL3ZA81QX", "PartyA": "505150", "IdentifierType": "4",
        "ResultURL": "https://pay.example/rail/result/0a", "QueueTimeOutURL": "https://pay.example/rail/timeout/0a",
        "Remarks": "which", "Occasion": "",
    });
    assert_eq!(seen[1].body, expected);
    assert_eq!(seen[2].body["OriginalConversationID"], "payout-1");
    assert!(seen[2].body.get("TransactionID").is_none());
}

#[tokio::test]
async fn balances_are_asked_for() {
    let server = Server::answering([reply(200, ACCEPTED)]).await;
    let party = Party::ShortCode("505150".into());
    let request = BalanceQuery {
        initiator: initiator(),
        party,
        remarks: "balance".into(),
        reply_to: reply_to(),
    };
    client(&server.url)
        .account_balance(&keys(), &request)
        .await
        .unwrap();
    let seen = &server.seen()[1];
    assert_eq!(seen.path, "/mpesa/accountbalance/v1/query");
    assert_eq!(
        (&seen.body["CommandID"], &seen.body["IdentifierType"]),
        (&"AccountBalance".into(), &"4".into())
    );
    assert!(seen.body.get("Occasion").is_none());
}

#[tokio::test]
async fn missed_payments_are_pulled() {
    let page = String::from_utf8(fixture("pull/page")).unwrap();
    let registered =
        |code: &str| format!(r#"{{"ResponseRefID":"1","ResponseStatus":"{code}","ShortCode":"505150"}}"#);
    let nothing = String::from_utf8(fixture("pull/nothing")).unwrap();
    let script = [registered("1000"), registered("1001"), page, nothing];
    let server = Server::answering(script.map(|body| reply(200, body))).await;
    let client = client(&server.url);
    let register = PullRegister {
        short_code: "505150".into(),
        nominated_number: PHONE.into(),
        callback_url: "https://pay.example/rail/pull".parse().unwrap(),
    };
    assert_eq!(
        client.pull_register(&keys(), &register).await,
        Ok(Registered::Now)
    );
    assert_eq!(
        client.pull_register(&keys(), &register).await,
        Ok(Registered::Already)
    );
    let now = Timestamp::from_millis(NOW);
    let hour = std::time::Duration::from_hours(1);
    let query = PullQuery {
        short_code: "505150".into(),
        from: now - hour,
        until: now,
        offset: 20,
    };
    assert_eq!(client.pull(&keys(), &query).await.unwrap().payments.len(), 1);
    assert!(client.pull(&keys(), &query).await.unwrap().payments.is_empty());
    let expected = json!({
        "ShortCode": "505150", "StartDate": "2026-11-21 09:15:00", "EndDate": "2026-11-21 10:15:00", "OffSetValue": "20",
    });
    assert_eq!(server.seen()[3].body, expected);
}
