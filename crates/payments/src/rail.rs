//! The one place that knows what Daraja's codes mean for a shopper, and what a message of its says in our terms.

use kaunta_daraja::callback::{Paid, StkCallback, Verdict};
use kaunta_daraja::{ErrorKind, QueryAnswer, Reached, ResultCode};
use kaunta_domain::attempt::Ending;
use kaunta_domain::case::{Ids, News};
use kaunta_domain::failure::{Failure, FailureCode};
use kaunta_domain::money::Kes;
use kaunta_domain::msisdn::Msisdn;
use kaunta_domain::payment::{Method, Money, Source};
use kaunta_domain::receipt::Receipt;

/// What a result code other than 0 means. Nothing for a code that nobody knows: it fails nothing.
///
/// Source: Daraja "M-Pesa Express" result codes, and codes recorded by production users.
fn meaning(code: &ResultCode) -> Option<(Ending, FailureCode)> {
    use Ending::{Canceled, Failed, TimedOut};
    Some(match code.as_str() {
        "1" => (Failed, FailureCode::InsufficientFunds),
        "2" => (Failed, FailureCode::BelowMinimum),
        "3" => (Failed, FailureCode::AboveMaximum),
        "4" => (Failed, FailureCode::DailyLimit),
        "8" => (Failed, FailureCode::ReceiverLimit),
        "17" => (Failed, FailureCode::RepeatedAmount),
        "26" | "100000100" => (Failed, FailureCode::SystemBusy),
        "1001" => (Failed, FailureCode::LineBusy),
        "1019" | "2026" => (TimedOut, FailureCode::Expired),
        "1025" | "1101" | "1102" | "9999" => (Failed, FailureCode::PromptFailed),
        "1031" | "1032" => (Canceled, FailureCode::Canceled),
        "1036" | "1037" => (TimedOut, FailureCode::Unreachable),
        "2001" => (Failed, FailureCode::WrongPin),
        "2028" | "SFC_IC0003" => (Failed, FailureCode::Misconfigured),
        "8006" => (Failed, FailureCode::PinLocked),
        "E3008" => (Failed, FailureCode::Unknown),
        _ => return None,
    })
}

/// The codes that a query's answer ends an attempt with. A query was seen to answer other codes about prompts
/// that were still alive.
const TRUSTED_OF_QUERY: &[&str] = &[
    "1",
    "2",
    "3",
    "4",
    "8",
    "17",
    "1019",
    "1025",
    "1032",
    "1037",
    "2001",
    "2028",
    "8006",
    "SFC_IC0003",
];

/// A callback as news of its attempt.
pub(crate) fn callback_news(callback: &StkCallback) -> News {
    let ids = Ids {
        checkout: callback.checkout_request_id.clone(),
        merchant: callback.merchant_request_id.clone(),
    };
    match callback.verdict() {
        Verdict::Paid { receipt, paid } => paid_news(ids, receipt, paid),
        Verdict::NotPaid { code } => not_paid(ids, code, Source::Callback),
        Verdict::ClaimsSuccessWithoutReceipt | Verdict::Undetermined => News::ClaimsPaid(ids),
    }
}

fn paid_news(ids: Ids, receipt: &str, paid: &Paid) -> News {
    let Ok(receipt) = Receipt::wire(receipt) else {
        return News::ClaimsPaid(ids);
    };
    let phone = paid.phone.as_deref().and_then(|text| Msisdn::parse(text).ok());
    // An amount with cents is no amount that we ever asked for: zero never fits, and the attempt goes to review.
    let amount = paid
        .amount
        .as_ref()
        .map(|amount| amount.whole().unwrap_or(Kes::ZERO));
    let money = Money {
        receipt: Some(receipt),
        amount,
        method: Method::MpesaStk,
        source: Source::Callback,
        payer_masked: phone.map(Msisdn::masked),
        payer_tail: None,
        paid_at: paid.transaction_date,
    };
    News::Paid(ids, money)
}

fn not_paid(ids: Ids, code: &ResultCode, source: Source) -> News {
    match meaning(code) {
        Some((ending, failure)) => News::NotPaid {
            ids,
            ending,
            failure: Failure::new(failure, Some(code.as_str())),
            source,
        },
        None => News::Baffling(ids, Failure::new(FailureCode::Unknown, Some(code.as_str()))),
    }
}

/// A query's answer as news, where it is any. "Not yet" and "no answer" are none.
pub(crate) fn query_news(answer: &QueryAnswer) -> Option<News> {
    let QueryAnswer::Final {
        code,
        merchant_request_id,
        checkout_request_id,
        ..
    } = answer
    else {
        return None;
    };
    let ids = Ids {
        checkout: checkout_request_id.clone(),
        merchant: merchant_request_id.clone(),
    };
    if code.is_success() {
        let money = Money {
            receipt: None,
            amount: None,
            method: Method::MpesaStk,
            source: Source::StkQuery,
            payer_masked: None,
            payer_tail: None,
            paid_at: None,
        };
        return Some(News::Paid(ids, money));
    }
    TRUSTED_OF_QUERY
        .contains(&code.as_str())
        .then(|| not_paid(ids, code, Source::StkQuery))
}

/// What a push that was not taken means. Nothing where the prompt may be out all the same.
pub(crate) fn refusal(error: &kaunta_daraja::Error) -> Option<Failure> {
    if error.reached == Reached::Maybe {
        return None;
    }
    let code = match &error.kind {
        ErrorKind::SubscriberLocked => FailureCode::LineBusy,
        ErrorKind::InvalidPhone => FailureCode::Unreachable,
        ErrorKind::InvalidField(field) if is_phone(field) => FailureCode::Unreachable,
        ErrorKind::Busy(_)
        | ErrorKind::Connect
        | ErrorKind::ServerError
        | ErrorKind::Timeout
        | ErrorKind::Unreadable => FailureCode::SystemBusy,
        _ => FailureCode::Misconfigured,
    };
    Some(Failure::new(code, error.code.as_deref()))
}

/// Whether a refusal is about the number itself, so that only another number helps.
pub(crate) fn is_about_phone(error: &kaunta_daraja::Error) -> bool {
    match &error.kind {
        ErrorKind::InvalidPhone => true,
        ErrorKind::InvalidField(field) => is_phone(field),
        _ => false,
    }
}

fn is_phone(field: &str) -> bool {
    matches!(field, "PhoneNumber" | "PartyA")
}
