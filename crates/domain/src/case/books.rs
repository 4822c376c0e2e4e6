//! Which receipt is which prompt's, where M-Pesa has not said so.
//!
//! A query calls a prompt paid and names no receipt; a C2B confirmation names a receipt and no prompt. Both may tell of the
//! same money. What is certain (a callback names both) stands. What is not is paired as far as it fits (amount, time,
//! what is visible of the phone), anew with every piece of news, so that the order in which things are told does not
//! matter: the books hold one payment for each receipt, and one for each paid prompt that no receipt is left for.

use std::time::Duration;

use super::Case;
use crate::attempt::{Attempt, AttemptState};
use crate::id::PaymentId;
use crate::payment::{Method, Payment, Source};
use crate::time::Timestamp;

/// How far M-Pesa's clock and ours may differ: a payment that seems older than its prompt by less may still be its.
const CLOCKS_DIFFER: Duration = Duration::from_mins(10);

/// Money under a receipt that is new to the books.
pub(super) struct Arrived {
    pub(super) payment: Payment,
}

/// Puts what arrived onto the books and pairs anew. The payment that is new to them, if any.
pub(super) fn balance(
    case: &mut Case,
    arrived: Option<Arrived>,
    now: Timestamp,
    new: PaymentId,
) -> Option<PaymentId> {
    let before = case.payments.len();
    let mut arrived = arrived.map(|arrived| arrived.payment);
    for payment in case.payments.iter_mut().filter(|payment| payment.inferred) {
        payment.attempt = None;
        payment.inferred = false;
    }
    let new_one = arrived.as_ref().map_or(new, |payment| payment.id);
    case.payments.extend(arrived.take());
    let nameless = pair(case);
    let mut spare: Vec<usize> = indices(case, |payment| payment.receipt.is_none());
    for attempt in nameless {
        let kept = spare
            .iter()
            .position(|&at| case.payments[at].attempt == Some(case.attempts[attempt].id));
        match kept.or(if spare.is_empty() { None } else { Some(0) }) {
            Some(at) => case.payments[spare.swap_remove(at)].attempt = Some(case.attempts[attempt].id),
            None => case
                .payments
                .push(without_receipt(&case.attempts[attempt], now, new)),
        }
    }
    for &at in &spare {
        case.payments[at].attempt = None;
    }
    let absorbed = absorb(case, &spare, before);
    (case.payments.len() > before && !absorbed).then_some(new_one)
}

/// A payment without a receipt that no prompt needs any more is the same money as the one that just arrived: it takes
/// the receipt and keeps its id, which the merchant has been told. Whether it took it.
fn absorb(case: &mut Case, spare: &[usize], before: usize) -> bool {
    let Some(&at) = spare.first() else { return false };
    if case.payments.len() > before {
        let Some(last) = case.payments.pop() else {
            return false;
        };
        let kept = &mut case.payments[at];
        *kept = Payment {
            id: kept.id,
            source: kept.source,
            payer_masked: last.payer_masked.or(kept.payer_masked.take()),
            ..last
        };
        return true;
    }
    // Nothing arrived: a receipt that did not seem to fit is this prompt's all the same, and the money was there twice.
    let surplus = case.payments[at].amount;
    let rest = case.session.received.less(surplus);
    if case.session.state.completed_at().is_none() || rest >= case.session.amount {
        case.payments.remove(at);
    }
    false
}

/// Pairs paid prompts with receipts as far as possible (augmenting paths). The prompts that are left, by their place.
fn pair(case: &mut Case) -> Vec<usize> {
    let certain = |attempt: &Attempt| {
        case.payments
            .iter()
            .any(|payment| payment.attempt == Some(attempt.id) && payment.receipt.is_some())
    };
    let paid = |attempt: &Attempt| matches!(attempt.state, AttemptState::Succeeded { .. });
    let open = |(_, attempt): &(usize, &Attempt)| paid(attempt) && !certain(attempt);
    let prompts: Vec<usize> = case
        .attempts
        .iter()
        .enumerate()
        .filter(open)
        .map(|(at, _)| at)
        .collect();
    let receipts = indices(case, |payment| {
        payment.receipt.is_some() && payment.attempt.is_none()
    });
    let mut of: Vec<Option<usize>> = vec![None; receipts.len()];
    let mut left = Vec::new();
    for &prompt in &prompts {
        if !augment(case, prompt, &receipts, &mut of, &mut vec![false; receipts.len()]) {
            left.push(prompt);
        }
    }
    for (slot, prompt) in receipts.iter().zip(&of) {
        if let Some(prompt) = prompt {
            case.payments[*slot].attempt = Some(case.attempts[*prompt].id);
            case.payments[*slot].inferred = true;
        }
    }
    left
}

fn augment(
    case: &Case,
    prompt: usize,
    receipts: &[usize],
    of: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    for slot in 0..receipts.len() {
        if seen[slot] || !may_be(&case.attempts[prompt], &case.payments[receipts[slot]]) {
            continue;
        }
        seen[slot] = true;
        if of[slot].is_none_or(|holder| augment(case, holder, receipts, of, seen)) {
            of[slot] = Some(prompt);
            return true;
        }
    }
    false
}

fn may_be(attempt: &Attempt, payment: &Payment) -> bool {
    payment.amount == attempt.amount
        && payment.paid_at + CLOCKS_DIFFER >= attempt.created_at
        && same_tail(&attempt.phone_tail, payment.payer_masked.as_deref())
}

fn without_receipt(attempt: &Attempt, now: Timestamp, id: PaymentId) -> Payment {
    Payment {
        id,
        receipt: None,
        amount: attempt.amount,
        method: Method::MpesaStk,
        source: Source::StkQuery,
        attempt: Some(attempt.id),
        inferred: false,
        payer_masked: None,
        paid_at: now,
    }
}

fn indices(case: &Case, wanted: impl Fn(&Payment) -> bool) -> Vec<usize> {
    case.payments
        .iter()
        .enumerate()
        .filter(|(_, payment)| wanted(payment))
        .map(|(at, _)| at)
        .collect()
}

/// Whether the digits that Safaricom left visible are those of the phone that was asked. A hash or nothing at all
/// contradicts nothing.
fn same_tail(phone_tail: &str, said: Option<&str>) -> bool {
    let Some(said) = said else { return true };
    let shared = said
        .chars()
        .rev()
        .take_while(char::is_ascii_digit)
        .count()
        .min(phone_tail.len());
    if said.len() > 20 || shared < 3 {
        return true;
    }
    phone_tail
        .chars()
        .rev()
        .take(shared)
        .eq(said.chars().rev().take(shared))
}
