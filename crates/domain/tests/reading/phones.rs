//! Reading phone numbers, against tables whose answers come from libphonenumber and from our own decisions.

use kaunta_domain::msisdn::{MAX_INPUT_BYTES, Msisdn, Operator, PhoneError};
use proptest::prelude::*;

/// Rows of `input<TAB>expected…`, the input in the escapes of Python's `unicode_escape`.
fn rows(table: &str) -> impl Iterator<Item = (String, &str)> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (input, expected) = line.split_once('\t').expect("a row has columns");
        (unescape(input), expected)
    })
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        plain.push(match letter {
            '\\' => match rest.next().expect("an escape is whole") {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'x' => coded(&mut rest, 2),
                'u' => coded(&mut rest, 4),
                'U' => coded(&mut rest, 8),
                other => other,
            },
            other => other,
        });
    }
    plain
}

fn coded(rest: &mut std::str::Chars<'_>, digits: usize) -> char {
    let hex: String = rest.take(digits).collect();
    u32::from_str_radix(&hex, 16)
        .ok()
        .and_then(char::from_u32)
        .expect("an escape names a character")
}

/// Numbers that Kenya's plan has in use as mobile: any nine digits of a range in use.
fn numbers() -> impl Strategy<Value = Msisdn> {
    (100_u32..800, 0_u32..1_000_000).prop_filter_map("a range in use", |(prefix, rest)| {
        Msisdn::parse(&format!("{prefix}{rest:06}")).ok()
    })
}

#[test]
fn numbers_are_read_as_libphonenumber_reads_them() {
    for (input, expected) in rows(include_str!("../fixtures/phones.tsv")) {
        let read = Msisdn::parse(&input);
        match expected {
            "INVALID" => assert!(read.is_err(), "{input:?} gave {read:?}"),
            "EXT" => assert_eq!(read, Err(PhoneError::Extra), "{input:?}"),
            number => assert_eq!(read.map(Msisdn::wire).as_deref(), Ok(number), "{input:?}"),
        }
    }
}

#[test]
fn what_other_readers_dispute_is_read_by_our_rule() {
    for (input, expected) in rows(include_str!("../fixtures/phones-contested.tsv")) {
        let (expected, why) = expected.split_once('\t').unwrap();
        let read = Msisdn::parse(&input).map_or_else(|reason| reason.code().to_owned(), Msisdn::wire);
        assert_eq!(read, expected, "{input:?}: {why}");
    }
}

#[test]
fn a_refusal_says_what_is_wrong() {
    for (input, reason) in [
        ("", PhoneError::Empty),
        (" \u{200b}+ ", PhoneError::Empty),
        ("0712", PhoneError::TooShort),
        ("+254", PhoneError::TooShort),
        ("25471234567", PhoneError::TooShort),
        ("07123456789", PhoneError::TooLong),
        ("+2547123456789", PhoneError::TooLong),
        ("020 123 4567", PhoneError::Landline),
        ("+254 41 2223344", PhoneError::Landline),
        ("+255712345678", PhoneError::Foreign),
        ("447911123456", PhoneError::Foreign),
        ("00447911123456", PhoneError::Foreign),
        ("null", PhoneError::Letters),
        ("07I2345678", PhoneError::Letters),
        ("0712345678 ext 2", PhoneError::Extra),
        ("0812345678", PhoneError::NotMobile),
        ("0900223344", PhoneError::NotMobile),
        ("0109000000", PhoneError::NotMobile),
        ("0712_345678", PhoneError::Unreadable),
    ] {
        assert_eq!(Msisdn::parse(input), Err(reason), "{input:?}");
    }
}

#[test]
fn the_longest_input_is_250_bytes() {
    let padded = |blanks| format!("{}0712345678", " ".repeat(blanks));
    assert_eq!(
        Msisdn::parse(&padded(MAX_INPUT_BYTES - 10)).unwrap().wire(),
        "254712345678"
    );
    assert_eq!(
        Msisdn::parse(&padded(MAX_INPUT_BYTES - 9)),
        Err(PhoneError::TooLong)
    );
    assert_eq!(
        Msisdn::parse(&"7".repeat(MAX_INPUT_BYTES)),
        Err(PhoneError::Extra)
    );
    assert_eq!(
        Msisdn::parse(&"a".repeat(MAX_INPUT_BYTES)),
        Err(PhoneError::Letters)
    );
}

#[test]
fn a_number_is_written_for_each_reader() {
    let number = Msisdn::parse("0712345678").unwrap();
    assert_eq!(number.wire(), "254712345678");
    assert_eq!(number.masked(), "2547****5678");
    assert_eq!(number.local(), "0712 345 678");
    assert_eq!(number.local_masked(), "0712 ••• 678");
    assert_eq!(format!("{number:?}"), "2547****5678");
    let padded = Msisdn::parse("0100000001").unwrap();
    assert_eq!(
        (padded.wire().as_str(), padded.masked().as_str()),
        ("254100000001", "2541****0001")
    );
}

#[test]
fn operators_are_told_by_range() {
    let operator = |prefix: &str| Msisdn::parse(&format!("{prefix}000000")).unwrap().operator();
    for (owner, prefixes) in [
        (
            Operator::Safaricom,
            "0700 0729 0740 0743 0745 0746 0748 0749 0757 0759 0768 0769 0790 0799",
        ),
        (
            Operator::Safaricom,
            "0110 0115 0118 0119 0140 0143 0146 0180 0182 0189",
        ),
        (
            Operator::Airtel,
            "0730 0739 0750 0756 0762 0780 0789 0100 0108 0135 0139",
        ),
        (Operator::Telkom, "0770 0779 0120"),
        (Operator::Equitel, "0763 0766 0124"),
        (Operator::Faiba, "0747"),
        (Operator::Other, "0744 0760 0767 0121 0130"),
        (Operator::Unknown, "0761"),
    ] {
        for prefix in prefixes.split(' ') {
            assert_eq!(operator(prefix), owner, "{prefix}");
        }
    }
}

#[test]
fn only_a_known_other_operator_is_worth_a_warning() {
    for (typed, quiet) in [
        ("0712345678", true),
        ("0761000047", true),
        ("0733000033", false),
        ("0770000000", false),
    ] {
        assert_eq!(Msisdn::parse(typed).unwrap().looks_like_mpesa(), quiet, "{typed}");
    }
}

#[test]
fn every_refusal_has_its_own_code_and_tells_what_to_do() {
    let all = [
        PhoneError::Empty,
        PhoneError::TooShort,
        PhoneError::TooLong,
        PhoneError::Landline,
        PhoneError::Foreign,
        PhoneError::Letters,
        PhoneError::Extra,
        PhoneError::NotMobile,
        PhoneError::Unreadable,
    ];
    let codes: std::collections::BTreeSet<_> = all.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), all.len());
    assert!(
        all.iter()
            .all(|reason| reason.code().starts_with("phone_") && reason.to_string().len() > 20)
    );
}

proptest! {
    #[test]
    fn a_written_number_reads_back(number in numbers()) {
        for written in [number.wire(), number.local(), format!("+{}", number.wire()), format!("000{}", number.wire())] {
            prop_assert_eq!(Msisdn::parse(&written), Ok(number));
        }
    }

    #[test]
    fn a_mask_never_reads_as_a_number(number in numbers()) {
        prop_assert!(Msisdn::parse(&number.masked()).is_err() && Msisdn::parse(&number.local_masked()).is_err());
    }

    #[test]
    fn nothing_makes_it_panic(text in any::<String>(), near in "[+0-9a-z .;#*()x\u{200b}\u{660}-\u{669}\u{1d7ce}-\u{1d7ff}-]{0,80}") {
        for input in [text, near] {
            if let Ok(number) = Msisdn::parse(&input) {
                prop_assert_eq!(number.wire().len(), 12);
                prop_assert!(input.chars().filter(|letter| letter.is_numeric()).count() >= 9);
            }
        }
    }

    #[test]
    fn one_digit_more_or_less_is_refused(number in numbers(), extra in 0..10_u8, lost in 1..10_usize) {
        let typed = format!("0{}", &number.wire()[3..]);
        let mut shorter = typed.clone();
        shorter.remove(lost);
        let longer = format!("{typed}{extra}");
        prop_assert!(Msisdn::parse(&shorter).is_err(), "{}", shorter);
        prop_assert!(Msisdn::parse(&longer).is_err(), "{}", longer);
    }
}
