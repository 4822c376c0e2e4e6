//! The readers against the project's own fixtures, which have the shapes of what was recorded.

use std::path::PathBuf;

use kaunta_daraja::c2b::{Kind, Payer, read_c2b};
use kaunta_daraja::callback::{Verdict, read_stk};
use kaunta_daraja::other::read_any;
use kaunta_daraja::pull::read_pull;
use kaunta_daraja::result::{Outcome, read_result};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.json"))).unwrap_or_else(|_| panic!("fixture {name}"))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The names of a family's fixtures.
pub(crate) fn family(name: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder().join(name)).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files
        .map(|file| format!("{name}/{}", stem(file.unwrap().path())))
        .collect()
}

#[test]
fn every_callback_comes_to_its_verdict() {
    let names = family("stk");
    assert!(names.len() > 25);
    for name in names {
        let callback = read_stk(&fixture(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let word = match callback.verdict() {
            Verdict::Paid { receipt, .. } => {
                assert_eq!(receipt, "UKL3ZA81QX", "{name}");
                "paid"
            }
            Verdict::NotPaid { .. } => "not paid",
            Verdict::ClaimsSuccessWithoutReceipt => "success without receipt",
            Verdict::Undetermined => "undetermined",
        };
        let (_, told) = name.split_once('/').unwrap();
        let expected = match told.split('-').next().unwrap() {
            "paid" => "paid",
            "success" => "success without receipt",
            "without" | "still" | "amount" => "undetermined",
            "code" if told == "code-null" => "undetermined",
            _ => "not paid",
        };
        assert_eq!(word, expected, "{name}");
    }
}

#[test]
fn a_paid_callback_tells_everything() {
    for name in [
        "paid",
        "paid-balance-without-value",
        "paid-shuffled-with-unknown-items",
        "paid-all-strings",
    ] {
        let callback = read_stk(&fixture(&format!("stk/{name}"))).unwrap();
        let Verdict::Paid { receipt, paid } = callback.verdict() else {
            panic!("{name}")
        };
        assert_eq!(receipt, "UKL3ZA81QX");
        assert_eq!(
            paid.amount.as_ref().unwrap().whole(),
            Some(Kes::new(1500)),
            "{name}"
        );
        assert_eq!(
            paid.transaction_date,
            Timestamp::parse_rfc3339("2026-11-21T07:15:44Z"),
            "{name}"
        );
        assert_eq!(paid.phone.as_deref(), Some("254711000222"), "{name}");
        assert_eq!(
            callback.merchant_request_id.as_deref(),
            Some("7c1e-4f0a-9d55-20f3a1b6c7d81190")
        );
        assert_eq!(
            callback.checkout_request_id.as_deref(),
            Some("ws_CO_21112026101530412711000222")
        );
    }
}

#[test]
fn nothing_malformed_is_a_payment() {
    let names = family("malformed");
    assert!(names.len() > 30);
    for name in names {
        let body = fixture(&name);
        assert!(read_stk(&body).is_err(), "{name}");
        assert!(read_c2b(&body).is_err(), "{name}");
        assert!(read_result(&body).is_err(), "{name}");
        assert!(read_pull(&body).is_err(), "{name}");
    }
}

#[test]
fn every_notification_of_a_payment_is_read() {
    for name in family("c2b") {
        let payment = read_c2b(&fixture(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(payment.receipt, "UKL7BB20MN", "{name}");
        assert_eq!(payment.short_code, "505150", "{name}");
        let expected = if name.ends_with("documents-wording") {
            (980, 50)
        } else {
            (2300, 0)
        };
        assert_eq!((payment.amount.shillings(), payment.cents), expected, "{name}");
        let at = Timestamp::parse_rfc3339("2026-11-21T06:30:05Z").filter(|_| !name.ends_with("time-missing"));
        assert_eq!(payment.at, at, "{name}");
    }
}

#[test]
fn a_notification_s_odd_parts_are_kept_apart() {
    let read = |name: &str| read_c2b(&fixture(&format!("c2b/{name}"))).unwrap();
    for (name, kind) in [
        ("paybill-masked", Kind::PayBill),
        ("type-pay-utility", Kind::PayBill),
        ("type-online", Kind::PayBill),
        ("till-live-wording", Kind::Till),
        ("till-documents-wording", Kind::Till),
        ("type-empty", Kind::Other(None)),
        ("type-missing", Kind::Other(None)),
    ] {
        assert_eq!(read(name).kind, kind, "{name}");
    }
    assert_eq!(
        read("paybill-masked").payer,
        Payer::Masked("2547 ***** 222".into())
    );
    assert_eq!(
        read("phone-masked-v1-stars").payer,
        Payer::Masked("254******222".into())
    );
    assert!(matches!(read("paybill-hashed").payer, Payer::Hashed(digest) if digest.len() == 64));
    assert_eq!(
        read("paybill-full-phone").payer,
        Payer::Full("254711000222".into())
    );
    assert_eq!(
        read("paybill-phone-a-number").payer,
        Payer::Full("254711000222".into())
    );
    assert_eq!(read("phone-missing").payer, Payer::Absent);
    assert_eq!(
        read("paybill-full-phone").name.as_deref(),
        Some("WANJIRU N. Otieno")
    );
    assert_eq!(read("validation-empty-balance").name, None);
    assert_eq!(read("validation-empty-balance").org_balance, None);
    assert_eq!(read("till-live-wording").account, None);
    assert_eq!(read("account-with-spaces").account.as_deref(), Some("k7qx 4m2p"));
}

#[test]
fn a_phone_that_is_none_of_the_forms_is_other() {
    let body = String::from_utf8(fixture("c2b/paybill-masked"))
        .unwrap()
        .replace("2547 ***** 222", "unknown");
    assert_eq!(
        read_c2b(body.as_bytes()).unwrap().payer,
        Payer::Other("unknown".into())
    );
}

#[test]
fn pages_of_payments_are_read_and_bad_rows_are_counted() {
    let page = read_pull(&fixture("pull/page")).unwrap();
    assert_eq!((page.payments.len(), page.unreadable), (1, 1));
    let payment = &page.payments[0];
    assert_eq!(
        (payment.receipt.as_str(), payment.amount.whole()),
        ("UKL7BB20MN", Some(Kes::new(2300)))
    );
    assert_eq!(payment.payer, Payer::Full("254711000222".into()));
    assert_eq!(payment.account.as_deref(), Some("K7QX4M2P"));
    assert!(read_pull(&fixture("pull/nothing")).unwrap().payments.is_empty());
    assert_eq!(read_pull(&fixture("pull/one-list")).unwrap().payments.len(), 1);
}

#[test]
fn every_body_is_named_for_what_it_is() {
    let named = |body: &[u8]| {
        let message = read_any(body).map(|message| format!("{message:?}"));
        message.map(|shown| shown.split(['(', ' ']).next().unwrap().to_owned())
    };
    for (family_name, expected) in [("stk", "Stk"), ("c2b", "C2b"), ("result", "Result")] {
        for name in family(family_name) {
            assert_eq!(named(&fixture(&name)).as_deref(), Ok(expected), "{name}");
        }
    }
    for (body, expected) in [
        (
            r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":""}"#,
            "Error",
        ),
        (
            r#"{"OriginatorCoversationID":"1","ResponseCode":"0"}"#,
            "Acknowledged",
        ),
        (r#"{"ResultCode":"0","ResultDesc":"Accepted"}"#, "Reply"),
        (
            r#"{"resultCode":"4001","requestId":"c2a9","amount":"71.0","paymentReference":"x"}"#,
            "B2bPrompt",
        ),
        (
            r#"{"responseHeader":{"responseCode":"0"},"responseBody":{"responseData":[{"name":"TransactionID","value":"UKL3ZA81QX"}]}}"#,
            "StandingOrder",
        ),
        (
            r#"{"ResponseHeader":{"responseCode":"1032"},"ResponseBody":{"ResponseData":[]}}"#,
            "StandingOrder",
        ),
    ] {
        assert_eq!(named(body.as_bytes()).as_deref(), Ok(expected), "{body}");
    }
}

#[test]
fn what_came_of_a_request_is_read_only_where_it_says_so() {
    let outcome = |name: &str| {
        let result = read_result(&fixture(&format!("result/{name}"))).unwrap();
        match result.outcome() {
            Outcome::Done => "done".to_owned(),
            Outcome::Failed(code) => code.to_string(),
            Outcome::Unknown => "unknown".to_owned(),
        }
    };
    for (name, expected) in [
        ("b2c-paid", "done"),
        ("b2c-paid-strings", "done"),
        ("b2c-paid-name-for-key", "done"),
        ("b2c-refused", "2001"),
        ("b2c-not-registered", "2040"),
        ("code-with-letters", "R000001"),
        ("contradiction", "unknown"),
        ("without-code", "unknown"),
        ("not-final", "unknown"),
        ("not-final-success", "unknown"),
    ] {
        assert_eq!(outcome(name), expected, "{name}");
    }
}
