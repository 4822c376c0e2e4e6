//! Chance, from the seed alone: which faults befall which request and which callback.
//!
//! Every request and every push draws the same number of times, whatever the probabilities are, so that
//! raising one fault does not move the others of a seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::config::Faults;
use crate::script::{Answering, Shape, Telling, Trouble};

/// What the dice decided about a callback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallbackFate {
    /// Replaces [`Telling::Once`].
    pub(crate) telling: Telling,
    /// Held back by this part of [`crate::Pace::reorder`], per mille.
    pub(crate) held_back: u16,
}

/// The generator of one simulator.
pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Another stream than that of the identifiers.
        Self(StdRng::seed_from_u64(seed ^ 0x5afa_21c0_4d1c_e000))
    }

    fn mille(&mut self) -> u16 {
        self.0.random_range(0..1000)
    }

    /// What befalls a request.
    pub(crate) fn request(&mut self, faults: &Faults) -> Answering {
        let rolls = [
            self.mille(),
            self.mille(),
            self.mille(),
            self.mille(),
            self.mille(),
        ];
        let choice = self.mille();
        if rolls[0] < faults.throttle {
            let kinds = [
                Trouble::SpikeArrest,
                Trouble::Busy,
                Trouble::Quota,
                Trouble::Incapsula,
            ];
            return Answering::Instead(kinds[usize::from(choice) % kinds.len()]);
        }
        if rolls[1] < faults.server_error {
            return match choice % 2 {
                0 => Answering::Instead(Trouble::ServerError),
                _ => Answering::After(Trouble::GatewayTimeout),
            };
        }
        if rolls[2] < faults.html_page {
            return match choice % 2 {
                0 => Answering::Instead(Trouble::HtmlPage),
                _ => Answering::After(Trouble::HtmlPage),
            };
        }
        if rolls[3] < faults.lost_answer {
            return Answering::After(Trouble::Silence);
        }
        if rolls[4] < faults.cut_body {
            return Answering::After(Trouble::CutBody);
        }
        Answering::Plain
    }

    /// What befalls the callback of a push.
    pub(crate) fn callback(&mut self, faults: &Faults) -> CallbackFate {
        let rolls = [
            self.mille(),
            self.mille(),
            self.mille(),
            self.mille(),
            self.mille(),
        ];
        let held_back = self.mille();
        let telling = if rolls[0] < faults.callback_before_answer {
            Telling::BeforeAnswer
        } else if rolls[1] < faults.lost {
            Telling::Lost
        } else if rolls[2] < faults.late {
            Telling::Late
        } else if rolls[3] < faults.duplicated {
            Telling::Twice
        } else {
            Telling::Once
        };
        CallbackFate {
            telling,
            held_back: if rolls[4] < faults.reordered { held_back } else { 0 },
        }
    }

    /// Whether a query about a finished push is answered by noise.
    pub(crate) fn query_noise(&mut self, faults: &Faults) -> Noise {
        if self.mille() < faults.query_noise {
            Noise::Error
        } else {
            Noise::None
        }
    }

    /// One of the variants of a success callback that were observed.
    pub(crate) fn variant(&mut self) -> Shape {
        match self.mille() % 5 {
            0 => Shape::BareBalance,
            1 => Shape::JavaBalance,
            2 => Shape::Shuffled,
            _ => Shape::Plain,
        }
    }
}

/// Whether a query is answered by noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noise {
    None,
    Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays_whatever_is_drawn() {
        let faults = Faults::villain();
        let run = |seed| {
            let mut dice = Dice::new(seed);
            let draw = |_| format!("{:?}{:?}", dice.request(&faults), dice.callback(&faults));
            (0..200).map(draw).collect::<Vec<_>>()
        };
        assert_eq!(run(11), run(11));
        assert_ne!(run(11), run(12));
    }

    #[test]
    fn without_faults_nothing_goes_wrong() {
        let mut dice = Dice::new(5);
        for _ in 0..1000 {
            assert_eq!(dice.request(&Faults::default()), Answering::Plain);
            assert_eq!(dice.callback(&Faults::default()).telling, Telling::Once);
        }
    }

    #[test]
    fn faults_come_about_as_often_as_they_should() {
        let faults = Faults {
            lost: 100,
            ..Faults::default()
        };
        let mut dice = Dice::new(5);
        let lost = (0..10_000)
            .filter(|_| dice.callback(&faults).telling == Telling::Lost)
            .count();
        assert!((800..1200).contains(&lost), "{lost} of 10,000 at 100 per mille");
    }
}
