//! Result codes: one type for what comes as a number here and as a string there, and the codes known by name.
//!
//! The list is of names only. Which code is final, and what a shopper is told, belongs to whoever settles payments.

use std::fmt;

use crate::loose::{Loose, Unreadable};

/// Paid, or done. Everywhere.
pub const SUCCESS: &str = "0";
/// The payer's balance is too low.
pub const INSUFFICIENT_FUNDS: &str = "1";
/// Below the least amount.
pub const BELOW_MINIMUM: &str = "2";
/// Above the limit of one payment.
pub const ABOVE_MAXIMUM: &str = "3";
/// Above what the payer may move in a day.
pub const DAILY_LIMIT: &str = "4";
/// The receiver's account is full: for STK that is the merchant's.
pub const RECEIVER_LIMIT: &str = "8";
/// "Rule limited": the same amount to the same shortcode within two minutes. Older lists call it an internal failure.
pub const RULE_LIMITED: &str = "17";
/// The initiator lacks the role. Result APIs only.
pub const INITIATOR_NOT_ALLOWED: &str = "21";
/// M-Pesa is overloaded.
pub const SYSTEM_BUSY: &str = "26";
/// Another M-Pesa or USSD session is open on that line. Not in Safaricom's table, seen by many.
pub const SUBSCRIBER_LOCKED: &str = "1001";
/// The prompt was not processed in time.
pub const EXPIRED: &str = "1019";
/// The prompt could not be sent; also when its text passes 182 characters.
pub const PROMPT_FAILED: &str = "1025";
/// An alias of [`CANCELED`] in old lists.
pub const CANCELED_OLD: &str = "1031";
/// The payer canceled; with older SIM cards also a prompt that ran out.
pub const CANCELED: &str = "1032";
/// The network's answer was lost after the phone had the prompt. Seen in 2018 and 2019.
pub const DELIVERY_UNKNOWN: &str = "1036";
/// The phone could not be reached, or nobody answered it.
pub const UNREACHABLE: &str = "1037";
/// STK: a wrong PIN. Elsewhere: a wrong initiator name, password or certificate.
pub const WRONG_CREDENTIAL: &str = "2001";
/// The USSD session ended.
pub const SESSION_EXPIRED: &str = "2026";
/// The transaction type does not fit the shortcode.
pub const NOT_PERMITTED: &str = "2028";
/// B2C: the receiver is no registered customer.
pub const RECEIVER_NOT_REGISTERED: &str = "2040";
/// Query only, in no official table: the prompt is still out.
pub const STILL_PROCESSING: &str = "4999";
/// STK: the payer's PIN is locked. Elsewhere: the API user is locked.
pub const CREDENTIAL_LOCKED: &str = "8006";
/// An internal error of the same family as [`PROMPT_FAILED`].
pub const INTERNAL_ERROR: &str = "9999";
/// The operator, or for B2C the receiver, does not exist.
pub const NO_SUCH_OPERATOR: &str = "SFC_IC0003";
/// Reversal: it has been reversed before.
pub const ALREADY_REVERSED: &str = "R000001";
/// Reversal: the receipt is not known.
pub const NO_SUCH_TRANSACTION: &str = "R000002";

const LONGEST: usize = 32;

/// A result code as text. Safaricom writes `0` in callbacks and `"0"` in query answers; some codes have letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultCode(String);

impl ResultCode {
    /// Reads a code from text. Negative numbers, decimals and words are none: guessing there could turn a paid
    /// prompt into a failure.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let begins = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        if !begins || !has_digit || text.len() > LONGEST || !text.bytes().all(plain) || is_decimal(text) {
            return None;
        }
        let zeros = text.bytes().all(|byte| byte == b'0');
        Some(Self(if zeros { SUCCESS } else { text }.to_owned()))
    }

    /// The code's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says that the thing was done. `"00"` and `"00000000"` count as `0`.
    pub fn is_success(&self) -> bool {
        self.0 == SUCCESS
    }

    /// Whether it says that there is no result yet: `4999`, or a gateway's code in place of a result's.
    pub fn is_pending(&self) -> bool {
        self.0 == STILL_PROCESSING || self.0.starts_with("500.")
    }

    /// Reads the code in a field: absent, null and empty are no code, and anything odd is an error.
    pub(crate) fn read(field: Option<Loose<'_>>) -> Result<Option<Self>, Unreadable> {
        let Some(field) = field else { return Ok(None) };
        let text = field.scalar().ok_or(Unreadable::Field("ResultCode"))?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        Self::parse(&text)
            .map(Some)
            .ok_or(Unreadable::Field("ResultCode"))
    }
}

/// `1.0`, `1e3`: numbers that are no whole number.
fn is_decimal(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-');
    let number = text.starts_with(|letter: char| letter.is_ascii_digit()) && text.bytes().all(part);
    number && text.bytes().any(|byte| !byte.is_ascii_digit()) && text.matches('.').count() < 2
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_every_form_that_was_seen() {
        for (text, code) in [
            ("0", "0"),
            ("00", "0"),
            ("00000000", "0"),
            (" 1032 ", "1032"),
            ("SFC_IC0003", "SFC_IC0003"),
            ("E3008", "E3008"),
            ("C2B00012", "C2B00012"),
            ("500.001.1001", "500.001.1001"),
            ("100000100", "100000100"),
        ] {
            assert_eq!(ResultCode::parse(text).unwrap().as_str(), code);
        }
        assert!(ResultCode::parse("4999").unwrap().is_pending());
        assert!(!ResultCode::parse("1032").unwrap().is_pending());
    }

    #[test]
    fn what_only_looks_like_a_code_is_none() {
        for text in [
            "",
            "-5",
            "0.0",
            "1e3",
            "1032.0",
            "null",
            "ok",
            "1 032",
            "_1",
            "1032\n5",
            &"1".repeat(33),
        ] {
            assert_eq!(ResultCode::parse(text), None, "{text}");
        }
    }
}
