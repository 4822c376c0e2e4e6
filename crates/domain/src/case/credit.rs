//! Money onto the books: once, whatever way it comes, in whatever order.

use super::{Case, Outcome, Subject, Told, Verdict, told};
use crate::event::EventType;
use crate::id::PaymentId;
use crate::money::Kes;
use crate::payment::{Method, Money, Payment};
use crate::session::{PaymentStatus, SessionState};
use crate::time::Timestamp;

impl Case {
    /// Hears of money that names the session and no prompt: a C2B confirmation, a claim, an assignment.
    ///
    /// M-Pesa confirms a paid prompt by C2B as well, so money that looks like a prompt's whose receipt is
    /// not yet known is taken for it, until M-Pesa's own word says otherwise.
    pub fn hear_money(&mut self, money: Money, now: Timestamp, new_payment: PaymentId) -> Verdict {
        if self.payment_with_receipt(&money).is_some() {
            return Verdict::quiet(Outcome::AlreadyCredited);
        }
        let Some(amount) = money.amount else {
            return Verdict::quiet(Outcome::Doubted("the money has no amount"));
        };
        if let Some(at) = self.prompt_payment_without_receipt(&money, amount) {
            let payment = &mut self.payments[at];
            payment.receipt = money.receipt;
            payment.inferred = true;
            payment.paid_at = money.paid_at.unwrap_or(payment.paid_at);
            payment.payer_masked = payment.payer_masked.take().or(money.payer_masked);
            return Verdict::quiet(Outcome::AlreadyCredited);
        }
        self.credit(None, money, amount, now, new_payment)
    }

    /// Hears of money for the attempt at `at`, whose names and amount fit.
    pub(super) fn credit_attempt(&mut self, at: usize, money: Money, now: Timestamp, new_payment: PaymentId) -> Verdict {
        let attempt = &mut self.attempts[at];
        let id = attempt.id;
        let amount = money.amount.unwrap_or(attempt.amount);
        attempt.state = attempt.state.clone().paid(now);
        attempt.blocks = false;
        let known = self.payment_with_receipt(&money);
        let own = self.payments.iter().position(|payment| payment.attempt == Some(id));
        let verdict = match (known, own) {
            (Some(known), own) => self.tie(known, own, id),
            (None, Some(own)) if self.payments[own].receipt.is_none() || money.receipt.is_none() => {
                self.complete_receipt(own, money);
                Verdict::quiet(Outcome::AlreadyCredited)
            }
            (None, Some(own)) if self.payments[own].inferred => {
                self.untie(own);
                self.credit(Some(at), money, amount, now, new_payment)
            }
            // One prompt moves money once: a second receipt for it is nothing that M-Pesa says.
            (None, Some(_)) => return self.doubt(at, "a second receipt for a prompt that is paid"),
            (None, None) => match self.payment_that_may_be_the_prompts(at, &money, amount) {
                Some(other) => {
                    self.payments[other].attempt = Some(id);
                    self.payments[other].inferred = true;
                    Verdict::quiet(Outcome::AlreadyCredited)
                }
                None => self.credit(Some(at), money, amount, now, new_payment),
            },
        };
        self.refresh();
        verdict
    }

    /// The receipt is on the books: it is this prompt's. What was taken for the prompt's before stands alone.
    fn tie(&mut self, known: usize, own: Option<usize>, id: crate::id::AttemptId) -> Verdict {
        if let Some(own) = own.filter(|&own| own != known) {
            self.untie(own);
        }
        let payment = &mut self.payments[known];
        if payment.attempt.is_none_or(|tied| tied == id) {
            payment.attempt = Some(id);
            payment.inferred = false;
            payment.method = Method::MpesaStk;
        }
        Verdict::quiet(Outcome::AlreadyCredited)
    }

    fn untie(&mut self, at: usize) {
        let payment = &mut self.payments[at];
        payment.attempt = None;
        payment.inferred = false;
        payment.method = Method::MpesaPaybill;
    }

    fn complete_receipt(&mut self, at: usize, money: Money) {
        let payment = &mut self.payments[at];
        if let Some(receipt) = money.receipt {
            payment.receipt = Some(receipt);
            payment.inferred = false;
            payment.paid_at = money.paid_at.unwrap_or(payment.paid_at);
            payment.payer_masked = money.payer_masked.or(payment.payer_masked.take());
        }
    }

    fn payment_with_receipt(&self, money: &Money) -> Option<usize> {
        let receipt = money.receipt.as_ref()?;
        self.payments.iter().position(|payment| payment.receipt.as_ref() == Some(receipt))
    }

    /// A prompt that a query called paid has no receipt: the first fitting C2B confirmation brings it.
    fn prompt_payment_without_receipt(&self, money: &Money, amount: Kes) -> Option<usize> {
        self.payments.iter().position(|payment| {
            payment.receipt.is_none()
                && payment.amount == amount
                && self.attempts.iter().any(|attempt| {
                    Some(attempt.id) == payment.attempt && same_tail(&attempt.phone_tail, money.payer_tail.as_deref())
                })
        })
    }

    /// A query says that the prompt is paid, without a receipt, and money of that amount came by C2B since it went out.
    fn payment_that_may_be_the_prompts(&self, at: usize, money: &Money, amount: Kes) -> Option<usize> {
        if money.receipt.is_some() {
            return None;
        }
        let attempt = &self.attempts[at];
        self.payments.iter().position(|payment| {
            payment.attempt.is_none()
                && payment.amount == amount
                && payment.paid_at >= attempt.created_at
                && same_tail(&attempt.phone_tail, payment.payer_masked.as_deref())
        })
    }

    fn credit(&mut self, at: Option<usize>, money: Money, amount: Kes, now: Timestamp, id: PaymentId) -> Verdict {
        let attempt = at.map(|at| self.attempts[at].id);
        self.payments.push(Payment {
            id,
            receipt: money.receipt,
            amount,
            method: money.method,
            source: money.source,
            attempt,
            inferred: false,
            payer_masked: money.payer_masked,
            paid_at: money.paid_at.unwrap_or(now),
        });
        let was_paid = self.session.due() == Kes::ZERO;
        self.session.received = self.session.received.plus(amount);
        let mut events = vec![told(EventType::PaymentSucceeded, Subject::Payment(id))];
        self.tell_of_the_sum(was_paid, now, &mut events);
        events.extend(was_paid.then_some(told(EventType::PaymentDuplicateDetected, Subject::Payment(id))));
        Verdict::telling(Outcome::Credited(id), events)
    }

    fn tell_of_the_sum(&mut self, was_paid: bool, now: Timestamp, events: &mut Vec<Told>) {
        let status = self.session.payment_status();
        if self.session.state.is_payable() {
            if self.session.due() == Kes::ZERO {
                self.session.state = SessionState::Complete { at: now };
                events.push(told(EventType::SessionCompleted, Subject::Session));
                for attempt in &mut self.attempts {
                    attempt.blocks = false;
                }
            } else {
                events.push(told(EventType::SessionPartiallyPaid, Subject::Session));
            }
        } else if !was_paid || self.session.state.completed_at().is_none() {
            events.push(told(EventType::SessionLatePayment, Subject::Session));
        }
        if status == PaymentStatus::Overpaid {
            events.push(told(EventType::SessionOverpaid, Subject::Session));
        }
    }
}

/// Whether the digits that Safaricom left visible are those of the phone that was asked.
/// A hash or nothing at all contradicts nothing.
fn same_tail(phone_tail: &str, said: Option<&str>) -> bool {
    let Some(said) = said else { return true };
    let tail: String = said.chars().rev().take_while(char::is_ascii_digit).collect();
    let shared = tail.len().min(phone_tail.len());
    if said.len() > 20 || shared < 3 {
        return true;
    }
    phone_tail.chars().rev().take(shared).eq(tail.chars().take(shared))
}
