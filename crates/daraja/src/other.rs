//! Bodies that reach a callback URL and move no payment of ours: acknowledgements, errors, and the callbacks of
//! standing orders and of B2B prompts. They are read so that evidence can be named for what it is.

use crate::c2b::{self, C2b};
use crate::callback::{self, StkCallback};
use crate::codes::ResultCode;
use crate::loose::{Loose, Object, Unreadable, decode, trimmed};
use crate::result::{self, ResultMessage};

/// Any body that Safaricom is known to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// An STK callback.
    Stk(StkCallback),
    /// A C2B validation or confirmation.
    C2b(C2b),
    /// A result.
    Result(ResultMessage),
    /// The acknowledgement of a request.
    Acknowledged {
        /// `ResponseCode`; absent in the oldest.
        code: Option<ResultCode>,
    },
    /// An error envelope.
    Error {
        /// `errorCode`.
        code: String,
    },
    /// A standing order's callback.
    StandingOrder(StandingOrder),
    /// The callback of a B2B prompt.
    B2bPrompt(B2bPrompt),
    /// The answer to one of ours, or ours to one of theirs: a code and a few words.
    Reply {
        /// `ResultCode`.
        code: ResultCode,
    },
}

/// A standing order's callback ("Ratiba").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingOrder {
    /// `responseCode` of the header: 0 is success here, 200 in the acknowledgement.
    pub code: ResultCode,
    /// The receipt, where there is one.
    pub transaction_id: Option<String>,
}

/// The callback of a B2B prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct B2bPrompt {
    /// `resultCode`; `4001` is canceled.
    pub code: ResultCode,
    /// Our request.
    pub request_id: Option<String>,
    /// The merchant's reference.
    pub payment_reference: Option<String>,
}

/// Tells what a body is, and reads it.
pub fn read_any(body: &[u8]) -> Result<Message, Unreadable> {
    let text = decode(body);
    let root = Loose::parse(&text)?
        .object()
        .ok_or(Unreadable::Missing("a known member"))?;
    let has = |name: &str| root.get(name).is_some();
    if has("Body") {
        return callback::read_stk(body).map(Message::Stk);
    }
    if has("TransID") {
        return c2b::read_c2b(body).map(Message::C2b);
    }
    if let Some(code) = root.text("errorCode") {
        return Ok(Message::Error { code });
    }
    if has("responseHeader") {
        return standing_order(&root).map(Message::StandingOrder);
    }
    if has("ResponseCode") || has("ResponseStatus") || has("ResponseDescription") {
        let code = ResultCode::read(root.any(&["ResponseCode", "ResponseStatus"]))?;
        return Ok(Message::Acknowledged { code });
    }
    if let Ok(result) = result::read_result(body) {
        return Ok(Message::Result(result));
    }
    prompt_or_reply(&root)
}

fn prompt_or_reply(root: &Object<'_>) -> Result<Message, Unreadable> {
    let code = ResultCode::read(root.get("ResultCode"))?.ok_or(Unreadable::Missing("ResultCode"))?;
    let request_id = root.text("requestId");
    if request_id.is_none() {
        return Ok(Message::Reply { code });
    }
    Ok(Message::B2bPrompt(B2bPrompt {
        code,
        request_id,
        payment_reference: root.text("paymentReference"),
    }))
}

fn standing_order(root: &Object<'_>) -> Result<StandingOrder, Unreadable> {
    let header = root.object("responseHeader")?;
    let code = ResultCode::read(header.get("responseCode"))?.ok_or(Unreadable::Missing("responseCode"))?;
    let data = root
        .object("responseBody")
        .ok()
        .and_then(|body| body.get("responseData").map(Loose::items));
    let value = |name: &str| {
        let items = data.iter().flatten().filter_map(|item| item.object());
        let mut named = items.filter(|item| {
            item.text("name")
                .is_some_and(|found| found.eq_ignore_ascii_case(name))
        });
        named.find_map(|item| item.get("value").and_then(trimmed))
    };
    Ok(StandingOrder {
        code,
        transaction_id: value("TransactionID"),
    })
}
