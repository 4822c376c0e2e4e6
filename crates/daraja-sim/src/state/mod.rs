//! Everything that this Safaricom knows, behind one lock.
//!
//! Nothing in here waits. What will happen by itself is a timer; [`State::run_timers`] catches up with the
//! hour whenever somebody looks, so a clock that stands still makes a simulator that stands still.

pub(crate) mod business;
pub(crate) mod menu;
pub(crate) mod money;
pub(crate) mod person;
pub(crate) mod push;
mod telling;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::clock::{Clock, UnixMs, machine_now};
use crate::config::{Callbacks, Config, Faults, Shortcode};
use crate::dice::Dice;
use crate::handset::Handset;
use crate::ids::Ids;
use crate::outbox::Outgoing;
use crate::script::Row;
use money::LedgerEntry;
use push::Push;

/// What every merchant's utility account holds at the start, in whole shillings.
const STARTING_FLOAT: i64 = 100_000;

/// A token that was given out.
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) expires_at: UnixMs,
}

/// URLs that a merchant registered for C2B.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    pub(crate) hiding: crate::callback::Hiding,
    /// What happens where the validation URL does not answer.
    pub(crate) unanswered: Unanswered,
    pub(crate) confirmation: String,
    pub(crate) validation: String,
}

/// `ResponseType` of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    Completed,
    Cancelled,
}

/// The whole state.
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) faults: Faults,
    pub(crate) ids: Ids,
    pub(crate) dice: Dice,
    /// By consumer key: one live token each, since a new one voids the one before.
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) pushes: Vec<Push>,
    pub(crate) by_checkout: HashMap<String, usize>,
    /// By MSISDN: the push that is out on that phone.
    pub(crate) ringing: HashMap<String, usize>,
    pub(crate) handsets: BTreeMap<String, Handset>,
    /// Until when somebody looks at whatever phone gets a prompt.
    pub(crate) anyone_attended_until: UnixMs,
    /// By shortcode number.
    pub(crate) registrations: HashMap<String, Registration>,
    pub(crate) ledger: Vec<LedgerEntry>,
    /// By shortcode number: the utility account. Read it by [`State::org_balance`].
    org_balances: HashMap<String, i64>,
    /// By due time, then by number.
    pub(crate) outbox: BTreeMap<(UnixMs, u64), Outgoing>,
    pub(crate) next_outgoing: u64,
    /// By `OriginatorConversationID`: the receipt, where money moved.
    pub(crate) conversations: HashMap<String, Option<String>>,
    /// Shortcodes that may pull.
    pub(crate) pull_registered: HashSet<String>,
    pub(crate) query_times: VecDeque<UnixMs>,
    pub(crate) scripted: VecDeque<&'static Row>,
    timers: BTreeSet<(UnixMs, usize)>,
    fixed_now: Option<UnixMs>,
    /// Rises with every change that somebody could see.
    pub(crate) version: u64,
}

impl State {
    pub(crate) fn new(config: Config) -> Self {
        let fixed_now = match config.clock {
            Clock::Real => None,
            Clock::Fixed(at) => Some(at),
        };
        Self {
            faults: config.faults,
            ids: Ids::new(config.seed),
            dice: Dice::new(config.seed),
            tokens: HashMap::new(),
            pushes: Vec::new(),
            by_checkout: HashMap::new(),
            ringing: HashMap::new(),
            handsets: BTreeMap::new(),
            anyone_attended_until: UnixMs::MIN,
            registrations: HashMap::new(),
            ledger: Vec::new(),
            org_balances: HashMap::new(),
            outbox: BTreeMap::new(),
            next_outgoing: 1,
            conversations: HashMap::new(),
            pull_registered: HashSet::new(),
            query_times: VecDeque::new(),
            scripted: VecDeque::new(),
            timers: BTreeSet::new(),
            fixed_now,
            version: 1,
            config,
        }
    }

    /// The hour.
    pub(crate) fn now(&self) -> UnixMs {
        self.fixed_now.unwrap_or_else(machine_now)
    }

    /// Moves a clock that stands; a real one cannot be moved.
    pub(crate) fn set_now(&mut self, at: UnixMs) {
        if let Some(now) = &mut self.fixed_now {
            *now = at.max(*now);
            self.touch();
        }
    }

    /// Something that somebody could see has changed.
    pub(crate) fn touch(&mut self) {
        self.version += 1;
    }

    /// Does all that was due by now, in order.
    pub(crate) fn run_timers(&mut self) {
        let now = self.now();
        while let Some(&(at, index)) = self.timers.first()
            && at <= now
        {
            self.timers.pop_first();
            self.push_timer(index, at);
        }
    }

    pub(crate) fn set_timer(&mut self, at: UnixMs, push: usize) {
        self.pushes[push].timer_at = at;
        self.timers.insert((at, push));
    }

    pub(crate) fn clear_timer(&mut self, push: usize) {
        self.timers.remove(&(self.pushes[push].timer_at, push));
    }

    /// When something happens by itself next: a timer, or a callback that falls due.
    pub(crate) fn next_event(&self) -> Option<UnixMs> {
        let timer = self.timers.first().map(|&(at, _)| at);
        // What is held back leaves by somebody's hand, not by its time.
        let sends = self.config.callbacks == Callbacks::Send;
        let post = self.outbox.keys().next().map(|&(due, _)| due).filter(|_| sends);
        timer.into_iter().chain(post).min()
    }

    /// Whether the clock moves by itself.
    pub(crate) fn clock_runs(&self) -> bool {
        self.fixed_now.is_none()
    }

    /// The place of a merchant by the number that the API uses: the paybill, or the store of a till.
    pub(crate) fn shortcode_of_api(&self, number: &str) -> Option<usize> {
        self.config
            .shortcodes
            .iter()
            .position(|s| s.api_number() == number)
    }

    /// The place of a merchant by any of its numbers.
    pub(crate) fn shortcode_of_any(&self, number: &str) -> Option<usize> {
        self.config
            .shortcodes
            .iter()
            .position(|s| s.number == number || s.api_number() == number)
    }

    pub(crate) fn shortcode(&self, index: usize) -> &Shortcode {
        &self.config.shortcodes[index]
    }

    /// What a merchant's utility account holds.
    pub(crate) fn org_balance(&self, number: &str) -> i64 {
        self.org_balances.get(number).copied().unwrap_or(STARTING_FLOAT)
    }

    /// The same, to change it.
    pub(crate) fn org_account(&mut self, number: &str) -> &mut i64 {
        self.org_balances
            .entry(number.to_owned())
            .or_insert(STARTING_FLOAT)
    }

    pub(crate) fn handset(&mut self, msisdn: &str) -> &mut Handset {
        self.handsets
            .entry(msisdn.to_owned())
            .or_insert_with(|| Handset::new(msisdn))
    }
}

/// A duration in the unit of the clock.
pub(crate) fn millis(duration: Duration) -> UnixMs {
    UnixMs::try_from(duration.as_millis()).unwrap_or(UnixMs::MAX / 4)
}
