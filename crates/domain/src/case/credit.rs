//! Money onto the books: once, whatever way it comes, in whatever order.

use super::books::{self, Arrived};
use super::{Case, Outcome, Subject, Told, Verdict, told};
use crate::event::EventType;
use crate::id::{AttemptId, PaymentId};
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
        let Some(amount) = money.amount else {
            return Verdict::quiet(Outcome::Doubted("the money has no amount"));
        };
        if self.payment_with_receipt(&money).is_some() {
            return Verdict::quiet(Outcome::AlreadyCredited);
        }
        let arrived = Arrived {
            payment: payment(new_payment, None, money, amount, now),
        };
        self.enter(Some(arrived), now, new_payment)
    }

    /// Hears of money for the attempt at `at`, whose names and amount fit.
    pub(super) fn credit_attempt(
        &mut self,
        at: usize,
        money: Money,
        now: Timestamp,
        new_payment: PaymentId,
    ) -> Verdict {
        let (id, amount) = (self.attempts[at].id, self.attempts[at].amount);
        let known = self.payment_with_receipt(&money);
        if let Some(reason) = self.contradiction(id, known, &money) {
            return self.doubt(at, reason);
        }
        let attempt = &mut self.attempts[at];
        attempt.state = attempt.state.clone().paid(now);
        attempt.blocks = false;
        let arrived = match (known, money.receipt.is_some()) {
            (Some(known), _) => {
                let payment = &mut self.payments[known];
                payment.attempt = Some(id);
                payment.inferred = false;
                payment.method = Method::MpesaStk;
                None
            }
            (None, true) => Some(Arrived {
                payment: payment(new_payment, Some(id), money, amount, now),
            }),
            (None, false) => None,
        };
        let verdict = self.enter(arrived, now, new_payment);
        self.refresh();
        verdict
    }

    /// One prompt moves money once, under one receipt.
    fn contradiction(&self, id: AttemptId, known: Option<usize>, money: &Money) -> Option<&'static str> {
        let others = known.is_some_and(|known| {
            let payment = &self.payments[known];
            !payment.inferred && payment.attempt.is_some_and(|tied| tied != id)
        });
        if others {
            return Some("the receipt is another prompt's");
        }
        let certain = |payment: &&Payment| {
            payment.attempt == Some(id) && payment.receipt.is_some() && !payment.inferred
        };
        let own = self.payments.iter().find(certain)?;
        (money.receipt.is_some() && own.receipt != money.receipt)
            .then_some("a second receipt for a prompt that is paid")
    }

    /// Brings the books in order with what arrived, and tells of money that is new to them.
    fn enter(&mut self, arrived: Option<Arrived>, now: Timestamp, new_payment: PaymentId) -> Verdict {
        let was_paid = self.session.due() == Kes::ZERO;
        let credited = books::balance(self, arrived, now, new_payment);
        self.session.received = self.payments.iter().map(|payment| payment.amount).sum();
        let Some(id) = credited else {
            return Verdict::quiet(Outcome::AlreadyCredited);
        };
        let mut events = vec![told(EventType::PaymentSucceeded, Subject::Payment(id))];
        self.tell_of_the_sum(was_paid, now, &mut events);
        events.extend(was_paid.then_some(told(EventType::PaymentDuplicateDetected, Subject::Payment(id))));
        Verdict::telling(Outcome::Credited(id), events)
    }

    fn payment_with_receipt(&self, money: &Money) -> Option<usize> {
        let receipt = money.receipt.as_ref()?;
        self.payments
            .iter()
            .position(|payment| payment.receipt.as_ref() == Some(receipt))
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

fn payment(id: PaymentId, attempt: Option<AttemptId>, money: Money, asked: Kes, now: Timestamp) -> Payment {
    Payment {
        id,
        receipt: money.receipt,
        amount: money.amount.unwrap_or(asked),
        method: money.method,
        source: money.source,
        attempt,
        inferred: false,
        payer_masked: money.payer_masked.or(money.payer_tail),
        paid_at: money.paid_at.unwrap_or(now),
    }
}
