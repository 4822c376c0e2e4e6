//! Kenyan mobile numbers, in all the forms in which people write them.
//!
//! The rule in one sentence: every digit that is written belongs to the number, marks carry nothing, and letters
//! may only stand before it. Nothing is guessed, dropped or repaired, because a wrong guess puts a PIN prompt on a
//! stranger's phone. The whole reasoning is in `docs/decisions/0001-phone-numbers.md`.
//!
//! The browser runs this file too: no `format!`, no big tables.

use std::fmt;

mod read;

use read::Written;

/// Longest input that is looked at, in bytes; libphonenumber has the same limit. The longest number alone is 16
/// digits of at most 4 bytes, so there is room for a label and for every mark.
pub const MAX_INPUT_BYTES: usize = 250;

/// A Kenyan mobile number. `Debug` prints it masked, and there is neither `Display` nor `Serialize`, so that a
/// number comes out only where [`wire`](Self::wire) or [`local`](Self::local) is called by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msisdn {
    /// The nine national digits: 100,000,000 to 799,999,999.
    national: u32,
}

/// Why a text is no Kenyan mobile number, in words that tell what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PhoneError {
    /// No digit and no letter.
    #[error("enter an M-Pesa phone number, such as 0712 345 678")]
    Empty,
    /// Fewer digits than a number has.
    #[error("the phone number is too short: 0712 345 678 has 10 digits")]
    TooShort,
    /// More digits than a number has, or a text beyond [`MAX_INPUT_BYTES`].
    #[error("the phone number is too long: 0712 345 678 has 10 digits")]
    TooLong,
    /// A fixed line, such as 020 in Nairobi.
    #[error("this is a landline: M-Pesa needs a mobile number that starts with 07 or 01")]
    Landline,
    /// Another country's code.
    #[error("this number is not Kenyan: M-Pesa needs a number that starts with 07, 01 or +254")]
    Foreign,
    /// Letters among or after the digits, or nothing but letters.
    #[error("the phone number holds letters: write digits only, and 0 and 1 rather than O and l")]
    Letters,
    /// A complete number and then more digits: an extension, or a second number.
    #[error("write one phone number, without an extension or a second number")]
    Extra,
    /// The right length, but no mobile range: 08, 09, or a part of 01 that nobody has.
    #[error("no Kenyan mobile number starts like this: check the first digits")]
    NotMobile,
    /// A sign among the digits that no phone number has.
    #[error("the phone number holds a sign that does not belong there: write digits and spaces only")]
    Unreadable,
}

impl PhoneError {
    /// The error as the API writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "phone_empty",
            Self::TooShort => "phone_too_short",
            Self::TooLong => "phone_too_long",
            Self::Landline => "phone_landline",
            Self::Foreign => "phone_foreign",
            Self::Letters => "phone_letters",
            Self::Extra => "phone_extra",
            Self::NotMobile => "phone_not_mobile",
            Self::Unreadable => "phone_unreadable",
        }
    }
}

/// Whose range a number was in when it was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Safaricom: M-Pesa.
    Safaricom,
    /// Airtel Kenya.
    Airtel,
    /// Telkom Kenya.
    Telkom,
    /// Finserve, sold as Equitel.
    Equitel,
    /// Jamii Telecommunications, sold as Faiba.
    Faiba,
    /// One of the small holders: Mobile Pay, Sema, Infura, NRG, Homeland Media.
    Other,
    /// A range on which sources disagree.
    Unknown,
}

impl Operator {
    /// The name that shoppers know; nothing where there is none to show.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Safaricom => Some("Safaricom"),
            Self::Airtel => Some("Airtel"),
            Self::Telkom => Some("Telkom"),
            Self::Equitel => Some("Equitel"),
            Self::Faiba => Some("Faiba"),
            Self::Other | Self::Unknown => None,
        }
    }
}

impl Msisdn {
    /// Reads a number as people type, paste and store it.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > MAX_INPUT_BYTES {
            return Err(PhoneError::TooLong);
        }
        Written::read(text)?.number()
    }

    /// As Daraja takes it: `254712345678`.
    pub fn wire(self) -> String {
        let mut text = String::with_capacity(12);
        text.push_str("254");
        self.push(&mut text, 0..9);
        text
    }

    /// As the API shows it: `2547****5678`.
    pub fn masked(self) -> String {
        let mut text = String::with_capacity(12);
        text.push_str("254");
        self.push(&mut text, 0..1);
        text.push_str("****");
        self.push(&mut text, 5..9);
        text
    }

    /// As its owner writes it: `0712 345 678`.
    pub fn local(self) -> String {
        let mut text = self.prefix_with_zero();
        self.push(&mut text, 3..6);
        text.push(' ');
        self.push(&mut text, 6..9);
        text
    }

    /// As the page shows it to whoever holds the link: `0712 ••• 678`.
    pub fn local_masked(self) -> String {
        let mut text = self.prefix_with_zero();
        text.push_str("••• ");
        self.push(&mut text, 6..9);
        text
    }

    /// Whose range the number is in. Kenya has number portability, so this is good for a warning and never for a
    /// refusal. Source: numbering metadata of 2023 and the operators' announcements since; where they are silent,
    /// libphonenumber's carrier table 9.0.43. On 0761 the sources disagree.
    pub const fn operator(self) -> Operator {
        match self.prefix() {
            700..=729 | 740..=743 | 745 | 746 | 748 | 749 | 757..=759 | 768 | 769 | 790..=799 => {
                Operator::Safaricom
            }
            110..=119 | 140..=146 | 180..=189 => Operator::Safaricom,
            730..=739 | 750..=756 | 762 | 780..=789 | 100..=108 | 135..=139 => Operator::Airtel,
            770..=779 | 120 => Operator::Telkom,
            763..=766 | 124 => Operator::Equitel,
            747 => Operator::Faiba,
            744 | 760 | 767 | 121 | 130 => Operator::Other,
            _ => Operator::Unknown,
        }
    }

    /// Whether nothing speaks against M-Pesa: Safaricom's range, or nobody's that is known.
    pub const fn looks_like_mpesa(self) -> bool {
        matches!(self.operator(), Operator::Safaricom | Operator::Unknown)
    }

    /// The first three of the nine digits: 712 for 0712 345 678.
    const fn prefix(self) -> u32 {
        self.national / 1_000_000
    }

    fn prefix_with_zero(self) -> String {
        let mut text = String::with_capacity(18);
        text.push('0');
        self.push(&mut text, 0..3);
        text.push(' ');
        text
    }

    fn push(self, text: &mut String, digits: std::ops::Range<u32>) {
        for at in digits {
            text.push(char::from_digit(self.national / 10_u32.pow(8 - at) % 10, 10).unwrap_or('0'));
        }
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl std::str::FromStr for Msisdn {
    type Err = PhoneError;

    /// Same as [`Msisdn::parse`].
    fn from_str(text: &str) -> Result<Self, PhoneError> {
        Self::parse(text)
    }
}
