//! One push from its acceptance to its result.

use crate::clock::UnixMs;
use crate::dice::CallbackFate;
use crate::outbox::Kind;
use crate::results::{ResultText, result};
use crate::script::{self, Asking, Outcome, PAID, Plan, Shape, Telling};
use crate::sms;
use crate::state::money::{MoneyKind, Moved};
use crate::state::{State, millis};

/// The most that one payment may be, in whole shillings.
pub(crate) const MAX_AMOUNT: i64 = 250_000;

/// The longest text that a prompt can carry.
const MAX_PROMPT_CHARS: usize = 182;

/// How long the same amount from the same phone is refused after a payment.
const REPEAT_WINDOW_MS: UnixMs = 120_000;

/// A request that passed every check of the gateway.
pub(crate) struct Asked {
    pub(crate) shortcode: usize,
    pub(crate) transaction_type: String,
    pub(crate) party_b: String,
    pub(crate) amount: i64,
    pub(crate) msisdn: String,
    pub(crate) callback_url: String,
    pub(crate) account: String,
}

/// Where a push stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// On its way to, or on, the phone.
    Out { expires_at: UnixMs },
    /// Decided.
    Done {
        result: ResultText,
        receipt: Option<String>,
    },
    /// Will never be decided.
    Stuck,
}

/// Whether the phone shows the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Shown,
    /// Ignored by the person, or never arrived.
    Hidden,
}

/// One push.
pub(crate) struct Push {
    pub(crate) merchant_id: String,
    pub(crate) checkout_id: String,
    pub(crate) asked: Asked,
    pub(crate) asked_at: UnixMs,
    pub(crate) plan: Plan,
    pub(super) fate: CallbackFate,
    /// A result that no person can change: the phone never sees a prompt, or the script decides.
    pub(crate) decided: Option<Outcome>,
    pub(crate) screen: Screen,
    pub(crate) phase: Phase,
    /// How often it was asked about while out.
    pub(crate) queries: u32,
    /// When its timer is set.
    pub(crate) timer_at: UnixMs,
}

impl Push {
    /// Of the money that it moved.
    pub(crate) fn receipt(&self) -> Option<&String> {
        match &self.phase {
            Phase::Done { receipt, .. } => receipt.as_ref(),
            Phase::Out { .. } | Phase::Stuck => None,
        }
    }
}

/// The sentence on the screen.
pub(crate) fn prompt_text(amount: i64, business: &str, account: &str) -> String {
    let amount = sms::money(amount).replacen("KSH", "Ksh", 1);
    format!("Do you want to pay {amount} to {business} Account no. {account}?")
}

impl State {
    /// What the script has for this push; `None` leaves it to the phone.
    pub(crate) fn script_for(&mut self, asked: &Asked) -> Option<Plan> {
        if let Some(row) = self.scripted.pop_front() {
            return Some(row.plan);
        }
        let now = self.now();
        if self.handset(&asked.msisdn).attended_until > now {
            return None;
        }
        let row = script::by_msisdn(&asked.msisdn).or_else(|| {
            let magic = self.config.switches.magic_amounts && self.anyone_attended_until <= now;
            if magic {
                script::by_amount(asked.amount)
            } else {
                None
            }
        });
        row.map(|row| row.plan)
    }

    /// Takes a push, and gives its place.
    pub(crate) fn accept_push(&mut self, asked: Asked, script: Option<Plan>) -> usize {
        let now = self.now();
        let (faults, vary) = (self.faults, self.config.switches.vary_callbacks);
        let (fate, variant) = (self.dice.callback(&faults), self.dice.variant());
        let mut plan = script.unwrap_or(PAID);
        if plan.telling == Telling::Once {
            plan.telling = fate.telling;
        }
        if plan.shape == Shape::Plain && vary && script.is_none() {
            plan.shape = variant;
        }
        let decided = self.decided_in_advance(&asked, script);
        let (screen, answer_at) = self.ring(&asked, decided, now);
        let push = Push {
            merchant_id: self.ids.request(),
            checkout_id: self.ids.checkout(now, &asked.msisdn),
            asked_at: now,
            plan,
            fate,
            decided,
            screen,
            phase: Phase::Out {
                expires_at: now + millis(self.config.pace.prompt_lifetime),
            },
            queries: 0,
            timer_at: answer_at,
            asked,
        };
        let index = self.pushes.len();
        self.ringing.insert(push.asked.msisdn.clone(), index);
        self.by_checkout.insert(push.checkout_id.clone(), index);
        self.pushes.push(push);
        self.set_timer(answer_at, index);
        self.touch();
        index
    }

    /// Results that do not depend on the person.
    fn decided_in_advance(&mut self, asked: &Asked, script: Option<Plan>) -> Option<Outcome> {
        if let Some(plan) = script {
            return Some(plan.outcome);
        }
        let code = self.rule_that_fails(asked);
        if let Some(code) = code {
            return Some(Outcome::NotPaid(code));
        }
        let now = self.now();
        let anyone = self.anyone_attended_until > now;
        let phone = self.handset(&asked.msisdn);
        if !phone.reachable {
            return Some(Outcome::NotPaid("1037"));
        }
        let attended = anyone || phone.attended_until > now;
        if attended { None } else { Some(Outcome::Paid) }
    }

    fn rule_that_fails(&self, asked: &Asked) -> Option<&'static str> {
        let shortcode = self.shortcode(asked.shortcode);
        let (expected, party) = match shortcode.kind {
            crate::ShortcodeKind::Paybill => ("CustomerPayBillOnline", &shortcode.number),
            crate::ShortcodeKind::Till { .. } => ("CustomerBuyGoodsOnline", &shortcode.number),
        };
        if asked.transaction_type != expected {
            return Some("2028");
        }
        if asked.party_b != *party {
            return Some("SFC_IC0003");
        }
        if asked.amount > MAX_AMOUNT {
            return Some("3");
        }
        if prompt_text(asked.amount, &shortcode.name, &asked.account)
            .chars()
            .count()
            > MAX_PROMPT_CHARS
        {
            return Some("1025");
        }
        let since = self.now() - REPEAT_WINDOW_MS;
        let repeated = self.config.switches.repeat_rule
            && self
                .ledger
                .iter()
                .rev()
                .take_while(|entry| entry.at >= since)
                .any(|entry| {
                    entry.kind == MoneyKind::Stk
                        && entry.amount == asked.amount
                        && entry.msisdn == asked.msisdn
                });
        repeated.then_some("17")
    }

    /// Whether the phone shows it, and when it is decided if nobody does anything.
    fn ring(&mut self, asked: &Asked, decided: Option<Outcome>, now: UnixMs) -> (Screen, UnixMs) {
        let pace = self.config.pace;
        let reachable = self.handset(&asked.msisdn).reachable;
        match decided {
            None => (Screen::Shown, now + millis(pace.prompt_lifetime)),
            Some(Outcome::Paid | Outcome::Stuck) => (Screen::Shown, now + millis(pace.answer)),
            Some(Outcome::NotPaid(_)) if !reachable => (Screen::Hidden, now + millis(pace.unreachable)),
            Some(Outcome::NotPaid(_)) => (Screen::Hidden, now + millis(pace.answer)),
        }
    }

    /// The time of a push has come: by plan, or because nobody answered.
    pub(crate) fn push_timer(&mut self, index: usize, at: UnixMs) {
        if !matches!(self.pushes[index].phase, Phase::Out { .. }) {
            return;
        }
        match self.pushes[index].decided {
            Some(Outcome::Paid) => self.answer_unattended(index, at),
            Some(Outcome::NotPaid(code)) => self.fail_push(index, code, at),
            Some(Outcome::Stuck) => {
                self.pushes[index].phase = Phase::Stuck;
                self.stop_ringing(index);
            }
            None => self.fail_push(index, "1037", at),
        }
    }

    /// A phone that nobody attends approves, if it can.
    fn answer_unattended(&mut self, index: usize, at: UnixMs) {
        let (msisdn, amount) = (
            self.pushes[index].asked.msisdn.clone(),
            self.pushes[index].asked.amount,
        );
        let phone = self.handset(&msisdn);
        if phone.pin_locked {
            return self.fail_push(index, "8006", at);
        }
        if phone.balance < amount {
            if phone.balance_fixed {
                return self.fail_push(index, "1", at);
            }
            phone.balance = crate::handset::MAX_BALANCE;
        }
        self.pay_push(index, at);
    }

    fn stop_ringing(&mut self, index: usize) {
        let msisdn = &self.pushes[index].asked.msisdn;
        if self.ringing.get(msisdn) == Some(&index) {
            let msisdn = msisdn.clone();
            self.ringing.remove(&msisdn);
        }
        self.touch();
    }

    /// The money of a push moves, and everyone who should hear of it does.
    pub(crate) fn pay_push(&mut self, index: usize, at: UnixMs) {
        self.clear_timer(index);
        let push = &self.pushes[index];
        let (msisdn, amount, account) = (
            push.asked.msisdn.clone(),
            push.asked.amount,
            push.asked.account.clone(),
        );
        let shortcode = push.asked.shortcode;
        let receipt = self.ids.receipt(at);
        let moved = Moved {
            receipt: receipt.clone(),
            shortcode,
            amount,
            account,
            msisdn,
            at,
            kind: MoneyKind::Stk,
        };
        self.move_money(&moved);
        self.pushes[index].phase = Phase::Done {
            result: result("0"),
            receipt: Some(receipt),
        };
        self.stop_ringing(index);
        self.tell(index, at);
        let silent = self.pushes[index].plan.telling == Telling::AllLost;
        if self.config.switches.c2b_after_stk && !silent {
            self.confirm_c2b(&moved, "");
        }
    }

    /// A push ends without money.
    pub(crate) fn fail_push(&mut self, index: usize, code: &'static str, at: UnixMs) {
        self.clear_timer(index);
        self.pushes[index].phase = Phase::Done {
            result: result(code),
            receipt: None,
        };
        self.stop_ringing(index);
        let (msisdn, amount) = (
            self.pushes[index].asked.msisdn.clone(),
            self.pushes[index].asked.amount,
        );
        let phone = self.handset(&msisdn);
        if let Some(text) = sms::failure(code, amount, phone.balance) {
            phone.receive_sms(text, at);
        }
        self.tell(index, at);
    }

    /// Settles at once a push whose callback must be there before its answer, and gives the callbacks to wait for.
    pub(crate) fn settle_before_answer(&mut self, index: usize) -> Vec<u64> {
        let push = &self.pushes[index];
        if push.plan.telling != Telling::BeforeAnswer || push.decided.is_none() {
            return Vec::new();
        }
        let (now, first) = (self.now(), self.next_outgoing);
        self.clear_timer(index);
        self.push_timer(index, now);
        let callbacks = self
            .outbox
            .values()
            .filter(|o| o.id >= first && o.kind == Kind::StkCallback);
        callbacks.map(|outgoing| outgoing.id).collect()
    }

    /// A prompt that was put away is decided by its age alone.
    pub(crate) fn leave_to_expire(&mut self, index: usize) {
        if let Phase::Out { expires_at } = self.pushes[index].phase {
            self.clear_timer(index);
            self.pushes[index].decided = None;
            self.set_timer(expires_at, index);
        }
    }

    /// Whether a query must say 1037 about a payment that will succeed.
    pub(crate) fn fails_too_early(&self, index: usize) -> bool {
        self.pushes[index].plan.asking == Asking::FailureTooEarly
    }
}
