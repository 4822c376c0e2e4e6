//! The table of magic numbers: it does what it says, and the document says what it is.

use std::collections::BTreeSet;

use daraja_sim::{Kind, Row, TABLE};
use serde_json::json;

use crate::merchant::{Merchant, stk_callback};

/// The document of the simulator.
const DOCUMENT: &str = include_str!("../../../../docs/simulator.md");

#[test]
fn the_document_has_exactly_the_rows_of_the_table() {
    let line = |row: &Row| {
        let (xx, number, amount) = (row.xx, row.msisdn(), row.amount());
        format!(
            "| {xx:02} | {number} | {amount} | `{}` | {} |",
            row.name, row.meaning
        )
    };
    let table: BTreeSet<String> = TABLE.iter().map(line).collect();
    let written: BTreeSet<String> = DOCUMENT
        .lines()
        .filter(|line| line.contains("| 2547000010"))
        .map(str::to_owned)
        .collect();
    let missing: Vec<_> = table.difference(&written).collect();
    let stale: Vec<_> = written.difference(&table).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "missing: {missing:#?}\nstale: {stale:#?}"
    );
}

#[tokio::test]
async fn a_row_that_names_a_code_ends_with_it() {
    let merchant = Merchant::stepped().await;
    let mut seen = 0;
    for row in TABLE {
        let Some((code, _)) = row.meaning.split_once(": ") else {
            continue;
        };
        if code == "refused" || code == "0" {
            continue;
        }
        let checkout = merchant.accepted(&row.msisdn(), 70).await;
        let outbox = merchant.sim.take_outbox();
        let told = &stk_callback(&outbox[0].body)["ResultCode"];
        let number = code.parse::<u32>().map_or(json!(code), |code| json!(code));
        assert_eq!((outbox.len(), told), (1, &number), "{}", row.name);
        assert_eq!(
            merchant.query(&checkout).await.str("ResultCode"),
            code,
            "{}",
            row.name
        );
        seen += 1;
    }
    assert!(seen > 15, "{seen} rows");
    assert!(merchant.sim.ledger().is_empty());
}

#[tokio::test]
async fn a_row_that_says_paid_moves_the_money_once() {
    let merchant = Merchant::stepped().await;
    let mut paid = 0;
    for row in TABLE.iter().filter(|row| row.meaning.starts_with("paid")) {
        // Some of these cut the answer off: what counts is what the ledger says.
        let _ = merchant
            .try_post(
                "/mpesa/stkpush/v1/processrequest",
                &merchant.order(&row.msisdn(), 70),
            )
            .await;
        paid += 1;
        let ledger = merchant.sim.ledger();
        assert_eq!(ledger.len(), paid, "{}", row.name);
        assert_eq!(ledger[paid - 1].msisdn, row.msisdn(), "{}", row.name);
    }
    assert!(paid > 12, "{paid} rows");
}

#[tokio::test]
async fn a_row_that_says_refused_sends_no_prompt() {
    let merchant = Merchant::stepped().await;
    for row in TABLE.iter().filter(|row| row.meaning.starts_with("refused")) {
        let reply = merchant.push(&merchant.order(&row.msisdn(), 70)).await;
        assert!(
            !reply.text.contains("CheckoutRequestID"),
            "{}: {}",
            row.name,
            reply.text
        );
        let words: Vec<&str> = row.meaning.split([':', ',']).map(str::trim).collect();
        if words[1].contains('.') {
            assert_eq!(reply.str("errorCode"), words[1], "{}", row.name);
        }
    }
    assert!(merchant.sim.take_outbox().is_empty() && merchant.sim.prompts().is_empty());
}

#[tokio::test]
async fn amounts_choose_rows_on_any_number_and_names_choose_the_next_push() {
    let merchant = Merchant::stepped().await;
    let checkout = merchant.accepted("254711000001", 9032).await;
    assert_eq!(merchant.query(&checkout).await.str("ResultCode"), "1032");
    merchant.sim.script_next("insufficient").unwrap();
    let checkout = merchant.accepted("254711000001", 50).await;
    assert_eq!(merchant.query(&checkout).await.str("ResultCode"), "1");
    let checkout = merchant.accepted("254711000001", 50).await;
    assert_eq!(merchant.query(&checkout).await.str("ResultCode"), "0");
    assert!(merchant.sim.script_next("no such row").is_err());
}

#[tokio::test]
async fn a_forged_success_names_another_amount_and_no_known_receipt() {
    let merchant = Merchant::stepped().await;
    let checkout = merchant.accepted("254700001057", 1500).await;
    let outbox = merchant.sim.take_outbox();
    assert_eq!(outbox.len(), 2);
    let forged = stk_callback(&outbox[0].body);
    assert_eq!(
        (&forged["ResultCode"], &forged["CheckoutRequestID"]),
        (&json!(0), &json!(checkout))
    );
    assert_eq!(forged["CallbackMetadata"]["Item"][0]["Value"], json!(1.0));
    assert_eq!(stk_callback(&outbox[1].body)["ResultCode"], json!(1032));
    assert!(merchant.sim.ledger().is_empty());
}

#[tokio::test]
async fn a_stuck_push_stays_under_processing() {
    let merchant = Merchant::stepped().await;
    let checkout = merchant.accepted("254700001068", 10).await;
    merchant.sim.advance(std::time::Duration::from_hours(2));
    let mut merchant = merchant;
    merchant.token = merchant.fetch_token().await;
    for _ in 0..5 {
        assert_eq!(merchant.query(&checkout).await.str("ResultCode"), "4999");
    }
    assert!(
        merchant
            .sim
            .take_outbox()
            .iter()
            .all(|outgoing| outgoing.kind != Kind::StkCallback)
    );
}
