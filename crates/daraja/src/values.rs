//! The values inside Safaricom's bodies: amounts, moments, receipts and phones, each as odd as it comes.

use std::fmt;

use kaunta_domain::money::Kes;
use kaunta_domain::receipt::Receipt;
use kaunta_domain::time::Timestamp;

/// An amount as a body tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amount {
    /// Whole shillings and cents. Cents other than 0 are seen on tills.
    Read {
        /// The whole shillings.
        shillings: Kes,
        /// 0 to 99.
        cents: u8,
    },
    /// Text that is no amount: three decimals, a sign, a word. It must not be counted as money.
    Raw(String),
}

impl Amount {
    /// Reads up to two decimals; anything else, and nothing at all, stays raw.
    pub fn parse(text: &str) -> Self {
        match Kes::parse_cents(text) {
            Some((Kes::ZERO, 0)) | None => Self::Raw(text.chars().take(64).collect()),
            Some((shillings, cents)) => Self::Read { shillings, cents },
        }
    }

    /// The amount where it is one of whole shillings.
    pub fn whole(&self) -> Option<Kes> {
        match self {
            Self::Read { shillings, cents: 0 } => Some(*shillings),
            _ => None,
        }
    }

    /// Whether it could be read.
    pub fn is_readable(&self) -> bool {
        matches!(self, Self::Read { .. })
    }
}

/// Whether this is the receipt of a payment that happened: what [`Receipt`] takes, in upper case as M-Pesa writes it.
/// The placeholder of a transaction that never ran (`NLJ0000000`) is none. Source: Daraja result samples.
pub fn is_receipt(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_lowercase()) && Receipt::wire(text).is_ok()
}

/// Reads a signed amount into cents: `481000.00`, `-1540.00`, `-495`, `10`. Balances have cents and go below nothing.
pub(crate) fn cents(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (shillings, cents) = Kes::parse_cents(digits)?;
    Some(sign * (shillings.shillings() * 100 + i64::from(cents)))
}

/// The `BasicAmount` of a Java map that was printed: `{Amount={CurrencyCode=KES, MinimumAmount=618683,
/// BasicAmount=6186.83}}`, in cents.
pub(crate) fn java_map_cents(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once("BasicAmount=")?;
    cents(rest.split([',', '}']).next()?)
}

/// Reads a moment in any form seen in results, as Nairobi time where the text names no zone: `20191219102115`,
/// `2023-04-26 12:30:00`, `06.07.2024 22:48:52` (B2C alone) and RFC 3339 (simulators).
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = text.strip_suffix(".0").unwrap_or(text);
    if text.len() == 14 {
        return Timestamp::parse_daraja(text);
    }
    if text.contains('T') {
        return Timestamp::parse_rfc3339(text);
    }
    let (date, clock) = text.split_once(' ')?;
    let clock = joined(clock.split(':'), [2, 2, 2])?;
    let date = match date.split_once('.') {
        Some(_) => joined(date.rsplit('.'), [4, 2, 2])?,
        None => joined(date.split('-'), [4, 2, 2])?,
    };
    Timestamp::parse_daraja(&(date + &clock))
}

/// Three groups of digits of these lengths, put together.
fn joined<'a>(mut parts: impl Iterator<Item = &'a str>, lengths: [usize; 3]) -> Option<String> {
    let mut all = String::with_capacity(8);
    for length in lengths {
        let part = parts
            .next()
            .filter(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))?;
        all.push_str(part);
    }
    parts.next().is_none().then_some(all)
}

/// A phone from a body: digits alone, whether it came as a string, a number or a Java double with `.0`.
pub(crate) fn phone(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.strip_suffix(".0").unwrap_or(text);
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let plain = digits.len() == 12 && digits.starts_with("254") && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.to_owned())
}

/// Shows only that there is something, for `Debug` of types that hold phones and names.
pub(crate) struct Hidden<'a, T>(pub(crate) &'a Option<T>);

impl<T> fmt::Debug for Hidden<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Some([hidden])"
        } else {
            "None"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_or_raw() {
        assert_eq!(Amount::parse("3200.0").whole(), Some(Kes::new(3200)));
        assert_eq!(
            Amount::parse("980.50"),
            Amount::Read {
                shillings: Kes::new(980),
                cents: 50
            }
        );
        assert_eq!(Amount::parse("980.50").whole(), None);
        for text in ["2500.005", "-1", "0", "0.00", "abc", "1e3", ""] {
            assert!(!Amount::parse(text).is_readable(), "{text}");
        }
        assert!(Amount::parse("0.50").is_readable());
    }

    #[test]
    fn balances_are_signed_cents() {
        for (text, expected) in [
            ("481000.00", 48_100_000),
            ("-1540.00", -154_000),
            ("-495", -49_500),
            ("0", 0),
        ] {
            assert_eq!(cents(text), Some(expected), "{text}");
        }
        assert_eq!(cents("--1"), None);
        let map = "{Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83}}";
        assert_eq!(java_map_cents(map), Some(618_683));
        assert_eq!(java_map_cents("{Amount={BasicAmount=50.5}}"), Some(5050));
        assert_eq!(java_map_cents("{Amount={}}"), None);
    }

    #[test]
    fn moments_are_read_in_all_their_forms() {
        let at = Timestamp::parse_rfc3339("2024-07-06T19:48:52Z");
        for text in [
            "20240706224852",
            "20240706224852.0",
            "06.07.2024 22:48:52",
            "2024-07-06 22:48:52",
        ] {
            assert_eq!(moment(text), at, "{text}");
        }
        assert_eq!(moment("2024-07-06T19:48:52.000Z"), at);
        for text in [
            "",
            "2024",
            "2024-07-06",
            "06.07.2024",
            "99999999999999",
            "2024-13-41 22:48:52",
            "a b",
            "é T",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn placeholders_and_words_are_no_receipts() {
        for receipt in ["NLJ7RT61SV", "XYZABC123", "ABC123", "LGR123456789"] {
            assert!(is_receipt(receipt), "{receipt}");
        }
        for other in [
            "",
            "X",
            "NLJ0000000",
            "sbk41xq7rt",
            "ws_CO_null",
            "N/A",
            "SBK41 XQ7R",
        ] {
            assert!(!is_receipt(other), "{other}");
        }
    }

    #[test]
    fn phones_come_as_doubles_too() {
        assert_eq!(phone("254712345678.0").as_deref(), Some("254712345678"));
        assert_eq!(phone("2547 ***** 126"), None);
    }
}
