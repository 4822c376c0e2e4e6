//! Pull Transactions: the C2B payments of the last 48 hours, for what no notification told of.

use std::fmt;

use kaunta_domain::time::Timestamp;
use serde::Serialize;
use url::Url;

use crate::Registered;
use crate::app::AppKeys;
use crate::c2b::{self, Payer};
use crate::client::Daraja;
use crate::envelope::Answer;
use crate::error::{Error, Twice};
use crate::http::Call;
use crate::loose::{Loose, Object, Unreadable, decode};
use crate::values::{Amount, Hidden, is_receipt, moment};

/// A shortcode to switch the API on for, once.
#[derive(Clone)]
pub struct PullRegister {
    /// The shortcode.
    pub short_code: String,
    /// A phone of the organisation, 12 digits, that Safaricom wants named.
    pub nominated_number: String,
    /// A URL that it also wants.
    pub callback_url: Url,
}

/// A span of time to ask for.
#[derive(Debug, Clone)]
pub struct PullQuery {
    /// The shortcode.
    pub short_code: String,
    /// From when; not more than 48 hours ago.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How many rows to pass over: the pages of this API.
    pub offset: u32,
}

/// A page of payments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullPage {
    /// The payments that could be read.
    pub payments: Vec<Pulled>,
    /// How many rows could not be. They count for the offset.
    pub unreadable: usize,
}

/// One payment.
#[derive(Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The receipt.
    pub receipt: String,
    /// How much.
    pub amount: Amount,
    /// When. It is written as UTC; whether it is that, no source tells.
    pub at: Option<Timestamp>,
    /// The payer's number.
    pub payer: Payer,
    /// What was typed as the account.
    pub account: Option<String>,
    /// `c2b-pay-bill-debit` and the like.
    pub transaction_type: Option<String>,
}

impl Daraja {
    /// Switches the API on for a shortcode.
    pub async fn pull_register(&self, app: &AppKeys, request: &PullRegister) -> Result<Registered, Error> {
        let body = RegisterBody {
            short_code: &request.short_code,
            request_type: "Pull",
            nominated_number: &request.nominated_number,
            callback_url: request.callback_url.as_str(),
        };
        let call = Call::new("/pulltransactions/v1/register", &body, Twice::IsHarmless);
        self.call(app, &call, read_registered).await
    }

    /// Asks for the payments of a span of time.
    pub async fn pull(&self, app: &AppKeys, request: &PullQuery) -> Result<PullPage, Error> {
        let body = QueryBody {
            short_code: &request.short_code,
            start_date: spaced(request.from),
            end_date: spaced(request.until),
            offset: request.offset.to_string(),
        };
        let call = Call::new("/pulltransactions/v1/query", &body, Twice::IsHarmless);
        self.call(app, &call, |answer| {
            // This API's success code is `1000`, and `1001` says that there is nothing.
            answer.success_but(Twice::IsHarmless, &["1000", "1001"], |object| page(object).ok())
        })
        .await
    }
}

/// Reads the answer to a registration: `1000` registered, `1001` registered before.
pub fn read_registered(answer: &Answer) -> Result<Registered, Error> {
    answer.success_but(Twice::IsHarmless, &["1000", "1001"], |object| {
        match object.any_text(&["ResponseStatus", "ResponseCode"])?.as_str() {
            "1001" => Some(Registered::Already),
            "1000" | "0" => Some(Registered::Now),
            _ => None,
        }
    })
}

/// Reads the body of an answer to a query.
pub fn read_pull(body: &[u8]) -> Result<PullPage, Unreadable> {
    let text = decode(body);
    page(
        &Loose::parse(&text)?
            .object()
            .ok_or(Unreadable::Missing("Response"))?,
    )
}

/// `"Response":[[{…}]]`: rows in a list in a list; the inner list is taken as absent where it is.
fn page(object: &Object<'_>) -> Result<PullPage, Unreadable> {
    let Some(response) = object.get("Response") else {
        let nothing = object.any_text(&["ResponseCode", "ResponseStatus"]).as_deref() == Some("1001");
        return if nothing {
            Ok(PullPage::default())
        } else {
            Err(Unreadable::Missing("Response"))
        };
    };
    let rows = response.items().into_iter().flat_map(Loose::items);
    let mut page = PullPage::default();
    for row in rows {
        match row.object().as_ref().and_then(pulled) {
            Some(payment) => page.payments.push(payment),
            None => page.unreadable += 1,
        }
    }
    Ok(page)
}

fn pulled(row: &Object<'_>) -> Option<Pulled> {
    Some(Pulled {
        receipt: row
            .any_text(&["transactionId", "TransID"])
            .filter(|text| is_receipt(text))?,
        amount: Some(Amount::parse(&row.any_text(&["amount", "TransAmount"])?))
            .filter(Amount::is_readable)?,
        at: row.text("trxDate").and_then(|text| moment(&text)),
        payer: c2b::payer(row.text("msisdn").map(with_prefix)),
        account: row.any_text(&["billreference", "BillRefNumber"]),
        transaction_type: row.text("transactiontype"),
    })
}

/// The documents' sample has the number without its country: `722000000`.
fn with_prefix(number: String) -> String {
    let short = number.len() == 9 && number.starts_with(['7', '1']);
    if short { format!("254{number}") } else { number }
}

/// `2020-08-04 08:36:00` in Nairobi time.
fn spaced(at: Timestamp) -> String {
    let digits = at.daraja();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{} {}:{}:{}",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    )
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegisterBody<'a> {
    short_code: &'a str,
    request_type: &'a str,
    nominated_number: &'a str,
    #[serde(rename = "CallBackURL")]
    callback_url: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueryBody<'a> {
    short_code: &'a str,
    start_date: String,
    end_date: String,
    #[serde(rename = "OffSetValue")]
    offset: String,
}

impl fmt::Debug for PullRegister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PullRegister")
            .field("short_code", &self.short_code)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pulled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulled")
            .field("receipt", &self.receipt)
            .field("amount", &self.amount)
            .field("at", &self.at)
            .field("payer", &self.payer)
            .field("account", &Hidden(&self.account))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_asked_for_in_nairobi_time() {
        let at = Timestamp::parse_rfc3339("2026-11-20T22:30:05Z").unwrap();
        assert_eq!(spaced(at), "2026-11-21 01:30:05");
    }
}
