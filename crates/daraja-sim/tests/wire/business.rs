//! B2C, reversal, transaction status, balance and pull.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daraja_sim::{Kind, MoneyKind};
use serde_json::{Value, json};

use crate::merchant::Merchant;

const PAYER: &str = "254708374149";

fn with_urls(mut body: Value) -> Value {
    let common = json!({
        "SecurityCredential": STANDARD.encode([7_u8; 256]), "Remarks": "Order 42",
        "ResultURL": "https://shop.example/r", "QueueTimeOutURL": "https://shop.example/t",
    });
    body.as_object_mut()
        .unwrap()
        .extend(common.as_object().unwrap().clone());
    body
}

fn payout(id: &str, amount: i64, to: &str) -> Value {
    with_urls(json!({
        "OriginatorConversationID": id, "InitiatorName": "testapi", "CommandID": "BusinessPayment",
        "Amount": amount, "PartyA": "600000", "PartyB": to, "Occassion": "",
    }))
}

fn result(merchant: &Merchant) -> Value {
    let outbox = merchant.sim.take_outbox();
    assert_eq!((outbox.len(), outbox[0].kind), (1, Kind::Result));
    assert_eq!(outbox[0].url, "https://shop.example/r");
    let body: Value = serde_json::from_slice(&outbox[0].body).unwrap();
    body["Result"].clone()
}

fn parameter(result: &Value, key: &str) -> Value {
    let items = result["ResultParameters"]["ResultParameter"].as_array().unwrap();
    items.iter().find(|item| item["Key"] == json!(key)).unwrap()["Value"].clone()
}

#[tokio::test]
async fn a_payout_reaches_the_phone_once_per_conversation() {
    let merchant = Merchant::stepped().await;
    let path = "/mpesa/b2c/v3/paymentrequest";
    let reply = merchant.post(path, &payout("refund-1", 50, PAYER)).await;
    assert_eq!(
        (reply.status, reply.str("OriginatorConversationID")),
        (200, "refund-1")
    );
    assert!(reply.str("ConversationID").starts_with("AG_20261121_2010"));
    let told = result(&merchant);
    assert_eq!(
        (&told["ResultCode"], &told["OriginatorConversationID"]),
        (&json!(0), &json!("refund-1"))
    );
    assert_eq!(parameter(&told, "TransactionReceipt"), told["TransactionID"]);
    assert_eq!(
        parameter(&told, "TransactionCompletedDateTime"),
        json!("21.11.2026 09:00:00")
    );
    let again = merchant.post(path, &payout("refund-1", 50, PAYER)).await;
    assert_eq!(
        again.error(),
        (500, "500.002.1001", "Duplicate OriginatorConversationID.")
    );
    assert_eq!(merchant.sim.ledger().len(), 1);
    assert_eq!(merchant.sim.handset(PAYER).balance, 25_050);
    assert!(
        merchant.sim.handset(PAYER).messages[0]
            .text
            .contains("You have received KSH50.00")
    );
}

#[tokio::test]
async fn payouts_fail_by_limit_by_float_by_credential_and_by_script() {
    let merchant = Merchant::stepped().await;
    let mut wrong_credential = payout("d", 50, PAYER);
    wrong_credential["SecurityCredential"] = json!("c2hvcnQ=");
    let cases = [
        (payout("a", 9, PAYER), json!(2)),
        (payout("b", 250_001, PAYER), json!(3)),
        (payout("c", 100_001, PAYER), json!(1)),
        (wrong_credential, json!(2001)),
        (payout("e", 50, "254700001043"), json!("SFC_IC0003")),
    ];
    for (body, code) in cases {
        merchant.post("/mpesa/b2c/v3/paymentrequest", &body).await;
        let told = result(&merchant);
        assert_eq!(told["ResultCode"], code);
        assert!(told.get("ResultParameters").is_none(), "{told}");
    }
    assert!(merchant.sim.ledger().is_empty());
}

#[tokio::test]
async fn a_payment_is_reversed_once_and_only_by_its_merchant() {
    let merchant = Merchant::stepped().await;
    merchant.accepted(PAYER, 100).await;
    merchant.sim.take_outbox();
    let receipt = merchant.sim.ledger()[0].receipt.clone();
    let body = |receipt: &str, amount: i64, party: &str| {
        with_urls(json!({
            "Initiator": "testapi", "CommandID": "TransactionReversal", "TransactionID": receipt,
            "Amount": amount, "ReceiverParty": party, "RecieverIdentifierType": "11",
        }))
    };
    let path = "/mpesa/reversal/v1/request";
    for (body, code) in [
        (body(&receipt, 100, "600000"), json!("R000002")),
        (body(&receipt, 101, "174379"), json!("R000002")),
        (body("UKL0000000", 1, "174379"), json!("R000002")),
        (body(&receipt, 100, "174379"), json!(0)),
        (body(&receipt, 100, "174379"), json!("R000001")),
    ] {
        assert_eq!(merchant.post(path, &body).await.status, 200);
        assert_eq!(result(&merchant)["ResultCode"], code, "{body}");
    }
    let mut misspelt = body(&receipt, 1, "174379");
    misspelt["ReceiverIdentifierType"] = misspelt["RecieverIdentifierType"].take();
    let reply = merchant.post(path, &misspelt).await;
    assert_eq!(
        reply.str("errorMessage"),
        "Bad Request - Invalid RecieverIdentifierType"
    );
    let ledger = merchant.sim.ledger();
    assert_eq!(
        (ledger[1].kind, ledger[1].account.as_str()),
        (MoneyKind::Reversal, receipt.as_str())
    );
    assert_eq!(merchant.sim.handset(PAYER).balance, 25_000);
}

#[tokio::test]
async fn status_tells_of_a_receipt_and_of_a_pushs_conversation() {
    let merchant = Merchant::stepped().await;
    let push = merchant.push(&merchant.order(PAYER, 100)).await;
    merchant.sim.take_outbox();
    let receipt = merchant.sim.ledger()[0].receipt.clone();
    let path = "/mpesa/transactionstatus/v1/query";
    let body = |key: &str, value: &str| {
        with_urls(json!({
            "Initiator": "testapi", "CommandID": "TransactionStatusQuery", "PartyA": "174379",
            "IdentifierType": "4", key: value,
        }))
    };
    for (key, value) in [
        ("TransactionID", receipt.as_str()),
        ("OriginalConversationID", push.str("MerchantRequestID")),
    ] {
        merchant.post(path, &body(key, value)).await;
        let told = result(&merchant);
        assert_eq!(parameter(&told, "ReceiptNo"), json!(receipt), "{key}");
        assert_eq!(parameter(&told, "TransactionStatus"), json!("Completed"));
        assert_eq!(told["TransactionID"], json!("UKL0000000"));
        let items = told["ResultParameters"]["ResultParameter"].as_array().unwrap();
        assert!(
            items.iter().any(|item| item.get("Value").is_none()),
            "some items have no value"
        );
    }
    merchant.post(path, &body("TransactionID", "UKLNOTHERE")).await;
    assert_eq!(result(&merchant)["ResultCode"], json!("R000002"));
    let reply = merchant.post(path, &body("Other", "x")).await;
    assert_eq!(reply.error(), (400, "400.003.02", "Bad Request"));
}

#[tokio::test]
async fn the_balance_is_told_in_accounts() {
    let merchant = Merchant::stepped().await;
    merchant.accepted(PAYER, 100).await;
    merchant.sim.take_outbox();
    let body = with_urls(json!({
        "Initiator": "testapi", "CommandID": "AccountBalance", "PartyA": "174379", "IdentifierType": "4",
    }));
    merchant.post("/mpesa/accountbalance/v1/query", &body).await;
    let told = parameter(&result(&merchant), "AccountBalance");
    assert!(
        told.as_str()
            .unwrap()
            .contains("&Utility Account|KES|100100.00|100100.00|0.00|0.00&"),
        "{told}"
    );
}

#[tokio::test]
async fn pull_lists_what_came_in() {
    let merchant = Merchant::stepped().await;
    let query = json!({
        "ShortCode": "174379", "StartDate": "2026-11-21 08:00:00", "EndDate": "2026-11-21 10:00:00",
        "OffSetValue": "0",
    });
    let path = "/pulltransactions/v1/query";
    assert_eq!(
        merchant.post(path, &query).await.error(),
        (400, "400.001", "Invalid ShortCode")
    );
    let register = json!({
        "ShortCode": "174379", "RequestType": "Pull", "NominatedNumber": "254722000000",
        "CallBackURL": "https://shop.example/pull",
    });
    for status in ["1000", "1001"] {
        let reply = merchant.post("/pulltransactions/v1/register", &register).await;
        assert_eq!(reply.str("ResponseStatus"), status);
    }
    let empty = merchant.post(path, &query).await;
    assert_eq!(
        (empty.str("ResponseCode"), &empty.json["Response"]),
        ("1001", &json!([[]]))
    );
    merchant.accepted(PAYER, 100).await;
    merchant.accepted("254711000001", 200).await;
    let all = merchant.post(path, &query).await;
    let rows = all.json["Response"][0].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["transactionId"], json!(merchant.sim.ledger()[0].receipt));
    assert_eq!(
        (&rows[0]["msisdn"], &rows[0]["amount"]),
        (&json!(708_374_149), &json!("100.00"))
    );
    let mut second = query.clone();
    second["OffSetValue"] = json!("1");
    assert_eq!(
        merchant.post(path, &second).await.json["Response"][0]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
