//! The STK query: what became of a prompt. It never tells the receipt, the amount or the phone.

use std::fmt;

use serde::Serialize;

use crate::app::AppKeys;
use crate::client::Daraja;
use crate::codes::ResultCode;
use crate::envelope::Answer;
use crate::error::{Error, ErrorKind, Twice};
use crate::http::Call;
use crate::secret::Secret;
use crate::stk::password;
use crate::values::Hidden;

const PATH: &str = "/mpesa/stkpushquery/v1/query";
/// One code for everything that the query has no answer to, a final prompt included (4 of 19 polls, recorded). A copy
/// of the documents prints it in the second way.
const NO_ANSWER: [&str; 2] = ["500.001.1001", "500.001.001"];
/// How an id that is not known is put, under whatever code.
const NOT_FOUND: [&str; 3] = ["does not exist", "not found", "no transaction"];

/// A question about one prompt.
#[derive(Clone)]
pub struct Query {
    /// The shortcode of the push.
    pub short_code: String,
    /// Its passkey.
    pub pass_key: Secret,
    /// The id that the push was answered with.
    pub checkout_request_id: String,
}

/// What the query says.
#[derive(Clone, PartialEq, Eq)]
pub enum QueryAnswer {
    /// The prompt has ended. Success is the last word; a failure is so only when it is old enough or the callback
    /// agrees, because premature ones were recorded.
    Final {
        /// How it ended.
        code: ResultCode,
        /// The code in words.
        description: Option<String>,
        /// The ids that the answer names, to be compared with those that were asked about.
        merchant_request_id: Option<String>,
        /// As above. It ends in a phone.
        checkout_request_id: Option<String>,
    },
    /// The prompt is still out: `4999`, "being processed", or an id too young to be known.
    NotYet,
    /// The query does not know. That is never a failure of the payment.
    NoAnswer,
}

impl Daraja {
    /// Asks about a prompt. Safaricom allows few questions: some apps 5 a minute, with no two at once.
    pub async fn query(&self, app: &AppKeys, request: &Query) -> Result<QueryAnswer, Error> {
        let timestamp = self.now().daraja();
        let body = Body {
            business_short_code: &request.short_code,
            password: password(&request.short_code, &request.pass_key, &timestamp),
            timestamp,
            checkout_request_id: &request.checkout_request_id,
        };
        self.call(app, &Call::new(PATH, &body, Twice::IsHarmless), read_query)
            .await
    }
}

/// Reads the answer to a query.
pub fn read_query(answer: &Answer) -> Result<QueryAnswer, Error> {
    let read = answer.success(Twice::IsHarmless, |object| {
        let code = ResultCode::read(object.get("ResultCode")).ok()?;
        Some(match code {
            Some(code) if code.is_pending() => QueryAnswer::NotYet,
            Some(code) => QueryAnswer::Final {
                code,
                description: object.text("ResultDesc"),
                merchant_request_id: object.text("MerchantRequestID"),
                checkout_request_id: object.text("CheckoutRequestID"),
            },
            None => QueryAnswer::NoAnswer,
        })
    });
    read.or_else(not_yet)
}

/// Refusals that are no refusal: the four ways in which Safaricom says "not yet" or nothing.
fn not_yet(error: Error) -> Result<QueryAnswer, Error> {
    let said = error.said.as_deref().unwrap_or_default().to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
    let is_young = matches!(&error.kind, ErrorKind::InvalidField(name) if name == "CheckoutRequestID");
    let is_unknown = error.kind == ErrorKind::Refused && says(&NOT_FOUND) && says(&["transaction"]);
    match error.kind {
        ErrorKind::Busy(_) | ErrorKind::InvalidToken => Err(error),
        _ if is_young || says(&["being processed", "under processing"]) => Ok(QueryAnswer::NotYet),
        _ if is_unknown
            || error
                .code
                .as_deref()
                .is_some_and(|code| NO_ANSWER.contains(&code)) =>
        {
            Ok(QueryAnswer::NoAnswer)
        }
        _ => Err(error),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    business_short_code: &'a str,
    password: String,
    timestamp: String,
    #[serde(rename = "CheckoutRequestID")]
    checkout_request_id: &'a str,
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("short_code", &self.short_code)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for QueryAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Final {
                code,
                merchant_request_id,
                checkout_request_id,
                ..
            } => f
                .debug_struct("Final")
                .field("code", code)
                .field("merchant_request_id", merchant_request_id)
                .field("checkout_request_id", &Hidden(checkout_request_id))
                .finish_non_exhaustive(),
            Self::NotYet => f.write_str("NotYet"),
            Self::NoAnswer => f.write_str("NoAnswer"),
        }
    }
}
