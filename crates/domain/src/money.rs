//! Money: whole Kenyan shillings, never a float.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in whole shillings. `1500` is KES 1,500. Sums may pass the limit of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kes(i64);

impl Kes {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The least that M-Pesa moves in one payment. Source: Daraja "M-Pesa Express" page.
    pub const MIN_PAYMENT: Self = Self(1);
    /// The most that M-Pesa moves in one payment. Source: Daraja "M-Pesa Express" page (older pages say 150,000).
    pub const MAX_PAYMENT: Self = Self(250_000);

    /// An amount of `shillings`.
    pub const fn new(shillings: i64) -> Self {
        Self(shillings)
    }

    /// The number of shillings.
    pub const fn shillings(self) -> i64 {
        self.0
    }

    /// Whether M-Pesa can move this in one payment: 1 to 250,000.
    pub fn is_payable(self) -> bool {
        (Self::MIN_PAYMENT..=Self::MAX_PAYMENT).contains(&self)
    }

    /// The sum; saturates, so that an absurd input cannot wrap around.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of this after `other`, never below nothing.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }

    /// Reads an amount as Daraja writes it, in a string or a number: `"1500"`, `1500.00`, `2.0`.
    ///
    /// Cents other than zero, signs, exponents and more than two decimals are no amount: till payments can
    /// carry cents, and rounding them would make the books lie, so [`Kes::parse_cents`] reads those.
    pub fn parse_wire(text: &str) -> Option<Self> {
        match Self::parse_cents(text)? {
            (shillings, 0) => Some(shillings),
            _ => None,
        }
    }

    /// Reads an amount with up to two decimals into whole shillings and remaining cents.
    pub fn parse_cents(text: &str) -> Option<(Self, u8)> {
        let (whole, cents) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 12 || cents.len() > 2 || !digits(whole) || !digits(cents) {
            return None;
        }
        let cents = match cents.len() {
            0 => 0,
            1 => cents.parse::<u8>().ok()? * 10,
            _ => cents.parse().ok()?,
        };
        Some((Self(whole.parse().ok()?), cents))
    }
}

/// With thousands separators and without the currency: `1,500`.
impl fmt::Display for Kes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl std::iter::Sum for Kes {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_safaricom_writes_them() {
        for (text, shillings) in [
            ("1", 1),
            ("1.00", 1),
            ("2.0", 2),
            ("11720.00", 11720),
            (" 10 ", 10),
            ("0", 0),
        ] {
            assert_eq!(Kes::parse_wire(text), Some(Kes::new(shillings)), "{text}");
        }
        for text in [
            "",
            "-1",
            "+1",
            "1e3",
            "2500.005",
            "1,000",
            "10.50",
            ".5",
            "1.",
            "9999999999999",
        ] {
            let expected = (text == "1.").then_some(Kes::new(1));
            assert_eq!(Kes::parse_wire(text), expected, "{text}");
        }
        assert_eq!(Kes::parse_cents("10.5"), Some((Kes::new(10), 50)));
    }

    #[test]
    fn thousands_are_separated() {
        let shown = [0, 7, 999, 1500, 250_000, 1_234_567].map(|amount| Kes::new(amount).to_string());
        assert_eq!(shown, ["0", "7", "999", "1,500", "250,000", "1,234,567"]);
    }

    #[test]
    fn one_payment_has_its_edges() {
        assert!(!Kes::new(0).is_payable() && Kes::new(1).is_payable());
        assert!(Kes::new(250_000).is_payable() && !Kes::new(250_001).is_payable());
    }
}
