//! The typed views of results: payouts, reversals, balances, transaction status.

use kaunta_daraja::Amount;
use kaunta_daraja::b2c::PaidOut;
use kaunta_daraja::balance::Balances;
use kaunta_daraja::result::{ResultMessage, read_result, read_timeout};
use kaunta_daraja::reversal::Reversed;
use kaunta_daraja::status::{State, TransactionStatus};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;

use crate::readers::fixture;

fn result(name: &str) -> ResultMessage {
    read_result(&fixture(&format!("result/{name}"))).unwrap()
}

#[test]
fn a_payout_reads_the_same_in_every_dress() {
    for name in [
        "b2c-paid",
        "b2c-paid-strings",
        "b2c-paid-name-for-key",
        "b2c-paid-parameters-a-list",
    ] {
        let result = result(name);
        assert_eq!(result.originator_conversation_id.as_deref(), Some("payout-0192"));
        let paid = PaidOut::of(&result);
        assert_eq!(paid.receipt.as_deref(), Some("UKL9PD55TR"), "{name}");
        assert_eq!(
            paid.amount,
            Some(Amount::Read {
                shillings: Kes::new(450),
                cents: 0
            }),
            "{name}"
        );
        assert_eq!(
            paid.completed_at,
            Timestamp::parse_rfc3339("2026-11-21T07:20:30Z"),
            "{name}"
        );
        assert_eq!(paid.receiver_is_registered, Some(true));
        assert_eq!(
            (paid.utility_cents, paid.charges_cents),
            (Some(9_021_055), Some(-49_500)),
            "{name}"
        );
        let receiver = paid.receiver.unwrap();
        assert_eq!(
            (receiver.number.as_str(), receiver.name.as_deref()),
            ("254711000222", Some("WANJIRU OTIENO"))
        );
    }
}

#[test]
fn a_payout_without_an_amount_has_none() {
    let paid = PaidOut::of(&result("b2c-not-registered"));
    assert_eq!((paid.receipt, paid.amount, paid.receiver), (None, None, None));
}

#[test]
fn a_reversal_tells_what_it_reversed() {
    let reversed = Reversed::of(&result("reversal"));
    assert_eq!(reversed.receipt.as_deref(), Some("UKL9PD55TR"));
    assert_eq!(reversed.original_receipt.as_deref(), Some("UKL3ZA81QX"));
    assert_eq!(reversed.amount.unwrap().whole(), Some(Kes::new(450)));
    assert_eq!(reversed.debit_account.unwrap().available_cents, Some(510_000));
    assert_eq!(Reversed::of(&result("code-with-letters")).receipt, None);
}

#[test]
fn balances_go_below_nothing_and_a_broken_one_is_passed_over() {
    let balances = Balances::of(&result("balance"));
    assert_eq!(balances.accounts.len(), 3);
    assert_eq!(balances.named("Utility").unwrap().current_cents, 120_005);
    assert_eq!(
        balances.named("Charges Paid Account").unwrap().current_cents,
        -154_000
    );
    assert_eq!(balances.at, Timestamp::parse_rfc3339("2026-11-21T07:20:30Z"));
    assert_eq!(
        Balances::of(&result("balance-one-object"))
            .named("Working Account")
            .unwrap()
            .current_cents,
        1000
    );
}

#[test]
fn a_transaction_s_state_is_believed_only_where_it_is_told() {
    let status = TransactionStatus::of(&result("status-completed"));
    assert_eq!(
        (status.state, status.receipt.as_deref()),
        (State::Completed, Some("UKL3ZA81QX"))
    );
    assert_eq!(status.debit_parties.len(), 2);
    assert_eq!(status.debit_parties[1].name.as_deref(), Some("DUKA MOJA"));
    assert_eq!(status.originator_conversation_id.as_deref(), Some("3f1c-44aa-11"));
    assert_eq!(
        TransactionStatus::of(&result("status-pending")).state,
        State::Open("Pending Authorized".into())
    );
    assert_eq!(
        TransactionStatus::of(&result("status-declined")).state,
        State::Ended("Declined".into())
    );
    assert_eq!(
        TransactionStatus::of(&result("status-silent")).state,
        State::Unknown(None)
    );
    // A word in a result that is not final, or that failed, is not believed.
    let mut early = result("status-completed");
    early.kind = kaunta_daraja::result::Kind::NotFinal;
    assert_eq!(TransactionStatus::of(&early).state, State::Unknown(None));
}

#[test]
fn doubles_are_kept_and_items_without_a_value_are_seen() {
    let parameters = result("status-completed").parameters;
    assert_eq!(parameters.all("debitpartyname").count(), 2);
    assert!(
        parameters
            .iter()
            .any(|(key, value)| key == "TransactionReason" && value.is_none())
    );
    assert_eq!(parameters.get("TransactionReason"), None);
}

#[test]
fn empty_ids_match_nothing() {
    let result = result("ids-empty");
    assert_eq!(
        (result.originator_conversation_id, result.conversation_id),
        (None, None)
    );
}

#[test]
fn a_timeout_names_its_conversation_whatever_its_form() {
    let inside = read_timeout(&fixture("result/not-final"));
    assert_eq!(inside.conversation_id.as_deref(), Some("AG_20261121_20104fe1c2"));
    let flat = read_timeout(br#"{"OriginatorCoversationID":"payout-0192"}"#);
    assert_eq!(flat.originator_conversation_id.as_deref(), Some("payout-0192"));
    assert_eq!(read_timeout(b"<xml/>"), Default::default());
}
