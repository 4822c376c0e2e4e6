//! The callback of an STK push: what Safaricom posts to our URL when a prompt has ended.
//!
//! It is read by name and never by position: order, count and types of the metadata items all vary. Recorded samples
//! have `Balance` without a `Value`, `CallbackMetadata: null`, amounts as `1`, `1.00`, `2.0` and `"10"`, and dates
//! and phones both as numbers and as strings.

use std::fmt;

use kaunta_domain::time::Timestamp;

use crate::codes::ResultCode;
use crate::loose::{Loose, Object, Unreadable, decode, trimmed};
use crate::values::{self, Amount, Hidden, is_receipt};

/// A callback as it reads; [`StkCallback::verdict`] says what it comes to.
#[derive(Clone, PartialEq, Eq)]
pub struct StkCallback {
    /// Safaricom's name for the request of the merchant.
    pub merchant_request_id: Option<String>,
    /// Safaricom's name for the prompt. It ends in the payer's number: treat it as a phone.
    pub checkout_request_id: Option<String>,
    /// How the prompt ended.
    pub code: Option<ResultCode>,
    /// The code in words. The words are no contract: the same code has several.
    pub description: Option<String>,
    /// What was paid; absent unless something was.
    pub metadata: Option<Paid>,
}

/// The metadata of a paid prompt. Each part is optional on the wire, the receipt too.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Paid {
    /// `MpesaReceiptNumber`, where it looks like one.
    pub receipt: Option<String>,
    /// `Amount`.
    pub amount: Option<Amount>,
    /// `TransactionDate`.
    pub transaction_date: Option<Timestamp>,
    /// `PhoneNumber`, where it is a whole one.
    pub phone: Option<String>,
}

/// What a callback comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Code 0 and a receipt. The amount may be absent, and is readable where it is there.
    Paid {
        /// M-Pesa's receipt.
        receipt: &'a str,
        /// Everything that was told of the payment.
        paid: &'a Paid,
    },
    /// Another code. Whether that code is the last word is for the caller to know.
    NotPaid {
        /// How the prompt ended.
        code: &'a ResultCode,
    },
    /// Code 0 without a receipt: perhaps paid, proven by nothing.
    ClaimsSuccessWithoutReceipt,
    /// No code, a code that means "not yet", or code 0 with an amount that makes no sense.
    Undetermined,
}

impl StkCallback {
    /// What this comes to.
    pub fn verdict(&self) -> Verdict<'_> {
        let Some(code) = self.code.as_ref().filter(|code| !code.is_pending()) else {
            return Verdict::Undetermined;
        };
        if !code.is_success() {
            return Verdict::NotPaid { code };
        }
        let Some(paid) = &self.metadata else {
            return Verdict::ClaimsSuccessWithoutReceipt;
        };
        let Some(receipt) = &paid.receipt else {
            return Verdict::ClaimsSuccessWithoutReceipt;
        };
        if paid.amount.as_ref().is_some_and(|amount| !amount.is_readable()) {
            return Verdict::Undetermined;
        }
        Verdict::Paid { receipt, paid }
    }
}

/// Reads a callback. Only `Body.stkCallback` is required of it.
pub fn read_stk(body: &[u8]) -> Result<StkCallback, Unreadable> {
    let text = decode(body);
    let root = Loose::parse(&text)?.object().ok_or(Unreadable::Missing("Body"))?;
    let callback = root.object("Body")?.object("stkCallback")?;
    Ok(StkCallback {
        merchant_request_id: callback.text("MerchantRequestID"),
        checkout_request_id: callback.text("CheckoutRequestID"),
        code: ResultCode::read(callback.get("ResultCode"))?,
        description: callback.text("ResultDesc"),
        metadata: callback.get("CallbackMetadata").map(paid),
    })
}

/// `{"Item": […]}`, `{"Item": {…}}` or the list itself.
fn paid(metadata: Loose<'_>) -> Paid {
    let list = match metadata.object() {
        Some(object) => object.get("Item").map(Loose::items).unwrap_or_default(),
        None => metadata.items(),
    };
    let items: Vec<Object<'_>> = list.into_iter().filter_map(Loose::object).collect();
    Paid {
        receipt: item(&items, "MpesaReceiptNumber")
            .and_then(trimmed)
            .filter(|receipt| is_receipt(receipt)),
        amount: item(&items, "Amount").map(amount),
        transaction_date: item(&items, "TransactionDate")
            .and_then(trimmed)
            .and_then(|text| values::moment(&text)),
        phone: item(&items, "PhoneNumber")
            .and_then(trimmed)
            .and_then(|text| values::phone(&text)),
    }
}

/// The value of the named item; items without a value are passed over.
fn item<'a>(items: &[Object<'a>], name: &str) -> Option<Loose<'a>> {
    let named = |item: &&Object<'a>| {
        item.any(&["Name", "Key"])
            .and_then(trimmed)
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    items.iter().filter(named).find_map(|item| item.get("Value"))
}

/// An amount of any JSON type: one that is no text is kept as a sign that something is wrong.
fn amount(value: Loose<'_>) -> Amount {
    value
        .scalar()
        .map_or_else(|| Amount::Raw(String::new()), |text| Amount::parse(&text))
}

impl fmt::Debug for StkCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StkCallback")
            .field("merchant_request_id", &self.merchant_request_id)
            .field("checkout_request_id", &Hidden(&self.checkout_request_id))
            .field("code", &self.code)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paid")
            .field("receipt", &self.receipt)
            .field("amount", &self.amount)
            .field("transaction_date", &self.transaction_date)
            .field("phone", &Hidden(&self.phone))
            .finish()
    }
}
