//! The STK push ("M-Pesa Express"): a prompt for a PIN on a phone.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use serde::Serialize;
use url::Url;

use crate::app::AppKeys;
use crate::client::Daraja;
use crate::envelope::Answer;
use crate::error::{Error, ErrorKind, Twice};
use crate::http::Call;
use crate::secret::Secret;

const PATH: &str = "/mpesa/stkpush/v1/processrequest";

/// Which kind of shortcode is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionKind {
    /// A paybill: `party_b` is the paybill itself.
    PayBill,
    /// A till: `short_code` is the store (head office) number and `party_b` the till.
    BuyGoods,
}

impl TransactionKind {
    /// Daraja's `TransactionType`.
    pub fn wire(self) -> &'static str {
        match self {
            Self::PayBill => "CustomerPayBillOnline",
            Self::BuyGoods => "CustomerBuyGoodsOnline",
        }
    }
}

/// A text that does not fit into the field that it was meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {0} characters and no control characters")]
pub struct TooLong(pub usize);

macro_rules! short_text {
    ($(#[$doc:meta])* $name:ident, $longest:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The most characters that it has.
            pub const LONGEST: usize = $longest;

            /// The text, where it fits.
            pub fn new(text: &str) -> Result<Self, TooLong> {
                let fits = (1..=Self::LONGEST).contains(&text.chars().count()) && !text.chars().any(char::is_control);
                if fits { Ok(Self(text.to_owned())) } else { Err(TooLong(Self::LONGEST)) }
            }

            /// As much of the text as fits, or `instead` where nothing is left of it.
            pub fn cut(text: &str, instead: &str) -> Self {
                let cut = |text: &str| -> String {
                    text.trim().chars().filter(|letter| !letter.is_control()).take(Self::LONGEST).collect()
                };
                let kept = cut(text);
                Self(if kept.trim().is_empty() { cut(instead) } else { kept.trim_end().to_owned() })
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

short_text! {
    /// What the prompt and the payer's SMS show as the account: 1 to 12 characters. Source: "M-Pesa Express" page.
    AccountReference, 12
}
short_text! {
    /// `TransactionDesc`, 1 to 13 characters. The documents call it optional; without it the answer is
    /// `400.002.02 Invalid Remarks`.
    Description, 13
}

/// A prompt to send.
#[derive(Clone)]
pub struct Push {
    /// The shortcode that the passkey belongs to: the paybill, or the till's store number.
    pub short_code: String,
    /// The passkey that came by mail at go-live.
    pub pass_key: Secret,
    /// Paybill or till.
    pub kind: TransactionKind,
    /// 1 to 250,000 whole shillings.
    pub amount: Kes,
    /// Who pays: 12 digits. The same as `phone` unless somebody pays for another.
    pub party_a: String,
    /// Who is paid: the paybill or the till.
    pub party_b: String,
    /// Which phone is prompted: 12 digits, `2547…` or `2541…`.
    pub phone: String,
    /// Where the outcome is posted; see [`forbidden_word`].
    pub callback_url: Url,
    /// The account shown to the payer.
    pub account_reference: AccountReference,
    /// A few words.
    pub description: Description,
}

/// A prompt that Safaricom accepted for sending. Nothing is paid yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Safaricom's name for the merchant's request.
    pub merchant_request_id: String,
    /// Safaricom's name for the prompt. It ends in the payer's number: treat it as a phone.
    pub checkout_request_id: String,
    /// `"0"`.
    pub response_code: String,
    /// Words meant for the payer; often those of the response.
    pub customer_message: String,
}

impl Daraja {
    /// Sends a prompt. An error with [`Reached::Maybe`](crate::Reached::Maybe) means that the phone may be ringing.
    pub async fn push(&self, app: &AppKeys, request: &Push) -> Result<Pushed, Error> {
        request.check()?;
        let now = self.now();
        let body = Body::new(request, now);
        self.call(app, &Call::new(PATH, &body, Twice::Harms), read_push)
            .await
    }
}

impl Push {
    fn check(&self) -> Result<(), Error> {
        let invalid = |name: &str| Err(Error::unsent(ErrorKind::InvalidField(name.to_owned())));
        if !self.amount.is_payable() {
            return invalid("Amount");
        }
        if !is_short_code(&self.short_code) {
            return invalid("BusinessShortCode");
        }
        if !is_short_code(&self.party_b) {
            return invalid("PartyB");
        }
        if !is_wire_phone(&self.phone) || !is_wire_phone(&self.party_a) {
            return Err(Error::unsent(ErrorKind::InvalidPhone));
        }
        Ok(())
    }
}

/// Reads the answer to a push.
pub fn read_push(answer: &Answer) -> Result<Pushed, Error> {
    answer.success(Twice::Harms, |object| {
        let response_code = object.text("ResponseCode")?;
        Some(Pushed {
            merchant_request_id: object.text("MerchantRequestID").unwrap_or_default(),
            checkout_request_id: object.text("CheckoutRequestID")?,
            response_code,
            customer_message: object.text("CustomerMessage").unwrap_or_default(),
        })
    })
}

/// 5 to 7 digits. Source: "M-Pesa Express" pages, which say 5 to 6 in one place and 5 to 7 in another.
pub(crate) fn is_short_code(text: &str) -> bool {
    (5..=7).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2547…` or `2541…`, 12 digits.
pub(crate) fn is_wire_phone(text: &str) -> bool {
    let begins = text.starts_with("2547") || text.starts_with("2541");
    begins && text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `base64(short code + passkey + timestamp)`. The timestamp must be that of the request's own field.
pub(crate) fn password(short_code: &str, pass_key: &Secret, timestamp: &str) -> String {
    STANDARD.encode(format!("{short_code}{}{timestamp}", pass_key.expose()))
}

/// A word that Safaricom refuses in a callback URL, in any letter case, if there is one. Source: "Register URL" page;
/// enforcement is uneven, so a URL without them is the safe one.
pub fn forbidden_word(url: &Url) -> Option<&'static str> {
    const WORDS: [&str; 8] = [
        "mpesa",
        "m-pesa",
        "safaricom",
        "exec",
        "exe",
        "cmd",
        "sql",
        "query",
    ];
    let text = url.as_str().to_ascii_lowercase();
    WORDS.into_iter().find(|word| text.contains(word))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    business_short_code: &'a str,
    password: String,
    timestamp: String,
    transaction_type: &'static str,
    amount: String,
    party_a: &'a str,
    party_b: &'a str,
    phone_number: &'a str,
    #[serde(rename = "CallBackURL")]
    callback_url: &'a str,
    account_reference: &'a str,
    transaction_desc: &'a str,
}

impl<'a> Body<'a> {
    fn new(request: &'a Push, now: Timestamp) -> Self {
        let timestamp = now.daraja();
        Self {
            business_short_code: &request.short_code,
            password: password(&request.short_code, &request.pass_key, &timestamp),
            timestamp,
            transaction_type: request.kind.wire(),
            amount: request.amount.shillings().to_string(),
            party_a: &request.party_a,
            party_b: &request.party_b,
            phone_number: &request.phone,
            callback_url: request.callback_url.as_str(),
            account_reference: request.account_reference.as_str(),
            transaction_desc: request.description.as_str(),
        }
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("short_code", &self.short_code)
            .field("kind", &self.kind)
            .field("amount", &self.amount)
            .field("party_b", &self.party_b)
            .field("account_reference", &self.account_reference)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pushed")
            .field("merchant_request_id", &self.merchant_request_id)
            .field("response_code", &self.response_code)
            .finish_non_exhaustive()
    }
}
