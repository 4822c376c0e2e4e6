//! No reader panics on anything, and what is written is read back.

use kaunta_daraja::c2b::{read_c2b, read_registered};
use kaunta_daraja::callback::{Verdict, read_stk};
use kaunta_daraja::other::read_any;
use kaunta_daraja::pull::read_pull;
use kaunta_daraja::request::read_accepted;
use kaunta_daraja::result::{read_result, read_timeout};
use kaunta_daraja::stk::read_push;
use kaunta_daraja::stk_query::read_query;
use kaunta_daraja::token::read_token;
use kaunta_daraja::{Answer, ResultCode};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::readers::{family, fixture};

fn read_everything(body: &[u8], status: u16) {
    let _ = read_stk(body).map(|callback| format!("{callback:?} {:?}", callback.verdict()));
    let _ = read_c2b(body).map(|payment| format!("{payment:?}"));
    let _ = read_result(body).map(|result| {
        let views = (
            kaunta_daraja::b2c::PaidOut::of(&result),
            kaunta_daraja::balance::Balances::of(&result),
            kaunta_daraja::status::TransactionStatus::of(&result),
            kaunta_daraja::reversal::Reversed::of(&result),
        );
        format!("{result:?} {:?} {views:?}", result.outcome())
    });
    let _ = (read_timeout(body), read_pull(body), read_any(body));
    let answer = Answer::new(status, body.to_vec());
    let _ = (
        read_push(&answer),
        read_query(&answer),
        read_registered(&answer),
        read_accepted(&answer),
    );
    let _ = read_token(&answer, Timestamp::from_millis(0));
}

/// JSON made of the names that the readers look for, in all the wrong places.
fn odd_json() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 24] = [
        "Body",
        "stkCallback",
        "ResultCode",
        "CallbackMetadata",
        "Item",
        "Name",
        "Key",
        "Value",
        "Amount",
        "MpesaReceiptNumber",
        "TransID",
        "TransAmount",
        "BusinessShortCode",
        "TransTime",
        "MSISDN",
        "Result",
        "ResultParameters",
        "ResultParameter",
        "AccountBalance",
        "errorCode",
        "errorMessage",
        "fault",
        "Response",
        "ResponseCode",
    ];
    let name = prop::sample::select(&NAMES[..]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(
            &[
                "",
                "0",
                "-5",
                "UKL3ZA81QX",
                "1500.00",
                "20261121101544",
                "é",
                "Amount",
                "a|b|1&|"
            ][..]
        )
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        name.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A fixture with one stretch cut out of it and something else put there.
fn spoilt() -> impl Strategy<Value = Vec<u8>> {
    let names: Vec<String> = ["stk", "c2b", "result", "pull"]
        .into_iter()
        .flat_map(family)
        .collect();
    (
        prop::sample::select(names),
        any::<prop::sample::Index>(),
        0..40_usize,
        any::<Vec<u8>>(),
    )
        .prop_map(|(name, at, length, filling)| {
            let mut body = fixture(&name);
            let from = at.index(body.len());
            let until = body.len().min(from + length);
            body.splice(from..until, filling);
            body
        })
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(body in any::<Vec<u8>>(), status in 100..600_u16) {
        read_everything(&body, status);
    }

    #[test]
    fn no_json_makes_a_reader_panic(body in odd_json(), status in 100..600_u16) {
        read_everything(body.to_string().as_bytes(), status);
    }

    #[test]
    fn no_spoilt_sample_makes_a_reader_panic(body in spoilt(), status in 100..600_u16) {
        read_everything(&body, status);
    }

    #[test]
    fn a_paid_callback_reads_back(
        shillings in 1..=250_000_i64,
        receipt in "[A-Z][A-L][1-9A-V][A-Z0-9]{6}[A-Z]",
        decimals in prop::sample::select(&["", ".0", ".00"][..]),
        order in Just(vec![0, 1, 2]).prop_shuffle(),
    ) {
        let amount: Value = serde_json::from_str(&format!("{shillings}{decimals}")).unwrap();
        let items = [
            json!({"Name": "Amount", "Value": amount}),
            json!({"Name": "MpesaReceiptNumber", "Value": receipt}),
            json!({"Name": "Balance"}),
        ];
        let items: Vec<&Value> = order.iter().map(|&at: &usize| &items[at]).collect();
        let body = json!({"Body": {"stkCallback": {"ResultCode": 0, "CallbackMetadata": {"Item": items}}}});
        let callback = read_stk(body.to_string().as_bytes()).unwrap();
        let Verdict::Paid { receipt: read, paid } = callback.verdict() else { panic!("{callback:?}") };
        prop_assert_eq!(read, receipt.as_str());
        prop_assert_eq!(paid.amount.as_ref().unwrap().whole(), Some(Kes::new(shillings)));
    }

    #[test]
    fn only_zeros_are_success(text in "\\PC{0,12}") {
        if let Some(code) = ResultCode::parse(&text) {
            prop_assert_eq!(code.is_success(), text.trim().bytes().all(|byte| byte == b'0'));
        }
    }
}
