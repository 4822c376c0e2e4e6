//! The laws of money, tried on examples and on every order of messages.

use proptest::prelude::*;

use super::{Case, Ids, News, Outcome, Phase};
use crate::attempt::{Attempt, AttemptState, Ending};
use crate::event::EventType;
use crate::failure::{Failure, FailureCode};
use crate::id::{AttemptId, PaymentId};
use crate::money::Kes;
use crate::payment::{Method, Money, Source};
use crate::receipt::Receipt;
use crate::session::{Session, SessionState};
use crate::time::Timestamp;

const START: Timestamp = Timestamp::from_millis(1_763_690_000_000);

fn after(seconds: u64) -> Timestamp {
    START + std::time::Duration::from_secs(seconds)
}

fn case(amount: i64) -> Case {
    let session = Session {
        state: SessionState::Open,
        amount: Kes::new(amount),
        received: Kes::ZERO,
        refunded: Kes::ZERO,
        expires_at: after(1800),
    };
    Case {
        session,
        attempts: Vec::new(),
        payments: Vec::new(),
    }
}

fn prompt(case: &mut Case, number: u128, at: Timestamp) -> AttemptId {
    let id = AttemptId::from_bits(number);
    case.begin(Attempt {
        id,
        amount: case.session.due(),
        state: AttemptState::Created,
        blocks: true,
        phone_tail: "5678".to_owned(),
        checkout_request_id: None,
        merchant_request_id: None,
        created_at: at,
    });
    id
}

fn ids(number: u128) -> Ids {
    Ids {
        checkout: Some(format!("ws_CO_{number}")),
        merchant: Some(format!("m-{number}")),
    }
}

fn money(receipt: Option<&str>, amount: Option<i64>, source: Source) -> Money {
    Money {
        receipt: receipt.map(|text| Receipt::wire(text).unwrap()),
        amount: amount.map(Kes::new),
        method: if source == Source::C2b {
            Method::MpesaPaybill
        } else {
            Method::MpesaStk
        },
        source,
        payer_masked: None,
        payer_tail: None,
        paid_at: None,
    }
}

fn not_paid(number: u128, source: Source) -> News {
    let failure = Failure::new(FailureCode::Canceled, Some("1032"));
    News::NotPaid {
        ids: ids(number),
        ending: Ending::Canceled,
        failure,
        source,
    }
}

fn kinds(verdict: &super::Verdict) -> Vec<&'static str> {
    verdict.events.iter().map(|told| told.kind.as_str()).collect()
}

fn hear(case: &mut Case, id: AttemptId, news: News, at: Timestamp, payment: u128) -> super::Verdict {
    let verdict = case.hear(id, news, at, PaymentId::from_bits(payment));
    case.assert_sound();
    verdict
}

#[test]
fn a_prompt_that_is_paid_completes_the_session_once() {
    let mut case = case(1500);
    let id = prompt(&mut case, 1, START);
    assert_eq!(case.phase(), Phase::Sending);
    let accepted = hear(&mut case, id, News::Accepted(ids(1)), after(1), 1);
    assert_eq!(
        kinds(&accepted),
        ["payment.attempt.awaiting_pin", "checkout.session.processing"]
    );
    assert_eq!(case.phase(), Phase::Waiting);
    let paid = News::Paid(ids(1), money(Some("UKL52PAWR9"), Some(1500), Source::Callback));
    let verdict = hear(&mut case, id, paid.clone(), after(10), 7);
    assert_eq!(
        kinds(&verdict),
        ["payment.succeeded", "checkout.session.completed"]
    );
    assert_eq!(
        hear(&mut case, id, paid, after(11), 8).outcome,
        Outcome::AlreadyCredited
    );
    assert_eq!((case.phase(), case.payments.len()), (Phase::Paid, 1));
}

#[test]
fn money_wins_over_an_earlier_failure_and_failure_never_over_money() {
    let mut case = case(100);
    let id = prompt(&mut case, 1, START);
    hear(&mut case, id, not_paid(1, Source::Callback), after(5), 1);
    assert_eq!(case.phase(), Phase::Failed(FailureCode::Canceled));
    let paid = News::Paid(ids(1), money(Some("UKL52PAWR9"), Some(100), Source::Callback));
    hear(&mut case, id, paid, after(9), 2);
    assert_eq!(
        hear(&mut case, id, not_paid(1, Source::Callback), after(12), 3).outcome,
        Outcome::Unchanged
    );
    assert_eq!(case.attempts[0].state.name(), "succeeded");
    assert_eq!(case.session.state, SessionState::Complete { at: after(9) });
}

#[test]
fn a_query_that_calls_a_young_prompt_failed_is_not_believed() {
    let mut case = case(100);
    let id = prompt(&mut case, 1, START);
    hear(&mut case, id, News::Accepted(ids(1)), after(1), 1);
    assert_eq!(
        hear(&mut case, id, not_paid(1, Source::StkQuery), after(59), 1).outcome,
        Outcome::Unchanged
    );
    assert_eq!(
        hear(&mut case, id, not_paid(1, Source::StkQuery), after(60), 1).outcome,
        Outcome::Moved
    );
}

#[test]
fn another_amount_or_another_prompts_ids_go_to_review_and_credit_nothing() {
    for (number, amount) in [(1, 99), (2, 100)] {
        let mut case = case(100);
        let id = prompt(&mut case, 1, START);
        hear(&mut case, id, News::Accepted(ids(1)), after(1), 1);
        let forged = News::Paid(
            ids(number),
            money(Some("UKL52PAWR9"), Some(amount), Source::Callback),
        );
        let verdict = hear(&mut case, id, forged, after(2), 2);
        assert_eq!(kinds(&verdict), ["payment.needs_review"]);
        assert!(verdict.ask_now && case.payments.is_empty());
        let true_news = News::Paid(ids(1), money(Some("UKL52PAWR8"), Some(100), Source::Callback));
        assert!(matches!(
            hear(&mut case, id, true_news, after(3), 3).outcome,
            Outcome::Credited(_)
        ));
    }
}

#[test]
fn money_after_expiry_is_recorded_and_completes_nothing() {
    let mut case = case(100);
    let id = prompt(&mut case, 1, START);
    hear(&mut case, id, News::Accepted(ids(1)), after(1), 1);
    assert_eq!(case.pass_time(after(1900)).events.len(), 1);
    let paid = News::Paid(ids(1), money(Some("UKL52PAWR9"), Some(100), Source::Callback));
    let verdict = hear(&mut case, id, paid, after(2000), 2);
    assert_eq!(
        kinds(&verdict),
        ["payment.succeeded", "checkout.session.late_payment"]
    );
    assert_eq!(
        (case.session.state, case.phase()),
        (SessionState::Expired, Phase::Late)
    );
}

#[test]
fn a_session_does_not_expire_while_a_prompt_is_out() {
    let mut case = case(100);
    case.session.expires_at = after(50);
    prompt(&mut case, 1, START);
    assert_eq!(case.pass_time(after(60)).outcome, Outcome::Unchanged);
    assert_eq!(
        case.pass_time(after(120)).events[0].kind,
        EventType::SessionExpired
    );
}

#[test]
fn parts_add_up_and_what_is_too_much_is_told() {
    let mut case = case(100);
    let mut give = |receipt: &str, amount, payment| {
        let verdict = case.hear_money(
            money(Some(receipt), Some(amount), Source::C2b),
            after(1),
            PaymentId::from_bits(payment),
        );
        case.assert_sound();
        (kinds(&verdict), case.phase())
    };
    assert_eq!(
        give("UKL0000001", 60, 1),
        (
            vec!["payment.succeeded", "checkout.session.partially_paid"],
            Phase::PartlyPaid
        )
    );
    let full = vec![
        "payment.succeeded",
        "checkout.session.completed",
        "checkout.session.overpaid",
    ];
    assert_eq!(give("UKL0000002", 50, 2), (full, Phase::Overpaid));
    let double = vec![
        "payment.succeeded",
        "checkout.session.overpaid",
        "payment.duplicate_detected",
    ];
    assert_eq!(give("UKL0000003", 100, 3), (double, Phase::Overpaid));
    assert_eq!(case.session.received, Kes::new(210));
}

#[test]
fn a_lost_answer_is_unknown_and_is_resolved_by_the_callback() {
    let mut case = case(100);
    let id = prompt(&mut case, 1, START);
    assert_eq!(
        kinds(&hear(&mut case, id, News::AnswerLost, after(10), 1)),
        ["payment.attempt.unknown"]
    );
    assert_eq!(
        (case.phase(), case.session.state),
        (Phase::Checking, SessionState::Processing)
    );
    let paid = News::Paid(ids(1), money(Some("UKL52PAWR9"), Some(100), Source::Callback));
    assert!(matches!(
        hear(&mut case, id, paid, after(20), 2).outcome,
        Outcome::Credited(_)
    ));
}

#[test]
fn a_silent_prompt_frees_the_session_and_stays_payable() {
    let mut case = case(100);
    let id = prompt(&mut case, 1, START);
    hear(&mut case, id, News::Accepted(ids(1)), after(1), 1);
    case.pass_time(after(120));
    assert_eq!(
        (case.session.state, case.phase()),
        (SessionState::Open, Phase::Checking)
    );
    assert_eq!(
        kinds(&hear(&mut case, id, News::Silence, after(3600), 2)),
        ["payment.attempt.unknown"]
    );
    assert_eq!(
        hear(&mut case, id, News::Silence, after(3601), 2).outcome,
        Outcome::Unchanged
    );
}

/// One thing that M-Pesa truly did, and the messages that tell of it.
#[derive(Debug, Clone, Copy)]
enum Message {
    Callback(usize),
    Query(usize),
    Echo(usize),
    ByHand(usize),
    FalseFailure(usize),
    Time(u64),
}

fn messages(prompts: usize, by_hand: usize) -> Vec<Message> {
    let mut all = Vec::new();
    for at in 0..prompts {
        all.extend([
            Message::Callback(at),
            Message::Query(at),
            Message::Echo(at),
            Message::FalseFailure(at),
        ]);
        all.extend([Message::Callback(at), Message::Echo(at)]);
    }
    for at in 0..by_hand {
        all.extend([Message::ByHand(at), Message::ByHand(at)]);
    }
    all.extend([Message::Time(100), Message::Time(2000)]);
    all
}

fn tell(case: &mut Case, prompts: &[AttemptId], message: Message, serial: u128) {
    let payment = PaymentId::from_bits(1000 + serial);
    let (at, amount) = (after(61), case.session.amount.shillings());
    let receipt = |kind: &str, at: usize| format!("UK{kind}5AWR9X{at}");
    match message {
        Message::Callback(n) => {
            let news = News::Paid(
                ids(n as u128),
                money(Some(&receipt("S", n)), Some(amount), Source::Callback),
            );
            case.hear(prompts[n], news, at, payment);
        }
        Message::Query(n) => {
            case.hear(
                prompts[n],
                News::Paid(ids(n as u128), money(None, None, Source::StkQuery)),
                at,
                payment,
            );
        }
        Message::FalseFailure(n) => {
            case.hear(prompts[n], not_paid(n as u128, Source::Callback), at, payment);
        }
        Message::Echo(n) => {
            case.hear_money(
                money(Some(&receipt("S", n)), Some(amount), Source::C2b),
                at,
                payment,
            );
        }
        Message::ByHand(n) => {
            case.hear_money(
                money(Some(&receipt("H", n)), Some(amount), Source::C2b),
                at,
                payment,
            );
        }
        Message::Time(seconds) => {
            case.pass_time(after(seconds));
        }
    }
    case.assert_sound();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Two prompts that were both paid (the first stayed silent until the second went out) and payments by hand of the same
    /// amount: whatever the order and however often each is told, every shilling is credited exactly once.
    #[test]
    fn every_order_of_messages_gives_the_same_books(
        (prompts, by_hand, order) in (1_usize..3, 0_usize..3)
            .prop_flat_map(|(p, h)| (Just(p), Just(h), Just(messages(p, h)).prop_shuffle()))
    ) {
        let mut case = case(100);
        let mut attempts = Vec::new();
        for number in 0..prompts {
            attempts.push(prompt(&mut case, 1 + number as u128, START));
            case.attempts[number].blocks = number + 1 == prompts;
        }
        for (serial, message) in order.into_iter().enumerate() {
            tell(&mut case, &attempts, message, serial as u128);
        }
        let truth = i64::try_from(prompts + by_hand).unwrap() * 100;
        prop_assert_eq!(case.session.received, Kes::new(truth));
        prop_assert_eq!(case.payments.len(), prompts + by_hand);
        let mut receipts: Vec<_> = case.payments.iter().map(|payment| payment.receipt).collect();
        receipts.sort_by_key(|receipt| receipt.as_ref().map(|receipt| receipt.as_str().to_owned()));
        receipts.dedup();
        prop_assert_eq!(receipts.len(), prompts + by_hand);
        for (number, attempt) in attempts.iter().enumerate() {
            let tied: Vec<_> = case.payments.iter().filter(|payment| payment.attempt == Some(*attempt)).collect();
            prop_assert_eq!(tied.len(), 1);
            let expected = format!("UKS5AWR9X{number}");
            prop_assert_eq!(tied[0].receipt.as_ref().map(Receipt::as_str), Some(expected.as_str()));
        }
    }
}
