//! What a shopper pastes to claim a payment that was made by hand: M-Pesa's message, or its code alone.
//!
//! Nothing here is proof. The receipt is looked up with M-Pesa, and the other parts only help to explain why a
//! claim does not fit ("this was sent to another shop").
//!
//! Wordings, English: recorded in daily use from 2011 to 2026, `… Confirmed. Ksh1.00 sent to X for account Y on
//! 2/10/26 at 6:11 PM` and `… paid to X. on …`. Swahili: recorded in 2025, `… Imethibitishwa Ksh50.00 imetumwa
//! kwa X tarehe …` and `… Imethibitishwa. Umelipa Ksh20.00 kwa X 14/1/25 4:53 PM`; the clause `kwa akaunti` stands
//! in recorded messages about data bundles.

use crate::money::Kes;
use crate::receipt::{NotAReceipt, Receipt};

/// Longest text that is read, in bytes. A message has up to 500; people paste two.
pub const MAX_MESSAGE_BYTES: usize = 2000;
/// Longest name of a receiver and longest account number that are kept, in characters.
pub const MAX_PART: usize = 60;

/// What a pasted text says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// M-Pesa's code.
    pub receipt: Receipt,
    /// How much, where the message tells it in whole shillings.
    pub amount: Option<Kes>,
    /// To whom, as M-Pesa prints the name. A person's phone number behind the name is left out.
    pub to: Option<String>,
    /// For which account, as it was typed into the M-Pesa menu.
    pub account: Option<String>,
}

/// Why a pasted text is no claim, in words that tell what to paste.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAClaim {
    /// Nothing but blanks.
    #[error("paste the M-Pesa message, or its code such as UKL52PAWR9")]
    Empty,
    /// Beyond [`MAX_MESSAGE_BYTES`].
    #[error("paste only the one M-Pesa message about this payment, or its code")]
    TooLong,
    /// No M-Pesa code in it.
    #[error(
        "there is no M-Pesa code in this: paste the whole message that begins with a code such as UKL52PAWR9"
    )]
    NoCode,
    /// Several codes and no message that tells which.
    #[error("there is more than one M-Pesa code in this: paste only that of this payment")]
    SeveralCodes,
    /// A message about money that came in.
    #[error("this message is about money that was received: paste the one that says `sent to` or `paid to`")]
    Received,
    /// A code that stands for a payment that was not made.
    #[error("M-Pesa did not make this payment: paste the message that says `Confirmed`")]
    NotMade,
}

impl NotAClaim {
    /// The error as the API writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "claim_empty",
            Self::TooLong => "claim_too_long",
            Self::NoCode => "claim_no_code",
            Self::SeveralCodes => "claim_several_codes",
            Self::Received => "claim_received",
            Self::NotMade => "claim_not_made",
        }
    }
}

/// Reads a pasted message in English or Swahili, or a code alone.
pub fn read(pasted: &str) -> Result<Claim, NotAClaim> {
    if pasted.len() > MAX_MESSAGE_BYTES {
        return Err(NotAClaim::TooLong);
    }
    let text = one_line(pasted);
    if text.is_empty() {
        return Err(NotAClaim::Empty);
    }
    match bare_code(&text) {
        Some(Ok(receipt)) => Ok(Claim {
            receipt,
            amount: None,
            to: None,
            account: None,
        }),
        Some(Err(_)) => Err(NotAClaim::NotMade),
        None => message(&text),
    }
}

/// One line without invisible marks, and with single blanks.
fn one_line(pasted: &str) -> String {
    let invisible =
        |letter: &char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}');
    let visible: String = pasted.chars().filter(|letter| !invisible(letter)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The code where the text is nothing else. Ten letters in several words are words, unless a digit is among them.
fn bare_code(text: &str) -> Option<Result<Receipt, NotAReceipt>> {
    let words = text.contains(' ') && !text.bytes().any(|byte| byte.is_ascii_digit());
    match Receipt::typed(text) {
        _ if words => None,
        Err(NotAReceipt::Placeholder) => Some(Err(NotAReceipt::Placeholder)),
        read => read.ok().map(Ok),
    }
}

/// Reads running text: what follows each code that M-Pesa confirms, or else the only word that is like a code.
fn message(text: &str) -> Result<Claim, NotAClaim> {
    let mut claims = confirmed(text);
    if claims.is_empty() {
        claims = code_like(text);
    }
    let mut refusal = NotAClaim::NoCode;
    let mut claim: Option<Claim> = None;
    for read in claims {
        match (read, &claim) {
            (Err(reason), _) => refusal = reason,
            (Ok(next), Some(earlier)) if next.receipt != earlier.receipt => {
                return Err(NotAClaim::SeveralCodes);
            }
            (Ok(_), Some(_)) => {}
            (Ok(next), None) => claim = Some(next),
        }
    }
    claim.ok_or(refusal)
}

/// What stands behind each `CODE Confirmed` and `CODE Imethibitishwa`.
fn confirmed(text: &str) -> Vec<Result<Claim, NotAClaim>> {
    let lower = text.to_ascii_lowercase();
    let mut claims = Vec::new();
    for word in ["confirmed", "imethibitishwa"] {
        for (at, _) in lower.match_indices(word) {
            let code = text[..at]
                .trim_end()
                .rsplit(|letter: char| !letter.is_ascii_alphanumeric())
                .next();
            let rest = &text[at + word.len()..];
            // The next message's words are not this one's.
            let next = rest.to_ascii_lowercase().find(word).unwrap_or(rest.len());
            claims.extend(code.and_then(|code| claim(code, &rest[..next])));
        }
    }
    claims
}

/// What stands behind each word that mixes letters and digits as a code does.
fn code_like(text: &str) -> Vec<Result<Claim, NotAClaim>> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mixed = words.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    let behind = |word: &str| text.split_once(word).map_or("", |(_, rest)| rest);
    mixed.filter_map(|word| claim(word, behind(word))).collect()
}

/// The claim that `code` and the words behind it make; nothing where `code` is no code.
fn claim(code: &str, rest: &str) -> Option<Result<Claim, NotAClaim>> {
    let receipt = match Receipt::typed(code) {
        Ok(receipt) => receipt,
        Err(NotAReceipt::Placeholder) => return Some(Err(NotAClaim::NotMade)),
        Err(_) => return None,
    };
    let lower = rest.to_ascii_lowercase();
    if ["you have received", "received from", "umepokea"]
        .iter()
        .any(|words| lower.contains(words))
    {
        return Some(Err(NotAClaim::Received));
    }
    let (amount, to, account) = payment(rest, &lower).unwrap_or_default();
    Some(Ok(Claim {
        receipt,
        amount,
        to,
        account,
    }))
}

/// Amount, receiver and account of `Ksh1.00 sent to X for account Y on …` and its like.
fn payment(rest: &str, lower: &str) -> Option<(Option<Kes>, Option<String>, Option<String>)> {
    const VERBS: [&str; 8] = [
        "sent to ",
        "paid to ",
        "to ",
        "imetumwa kwa ",
        "zimetumwa kwa ",
        "imelipwa kwa ",
        "zimelipwa kwa ",
        "kwa ",
    ];
    let currency = ["ksh", "kes"].iter().filter_map(|sign| lower.find(sign)).min()? + 3;
    let number = rest[currency..].trim_start_matches(['s', 'S', '.', ' ']);
    let digits = number
        .find(|letter: char| !letter.is_ascii_digit() && letter != ',' && letter != '.')
        .unwrap_or(number.len());
    let (number, tail) = number.split_at(digits);
    let tail = tail.trim_start();
    let verb = VERBS.iter().find(|verb| starts_with(tail, verb))?;
    let (to, account) = parties(&tail[verb.len()..]);
    Some((whole_shillings(number), to, account))
}

fn whole_shillings(number: &str) -> Option<Kes> {
    Kes::parse_wire(&number.trim_end_matches(['.', ',']).replace(',', ""))
}

fn starts_with(text: &str, lower_case: &str) -> bool {
    text.get(..lower_case.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(lower_case))
}

/// Receiver and account from the words between the verb and the date.
fn parties(words: &str) -> (Option<String>, Option<String>) {
    let clause = before_date(words);
    let padded = [clause, " "].concat();
    let lower = padded.to_ascii_lowercase();
    let split = [" for account ", " kwa akaunti "]
        .iter()
        .find_map(|by| lower.find(by).map(|at| (at, at + by.len())));
    let (to, account) = match split {
        Some((end, start)) => (&padded[..end], Some(&padded[start..])),
        None => (padded.as_str(), None),
    };
    (
        kept(without_phone(to)),
        account.and_then(|account| kept(without_label(account))),
    )
}

/// The words before the date, without the word that leads to it; or before the end of the sentence.
fn before_date(words: &str) -> &str {
    let mut at = 0;
    for word in words.split(' ') {
        if is_date(word) {
            let clause = words[..at].trim_end();
            let (before, last) = clause.rsplit_once(' ').unwrap_or(("", clause));
            let leads = ["on", "tarehe", "mnamo", "siku"]
                .iter()
                .any(|lead| last.eq_ignore_ascii_case(lead));
            return if leads { before } else { clause };
        }
        at += word.len() + 1;
    }
    words.split_once(". ").map_or(words, |(sentence, _)| sentence)
}

/// `2/10/26`, `02/10/2026`.
fn is_date(word: &str) -> bool {
    let mut parts = word.split('/');
    let mut short = || {
        parts.next().is_some_and(|part| {
            (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    short() && short() && short()
}

/// A person's number behind their name is nobody's business here.
fn without_phone(name: &str) -> &str {
    let name = name.trim();
    match name.rsplit_once(' ') {
        Some((before, last))
            if last.len() >= 9 && last.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*') =>
        {
            before
        }
        _ => name,
    }
}

/// `kwa akaunti nambari 5` and `for account number 5` name the account `5`.
fn without_label(account: &str) -> &str {
    let labels = ["number ", "no. ", "nambari ", "namba "];
    labels
        .iter()
        .find(|label| starts_with(account, label))
        .map_or(account, |label| &account[label.len()..])
}

fn kept(part: &str) -> Option<String> {
    let part = part.trim_matches([' ', '.', ',']);
    (!part.is_empty() && part.chars().count() <= MAX_PART).then(|| part.to_owned())
}
