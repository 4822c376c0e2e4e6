//! The main job over real HTTP: token, push, phone, callback, query.

use crate::merchant::{Merchant, NOON, Shop, push_body, stk_callback};
use daraja_sim::{Callbacks, Config, Kind, MoneyKind, Pace, PinResult};
use serde_json::json;

const PAYER: &str = "254708374149";

#[tokio::test]
async fn a_push_is_paid_and_its_callback_waits_in_the_outbox() {
    let merchant = Merchant::stepped().await;
    let checkout = merchant.accepted(PAYER, 1500).await;
    assert!(checkout.starts_with("ws_CO_21112026090000"), "{checkout}");
    assert!(checkout.ends_with("708374149"), "{checkout}");

    let outbox = merchant.sim.take_outbox();
    assert_eq!(outbox.len(), 1);
    assert_eq!(
        (outbox[0].kind, outbox[0].url.as_str()),
        (Kind::StkCallback, "https://shop.example/cb/stk")
    );
    let callback = stk_callback(&outbox[0].body);
    assert_eq!(callback["ResultCode"], json!(0));
    assert_eq!(callback["CheckoutRequestID"], json!(checkout));

    let ledger = merchant.sim.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!((ledger[0].amount, ledger[0].kind), (1500, MoneyKind::Stk));
    assert_eq!(
        (ledger[0].account.as_str(), ledger[0].shortcode.as_str()),
        ("K7QX4M2P", "174379")
    );
    assert!(ledger[0].receipt.starts_with("UKL"), "{}", ledger[0].receipt);
    let items = callback["CallbackMetadata"]["Item"].as_array().unwrap();
    assert!(
        items.iter().any(|item| item["Value"] == json!(ledger[0].receipt)),
        "{callback}"
    );

    let answer = merchant.query(&checkout).await;
    assert_eq!(answer.str("ResultCode"), "0");
    assert!(answer.str("ResponseDescription").ends_with("successsfully"));
    assert!(merchant.sim.take_outbox().is_empty(), "what was taken is gone");
}

#[tokio::test]
async fn callbacks_are_posted_once_with_safaricoms_headers() {
    let shop = Shop::open().await;
    let config = Config {
        pace: Pace::instant(),
        ..Config::default()
    };
    let merchant = Merchant::new(config).await;
    let order = push_body(PAYER, 20, &shop.url("/cb/secret-1/stk"), merchant.sim.now());
    assert_eq!(merchant.push(&order).await.status, 200);
    let told = shop.wait_for(1).await;
    assert_eq!(told[0].path, "/cb/secret-1/stk");
    assert_eq!(told[0].headers["businessshortcode"], "174379");
    assert_eq!(told[0].headers["content-type"], "application/json;charset=UTF-8");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(shop.told().len(), 1);
}

#[tokio::test]
async fn an_attended_phone_waits_for_its_person() {
    let merchant = Merchant::stepped().await;
    merchant.sim.attend(PAYER);
    let checkout = merchant.accepted(PAYER, 1500).await;
    let prompts = merchant.sim.prompts();
    assert_eq!(prompts.len(), 1);
    assert_eq!(
        prompts[0].text,
        "Do you want to pay Ksh1,500.00 to Duka Bora Account no. K7QX4M2P?"
    );
    assert_eq!(merchant.query(&checkout).await.str("ResultCode"), "4999");
    assert_eq!(merchant.sim.enter_pin(prompts[0].id, "1234"), Ok(PinResult::Paid));
    assert_eq!(merchant.sim.take_outbox().len(), 1);
    assert!(
        merchant.sim.enter_pin(prompts[0].id, "1234").is_err(),
        "a prompt is answered once"
    );
    let phone = merchant.sim.handset(PAYER);
    assert_eq!(phone.balance, 23_500);
    assert!(
        phone.messages[0]
            .text
            .contains("Confirmed. KSH1,500.00 sent to Duka Bora for account K7QX4M2P")
    );
}

#[tokio::test]
async fn cancelling_ignoring_and_wrong_pins_end_as_they_do_on_a_phone() {
    let merchant = Merchant::stepped().await;
    merchant.sim.attend(PAYER);
    let code = |merchant: &Merchant| {
        let outbox = merchant.sim.take_outbox();
        assert_eq!(outbox.len(), 1);
        stk_callback(&outbox[0].body)["ResultCode"].clone()
    };
    merchant.accepted(PAYER, 1).await;
    merchant.sim.cancel(merchant.sim.prompts()[0].id).unwrap();
    assert_eq!(code(&merchant), json!(1032));
    for expected in [2001, 2001, 8006] {
        merchant.accepted(PAYER, 1).await;
        merchant
            .sim
            .enter_pin(merchant.sim.prompts()[0].id, "0000")
            .unwrap();
        assert_eq!(code(&merchant), json!(expected));
    }
    merchant.accepted(PAYER, 1).await;
    merchant.sim.ignore(merchant.sim.prompts()[0].id).unwrap();
    assert!(merchant.sim.prompts().is_empty());
    merchant.sim.advance(std::time::Duration::from_secs(59));
    assert!(merchant.sim.take_outbox().is_empty());
    merchant.sim.advance(std::time::Duration::from_secs(1));
    assert_eq!(code(&merchant), json!(1037));
    assert!(merchant.sim.ledger().is_empty());
}

#[tokio::test]
async fn a_phone_with_a_prompt_takes_no_second_one() {
    let merchant = Merchant::stepped().await;
    merchant.sim.attend(PAYER);
    merchant.accepted(PAYER, 1).await;
    let reply = merchant.push(&merchant.order(PAYER, 2)).await;
    let locked = "Unable to lock subscriber, a transaction is already in process for the current subscriber";
    assert_eq!(reply.error(), (500, "500.001.1001", locked));
    merchant.sim.cancel(merchant.sim.prompts()[0].id).unwrap();
    merchant.accepted(PAYER, 2).await;
}

#[tokio::test]
async fn the_same_seed_and_requests_give_the_same_callbacks() {
    let run = |seed| async move {
        let merchant = Merchant::new(Config::stepped(seed, NOON)).await;
        for payer in ["254711000001", "254711000002", "254711000003"] {
            merchant.accepted(payer, 70).await;
        }
        merchant.sim.take_outbox()
    };
    assert_eq!(run(5).await, run(5).await);
    assert_ne!(run(5).await, run(6).await);
}

#[tokio::test]
async fn a_real_clock_holds_callbacks_too() {
    let config = Config {
        pace: Pace::instant(),
        callbacks: Callbacks::Hold,
        ..Config::default()
    };
    let merchant = Merchant::new(config).await;
    merchant.accepted(PAYER, 5).await;
    assert_eq!(merchant.sim.take_outbox().len(), 1);
}
