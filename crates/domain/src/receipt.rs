//! Receipts: M-Pesa's name for one movement of money.
//!
//! Today's are ten letters and digits whose first three tell the day. Older ones have nine, and other tools'
//! traffic has more or fewer, so the wire is read generously and what a person types strictly.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Shortest receipt that is taken from the wire: `ABC123` was seen in recorded traffic that counts as paid.
pub const MIN_WIRE: usize = 6;
/// Longest receipt that is taken from the wire.
pub const MAX_WIRE: usize = 20;
/// Length of a receipt as M-Pesa writes it today, and as a person must type it.
pub const TYPED: usize = 10;
/// Year of a receipt that starts with `A`. Source: `N` in samples of 2019, `S` of 2024, `U` of 2026.
const YEAR_OF_A: i32 = 2006;

/// An M-Pesa receipt in upper case, such as `UKL52PAWR9`. Never a placeholder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt {
    /// ASCII, filled up with zero bytes.
    text: [u8; MAX_WIRE],
}

/// Why a text is no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAReceipt {
    /// Nothing but blanks.
    #[error("enter the M-Pesa code, such as UKL52PAWR9")]
    Empty,
    /// Too few or too many characters.
    #[error("an M-Pesa code has 10 letters and digits, such as UKL52PAWR9")]
    Length,
    /// Something other than the letters A to Z and digits.
    #[error("an M-Pesa code has only the letters A to Z and digits, such as UKL52PAWR9")]
    Characters,
    /// Digits alone: a phone or account number.
    #[error("that is a number: the M-Pesa code has letters too, such as UKL52PAWR9")]
    DigitsOnly,
    /// `NLJ0000000`: what M-Pesa writes where no money moved.
    #[error("that code stands for a payment that was not made")]
    Placeholder,
}

impl NotAReceipt {
    /// The error as the API writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "receipt_empty",
            Self::Length => "receipt_length",
            Self::Characters => "receipt_characters",
            Self::DigitsOnly => "receipt_digits_only",
            Self::Placeholder => "receipt_placeholder",
        }
    }
}

impl Receipt {
    /// Reads a receipt as a machine sends it: 6 to 20 ASCII letters and digits in either case.
    pub fn wire(text: &str) -> Result<Self, NotAReceipt> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotAReceipt::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(NotAReceipt::Characters);
        }
        if !(MIN_WIRE..=MAX_WIRE).contains(&text.len()) {
            return Err(NotAReceipt::Length);
        }
        let mut receipt = Self { text: [0; MAX_WIRE] };
        receipt.text[..text.len()].copy_from_slice(text.as_bytes());
        receipt.text.make_ascii_uppercase();
        if receipt
            .as_str()
            .get(3..)
            .is_some_and(|rest| rest.len() >= 6 && rest.bytes().all(|byte| byte == b'0'))
        {
            return Err(NotAReceipt::Placeholder);
        }
        Ok(receipt)
    }

    /// Reads a receipt as a person types it: exactly ten letters and digits with at least one letter, in either
    /// case, with blanks, dashes and dots anywhere.
    pub fn typed(text: &str) -> Result<Self, NotAReceipt> {
        let mut squeezed = String::with_capacity(TYPED);
        for letter in text.chars().filter(|letter| !is_mark(*letter)) {
            if !letter.is_ascii_alphanumeric() {
                return Err(NotAReceipt::Characters);
            }
            if squeezed.len() == TYPED {
                return Err(NotAReceipt::Length);
            }
            squeezed.push(letter);
        }
        if !squeezed.is_empty() && squeezed.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAReceipt::DigitsOnly);
        }
        if (1..TYPED).contains(&squeezed.len()) {
            return Err(NotAReceipt::Length);
        }
        Self::wire(&squeezed)
    }

    /// The receipt in upper case.
    pub fn as_str(&self) -> &str {
        let length = self.text.iter().position(|&byte| byte == 0).unwrap_or(MAX_WIRE);
        std::str::from_utf8(&self.text[..length]).unwrap_or_default()
    }

    /// The day in Nairobi that the first three characters tell, as `(year, month 1–12, day 1–31)`.
    ///
    /// Letter one is the year (`A` = 2006), letter two the month (`A` to `L`), character three the day (`1` to
    /// `9`, then `A` = 10 to `V` = 31). Source: inferred from dated samples, documented nowhere; so it is a hint
    /// for searching and never proves anything.
    pub fn date_hint(&self) -> Option<(i32, u8, u8)> {
        let letter = |byte: u8, last: u8| (b'A'..=last).contains(&byte).then(|| byte - b'A');
        let year = YEAR_OF_A + i32::from(letter(self.text[0], b'Z')?);
        let month = letter(self.text[1], b'L')? + 1;
        let day = match self.text[2] {
            digit @ b'1'..=b'9' => digit - b'0',
            other => letter(other, b'V')? + 10,
        };
        let known = time::Month::try_from(month).ok()?;
        time::Date::from_calendar_date(year, known, day)
            .ok()
            .map(|_| (year, month, day))
    }
}

/// Blanks and marks that may stand in a code that was copied or dictated.
fn is_mark(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '.' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Receipt {
    type Err = NotAReceipt;

    /// Same as [`Receipt::wire`].
    fn from_str(text: &str) -> Result<Self, NotAReceipt> {
        Self::wire(text)
    }
}

impl Serialize for Receipt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Receipt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::wire(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_is_read_in_either_case_and_in_odd_lengths() {
        for (sent, kept) in [
            ("NLJ7RT61SV", "NLJ7RT61SV"),
            ("sbk41xq7rt", "SBK41XQ7RT"),
            ("ABC123", "ABC123"),
            ("XYZABC123", "XYZABC123"),
            ("SDA12345678", "SDA12345678"),
            (" UJ22T8IYOU ", "UJ22T8IYOU"),
            ("12345678901234567890", "12345678901234567890"),
        ] {
            assert_eq!(Receipt::wire(sent).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_cannot_be_a_receipt_is_refused_with_its_reason() {
        for (sent, reason) in [
            ("", NotAReceipt::Empty),
            ("  ", NotAReceipt::Empty),
            ("X", NotAReceipt::Length),
            ("ABC12", NotAReceipt::Length),
            ("123456789012345678901", NotAReceipt::Length),
            ("ws_CO_null", NotAReceipt::Characters),
            ("BALANCE-QUERY", NotAReceipt::Characters),
            ("ABC12\u{e9}", NotAReceipt::Characters),
            ("ABC\0\0\0\0", NotAReceipt::Characters),
        ] {
            assert_eq!(Receipt::wire(sent), Err(reason), "{sent}");
        }
    }

    #[test]
    fn placeholders_are_never_receipts() {
        for sent in ["NLJ0000000", "SKE0000000", "sb60000000", "OIR0000000"] {
            assert_eq!(Receipt::wire(sent), Err(NotAReceipt::Placeholder), "{sent}");
            assert_eq!(Receipt::typed(sent), Err(NotAReceipt::Placeholder), "{sent}");
        }
        assert!(Receipt::wire("NLJ0000001").is_ok() && Receipt::wire("ABC000").is_ok());
    }

    #[test]
    fn a_person_must_type_ten_but_may_space_them() {
        for sent in [
            "uj22t8iyou",
            " UJ22 T8IY OU ",
            "UJ22-T8IY-OU.",
            "\u{200e}UJ22T8IYOU",
        ] {
            assert_eq!(Receipt::typed(sent).unwrap().as_str(), "UJ22T8IYOU", "{sent}");
        }
        for (sent, reason) in [
            ("", NotAReceipt::Empty),
            ("ABC123", NotAReceipt::Length),
            ("UJ22T8IYOU1", NotAReceipt::Length),
            ("0712345678", NotAReceipt::DigitsOnly),
            ("12", NotAReceipt::DigitsOnly),
            ("UJ22T8IYO_", NotAReceipt::Characters),
        ] {
            assert_eq!(Receipt::typed(sent), Err(reason), "{sent}");
        }
    }

    #[test]
    fn the_first_three_characters_tell_the_day() {
        let day = |text| Receipt::wire(text).unwrap().date_hint();
        assert_eq!(day("NLJ7RT61SV"), Some((2019, 12, 19)));
        assert_eq!(day("UJ22T8IYOU"), Some((2026, 10, 2)));
        assert_eq!(day("RKL51ZDR4F"), Some((2023, 11, 21)));
        assert_eq!(day("TAE86U0FMU"), Some((2025, 1, 14)));
        for unknown in ["BEWH8FFR4O", "X946U07JIN", "SBV0000001", "SM10000001", "123456"] {
            assert_eq!(day(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn json_keeps_the_text() {
        let receipt = Receipt::wire("ukl52pawr9").unwrap();
        assert_eq!(serde_json::to_string(&receipt).unwrap(), r#""UKL52PAWR9""#);
        assert_eq!(
            serde_json::from_str::<Receipt>(r#""UKL52PAWR9""#).unwrap(),
            receipt
        );
        assert!(serde_json::from_str::<Receipt>(r#""NLJ0000000""#).is_err());
    }
}
