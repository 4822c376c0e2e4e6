//! From written signs to nine national digits.

use super::{Msisdn, PhoneError};

/// The most digits that a Kenyan number can be written with: `000`, `254`, `0` and nine.
const MAX_DIGITS: usize = 16;
const NATIONAL_DIGITS: usize = 9;

/// The zeros of Unicode's decimal digits in the basic plane; each one's nine companions follow it.
/// Source: `UnicodeData.txt` 16, general category Nd.
const ZEROS: [u16; 37] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];
/// Bold, double-struck and other digits of decorated text; five runs of ten. Outside the basic plane only these
/// are met in practice.
const MATHEMATICAL: std::ops::RangeInclusive<u32> = 0x1D7CE..=0x1D7FF;

/// What one character is to a phone number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Digit(u8),
    Plus,
    /// Blanks, brackets, dashes, dots, slashes, stars and invisible marks.
    Gap,
    Letter,
    /// `#`, which leads to an extension.
    Hash,
    /// Whatever else: commas, quotes, pictures.
    Stray,
}

/// The digits of a text, and whether a plus stood before them.
pub(super) struct Written {
    digits: [u8; MAX_DIGITS],
    count: usize,
    plus: bool,
}

impl Written {
    /// Collects the digits; refuses whatever would make them more than one number or less than certain.
    pub(super) fn read(text: &str) -> Result<Self, PhoneError> {
        let mut written = Self {
            digits: [0; MAX_DIGITS],
            count: 0,
            plus: false,
        };
        let mut letters = false;
        let mut broken = None;
        for sign in text.chars().map(sign_of) {
            match sign {
                Sign::Digit(digit) => match broken {
                    Some(by) => return Err(written.continued_after(by)),
                    None => written.push(digit)?,
                },
                Sign::Gap => {}
                // Before the first digit this is a label, as in `Phone:`, and a plus in a label counts for nothing.
                _ if written.count == 0 => {
                    written.plus = sign == Sign::Plus || (written.plus && sign == Sign::Stray);
                    letters |= sign == Sign::Letter;
                }
                // The first letter or hash decides what the text is.
                _ if matches!(broken, Some(Sign::Letter | Sign::Hash)) => {}
                _ => broken = Some(sign),
            }
        }
        match broken {
            Some(Sign::Letter) => Err(PhoneError::Letters),
            Some(Sign::Hash) => Err(PhoneError::Extra),
            _ if written.count == 0 && letters => Err(PhoneError::Letters),
            _ if written.count == 0 => Err(PhoneError::Empty),
            _ => Ok(written),
        }
    }

    fn push(&mut self, digit: u8) -> Result<(), PhoneError> {
        let slot = self.digits.get_mut(self.count).ok_or(PhoneError::Extra)?;
        *slot = digit;
        self.count += 1;
        Ok(())
    }

    /// What to say of digits that go on after a sign that ends a number.
    fn continued_after(&self, sign: Sign) -> PhoneError {
        match (self.number(), sign) {
            (Ok(_), _) => PhoneError::Extra,
            (Err(_), Sign::Letter) => PhoneError::Letters,
            (Err(_), _) => PhoneError::Unreadable,
        }
    }

    /// The number that the digits are.
    pub(super) fn number(&self) -> Result<Msisdn, PhoneError> {
        let digits = &self.digits[..self.count];
        let (significant, abroad) = self.without_country(digits);
        if abroad {
            return Err(PhoneError::Foreign);
        }
        // `+254 (0) 712 …` and `2540712…` keep the zero of home behind the country code.
        let national = significant.strip_prefix(&[0]).unwrap_or(significant);
        let fixed_line = matches!(national.first(), Some(2 | 4 | 5 | 6))
            && (7..=NATIONAL_DIGITS).contains(&national.len());
        match national.len() {
            _ if fixed_line => Err(PhoneError::Landline),
            0..NATIONAL_DIGITS => Err(PhoneError::TooShort),
            NATIONAL_DIGITS => mobile(national),
            _ if significant.len() == digits.len() && is_another_countrys(digits) => Err(PhoneError::Foreign),
            _ => Err(PhoneError::TooLong),
        }
    }

    /// The digits behind the country code, and whether the code is another country's. `00` is the world's way out
    /// of a country and `000` Kenya's; people write both.
    fn without_country<'a>(&self, digits: &'a [u8]) -> (&'a [u8], bool) {
        let exits: &[&[u8]] = if self.plus {
            &[&[]]
        } else {
            &[&[0, 0, 0], &[0, 0], &[]]
        };
        let home = exits
            .iter()
            .find_map(|exit| digits.strip_prefix(*exit)?.strip_prefix(&[2, 5, 4]));
        let abroad = home.is_none() && (self.plus || digits.starts_with(&[0, 0]));
        (home.unwrap_or(digits), abroad)
    }
}

/// Eleven digits and more without a leading zero can only be another country's number without its plus.
fn is_another_countrys(digits: &[u8]) -> bool {
    digits.len() > NATIONAL_DIGITS + 1 && digits[0] != 0
}

/// The ranges that are in use. Source: libphonenumber 9.0.43, region KE, type mobile, which follows the
/// Communications Authority's plan; it holds Safaricom's new 0140 to 0143 and 0180 to 0182.
fn mobile(national: &[u8]) -> Result<Msisdn, PhoneError> {
    let number = national
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(*digit));
    match number / 1_000_000 {
        700..=799 | 100..=108 | 110..=121 | 124 | 130 | 135..=146 | 180..=189 => {
            Ok(Msisdn { national: number })
        }
        _ => Err(PhoneError::NotMobile),
    }
}

fn sign_of(letter: char) -> Sign {
    match letter {
        '+' | '\u{FF0B}' => Sign::Plus,
        '#' => Sign::Hash,
        'a'..='z' | 'A'..='Z' => Sign::Letter,
        _ if is_gap(letter) => Sign::Gap,
        '\0'..='/' | ':'..='\u{7F}' => Sign::Stray,
        _ => digit_of(letter),
    }
}

/// Blanks of every width, brackets, dashes, dots, slashes, stars, and marks that cannot be seen.
fn is_gap(letter: char) -> bool {
    match u32::from(letter) {
        0..=0x7F => matches!(
            letter,
            '\t'..='\r' | ' ' | '(' | ')' | '[' | ']' | '-' | '.' | '/' | '*'
        ),
        code => matches!(
            code,
            // Line break, hard blank, soft hyphen and middle dot of old code pages; Arabic, Ogham, Mongolian marks.
            0x85 | 0xA0 | 0xAD | 0xB7 | 0x61C | 0x1680 | 0x180E
            // General Punctuation, with the marks of direction that contact lists copy along; the minus sign.
            | 0x2000..=0x206F | 0x2212
            // East Asian blank and long dash; variation selectors; byte order mark.
            | 0x3000 | 0x30FC | 0xFE00..=0xFE0F | 0xFEFF
            // Full-width brackets, star, dash, dot and slash.
            | 0xFF08..=0xFF0A | 0xFF0D..=0xFF0F | 0xFF3B | 0xFF3D
        ),
    }
}

fn digit_of(letter: char) -> Sign {
    let code = u32::from(letter);
    let after_zero = if MATHEMATICAL.contains(&code) {
        Some((code - MATHEMATICAL.start()) % 10)
    } else {
        ZEROS
            .iter()
            .map(|&zero| code.wrapping_sub(u32::from(zero)))
            .find(|&value| value < 10)
    };
    match after_zero.and_then(|value| u8::try_from(value).ok()) {
        Some(value) => Sign::Digit(value),
        // Arrows, symbols, dingbats and pictures. Not `char::is_alphabetic`: its tables would go to the browser.
        None if matches!(code, 0x20A0..=0x2BFF | 0xA1..=0xA9 | 0xAB..=0xB4) || code >= 0x1F000 => Sign::Stray,
        None => Sign::Letter,
    }
}
