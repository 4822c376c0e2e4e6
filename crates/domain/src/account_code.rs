//! Account codes: what a shopper types into the M-Pesa menu so that the money finds its session.
//!
//! Eight letters out of an alphabet of 23: no vowels, so that no word comes out (nor one that Daraja refuses),
//! and of every group that people confuse only one member: `5` without `S`, `2` without `Z`, `8` without `B`,
//! `6` without `G`, `V` without `U`, `Q` without `0`, `O` and `D`, and none of `1`, `I`, `L`. What is typed in
//! place of a member is then no puzzle.
//!
//! The eighth letter is a check: with the weights 8 to 1 the sum of all is a multiple of 23. As 23 is prime and the
//! weights differ, every single wrong letter and every swap of two letters, neighbours or not, gives another
//! sum. This is the scheme of ISBN-10 over another prime. Daraja takes 12 characters; M-Pesa prints them in the
//! payer's message.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Letters in a code.
pub const LENGTH: usize = 8;
/// Longest text that is searched for a code, in bytes. M-Pesa's menu takes 20.
pub const MAX_TYPED_BYTES: usize = 64;
/// The letters of codes, in the order of their values.
const ALPHABET: &[u8; 23] = b"23456789CFHJKMNPQRTVWXY";
const BASE: u8 = 23;
/// How many codes there are: 3,404,825,447.
const CODES: u64 = 23_u64.pow(7);

/// The account number of one session: eight letters with a check, such as `K7QX4M2K`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountCode {
    /// ASCII.
    letters: [u8; LENGTH],
}

/// A code that was found in what a person typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Letter by letter, apart from case, blanks and marks.
    AsShown(AccountCode),
    /// With letters that look like those of the code, such as `S` for `5`.
    LookAlike(AccountCode),
}

impl Found {
    /// The code, however it was found.
    pub const fn code(self) -> AccountCode {
        match self {
            Self::AsShown(code) | Self::LookAlike(code) => code,
        }
    }
}

/// Why no code was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mistyped {
    /// Nothing but blanks and marks.
    #[error("enter the account number: 8 letters and digits")]
    Empty,
    /// Not eight letters, nor among other words.
    #[error("an account number has 8 letters and digits")]
    Length,
    /// A letter that no code has and that looks like none of theirs.
    #[error("the account number holds a letter that none has: compare it with the one shown")]
    Letters,
    /// The check does not fit: a wrong letter, or two that changed places.
    #[error(
        "one letter of the account number is wrong, or two have changed places: compare it with the one shown"
    )]
    Check,
}

impl Mistyped {
    /// The error as the API writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "account_code_empty",
            Self::Length => "account_code_length",
            Self::Letters => "account_code_letters",
            Self::Check => "account_code_check",
        }
    }
}

impl AccountCode {
    /// The code that `chance` picks. Chances that differ modulo 23⁷ (about 3.4 thousand million) give different
    /// codes. A channel that has given out `n` codes meets a used one with a chance of `n` in 23⁷, so whoever keeps
    /// codes has a unique constraint and asks for another chance.
    pub fn from_chance(chance: u64) -> Self {
        let mut rest = chance % CODES;
        let mut values = [0; LENGTH];
        for value in values[..LENGTH - 1].iter_mut().rev() {
            *value = u8::try_from(rest % u64::from(BASE)).unwrap_or_default();
            rest /= u64::from(BASE);
        }
        // The last weight is 1, so the check is what is missing from the next multiple.
        values[LENGTH - 1] = (BASE - weighted_sum(values)) % BASE;
        Self {
            letters: values.map(|value| ALPHABET[usize::from(value)]),
        }
    }

    /// The eight letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters).unwrap_or_default()
    }

    /// In two groups, as a person reads it aloud: `K7QX 4M2K`.
    pub fn grouped(&self) -> String {
        let (first, second) = self.as_str().split_at(LENGTH / 2);
        [first, " ", second].concat()
    }

    /// Finds the code in what a person typed: in either case, with blanks, dashes, dots and look-alikes; or as
    /// shown among other words, such as `ACC K7QX-4M2K JANE`.
    pub fn parse(typed: &str) -> Result<Found, Mistyped> {
        if typed.len() > MAX_TYPED_BYTES {
            return Err(Mistyped::Length);
        }
        match Typed::squeeze(typed).and_then(|squeezed| squeezed.read()) {
            Err(reason) if reason != Mistyped::Empty => among_words(typed).map(Found::AsShown).ok_or(reason),
            whole => whole,
        }
    }

    /// The only one of `candidates` that `typed` is, or is one mistake away from: one wrong letter, one left
    /// out, one too many, or two neighbours swapped. None where two candidates would do.
    ///
    /// For a payment whose account number fits nothing: the check tells that it is wrong, and the sessions that
    /// wait for that amount tell what it should have been.
    pub fn closest<'a>(typed: &str, candidates: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let typed = Typed::squeeze(typed).ok()?;
        let mut near: Option<Self> = None;
        for candidate in candidates.filter(|candidate| typed.is_near(**candidate)) {
            if near.is_some_and(|earlier| earlier != *candidate) {
                return None;
            }
            near = Some(*candidate);
        }
        near
    }

    fn checked(letters: [u8; LENGTH]) -> Option<Self> {
        let mut values = [0; LENGTH];
        for (value, letter) in values.iter_mut().zip(letters) {
            *value = value_of(letter)?;
        }
        (weighted_sum(values) == 0).then_some(Self { letters })
    }
}

/// The remainder of the sum with the weights 8 to 1.
fn weighted_sum(values: [u8; LENGTH]) -> u8 {
    let sum: u16 = (1..=8)
        .rev()
        .zip(values)
        .map(|(weight, value)| weight * u16::from(value))
        .sum();
    u8::try_from(sum % u16::from(BASE)).unwrap_or_default()
}

fn value_of(letter: u8) -> Option<u8> {
    ALPHABET
        .iter()
        .position(|&known| known == letter)
        .and_then(|at| u8::try_from(at).ok())
}

/// The letters of codes that `typed` may stand for, the letter itself apart.
const fn looks_like(typed: u8) -> &'static [u8] {
    match typed {
        b'0' | b'O' | b'D' => b"Q",
        b'1' | b'I' | b'L' => b"7JT",
        b'A' => b"4H",
        b'B' => b"8",
        b'E' => b"3F",
        b'G' => b"6",
        b'S' => b"5",
        b'U' => b"V",
        b'Z' => b"2",
        _ => b"",
    }
}

/// The letters that were typed, in upper case and without blanks and marks.
struct Typed {
    letters: [u8; MAX_TYPED_BYTES],
    count: usize,
}

impl Typed {
    fn squeeze(text: &str) -> Result<Self, Mistyped> {
        let mut typed = Self {
            letters: [0; MAX_TYPED_BYTES],
            count: 0,
        };
        if text.len() > MAX_TYPED_BYTES {
            return Err(Mistyped::Length);
        }
        for letter in text.chars().filter(|letter| !is_mark(*letter)) {
            let ascii = u8::try_from(letter)
                .ok()
                .filter(u8::is_ascii_alphanumeric)
                .ok_or(Mistyped::Letters)?;
            typed.letters[typed.count] = ascii.to_ascii_uppercase();
            typed.count += 1;
        }
        Ok(typed)
    }

    fn letters(&self) -> &[u8] {
        &self.letters[..self.count]
    }

    /// Reads exactly eight letters. Look-alikes count where one reading of them alone fits the check.
    fn read(&self) -> Result<Found, Mistyped> {
        if self.count == 0 {
            return Err(Mistyped::Empty);
        }
        let letters: [u8; LENGTH] = self.letters().try_into().map_err(|_| Mistyped::Length)?;
        let known = |letter: u8| value_of(letter).is_some();
        if letters.iter().all(|&letter| known(letter)) {
            return AccountCode::checked(letters)
                .map(Found::AsShown)
                .ok_or(Mistyped::Check);
        }
        if letters
            .iter()
            .any(|&letter| !known(letter) && looks_like(letter).is_empty())
        {
            return Err(Mistyped::Letters);
        }
        let mut readings = Readings {
            fits: None,
            several: false,
        };
        readings.search(letters, 0);
        readings
            .fits
            .filter(|_| !readings.several)
            .map(Found::LookAlike)
            .ok_or(Mistyped::Check)
    }

    /// Whether one wrong, missing, added or swapped letter, or none, lies between what was typed and `code`.
    fn is_near(&self, code: AccountCode) -> bool {
        let same = |(typed, shown): &(&u8, &u8)| typed == shown || looks_like(**typed).contains(*shown);
        let (typed, shown) = (self.letters(), &code.letters[..]);
        let ahead = typed.iter().zip(shown).take_while(same).count();
        let (typed, shown) = (&typed[ahead..], &shown[ahead..]);
        let behind = typed
            .iter()
            .rev()
            .zip(shown.iter().rev())
            .take_while(same)
            .count();
        match (&typed[..typed.len() - behind], &shown[..shown.len() - behind]) {
            ([] | [_], [] | [_]) => true,
            ([a, b], [c, d]) => same(&(a, d)) && same(&(b, c)),
            _ => false,
        }
    }
}

/// The search for the one reading of look-alikes that fits the check.
struct Readings {
    fits: Option<AccountCode>,
    several: bool,
}

impl Readings {
    /// At most 3⁸ readings; stops at the second that fits.
    fn search(&mut self, letters: [u8; LENGTH], from: usize) {
        let Some(at) = (from..LENGTH).find(|&at| value_of(letters[at]).is_none()) else {
            if let Some(code) = AccountCode::checked(letters) {
                self.several = self.fits.replace(code).is_some();
            }
            return;
        };
        for &reading in looks_like(letters[at]) {
            if !self.several {
                let mut read = letters;
                read[at] = reading;
                self.search(read, at + 1);
            }
        }
    }
}

/// The only code that stands as shown among other words, in one piece or in several.
fn among_words(text: &str) -> Option<AccountCode> {
    let words: Vec<&str> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = None;
    for from in 0..words.len() {
        let mut letters = [0; LENGTH];
        let mut count = 0;
        for word in &words[from..] {
            let Some(room) = letters.get_mut(count..count + word.len()) else {
                break;
            };
            room.copy_from_slice(word.as_bytes());
            count += word.len();
        }
        letters.make_ascii_uppercase();
        if let Some(code) = AccountCode::checked(letters)
            && found.replace(code).is_some_and(|earlier| earlier != code)
        {
            return None;
        }
    }
    found
}

/// Blanks and marks that people put between or around the letters.
fn is_mark(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_ascii_punctuation()
        || matches!(letter, '\u{2010}'..='\u{201f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
}

impl fmt::Display for AccountCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for AccountCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for AccountCode {
    type Err = Mistyped;

    /// Reads a code that a machine wrote: exactly as [`fmt::Display`] shows it.
    fn from_str(text: &str) -> Result<Self, Mistyped> {
        let letters: [u8; LENGTH] = text.as_bytes().try_into().map_err(|_| Mistyped::Length)?;
        Self::checked(letters).ok_or(Mistyped::Check)
    }
}

impl Serialize for AccountCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AccountCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
