//! What moves on a page: how much of the prompt's minute is left, when the button comes back, when to look again.

use std::time::Duration;

use kaunta_domain::case::Phase;
use kaunta_domain::limits::PROMPT_BLOCKS;
use kaunta_payments::Page;

/// A little later than the moment itself, so that what is looked for has happened: milliseconds.
const AFTER: u64 = 700;

/// The clocks of a page, measured from the moment that it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Timing {
    /// Until the prompt disappears from the phone; nothing where none is out.
    pub(super) left: Option<Duration>,
    /// Until the button comes back.
    pub(super) back: Option<Duration>,
    /// Until something changes by time alone.
    pub(super) look: Option<Duration>,
    /// Until M-Pesa is asked again.
    pub(super) ask: Option<Duration>,
    /// Whether the steps of paying by hand are due by themselves.
    pub(super) by_hand: bool,
    /// Whether another prompt may be tried although nobody knows about the last.
    pub(super) another: bool,
}

impl Timing {
    pub(super) fn of(page: &Page) -> Self {
        let until =
            |at: kaunta_domain::time::Timestamp| Some(at.since(page.now)).filter(|wait| !wait.is_zero());
        let by_hand_in = page.by_hand_from.and_then(until);
        let mut timing = Self {
            by_hand: page.by_hand_from.is_some() && by_hand_in.is_none(),
            ..Self::default()
        };
        let mut looks = vec![by_hand_in];
        if let Some(attempt) = &page.attempt {
            let silent_until = attempt.created_at + PROMPT_BLOCKS;
            match page.phase {
                Phase::Waiting => {
                    timing.left = until(attempt.prompt_ends_at);
                    looks.push(timing.left);
                }
                Phase::Failed(_) | Phase::PartlyPaid => timing.back = attempt.retry_at.and_then(until),
                _ => {}
            }
            if timing.is_checking(page.phase) {
                timing.ask = attempt.ask_next_at.and_then(until);
                timing.another = until(silent_until).is_none();
                looks.extend([timing.ask, until(silent_until)]);
            }
        }
        timing.look = looks.into_iter().flatten().min();
        timing
    }

    /// Whether the page says that nobody knows: also when a prompt has left the phone and no word came.
    pub(super) fn is_checking(&self, phase: Phase) -> bool {
        phase == Phase::Checking || (phase == Phase::Waiting && self.left.is_none())
    }

    /// When the page looks again: milliseconds.
    pub(super) fn look_millis(&self) -> Option<u64> {
        self.look.map(|wait| millis(wait) + AFTER)
    }
}

/// Whole milliseconds.
pub(super) fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// Whole seconds, rounded up: `1` is the last one that is shown.
pub(super) fn seconds(wait: Duration) -> u64 {
    millis(wait).div_ceil(1000)
}
