//! C2B: where Safaricom tells of payments made from the M-PESA menu, and what it tells.
//!
//! Validation and confirmation have one shape. Everything in it was typed by a person or masked by Safaricom: only the
//! receipt, the amount and the shortcode are to be relied on.

use std::fmt;

use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use serde::Serialize;
use url::Url;

use crate::app::AppKeys;
use crate::client::Daraja;
use crate::envelope::Answer;
use crate::error::{Error, ErrorKind, Twice};
use crate::http::Call;
use crate::loose::{Loose, Object, Unreadable, decode};
use crate::values::{Amount, Hidden, is_receipt, phone};

/// What M-Pesa does when our validation URL is silent for about 8 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ResponseType {
    /// The payment goes through.
    Completed,
    /// The payment is canceled.
    Cancelled,
}

/// Which version of the API the app has. New apps get the second; the other one answers "no apiproduct match".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// Hashed phones in the notifications.
    V1,
    /// Masked phones.
    #[default]
    V2,
}

/// The URLs to register for a shortcode. Their paths are secret: who knows them can post payments.
#[derive(Clone)]
pub struct RegisterUrls {
    /// The paybill, or the till's store number.
    pub short_code: String,
    /// What happens without an answer of ours.
    pub response_type: ResponseType,
    /// Told of every payment.
    pub confirmation_url: Url,
    /// Asked before a payment, where Safaricom has switched that on.
    pub validation_url: Url,
    /// The API's version.
    pub version: Version,
}

/// How a registration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// The URLs are registered from now on.
    Now,
    /// Some URLs were registered before and stay. In production they change only through the portal.
    Already,
}

impl Daraja {
    /// Registers the C2B URLs of a shortcode.
    pub async fn register_c2b(&self, app: &AppKeys, request: &RegisterUrls) -> Result<Registered, Error> {
        let path = match request.version {
            Version::V1 => "/mpesa/c2b/v1/registerurl",
            Version::V2 => "/mpesa/c2b/v2/registerurl",
        };
        let body = Body {
            short_code: &request.short_code,
            response_type: request.response_type,
            confirmation_url: request.confirmation_url.as_str(),
            validation_url: request.validation_url.as_str(),
        };
        self.call(app, &Call::new(path, &body, Twice::IsHarmless), read_registered)
            .await
    }
}

/// Reads the answer to a registration. Old answers have no `ResponseCode`, only `"ResponseDescription":"success"`.
pub fn read_registered(answer: &Answer) -> Result<Registered, Error> {
    let read = answer.success(Twice::IsHarmless, |object| {
        object
            .any(&["ResponseCode", "ResponseDescription"])
            .map(|_| Registered::Now)
    });
    match read {
        Err(error) if error.kind == ErrorKind::AlreadyRegistered => Ok(Registered::Already),
        other => other,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    short_code: &'a str,
    response_type: ResponseType,
    #[serde(rename = "ConfirmationURL")]
    confirmation_url: &'a str,
    #[serde(rename = "ValidationURL")]
    validation_url: &'a str,
}

/// A payment that somebody makes (validation) or made (confirmation).
#[derive(Clone, PartialEq, Eq)]
pub struct C2b {
    /// `TransID`: the receipt. For a prompt's payment it equals the callback's.
    pub receipt: String,
    /// The whole shillings.
    pub amount: Kes,
    /// The cents beside them: not 0 on some till payments.
    pub cents: u8,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// The paybill, or the till or its store number.
    pub short_code: String,
    /// What the payer typed as the account, trimmed; none on tills.
    pub account: Option<String>,
    /// Paybill or till, as far as it tells.
    pub kind: Kind,
    /// The payer's number, in whatever form it is given. Never an identity.
    pub payer: Payer,
    /// First, middle and last name, as far as given.
    pub name: Option<String>,
    /// The merchant's balance afterwards. Empty on a validation request.
    pub org_balance: Option<String>,
    /// What our answer to the validation gave, echoed in the confirmation.
    pub third_party_id: Option<String>,
    /// `InvoiceNumber`, rarely used.
    pub invoice_number: Option<String>,
}

/// What was paid to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A paybill.
    PayBill,
    /// A till. The documents say `Buy Goods`, live traffic `Customer Merchant Payment`.
    Till,
    /// No or another type; the text as it came.
    Other(Option<String>),
}

/// The payer's number in the forms that Safaricom gives it.
#[derive(Clone, PartialEq, Eq)]
pub enum Payer {
    /// All 12 digits (before 2022, and some shortcodes).
    Full(String),
    /// `2547 ***** 126` (v2).
    Masked(String),
    /// The hex digest of the number (v1). The documents' own example is short of four digits.
    Hashed(String),
    /// Nothing.
    Absent,
    /// Something else.
    Other(String),
}

/// Reads a validation or confirmation request. Without a receipt, an amount and a shortcode it is no payment.
pub fn read_c2b(body: &[u8]) -> Result<C2b, Unreadable> {
    let text = decode(body);
    let root = Loose::parse(&text)?
        .object()
        .ok_or(Unreadable::Missing("TransID"))?;
    let receipt = required(&root, "TransID")?;
    if !is_receipt(&receipt) {
        return Err(Unreadable::Field("TransID"));
    }
    let Amount::Read { shillings, cents } = Amount::parse(&required(&root, "TransAmount")?) else {
        return Err(Unreadable::Field("TransAmount"));
    };
    let short_code = required(&root, "BusinessShortCode")?;
    if short_code.len() > 10 || !short_code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unreadable::Field("BusinessShortCode"));
    }
    Ok(C2b {
        receipt,
        amount: shillings,
        cents,
        at: at(&root)?,
        short_code,
        account: root.text("BillRefNumber"),
        kind: kind(root.text("TransactionType")),
        payer: payer(root.text("MSISDN")),
        name: name(&root),
        org_balance: root.text("OrgAccountBalance"),
        third_party_id: root.text("ThirdPartyTransID"),
        invoice_number: root.text("InvoiceNumber"),
    })
}

fn required(root: &Object<'_>, name: &'static str) -> Result<String, Unreadable> {
    root.text(name).ok_or(Unreadable::Missing(name))
}

/// `TransTime` is 14 digits whenever it was recorded: another form is not Safaricom's.
fn at(root: &Object<'_>) -> Result<Option<Timestamp>, Unreadable> {
    let Some(text) = root.text("TransTime") else {
        return Ok(None);
    };
    Timestamp::parse_daraja(&text)
        .map(Some)
        .ok_or(Unreadable::Field("TransTime"))
}

fn kind(text: Option<String>) -> Kind {
    let Some(text) = text else {
        return Kind::Other(None);
    };
    let letters: String = text
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if ["paybill", "payutility", "payutilities"]
        .iter()
        .any(|word| letters.contains(word))
    {
        return Kind::PayBill;
    }
    if ["buygoods", "merchantpayment", "till"]
        .iter()
        .any(|word| letters.contains(word))
    {
        return Kind::Till;
    }
    Kind::Other(Some(text))
}

pub(crate) fn payer(text: Option<String>) -> Payer {
    let Some(text) = text else { return Payer::Absent };
    if let Some(full) = phone(&text) {
        return Payer::Full(full);
    }
    let mask = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b' ' | b'x' | b'X' | b'+' | b'-');
    if text.contains('*') && text.bytes().all(mask) {
        return Payer::Masked(text);
    }
    if (40..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Payer::Hashed(text.to_ascii_lowercase());
    }
    Payer::Other(text)
}

fn name(root: &Object<'_>) -> Option<String> {
    let parts: Vec<String> = ["FirstName", "MiddleName", "LastName"]
        .iter()
        .filter_map(|part| root.text(part))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

impl fmt::Debug for RegisterUrls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterUrls")
            .field("short_code", &self.short_code)
            .field("response_type", &self.response_type)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for C2b {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("C2b")
            .field("receipt", &self.receipt)
            .field("amount", &self.amount)
            .field("cents", &self.cents)
            .field("at", &self.at)
            .field("short_code", &self.short_code)
            .field("kind", &self.kind)
            .field("payer", &self.payer)
            .field("account", &Hidden(&self.account))
            .field("name", &Hidden(&self.name))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Payer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full([hidden])",
            Self::Masked(_) => "Masked([hidden])",
            Self::Hashed(_) => "Hashed([hidden])",
            Self::Absent => "Absent",
            Self::Other(_) => "Other([hidden])",
        })
    }
}
