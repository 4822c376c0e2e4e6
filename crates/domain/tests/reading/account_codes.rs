//! Account codes: the proof of the check, and what people make of codes.

use kaunta_domain::account_code::{AccountCode, Found, LENGTH, MAX_TYPED_BYTES, Mistyped};
use proptest::prelude::*;

const ALPHABET: &str = "23456789CFHJKMNPQRTVWXY";
/// How many codes there are.
const CODES: u64 = 23_u64.pow(7);

fn code(chance: u64) -> AccountCode {
    AccountCode::from_chance(chance)
}

/// Codes that together hold every letter at every place: one for each multiple of a step that is prime to 23.
fn sample() -> impl Iterator<Item = AccountCode> {
    (0..2_300).map(|n| code(n * 1_480_793_929))
}

fn is_code(text: &str) -> bool {
    text.parse::<AccountCode>().is_ok()
}

#[test]
fn a_code_has_eight_letters_that_nobody_confuses() {
    for code in sample() {
        let text = code.to_string();
        assert_eq!(text.len(), LENGTH);
        assert!(text.chars().all(|letter| ALPHABET.contains(letter)), "{text}");
        assert_eq!(text.parse(), Ok(code));
    }
    assert!(!ALPHABET.contains(['0', 'O', '1', 'I', 'L', 'A', 'E', 'U']));
}

#[test]
fn no_code_holds_a_word_that_daraja_refuses() {
    for word in [
        "mpesa",
        "m-pesa",
        "safaricom",
        "exe",
        "exec",
        "cmd",
        "sql",
        "query",
    ] {
        assert!(
            word.to_uppercase()
                .chars()
                .any(|letter| !ALPHABET.contains(letter)),
            "{word}"
        );
    }
}

/// The sum is linear: the check notices a mistake if and only if the change it makes to the sum is not zero, and
/// that change depends on the letters involved alone. So all letters at all places in any code prove it for all.
#[test]
fn every_single_wrong_letter_is_noticed() {
    let mut seen = std::collections::BTreeSet::new();
    for code in sample() {
        for (at, right) in code.to_string().char_indices() {
            for wrong in ALPHABET.chars().filter(|wrong| *wrong != right) {
                let mut text = code.to_string();
                text.replace_range(at..=at, &wrong.to_string());
                assert!(!is_code(&text), "{code} as {text}");
                seen.insert((at, right, wrong));
            }
        }
    }
    assert_eq!(
        seen.len(),
        8 * 23 * 22,
        "the sample holds every letter at every place"
    );
}

#[test]
fn every_swap_of_two_letters_is_noticed_neighbours_or_not() {
    let mut seen = std::collections::BTreeSet::new();
    for code in (0..20_000).map(|n| code(n * 1_480_793_929)) {
        let text = code.to_string();
        for (first, second) in
            (0..LENGTH).flat_map(|first| (first + 1..LENGTH).map(move |second| (first, second)))
        {
            let mut swapped: Vec<u8> = text.bytes().collect();
            swapped.swap(first, second);
            let pair = (swapped[second], swapped[first]);
            let swapped = String::from_utf8(swapped).unwrap();
            assert!(pair.0 == pair.1 || !is_code(&swapped), "{code} as {swapped}");
            if second == first + 1 && pair.0 != pair.1 {
                seen.insert((first, pair));
            }
        }
    }
    assert_eq!(
        seen.len(),
        7 * 23 * 22,
        "the sample holds every pair of neighbours at every place"
    );
}

#[test]
fn different_chances_give_different_codes() {
    let first: std::collections::BTreeSet<_> = (0..10_000).chain(CODES - 10_000..CODES).map(code).collect();
    assert_eq!(first.len(), 20_000);
    assert_eq!(code(CODES), code(0));
    assert!(is_code(code(u64::MAX).as_str()));
}

#[test]
fn codes_are_shown_in_two_groups() {
    let shown: AccountCode = "K7QX4M2K".parse().unwrap();
    assert_eq!(shown.grouped(), "K7QX 4M2K");
    assert_eq!(format!("{shown} {shown:?}"), "K7QX4M2K K7QX4M2K");
    assert_eq!(serde_json::to_string(&shown).unwrap(), r#""K7QX4M2K""#);
    assert_eq!(
        serde_json::from_str::<AccountCode>(r#""K7QX4M2K""#).unwrap(),
        shown
    );
    assert!(serde_json::from_str::<AccountCode>(r#""K7QX4M2P""#).is_err());
}

#[test]
fn what_people_type_is_understood() {
    let shown: AccountCode = "K7QX4M2K".parse().unwrap();
    for typed in [
        "K7QX4M2K",
        "k7qx4m2k",
        " K7QX 4M2K ",
        "k7qx-4m2k",
        "K7.QX.4M.2K",
        "K 7 Q X 4 M 2 K",
        "#K7QX4M2K",
        "\u{202a}K7QX\u{a0}4M2K\u{202c}",
        "K7QX\u{2013}4M2K",
        "ACC K7QX4M2K",
        "acc: k7qx 4m2k",
        "K7QX4M2K JANE WANJIKU",
        "order 12 k7qx-4m2k",
        "K7QX4M2K K7QX4M2K",
    ] {
        assert_eq!(AccountCode::parse(typed), Ok(Found::AsShown(shown)), "{typed}");
    }
}

#[test]
fn letters_that_look_alike_are_understood() {
    let shown: AccountCode = "K7QX4M2K".parse().unwrap();
    for typed in [
        "K70X4M2K",
        "K7OX4M2K",
        "k7ox4m2k",
        "K7QX4MZK",
        "K7DX4MZK",
        "K1QX4M2K",
        "KIQX4M2K",
        "K7QXAM2K",
        "kl0x am zk",
    ] {
        assert_eq!(AccountCode::parse(typed), Ok(Found::LookAlike(shown)), "{typed}");
        assert_eq!(AccountCode::parse(typed).unwrap().code(), shown);
    }
}

#[test]
fn what_is_no_code_is_refused_with_its_reason() {
    for (typed, reason) in [
        ("", Mistyped::Empty),
        (" -- ", Mistyped::Empty),
        ("K7QX4M2", Mistyped::Length),
        ("K7QX4M2KK", Mistyped::Length),
        ("JANE", Mistyped::Length),
        ("K7QX4M2P", Mistyped::Check),
        ("7KQX4M2K", Mistyped::Check),
        ("K7QX4M2é", Mistyped::Letters),
        ("0712345678", Mistyped::Length),
    ] {
        assert_eq!(AccountCode::parse(typed), Err(reason), "{typed}");
    }
}

#[test]
fn two_codes_in_one_text_are_none() {
    let text = format!("{} {}", code(1), code(2));
    assert_eq!(AccountCode::parse(&text), Err(Mistyped::Length));
}

#[test]
fn the_longest_text_is_64_bytes() {
    let padded = |blanks| format!("{}K7QX4M2K", " ".repeat(blanks));
    assert!(AccountCode::parse(&padded(MAX_TYPED_BYTES - LENGTH)).is_ok());
    assert_eq!(
        AccountCode::parse(&padded(MAX_TYPED_BYTES - LENGTH + 1)),
        Err(Mistyped::Length)
    );
}

#[test]
fn the_closest_of_the_waiting_is_found() {
    let shown: AccountCode = "K7QX4M2K".parse().unwrap();
    let waiting = [code(5), shown, code(6)];
    for typed in [
        "K7QX4M2K",
        "K7QX4M2P",
        "7KQX4M2K",
        "k7xq-4m2k",
        "K7QX4M2",
        "7QX4M2K",
        "K7QX4MM2K",
        "K7QX4M2KX",
        "K7QX4MZP",
        "KK7QX4M2K",
    ] {
        assert_eq!(
            AccountCode::closest(typed, waiting.iter()),
            Some(shown),
            "{typed}"
        );
    }
    for typed in ["", "K7QX", "K7QX4MPP", "QX74M2K", "JANE WANJIKU", "7KQX42MK"] {
        assert_eq!(AccountCode::closest(typed, waiting.iter()), None, "{typed}");
    }
    assert_eq!(AccountCode::closest("K7QX4M2P", std::iter::empty()), None);
}

#[test]
fn two_that_are_equally_close_are_none() {
    // Two codes that differ at two places only, and what lies between them.
    let one = code(0);
    let pair = (0..CODES)
        .map(code)
        .find(|next| differing(*next, one) == 2)
        .unwrap();
    let mut between = one.to_string().into_bytes();
    let at = (0..LENGTH)
        .find(|&at| pair.as_str().as_bytes()[at] != between[at])
        .unwrap();
    between[at] = pair.as_str().as_bytes()[at];
    let between = String::from_utf8(between).unwrap();
    assert_eq!(AccountCode::closest(&between, [one].iter()), Some(one));
    assert_eq!(AccountCode::closest(&between, [pair].iter()), Some(pair));
    assert_eq!(AccountCode::closest(&between, [one, pair].iter()), None);
    assert_eq!(AccountCode::closest(&between, [one, one].iter()), Some(one));
}

fn differing(one: AccountCode, other: AccountCode) -> usize {
    one.as_str()
        .bytes()
        .zip(other.as_str().bytes())
        .filter(|(a, b)| a != b)
        .count()
}

proptest! {
    #[test]
    fn a_shown_code_reads_back(chance in any::<u64>()) {
        let code = code(chance);
        prop_assert_eq!(AccountCode::parse(&code.grouped().to_lowercase()), Ok(Found::AsShown(code)));
    }

    #[test]
    fn nothing_makes_it_panic(text in any::<String>(), near in "[0-9A-Za-z .-]{0,70}") {
        for typed in [text, near] {
            let read = AccountCode::parse(&typed);
            let waiting: Vec<_> = sample().take(50).collect();
            let closest = AccountCode::closest(&typed, waiting.iter());
            prop_assert!(read.is_err() || typed.len() >= LENGTH);
            prop_assert!(closest.is_none_or(|code| waiting.contains(&code)));
        }
    }
}
