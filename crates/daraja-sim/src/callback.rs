//! The bodies that Safaricom posts, written by hand from recorded ones.

use serde_json::to_string;
use sha2::{Digest, Sha256};

use crate::clock::{UnixMs, stamp};
use crate::results::ResultText;
use crate::script::Shape;

/// A JSON string with its quotes.
fn quoted(text: &str) -> String {
    to_string(text).expect("a string is always JSON")
}

/// The identifiers of one push.
pub(crate) struct StkIds<'a> {
    pub(crate) merchant: &'a str,
    pub(crate) checkout: &'a str,
}

/// What a success callback tells.
pub(crate) struct StkMoney<'a> {
    pub(crate) amount: i64,
    pub(crate) receipt: &'a str,
    pub(crate) at: UnixMs,
    pub(crate) msisdn: &'a str,
    /// The payer's balance afterwards, shown only by one variant.
    pub(crate) balance: i64,
}

/// A failed push: no `CallbackMetadata` key at all.
pub(crate) fn stk_failure(ids: &StkIds<'_>, result: &ResultText) -> String {
    stk_body(ids, result, "")
}

/// A successful push.
pub(crate) fn stk_success(
    ids: &StkIds<'_>,
    result: &ResultText,
    money: &StkMoney<'_>,
    shape: Shape,
) -> String {
    let amount = format!(r#"{{"Name":"Amount","Value":{}.00}}"#, money.amount);
    let receipt = format!(r#"{{"Name":"MpesaReceiptNumber","Value":"{}"}}"#, money.receipt);
    let date = format!(r#"{{"Name":"TransactionDate","Value":{}}}"#, stamp(money.at));
    let phone = format!(r#"{{"Name":"PhoneNumber","Value":{}}}"#, money.msisdn);
    let java = format!(
        r#"{{"Name":"Balance","Value":"{{Amount={{BasicAmount={}.00}}}}"}}"#,
        money.balance
    );
    let bare = r#"{"Name":"Balance"}"#.to_owned();
    let items = match shape {
        Shape::BareBalance => vec![amount, receipt, bare, date, phone],
        Shape::JavaBalance => vec![amount, receipt, java, date, phone],
        Shape::Shuffled => vec![phone, date, amount, bare, receipt],
        Shape::Plain | Shape::NoMetadata | Shape::Unreadable => vec![amount, receipt, date, phone],
    };
    let metadata = format!(r#","CallbackMetadata":{{"Item":[{}]}}"#, items.join(","));
    match shape {
        Shape::NoMetadata => stk_body(ids, result, ""),
        Shape::Unreadable => {
            let whole = stk_body(ids, result, &metadata);
            whole[..whole.len() * 2 / 3].to_owned()
        }
        _ => stk_body(ids, result, &metadata),
    }
}

/// `ResultCode` is a number here, unless it cannot be one.
fn stk_body(ids: &StkIds<'_>, result: &ResultText, metadata: &str) -> String {
    let numeric = result.code.bytes().all(|b| b.is_ascii_digit());
    let code = if numeric {
        result.code.to_owned()
    } else {
        quoted(result.code)
    };
    format!(
        r#"{{"Body":{{"stkCallback":{{"MerchantRequestID":"{}","CheckoutRequestID":"{}","ResultCode":{code},"ResultDesc":{}{metadata}}}}}}}"#,
        ids.merchant,
        ids.checkout,
        quoted(result.callback),
    )
}

/// How the MSISDN is hidden: by the version of the registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hiding {
    /// v1: SHA-256 in hex.
    Hashed,
    /// v2: `2547 ***** 126`.
    Masked,
}

/// The MSISDN as a C2B payload shows it.
pub(crate) fn hide(msisdn: &str, hiding: Hiding) -> String {
    match hiding {
        Hiding::Masked => format!("{} ***** {}", &msisdn[..4], &msisdn[msisdn.len() - 3..]),
        Hiding::Hashed => {
            let digest = Sha256::digest(msisdn.as_bytes());
            digest
                .iter()
                .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
        }
    }
}

/// What a C2B validation or confirmation tells. All of its values are strings on the wire.
pub(crate) struct C2b<'a> {
    pub(crate) transaction_type: &'a str,
    pub(crate) receipt: &'a str,
    pub(crate) at: UnixMs,
    pub(crate) amount: i64,
    pub(crate) shortcode: &'a str,
    pub(crate) account: &'a str,
    /// The shortcode's balance afterwards; `None` on validation, where the field is empty.
    pub(crate) org_balance: Option<i64>,
    pub(crate) third_party: &'a str,
    pub(crate) msisdn: &'a str,
    pub(crate) first_name: &'a str,
    pub(crate) hiding: Hiding,
}

/// The payload of validation and confirmation.
pub(crate) fn c2b(c2b: &C2b<'_>) -> String {
    // A v1 confirmation recorded in production had the first name alone, without the other two keys.
    let names = match c2b.hiding {
        Hiding::Hashed => "",
        Hiding::Masked => r#","MiddleName":"","LastName":"""#,
    };
    format!(
        concat!(
            r#"{{"TransactionType":{},"TransID":"{}","TransTime":"{}","TransAmount":"{}.00","#,
            r#""BusinessShortCode":"{}","BillRefNumber":{},"InvoiceNumber":"","OrgAccountBalance":"{}","#,
            r#""ThirdPartyTransID":{},"MSISDN":"{}","FirstName":{}{}}}"#
        ),
        quoted(c2b.transaction_type),
        c2b.receipt,
        stamp(c2b.at),
        c2b.amount,
        c2b.shortcode,
        quoted(c2b.account),
        c2b.org_balance
            .map(|balance| format!("{balance}.00"))
            .unwrap_or_default(),
        quoted(c2b.third_party),
        hide(c2b.msisdn, c2b.hiding),
        quoted(c2b.first_name),
        names,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::result;

    const IDS: StkIds<'_> = StkIds {
        merchant: "29115-34620561-1",
        checkout: "ws_CO_191220191020363925",
    };
    const MONEY: StkMoney<'_> = StkMoney {
        amount: 1,
        receipt: "NLJ7RT61SV",
        at: 1_576_740_075_000,
        msisdn: "254708374149",
        balance: 9,
    };

    #[test]
    fn a_success_is_written_as_the_documents_show_it() {
        let body = stk_success(&IDS, &result("0"), &MONEY, Shape::Plain);
        let sample = r#"{"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"ws_CO_191220191020363925","ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1.00},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"TransactionDate","Value":20191219102115},{"Name":"PhoneNumber","Value":254708374149}]}}}}"#;
        assert_eq!(body, sample);
    }

    #[test]
    fn a_failure_has_no_metadata_and_a_code_with_letters_is_a_string() {
        let body = stk_failure(&IDS, &result("SFC_IC0003"));
        assert!(body.contains(r#""ResultCode":"SFC_IC0003""#), "{body}");
        assert!(!body.contains("CallbackMetadata"), "{body}");
    }

    #[test]
    fn every_variant_but_the_cut_one_is_json() {
        for shape in [
            Shape::Plain,
            Shape::BareBalance,
            Shape::JavaBalance,
            Shape::Shuffled,
            Shape::NoMetadata,
        ] {
            let body = stk_success(&IDS, &result("0"), &MONEY, shape);
            assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{body}");
        }
        let cut = stk_success(&IDS, &result("0"), &MONEY, Shape::Unreadable);
        assert!(serde_json::from_str::<serde_json::Value>(&cut).is_err());
    }

    #[test]
    fn a_number_is_masked_by_v2_and_hashed_by_v1() {
        assert_eq!(hide("254708374126", Hiding::Masked), "2547 ***** 126");
        assert_eq!(hide("254708374126", Hiding::Hashed).len(), 64);
    }
}
