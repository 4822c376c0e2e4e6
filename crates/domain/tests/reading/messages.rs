//! Pasted messages: wordings that were recorded in daily use, with names and numbers of people replaced.

use kaunta_domain::money::Kes;
use kaunta_domain::sms::{MAX_MESSAGE_BYTES, MAX_PART, NotAClaim, read};
use proptest::prelude::*;

/// Message, receipt, shillings, receiver, account.
type Row = (
    &'static str,
    &'static str,
    Option<i64>,
    Option<&'static str>,
    Option<&'static str>,
);

const ENGLISH: [Row; 13] = [
    (
        "UJ22T8IYOU Confirmed. KSH1.00 sent to Daraja-Sandbox for account nkap-live-1 on 2/10/26 at 6:11 PM New M-PESA balance is KSH9.00.",
        "UJ22T8IYOU",
        Some(1),
        Some("Daraja-Sandbox"),
        Some("nkap-live-1"),
    ),
    (
        "UE92Q3N5H7 Confirmed. Ksh1,200.00 sent to KPLC PREPAID for account 45136199804 on 9/5/26 at 11:23 AM New M-PESA balance is Ksh3,331.90. Transaction cost, Ksh5.00.Amount you can transact within the day is 499,800.00.",
        "UE92Q3N5H7",
        Some(1200),
        Some("KPLC PREPAID"),
        Some("45136199804"),
    ),
    (
        "UBE6U6I6KV confirmed. Ksh18.00 sent to AIRTEL MONEY  for account 254750288942 on 14/2/26 at 3:19 PM New M-PESA balance is Ksh230.44.",
        "UBE6U6I6KV",
        Some(18),
        Some("AIRTEL MONEY"),
        Some("254750288942"),
    ),
    (
        "TJ6CF6NDST Confirmed.Ksh30.00 paid to DUKA LA MAMA. on 6/10/25 at 7:43 AM.New M-PESA balance is Ksh21.73. Transaction cost, Ksh0.00.",
        "TJ6CF6NDST",
        Some(30),
        Some("DUKA LA MAMA"),
        None,
    ),
    (
        "UKL52PAWR9 Confirmed. Ksh1,500.00 paid to ST. MARY HARDWARE & SONS on 21/11/26 at 1:15 PM.",
        "UKL52PAWR9",
        Some(1500),
        Some("ST. MARY HARDWARE & SONS"),
        None,
    ),
    (
        "UG9QXAXODW Confirmed. Ksh50.00 sent to TORY  RUKWARO 0758000343 on 9/7/26 at 2:33 PM. New M-PESA balance is Ksh0.00.",
        "UG9QXAXODW",
        Some(50),
        Some("TORY RUKWARO"),
        None,
    ),
    (
        "RF45ABC123 Confirmed. You have paid Ksh1,200.00 to SUPERMARKET LTD for account 123456 on 18/11/2025 at 4:30 PM.",
        "RF45ABC123",
        Some(1200),
        Some("SUPERMARKET LTD"),
        Some("123456"),
    ),
    (
        "QW12AB34CD Confirmed. Ksh 1,450.00 sent to JAVA HOUSE for account K7QX 4M2K. New balance is Ksh 5,230.00.",
        "QW12AB34CD",
        Some(1450),
        Some("JAVA HOUSE"),
        Some("K7QX 4M2K"),
    ),
    (
        "\u{200e}UKL52PAWR9 Confirmed.\nKsh1,500.00 sent to DEMO SHOP\nfor account K7QX4M2K on 21/11/26\u{a0}at 1:15 PM",
        "UKL52PAWR9",
        Some(1500),
        Some("DEMO SHOP"),
        Some("K7QX4M2K"),
    ),
    (
        "Fwd: UKL52PAWR9 Confirmed. Ksh10.50 paid to DEMO SHOP on 21/11/26 at 1:15 PM.",
        "UKL52PAWR9",
        None,
        Some("DEMO SHOP"),
        None,
    ),
    (
        "UKL52PAWR9 Confirmed. Fuliza M-PESA amount is Ksh 300.00. Access Fee charged Ksh 3.00.",
        "UKL52PAWR9",
        None,
        None,
        None,
    ),
    (
        "ukl52pawr9 confirmed. ksh700 paid to demo shop",
        "UKL52PAWR9",
        Some(700),
        Some("demo shop"),
        None,
    ),
    (
        "UKL52PAWR9 Confirmed. Kshs. 700 sent to DEMO for account  on 21/11/26",
        "UKL52PAWR9",
        Some(700),
        Some("DEMO"),
        None,
    ),
];

const SWAHILI: [Row; 6] = [
    (
        "TAD43EZZ3O Imethibitishwa Ksh20.00 imetumwa kwa Eliud  Otieno 0792000173 tarehe 13/1/25 saa 8:37 PM. Baki yako ya M-PESA ni Ksh243.47. Gharama ya kutuma ni Ksh0.00.",
        "TAD43EZZ3O",
        Some(20),
        Some("Eliud Otieno"),
        None,
    ),
    (
        "TAE46D879G Imethibitishwa. Umelipa Ksh20.00 kwa DUKA LA JUDITH 14/1/25 4:53 PM.Baki yako mpya katika M-PESA ni Ksh173.47. Gharama ya kununua ni Ksh0.00.",
        "TAE46D879G",
        Some(20),
        Some("DUKA LA JUDITH"),
        None,
    ),
    (
        "UKL52PAWR9 Imethibitishwa. Ksh1,500.00 zimetumwa kwa SAFARICOM DATA BUNDLES kwa akaunti SAFARICOM DATA BUNDLES mnamo 14/1/25 saa 4:53 PM.",
        "UKL52PAWR9",
        Some(1500),
        Some("SAFARICOM DATA BUNDLES"),
        Some("SAFARICOM DATA BUNDLES"),
    ),
    (
        "UKL52PAWR9 Imethibitishwa. Ksh1,500.00 imelipwa kwa DEMO SHOP kwa akaunti nambari K7QX4M2K siku 21/11/26 saa 1:15 PM.",
        "UKL52PAWR9",
        Some(1500),
        Some("DEMO SHOP"),
        Some("K7QX4M2K"),
    ),
    (
        "UKL52PAWR9 imethibitishwa, Ksh1,500.00 imetumwa kwa DEMO SHOP kwa akaunti K7QX4M2K",
        "UKL52PAWR9",
        Some(1500),
        Some("DEMO SHOP"),
        Some("K7QX4M2K"),
    ),
    (
        "TAF5BV0XRN Umenunua Ksh5.00 ya mjazo siku 15/1/25 saa 8:44 PM.Baki mpya ya M-PESA ni Ksh38.47.",
        "TAF5BV0XRN",
        None,
        None,
        None,
    ),
];

const CODES_ALONE: [Row; 5] = [
    ("UKL52PAWR9", "UKL52PAWR9", None, None, None),
    (" ukl52 pawr9 \n", "UKL52PAWR9", None, None, None),
    ("UKLAPAWRZO", "UKLAPAWRZO", None, None, None),
    ("My code is UKL52PAWR9.", "UKL52PAWR9", None, None, None),
    (
        "nimelipa na 0712345678, UKL52PAWR9 UKL52PAWR9",
        "UKL52PAWR9",
        None,
        None,
        None,
    ),
];

#[test]
fn recorded_messages_are_read_in_both_languages() {
    for (pasted, receipt, amount, to, account) in ENGLISH.into_iter().chain(SWAHILI).chain(CODES_ALONE) {
        let claim = read(pasted).unwrap_or_else(|reason| panic!("{reason:?}: {pasted}"));
        assert_eq!(claim.receipt.as_str(), receipt, "{pasted}");
        assert_eq!(claim.amount, amount.map(Kes::new), "{pasted}");
        assert_eq!(
            (claim.to.as_deref(), claim.account.as_deref()),
            (to, account),
            "{pasted}"
        );
    }
}

#[test]
fn what_is_no_claim_says_what_to_paste() {
    for (pasted, reason) in [
        ("", NotAClaim::Empty),
        (" \u{200b}\n", NotAClaim::Empty),
        ("hello", NotAClaim::NoCode),
        ("thank youu", NotAClaim::NoCode),
        ("0712345678", NotAClaim::NoCode),
        ("I paid 1500 from 0712345678 at 10:15", NotAClaim::NoCode),
        ("Failed. The entered phone number is incorrect", NotAClaim::NoCode),
        (
            "Your order is Confirmed. Ksh1,500.00 paid to DEMO SHOP",
            NotAClaim::NoCode,
        ),
        ("NLJ0000000", NotAClaim::NotMade),
        (
            "NLJ0000000 Confirmed. Ksh1.00 sent to X for account Y on 2/10/26",
            NotAClaim::NotMade,
        ),
        ("UKL52PAWR9 or UKL52PAWR8", NotAClaim::SeveralCodes),
        (
            "UKL52PAWR9 Confirmed. Ksh1.00 paid to A on 2/10/26. UKL52PAWR8 Confirmed. Ksh1.00 paid to A on 2/10/26.",
            NotAClaim::SeveralCodes,
        ),
        (
            "UIC9D4FG7H Confirmed.You have received Ksh25,000.00 from JANE WANJIKU 0722000111 on 11/9/26 at 9:30 AM",
            NotAClaim::Received,
        ),
        (
            "EA54HY6430 Confirmed. on 28/9/13 at 1:14 PM Ksh50.00 received from 254729000024 MORRIS M.",
            NotAClaim::Received,
        ),
        (
            "TAD72DJ3YB Imethibitishwa. Umepokea Ksh1.00 kutoka John  Doe 0729000937 mnamo 13/1/25",
            NotAClaim::Received,
        ),
    ] {
        assert_eq!(read(pasted), Err(reason), "{pasted}");
        assert!(
            reason.code().starts_with("claim_") && reason.to_string().contains("paste"),
            "{reason:?}"
        );
    }
}

#[test]
fn of_two_messages_the_one_that_paid_counts() {
    let claim = read(
        "UIC9D4FG7H Confirmed.You have received Ksh25,000.00 from JANE WANJIKU 0722000111 on 11/9/26 at 9:30 AM. \
         UKL52PAWR9 Confirmed. Ksh700.00 paid to DEMO SHOP. on 21/11/26 at 1:15 PM.",
    )
    .unwrap();
    assert_eq!(
        (claim.receipt.as_str(), claim.amount),
        ("UKL52PAWR9", Some(Kes::new(700)))
    );
}

#[test]
fn long_texts_and_long_parts_are_left_out() {
    let padded = |blanks| format!("UKL52PAWR9{}", " ".repeat(blanks));
    assert!(read(&padded(MAX_MESSAGE_BYTES - 10)).is_ok());
    assert_eq!(read(&padded(MAX_MESSAGE_BYTES - 9)), Err(NotAClaim::TooLong));
    let named = |length| {
        read(&format!(
            "UKL52PAWR9 Confirmed. Ksh1.00 paid to {} on 2/10/26",
            "Ä".repeat(length)
        ))
        .unwrap()
    };
    assert_eq!(named(MAX_PART).to, Some("Ä".repeat(MAX_PART)));
    assert_eq!(named(MAX_PART + 1).to, None);
}

#[test]
fn a_persons_number_does_not_come_out() {
    for number in ["0722000111", "254722000111", "0722***111"] {
        let claim = read(&format!(
            "UKL52PAWR9 Confirmed. Ksh1.00 sent to JANE WANJIKU {number} on 2/10/26"
        ))
        .unwrap();
        assert_eq!(claim.to.as_deref(), Some("JANE WANJIKU"), "{number}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(
        text in any::<String>(),
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "UKL52PAWR9", "NLJ0000000", "Confirmed", ".", "imethibitishwa", "Ksh", "1,5", "00.0", "sent to", "kwa",
                "for account", "kwa akaunti", "on", "2/10/26", "é", "\u{200b}", "İ", "ſ", "K", "received from", "///",
            ]),
            0..30,
        ),
        glue in prop::sample::select(vec![" ", "", "\n"]),
    ) {
        for pasted in [text, pieces.join(glue)] {
            if let Ok(claim) = read(&pasted) {
                prop_assert_eq!(claim.receipt.as_str().len(), 10);
            }
        }
    }
}
