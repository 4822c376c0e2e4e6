//! C2B: registration, validation with its deadline, confirmation for paybill and till, the double notification.

use std::time::{Duration, Instant};

use daraja_sim::{Callbacks, Config, Decline, HandsetSettings, Kind, MoneyKind, Pace, Payment, Switches};
use serde_json::{Value, json};

use crate::merchant::{Merchant, NOON, Reply, Shop};

const PAYER: &str = "254708374149";

async fn register(merchant: &Merchant, version: &str, number: &str, kind: &str, shop: &Shop) -> Reply {
    let body = json!({
        "ShortCode": number, "ResponseType": kind,
        "ConfirmationURL": shop.url("/c2b/confirm"), "ValidationURL": shop.url("/c2b/validate"),
    });
    merchant
        .post(&format!("/mpesa/c2b/{version}/registerurl"), &body)
        .await
}

fn pay_bill(business: &str, account: &str, amount: i64) -> Payment {
    let (business, account) = (business.to_owned(), account.to_owned());
    Payment::PayBill {
        business,
        account,
        amount,
        pin: "1234".to_owned(),
    }
}

fn confirmation(merchant: &Merchant) -> Value {
    let outbox = merchant.sim.take_outbox();
    assert_eq!((outbox.len(), outbox[0].kind), (1, Kind::C2bConfirmation));
    serde_json::from_slice(&outbox[0].body).unwrap()
}

#[tokio::test]
async fn a_paybill_payment_is_validated_and_confirmed_with_a_masked_number() {
    let (merchant, shop) = (Merchant::stepped().await, Shop::open().await);
    let reply = register(&merchant, "v2", "600000", "Completed", &shop).await;
    assert_eq!((reply.status, reply.str("ResponseCode")), (200, "0"));
    assert!(
        reply.json.get("OriginatorCoversationID").is_some(),
        "{}",
        reply.text
    );
    *shop.reply.lock().unwrap() = json!({"ResultCode": 0, "ResultDesc": "ok", "ThirdPartyTransID": "T-77"});

    let receipt = merchant
        .sim
        .lipa_na_mpesa(PAYER, pay_bill("600000", " inv 008 ", 250))
        .await
        .unwrap();
    let asked = shop.told();
    assert_eq!((asked.len(), asked[0].path.as_str()), (1, "/c2b/validate"));
    assert_eq!(asked[0].json["OrgAccountBalance"], json!(""));

    let told = confirmation(&merchant);
    assert_eq!(told["TransID"], json!(receipt.receipt));
    assert_eq!(told["TransactionType"], json!("Pay Bill"));
    assert_eq!(told["TransAmount"], json!("250.00"));
    assert_eq!(told["TransTime"], json!("20261121090000"));
    assert_eq!(told["BillRefNumber"], json!("inv 008"));
    assert_eq!(told["BusinessShortCode"], json!("600000"));
    assert_eq!(told["OrgAccountBalance"], json!("100250.00"));
    assert_eq!(told["ThirdPartyTransID"], json!("T-77"));
    assert_eq!(told["MSISDN"], json!("2547 ***** 149"));
    assert_eq!(merchant.sim.ledger()[0].kind, MoneyKind::PayBill);
    assert!(
        receipt
            .sms
            .contains("sent to Duka Bora Online for account inv 008"),
        "{}",
        receipt.sms
    );
}

#[tokio::test]
async fn v1_hashes_the_number_and_a_till_has_no_account() {
    let (merchant, shop) = (Merchant::stepped().await, Shop::open().await);
    register(&merchant, "v1", "600001", "Completed", &shop).await;
    let payment = Payment::BuyGoods {
        till: "5678901".to_owned(),
        amount: 30,
        pin: "1234".to_owned(),
    };
    merchant.sim.lipa_na_mpesa(PAYER, payment).await.unwrap();
    let told = confirmation(&merchant);
    assert_eq!(told["TransactionType"], json!("Customer Merchant Payment"));
    assert_eq!(
        (&told["BillRefNumber"], &told["BusinessShortCode"]),
        (&json!(""), &json!("5678901"))
    );
    let hash = told["MSISDN"].as_str().unwrap();
    assert!(
        hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
        "{hash}"
    );
    assert!(told.get("LastName").is_none());
}

#[tokio::test]
async fn a_refused_payment_moves_nothing() {
    let (merchant, shop) = (Merchant::stepped().await, Shop::open().await);
    register(&merchant, "v2", "600000", "Completed", &shop).await;
    *shop.reply.lock().unwrap() = json!({"ResultCode": "C2B00012", "ResultDesc": "Rejected"});
    let declined = merchant
        .sim
        .lipa_na_mpesa(PAYER, pay_bill("600000", "WRONG", 250))
        .await;
    assert_eq!(
        declined,
        Err(Decline::Refused {
            result_code: "C2B00012".to_owned()
        })
    );
    assert!(merchant.sim.ledger().is_empty() && merchant.sim.take_outbox().is_empty());
    assert_eq!(merchant.sim.handset(PAYER).balance, 25_000);
}

#[tokio::test]
async fn a_late_answer_counts_as_the_registration_has_it() {
    let pace = Pace {
        validation_deadline: Duration::from_millis(200),
        ..Pace::instant()
    };
    let shop = Shop::open().await;
    *shop.delay.lock().unwrap() = Duration::from_secs(2);
    let merchant = Merchant::new(Config {
        pace,
        ..Config::stepped(1, NOON)
    })
    .await;
    register(&merchant, "v2", "600000", "Cancelled", &shop).await;
    let start = Instant::now();
    let declined = merchant
        .sim
        .lipa_na_mpesa(PAYER, pay_bill("600000", "A1", 10))
        .await;
    assert_eq!(declined, Err(Decline::Cancelled));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    register(&merchant, "v2", "600000", "Completed", &shop).await;
    merchant
        .sim
        .lipa_na_mpesa(PAYER, pay_bill("600000", "A1", 10))
        .await
        .unwrap();
    assert_eq!(merchant.sim.ledger().len(), 1);
}

#[test]
fn the_deadline_is_eight_seconds() {
    assert_eq!(Pace::default().validation_deadline, Duration::from_secs(8));
    assert_eq!(Pace::instant().validation_deadline, Duration::from_secs(8));
}

#[tokio::test]
async fn without_urls_or_with_validation_off_nobody_is_asked() {
    let (merchant, shop) = (Merchant::stepped().await, Shop::open().await);
    merchant
        .sim
        .lipa_na_mpesa(PAYER, pay_bill("600000", "A1", 10))
        .await
        .unwrap();
    assert!(merchant.sim.take_outbox().is_empty(), "no URL, no confirmation");
    register(&merchant, "v2", "174379", "Completed", &shop).await;
    merchant
        .sim
        .lipa_na_mpesa(PAYER, pay_bill("174379", "A1", 10))
        .await
        .unwrap();
    assert!(shop.told().is_empty(), "validation of 174379 is off");
    confirmation(&merchant);
}

#[tokio::test]
async fn the_phone_declines_by_itself_what_it_can() {
    let merchant = Merchant::stepped().await;
    let pay = |payment| merchant.sim.lipa_na_mpesa(PAYER, payment);
    assert_eq!(
        pay(pay_bill("999999", "A", 10)).await,
        Err(Decline::UnknownBusiness)
    );
    assert_eq!(
        pay(pay_bill("5678901", "A", 10)).await,
        Err(Decline::UnknownBusiness)
    );
    assert_eq!(pay(pay_bill("600000", "A", 0)).await, Err(Decline::InvalidAmount));
    assert_eq!(
        pay(pay_bill("600000", " ", 10)).await,
        Err(Decline::InvalidAccount)
    );
    assert_eq!(
        pay(pay_bill("600000", "A", 25_001)).await,
        Err(Decline::Insufficient)
    );
    let wrong = Payment::BuyGoods {
        till: "5678901".to_owned(),
        amount: 10,
        pin: "9".to_owned(),
    };
    assert_eq!(pay(wrong.clone()).await, Err(Decline::WrongPin));
    assert_eq!(pay(wrong.clone()).await, Err(Decline::WrongPin));
    assert_eq!(pay(wrong).await, Err(Decline::PinLocked));
    merchant.sim.set_handset(
        PAYER,
        HandsetSettings {
            reachable: Some(false),
            ..HandsetSettings::default()
        },
    );
    assert_eq!(pay(pay_bill("600000", "A", 10)).await, Err(Decline::NoNetwork));
    assert!(merchant.sim.ledger().is_empty());
}

#[tokio::test]
async fn an_stk_payment_is_told_twice_where_urls_are_registered() {
    let (merchant, shop) = (Merchant::stepped().await, Shop::open().await);
    register(&merchant, "v2", "174379", "Completed", &shop).await;
    merchant.accepted(PAYER, 10).await;
    let outbox = merchant.sim.take_outbox();
    let kinds: Vec<Kind> = outbox.iter().map(|outgoing| outgoing.kind).collect();
    assert_eq!(kinds, [Kind::StkCallback, Kind::C2bConfirmation]);
    let receipt = &merchant.sim.ledger()[0].receipt;
    for outgoing in &outbox {
        assert!(
            String::from_utf8_lossy(&outgoing.body).contains(receipt),
            "both name the receipt"
        );
    }
    merchant
        .accepted("254700001055".replace("55", "50").as_str(), 10)
        .await;
    let kinds: Vec<Kind> = merchant
        .sim
        .take_outbox()
        .iter()
        .map(|outgoing| outgoing.kind)
        .collect();
    assert_eq!(
        kinds,
        [Kind::C2bConfirmation],
        "a lost callback leaves the confirmation"
    );
}

#[tokio::test]
async fn production_registers_once() {
    let switches = Switches {
        production: true,
        ..Switches::default()
    };
    let merchant = Merchant::new(Config {
        switches,
        ..Config::stepped(1, NOON)
    })
    .await;
    let body = json!({
        "ShortCode": "600000", "ResponseType": "Completed",
        "ConfirmationURL": "https://shop.example/confirm", "ValidationURL": "https://shop.example/validate",
    });
    assert_eq!(
        merchant.post("/mpesa/c2b/v2/registerurl", &body).await.status,
        200
    );
    let again = merchant.post("/mpesa/c2b/v2/registerurl", &body).await;
    assert_eq!(
        again.error(),
        (500, "500.003.1001", "Urls are already registered.")
    );
}

#[tokio::test]
async fn wrong_registrations_are_refused() {
    let (merchant, shop) = (Merchant::stepped().await, Shop::open().await);
    let reply = register(&merchant, "v2", "600000", "completed", &shop).await;
    assert_eq!(reply.error(), (400, "400.002.05", "Invalid Request Payload"));
    let reply = register(&merchant, "v2", "999999", "Completed", &shop).await;
    assert_eq!(reply.error(), (400, "400.002.05", "Invalid Request Payload"));
    let missing = json!({"ShortCode": "600000", "ResponseType": "Completed"});
    let reply = merchant.post("/mpesa/c2b/v1/registerurl", &missing).await;
    assert_eq!(reply.error(), (400, "400.003.02", "Bad Request"));
}

#[tokio::test]
async fn the_simulate_endpoint_pays_without_a_phone() {
    let shop = Shop::open().await;
    let config = Config {
        pace: Pace::instant(),
        callbacks: Callbacks::Send,
        ..Config::default()
    };
    let merchant = Merchant::new(config).await;
    register(&merchant, "v2", "600000", "Completed", &shop).await;
    let body = json!({
        "ShortCode": 600_000, "CommandID": "CustomerPayBillOnline", "Amount": 7, "Msisdn": 254_708_374_149_i64,
        "BillRefNumber": "INV-1",
    });
    let reply = merchant.post("/mpesa/c2b/v2/simulate", &body).await;
    assert_eq!(
        reply.str("ResponseDescription"),
        "Accept the service request successfully."
    );
    let told = shop.wait_for(2).await;
    assert_eq!(told[1].path, "/c2b/confirm");
    assert_eq!(told[1].json["BillRefNumber"], json!("INV-1"));
    assert_eq!(told[1].headers["businessshortcode"], "600000");
}
