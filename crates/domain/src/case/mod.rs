//! One session with its attempts and payments, and the rules by which news moves it.
//!
//! This is where the laws of money stand: pure, so that they can be tried on every order of events.
//! Money news wins over every earlier verdict; timers change what the shopper sees and never what is paid.

mod books;
mod credit;
mod phase;
#[cfg(test)]
mod tests;

pub use phase::Phase;

use crate::attempt::{Attempt, Ending};
use crate::event::EventType;
use crate::failure::Failure;
use crate::id::{AttemptId, PaymentId};
use crate::limits::{PROMPT_BLOCKS, QUERY_FAILURE_AGE};
use crate::payment::{Money, Payment, Source};
use crate::session::{Session, SessionState};
use crate::time::Timestamp;

/// A session with all that hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The session.
    pub session: Session,
    /// Its prompts, oldest first.
    pub attempts: Vec<Attempt>,
    /// Its money, oldest first.
    pub payments: Vec<Payment>,
}

/// M-Pesa's names for a prompt as a message carries them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids {
    /// `CheckoutRequestID`.
    pub checkout: Option<String>,
    /// `MerchantRequestID`.
    pub merchant: Option<String>,
}

/// All that can be learnt of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The push was taken.
    Accepted(Ids),
    /// The push was refused: no prompt went out.
    Refused(Failure),
    /// The push's answer was lost: a prompt may be out.
    AnswerLost,
    /// Money moved.
    Paid(Ids, Money),
    /// A message claims success and carries no receipt.
    ClaimsPaid(Ids),
    /// No money moved.
    NotPaid {
        /// The names the message carries.
        ids: Ids,
        /// How it ended.
        ending: Ending,
        /// Why.
        failure: Failure,
        /// Who says so.
        source: Source,
    },
    /// A code that nobody knows.
    Baffling(Ids, Failure),
    /// The asking came to its end without a word.
    Silence,
}

/// What news did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In one word, kept with the evidence.
    pub outcome: Outcome,
    /// What the merchant is told.
    pub events: Vec<Told>,
    /// Whether M-Pesa is to be asked at once.
    pub ask_now: bool,
}

/// What a merchant is told: the type, and the thing it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The type.
    pub kind: EventType,
    /// The thing.
    pub about: Subject,
}

/// The thing an event carries whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The session.
    Session,
    /// One attempt.
    Attempt(AttemptId),
    /// One payment.
    Payment(PaymentId),
}

/// What news did, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A payment came onto the books.
    Credited(PaymentId),
    /// The money was on the books already.
    AlreadyCredited,
    /// The attempt moved.
    Moved,
    /// Nothing changed: said before, or too early to be believed.
    Unchanged,
    /// It does not fit and was not believed.
    Doubted(&'static str),
}

impl Outcome {
    /// The word that is kept with the evidence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credited(_) => "credited",
            Self::AlreadyCredited => "already_credited",
            Self::Moved => "moved",
            Self::Unchanged => "unchanged",
            Self::Doubted(_) => "needs_review",
        }
    }
}

impl Verdict {
    pub(crate) fn quiet(outcome: Outcome) -> Self {
        Self {
            outcome,
            events: Vec::new(),
            ask_now: false,
        }
    }

    pub(crate) fn telling(outcome: Outcome, events: Vec<Told>) -> Self {
        Self {
            outcome,
            events,
            ask_now: false,
        }
    }
}

impl Case {
    /// Hears news of the attempt `id`. `new_payment` names the payment if one comes of it.
    ///
    /// The caller has made sure that a receipt in the news is not on the books of another session.
    pub fn hear(&mut self, id: AttemptId, news: News, now: Timestamp, new_payment: PaymentId) -> Verdict {
        let Some(at) = self.attempts.iter().position(|attempt| attempt.id == id) else {
            return Verdict::quiet(Outcome::Doubted("no such attempt in this session"));
        };
        match news {
            News::Accepted(ids) => self.accepted(at, ids),
            News::Refused(failure) => self.not_paid(at, Ending::Failed, failure, now),
            News::AnswerLost | News::Silence => self.silent(at),
            News::Paid(ids, money) => match self.misfit(at, &ids, Some(&money)) {
                None => {
                    self.adopt(at, ids);
                    self.credit_attempt(at, money, now, new_payment)
                }
                Some(reason) => self.doubt(at, reason),
            },
            News::ClaimsPaid(ids) => match self.misfit(at, &ids, None) {
                None => Verdict {
                    ask_now: self.attempts[at].state.is_pending(),
                    ..Verdict::quiet(Outcome::Unchanged)
                },
                Some(reason) => self.doubt(at, reason),
            },
            News::NotPaid {
                ids,
                ending,
                failure,
                source,
            } => {
                if self.is_too_early(at, source, now) || self.misfit(at, &ids, None).is_some() {
                    return Verdict::quiet(Outcome::Unchanged);
                }
                self.adopt(at, ids);
                self.not_paid(at, ending, failure, now)
            }
            News::Baffling(ids, failure) => self.baffled(at, &ids, failure),
        }
    }

    /// Lets time pass: opens the session again where a prompt stayed silent, and closes it when its time is over.
    /// A session with a prompt out does not close: its money may be on the way.
    pub fn pass_time(&mut self, now: Timestamp) -> Verdict {
        let mut moved = false;
        for attempt in &mut self.attempts {
            if attempt.blocks && now >= attempt.created_at + PROMPT_BLOCKS {
                attempt.blocks = false;
                moved = true;
            }
        }
        self.refresh();
        if self.session.state == SessionState::Open && now >= self.session.expires_at {
            return self.expire();
        }
        Verdict::quiet(if moved { Outcome::Moved } else { Outcome::Unchanged })
    }

    /// Closes a session that is open or has a prompt out; money that comes later is still caught.
    pub fn expire(&mut self) -> Verdict {
        self.session.state = SessionState::Expired;
        for attempt in &mut self.attempts {
            attempt.blocks = false;
        }
        Verdict::telling(
            Outcome::Moved,
            vec![told(EventType::SessionExpired, Subject::Session)],
        )
    }

    /// A prompt is about to be sent; its row is written with this.
    pub fn begin(&mut self, attempt: Attempt) {
        self.attempts.push(attempt);
        self.refresh();
    }

    /// The prompt that keeps another from being sent.
    pub fn blocking_attempt(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.blocks)
    }

    /// Stops the process rather than let a broken law reach the books: asked for before every write.
    ///
    /// # Panics
    /// Where the sums do not add up, a complete session is not paid, or two prompts are out.
    pub fn assert_sound(&self) {
        let sum: crate::money::Kes = self.payments.iter().map(|payment| payment.amount).sum();
        assert!(
            sum == self.session.received,
            "amount_received is the sum of the payments"
        );
        let complete = self.session.state.completed_at().is_some();
        assert!(
            !complete || self.session.received >= self.session.amount,
            "a complete session is paid"
        );
        assert!(
            self.attempts.iter().filter(|attempt| attempt.blocks).count() <= 1,
            "one prompt at a time"
        );
        let processing = self.session.state == SessionState::Processing;
        assert!(
            !processing || self.blocking_attempt().is_some(),
            "processing means that a prompt is out"
        );
    }

    fn accepted(&mut self, at: usize, ids: Ids) -> Verdict {
        self.adopt(at, ids);
        let attempt = &mut self.attempts[at];
        let before = attempt.state.name();
        attempt.state = attempt.state.clone().accepted();
        if attempt.state.name() == before {
            return Verdict::quiet(Outcome::Moved);
        }
        let about = Subject::Attempt(attempt.id);
        self.refresh();
        Verdict::telling(
            Outcome::Moved,
            vec![
                told(EventType::AttemptAwaitingPin, about),
                told(EventType::SessionProcessing, Subject::Session),
            ],
        )
    }

    fn not_paid(&mut self, at: usize, ending: Ending, failure: Failure, now: Timestamp) -> Verdict {
        let attempt = &mut self.attempts[at];
        let Ok(state) = attempt.state.clone().not_paid(ending, failure, now) else {
            return Verdict::quiet(Outcome::Unchanged);
        };
        attempt.state = state;
        attempt.blocks = false;
        let about = Subject::Attempt(attempt.id);
        self.refresh();
        Verdict::telling(Outcome::Moved, vec![told(EventType::AttemptFailed, about)])
    }

    /// The attempt becomes `unknown`. It goes on keeping the next prompt back until [`PROMPT_BLOCKS`] is over.
    fn silent(&mut self, at: usize) -> Verdict {
        let attempt = &mut self.attempts[at];
        let Ok(state) = attempt.state.clone().silent() else {
            return Verdict::quiet(Outcome::Unchanged);
        };
        attempt.state = state;
        let about = Subject::Attempt(attempt.id);
        self.refresh();
        Verdict::telling(Outcome::Moved, vec![told(EventType::AttemptUnknown, about)])
    }

    fn baffled(&mut self, at: usize, ids: &Ids, failure: Failure) -> Verdict {
        if self.misfit(at, ids, None).is_some() {
            return Verdict::quiet(Outcome::Unchanged);
        }
        let attempt = &mut self.attempts[at];
        let was_unknown = matches!(attempt.state, crate::attempt::AttemptState::Unknown { .. });
        let Ok(state) = attempt.state.clone().baffled(failure) else {
            return Verdict::quiet(Outcome::Unchanged);
        };
        attempt.state = state;
        let about = Subject::Attempt(attempt.id);
        let events = if was_unknown {
            Vec::new()
        } else {
            vec![told(EventType::AttemptUnknown, about)]
        };
        Verdict {
            ask_now: true,
            ..Verdict::telling(Outcome::Moved, events)
        }
    }

    fn doubt(&mut self, at: usize, reason: &'static str) -> Verdict {
        let attempt = &mut self.attempts[at];
        let mut events = Vec::new();
        if let Ok(state) = attempt.state.clone().doubted(reason) {
            attempt.state = state;
        }
        events.push(told(EventType::PaymentNeedsReview, Subject::Attempt(attempt.id)));
        self.refresh();
        Verdict {
            ask_now: self.attempts[at].state.is_pending(),
            ..Verdict::telling(Outcome::Doubted(reason), events)
        }
    }

    /// Why a message does not fit the attempt it came for.
    fn misfit(&self, at: usize, ids: &Ids, money: Option<&Money>) -> Option<&'static str> {
        let attempt = &self.attempts[at];
        let differs = |known: &Option<String>, said: &Option<String>| {
            known
                .as_ref()
                .zip(said.as_ref())
                .is_some_and(|(known, said)| known != said)
        };
        if differs(&attempt.checkout_request_id, &ids.checkout) {
            return Some("the CheckoutRequestID is another prompt's");
        }
        if differs(&attempt.merchant_request_id, &ids.merchant) {
            return Some("the MerchantRequestID is another prompt's");
        }
        let money = money?;
        if money.source == Source::Callback && ids.checkout.is_none() {
            return Some("the callback carries no CheckoutRequestID");
        }
        (money.amount.is_some_and(|amount| amount != attempt.amount))
            .then_some("the amount is not the one asked for")
    }

    /// A query's "failed" about a young prompt is not believed: payments were seen to succeed after it.
    fn is_too_early(&self, at: usize, source: Source, now: Timestamp) -> bool {
        source == Source::StkQuery && now.since(self.attempts[at].created_at) < QUERY_FAILURE_AGE
    }

    fn adopt(&mut self, at: usize, ids: Ids) {
        let attempt = &mut self.attempts[at];
        attempt.checkout_request_id = attempt.checkout_request_id.take().or(ids.checkout);
        attempt.merchant_request_id = attempt.merchant_request_id.take().or(ids.merchant);
    }

    /// `open` and `processing` follow from whether a prompt is out.
    fn refresh(&mut self) {
        if self.session.state.is_payable() {
            let out = self.attempts.iter().any(|attempt| attempt.blocks);
            self.session.state = if out {
                SessionState::Processing
            } else {
                SessionState::Open
            };
        }
    }
}

pub(crate) fn told(kind: EventType, about: Subject) -> Told {
    Told { kind, about }
}
