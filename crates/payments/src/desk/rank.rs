//! How well money fits a session: by its amount, by when it came, by what the payer typed.

use std::time::Duration;

use kaunta_domain::account_code::{AccountCode, Found};
use kaunta_domain::api::PaymentObject;
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;

/// Distances in time that make a difference to a person: while at the counter, the same day, later.
const STEPS: [Duration; 2] = [Duration::from_hours(2), Duration::from_hours(24)];
/// The distance of an account that nothing was typed for.
const FAR: usize = usize::MAX;
/// Longest text that distances are counted for; M-Pesa takes 20 letters as an account.
const MOST_LETTERS: usize = 40;

/// How well it fits; the least fits best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    other_amount: bool,
    step: usize,
    distance: usize,
    apart: Duration,
}

impl Rank {
    pub(super) fn same_amount(self) -> bool {
        !self.other_amount
    }

    pub(super) fn near_account(self) -> bool {
        self.distance <= 1
    }
}

/// Ranks a session with `due` left, made at `created_at` for `account`.
pub(super) fn rank(
    money: &PaymentObject,
    typed: Option<&str>,
    due: Kes,
    created_at: Timestamp,
    account: &str,
) -> Rank {
    let apart = money
        .paid_at
        .since(created_at)
        .max(created_at.since(money.paid_at));
    Rank {
        other_amount: money.amount != due,
        step: STEPS.iter().filter(|step| apart > **step).count(),
        distance: typed.map_or(FAR, |typed| distance(typed, account)),
        apart,
    }
}

/// How far what was typed is from `account`: nothing where it reads as it, one where it is a mistake away from it.
fn distance(typed: &str, account: &str) -> usize {
    let Ok(meant) = AccountCode::parse(account).map(Found::code) else {
        return edits(&letters(typed), &letters(account));
    };
    match AccountCode::parse(typed) {
        Ok(read) if read.code() == meant => 0,
        _ if AccountCode::closest(typed, std::iter::once(&meant)).is_some() => 1,
        _ => edits(&letters(typed), &letters(account)).max(2),
    }
}

fn letters(text: &str) -> Vec<char> {
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    letters
        .take(MOST_LETTERS)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// Letters to change, leave out or put in to make one of the other.
fn edits(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, known) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != known);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use kaunta_domain::id::PaymentId;
    use kaunta_domain::payment::{Method, Source};

    use super::*;

    const PAID_AT: Timestamp = Timestamp::from_millis(1_795_255_200_000);

    fn money(amount: i64) -> PaymentObject {
        PaymentObject {
            id: PaymentId::from_bits(1),
            object: "payment",
            session: None,
            livemode: false,
            receipt: None,
            amount: Kes::new(amount),
            currency: "KES",
            method: Method::MpesaPaybill,
            completion_source: Source::C2b,
            payer_masked: None,
            paid_at: PAID_AT,
        }
    }

    fn ranked(due: i64, hours: u64, typed: &str, account: &str) -> Rank {
        let created_at = PAID_AT - Duration::from_secs(hours * 3600);
        rank(&money(500), Some(typed), Kes::new(due), created_at, account)
    }

    #[test]
    fn the_amount_counts_most_then_the_time_then_what_was_typed() {
        let code = AccountCode::from_chance(1).as_str().to_owned();
        let other = AccountCode::from_chance(90_000_000).as_str().to_owned();
        let best = ranked(500, 1, &code, &code);
        let order = [
            best,
            ranked(500, 1, &code, &other),
            ranked(500, 5, &code, &code),
            ranked(400, 1, &code, &code),
        ];
        assert!(order.is_sorted(), "{order:?}");
        assert!(best.same_amount() && best.near_account() && !order[3].same_amount());
        assert!(ranked(500, 0, &code, &code) < best, "the nearer of two equals");
    }

    #[test]
    fn what_was_typed_is_as_far_as_its_mistakes() {
        let code = AccountCode::from_chance(1).as_str().to_owned();
        assert_eq!(distance(&code.to_lowercase(), &code), 0);
        assert_eq!(distance(&code[1..], &code), 1);
        assert!(distance("JANE", &code) > 2);
        let of = |one: &str, other: &str| edits(&letters(one), &letters(other));
        assert_eq!(
            (of("ab-c", "ABC"), of("", "abc"), of("kitten", "sitting")),
            (0, 3, 3)
        );
    }
}
