//! Every screen, in every language, by what a shopper and a test find on it.

use std::time::Duration;

use kaunta_domain::account_code::AccountCode;
use kaunta_domain::api::{Appearance, LineItem, Locale};
use kaunta_domain::case::Phase;
use kaunta_domain::failure::{Failure, FailureCode};
use kaunta_domain::id::SessionId;
use kaunta_domain::money::Kes;
use kaunta_domain::msisdn::PhoneError;
use kaunta_domain::time::Timestamp;
use kaunta_payments::{ByHand, Page, PageAttempt, PagePayment};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_239_720_000);

fn page(phase: Phase) -> Page {
    let code = if let Phase::Failed(code) = phase {
        Some(code)
    } else {
        None
    };
    let paid = matches!(
        phase,
        Phase::PartlyPaid | Phase::Paid | Phase::Overpaid | Phase::Late | Phase::Refunded
    );
    let received = match phase {
        Phase::PartlyPaid => 1000,
        Phase::Overpaid => 2000,
        _ if paid => 1500,
        _ => 0,
    };
    Page {
        session: SessionId::from_bits(7),
        version: 3,
        phase,
        livemode: true,
        merchant_name: "Duka Bora".to_owned(),
        origins: Vec::new(),
        amount: Kes::new(1500),
        received: Kes::new(received),
        due: Kes::new(1500).less(Kes::new(received)),
        description: Some("Kitenge shirt <b>".to_owned()),
        line_items: Vec::new(),
        locale: Locale::Auto,
        appearance: None,
        by_hand: ByHand::Paybill {
            number: "174379".to_owned(),
            account: AccountCode::from_chance(42),
        },
        by_hand_from: None,
        attempt: (phase != Phase::Open).then(|| attempt(code)),
        payments: if paid { vec![payment(received)] } else { Vec::new() },
        success_url: Some("https://shop.example/done".to_owned()),
        cancel_url: None,
        phone_hint: (phase != Phase::Open).then(|| "07•• ••• 678".to_owned()),
        now: NOW,
        expires_at: NOW + Duration::from_mins(10),
    }
}

fn attempt(code: Option<FailureCode>) -> PageAttempt {
    let sent = NOW - Duration::from_secs(15);
    PageAttempt {
        phone_local_masked: "07•• ••• 678".to_owned(),
        status: "awaiting_pin",
        failure: code.map(|code| Failure::new(code, None)),
        created_at: sent,
        prompt_ends_at: sent + Duration::from_mins(1),
        asked_at: vec![NOW - Duration::from_secs(1)],
        ask_next_at: Some(NOW + Duration::from_secs(20)),
        retry_at: code.map(|code| NOW + Duration::from_secs(code.cooldown_seconds().into())),
    }
}

fn payment(shillings: i64) -> PagePayment {
    PagePayment {
        receipt: Some("UKL52PAWR9".to_owned()),
        amount: Kes::new(shillings),
        payer_masked: Some("2547****5678".to_owned()),
        paid_at: NOW,
    }
}

fn seen(phase: Phase) -> Seen {
    Seen::new(page(phase), Place::of(SessionId::from_bits(7), Shell::Hosted))
}

fn assets() -> Assets {
    Assets {
        js: Some("/pkg/kaunta.js"),
        wasm: Some("/pkg/kaunta.wasm"),
        css: "a>b{color:red}",
        nonce: "n0".to_owned(),
    }
}

fn html(seen: &Seen) -> String {
    checkout(seen, &assets())
}

fn phases() -> Vec<Phase> {
    let failures = FailureCode::ALL.iter().copied().map(Phase::Failed);
    [
        Phase::Open,
        Phase::Sending,
        Phase::Waiting,
        Phase::Checking,
        Phase::PartlyPaid,
        Phase::Paid,
        Phase::Overpaid,
        Phase::Late,
        Phase::Refunded,
        Phase::Expired,
        Phase::Canceled,
    ]
    .into_iter()
    .chain(failures)
    .collect()
}

/// The text of the status region, which has no markup in it.
fn status(html: &str) -> &str {
    let from = html
        .split("role=\"status\"")
        .nth(1)
        .expect("every page has a status region");
    from.split_once('>')
        .and_then(|(_, rest)| rest.split_once("</p>"))
        .map_or("", |(text, _)| text.trim())
}

#[test]
fn every_screen_has_one_heading_one_status_region_and_the_other_language() {
    for lang in Lang::ALL.iter().copied() {
        for phase in phases() {
            let mut seen = seen(phase);
            seen.place.asked = lang;
            let html = html(&seen);
            let case = format!("{phase:?} in {lang:?}");
            assert_eq!(html.matches("<h1").count(), 1, "{case}");
            assert_eq!(html.matches("role=\"status\"").count(), 1, "{case}");
            assert!(html.matches("role=\"alert\"").count() <= 2, "{case}");
            assert!(html.contains(&format!("<html lang=\"{}\"", lang.tag())), "{case}");
            assert!(html.contains(lang.other().own_name()), "{case}");
            assert!(
                html.contains(&format!("data-phase=\"{}\"", phase.name())),
                "{case}"
            );
            assert!(html.starts_with("<!doctype html>"), "{case}");
        }
    }
}

#[test]
fn the_texts_that_tests_rely_on_are_there() {
    let open = html(&seen(Phase::Open));
    assert!(open.contains("<label for=\"phone\">M-Pesa phone number</label>"));
    assert!(open.contains(">Pay KES 1,500</button>"));
    assert!(open.contains(">Pay with paybill instead</button>"));
    assert!(open.contains(">Kiswahili</button>"));
    assert_eq!(
        status(&html(&seen(Phase::Waiting))),
        "Waiting for your M-Pesa PIN"
    );
    assert_eq!(status(&html(&seen(Phase::Paid))), "Payment received · UKL52PAWR9");
    let failed = html(&seen(Phase::Failed(FailureCode::WrongPin)));
    assert!(failed.contains("role=\"alert\" class=\"note bad\"><b>The PIN was not right</b>"));
    assert!(failed.contains(">Try again</button>"));
}

#[test]
fn the_steps_by_hand_show_what_is_typed_and_copy_it() {
    let mut seen = seen(Phase::Open);
    assert!(!html(&seen).contains("174379"));
    seen.place.way = Way::ByHand;
    let html = html(&seen);
    let account = AccountCode::from_chance(42);
    for text in [
        "Business number",
        "Account number",
        "Amount",
        "M-Pesa message or code",
    ] {
        assert!(html.contains(text), "{text}");
    }
    for copied in ["174379", account.as_str(), "1500"] {
        assert!(html.contains(&format!("data-copy=\"{copied}\"")), "{copied}");
    }
}

#[test]
fn a_till_has_its_own_steps_and_no_account() {
    let mut seen = seen(Phase::Open);
    seen.place.way = Way::ByHand;
    seen.page.by_hand = ByHand::Till {
        number: "832145".to_owned(),
    };
    let html = html(&seen);
    assert!(html.contains("Till number") && html.contains("data-copy=\"832145\""));
    assert!(!html.contains("Account number") && !html.contains("paybill"));
}

#[test]
fn the_steps_open_by_themselves_when_they_are_due() {
    let mut seen = seen(Phase::Waiting);
    seen.page.by_hand_from = Some(NOW + Duration::from_secs(30));
    let early = html(&seen);
    assert!(!early.contains("id=\"by-hand\"") && early.contains("data-look=\"30700\""));
    seen.page.by_hand_from = Some(NOW);
    let due = html(&seen);
    assert!(due.contains("id=\"by-hand\"") && due.contains("if the prompt still comes, cancel it"));
}

#[test]
fn a_prompt_that_left_the_phone_without_a_word_is_being_checked() {
    let mut seen = seen(Phase::Waiting);
    let live = html(&seen);
    assert!(live.contains("data-left=\"45000\"") && live.contains(":root{--left:45000ms}"));
    seen.page.now = NOW + Duration::from_secs(50);
    let silent = html(&seen);
    assert_eq!(status(&silent), "Please do not pay again yet");
    assert!(
        !silent.contains("id=\"pay\""),
        "no second prompt while the first may still be paid"
    );
    seen.page.now = NOW + Duration::from_secs(110);
    assert!(html(&seen).contains("No SMS from M-Pesa? Send another prompt"));
}

#[test]
fn a_button_that_has_to_wait_says_how_long_and_comes_back() {
    let waiting = html(&seen(Phase::Failed(FailureCode::LineBusy)));
    assert!(waiting.contains("data-back=\"60000\"") && waiting.contains(" disabled"));
    let ready = html(&seen(Phase::Failed(FailureCode::WrongPin)));
    assert!(!ready.contains("data-back") && !ready.contains(" disabled"));
}

#[test]
fn a_known_number_need_not_be_typed_again() {
    let again = html(&seen(Phase::Failed(FailureCode::Canceled)));
    assert!(again.contains("Leave it empty to use 07••\u{a0}•••\u{a0}678.") && again.contains("data-known"));
    assert!(!html(&seen(Phase::Open)).contains("data-known"));
}

#[test]
fn a_mistake_is_named_beside_its_field_which_keeps_what_was_typed() {
    let typed = "07l2 \"><script>";
    let seen = seen(Phase::Open).saying(Notice::Phone(PhoneError::Letters), typed);
    let html = html(&seen);
    assert!(html.contains("aria-invalid=\"true\"") && html.contains("autofocus"));
    assert!(html.contains("The phone number holds letters."));
    assert!(html.contains("07l2") && !html.contains("\"><script>"));
}

#[test]
fn what_shops_write_stays_text() {
    let mut seen = seen(Phase::Open);
    seen.page.merchant_name = "<img src=x>".to_owned();
    let item = LineItem {
        name: "<i>tea</i>".to_owned(),
        quantity: 2,
        amount: Kes::new(375),
    };
    seen.page.line_items = vec![item.clone(), item];
    let html = html(&seen);
    assert!(!html.contains("<img") && !html.contains("<i>") && !html.contains("shirt <b>"));
    assert!(html.contains("2 × "));
}

#[test]
fn a_page_that_waits_refreshes_itself_without_javascript() {
    let refresh = "<noscript><meta http-equiv=\"refresh\" content=\"5;url=/c/";
    assert!(html(&seen(Phase::Waiting)).contains(refresh));
    assert!(!html(&seen(Phase::Open)).contains(refresh));
    let mut typing = seen(Phase::Waiting);
    typing.place.way = Way::ByHand;
    assert!(
        !html(&typing).contains("http-equiv"),
        "it would take away what is being pasted"
    );
}

#[test]
fn a_piece_is_the_same_screen_without_the_document() {
    for phase in phases() {
        let seen = seen(phase);
        let (whole, piece) = (html(&seen), piece(&seen));
        let stage = piece
            .split("<div id=\"stage\"")
            .nth(1)
            .expect("a piece has a stage");
        assert!(whole.contains(stage.trim_end_matches("<!>")), "{phase:?}");
        assert!(!piece.contains("<script") && !piece.contains("role=\"status\""));
    }
}

#[test]
fn everything_inline_carries_the_nonce() {
    let html = html(&seen(Phase::Open));
    assert!(html.contains("<style nonce=\"n0\">a>b{color:red}</style>"));
    for script in html.split("<script").skip(1) {
        assert!(
            script
                .split_once('>')
                .is_some_and(|(tag, _)| tag.contains("nonce=\"n0\""))
        );
    }
    assert!(!html.contains(" style=\""));
}

#[test]
fn a_shop_sets_its_colour_and_its_theme() {
    let mut seen = seen(Phase::Open);
    seen.page.appearance = Some(Appearance {
        theme: Some("dark".to_owned()),
        color_primary: Some("#0055aa".to_owned()),
        border_radius: Some(4),
    });
    let html = html(&seen);
    assert!(
        html.contains("data-theme=\"dark\"") && html.contains("--accent:#0055aa") && html.contains("--r:4px")
    );
}

#[test]
fn an_unknown_session_is_told_in_the_readers_language() {
    let told = Trouble {
        refused: crate::calls::Refused::NotFound,
        lang: Lang::Sw,
        shell: Shell::Hosted,
        again: "/c/x".to_owned(),
    };
    let html = trouble(&told, &assets());
    assert!(html.contains("Hakuna ombi la malipo kama hili") && html.contains("lang=\"sw\""));
    assert!(!html.contains("<script"));
}
