//! The one place that asks the machine for time and chance.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kaunta_domain::time::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// Time and chance: the machine's, or those that a test holds in its hands.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>, Arc<Mutex<StdRng>>),
}

/// Moves a manual clock.
#[derive(Clone, Debug)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    /// Lets `by` pass.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(
            i64::try_from(by.as_millis()).unwrap_or(i64::MAX),
            Ordering::SeqCst,
        );
    }

    /// Sets the time, also backwards: machines do that.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.millis(), Ordering::SeqCst);
    }
}

impl Clock {
    /// The machine's clock, and chance from the operating system.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands until its hands are moved, and chance that follows from `seed`.
    pub fn manual(start: Timestamp, seed: u64) -> (Self, Hands) {
        let millis = Arc::new(AtomicI64::new(start.millis()));
        let rng = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
        (Self(Source::Manual(millis.clone(), rng)), Hands(millis))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(millis, _) => Timestamp::from_millis(millis.load(Ordering::SeqCst)),
        }
    }

    /// How much may go on at once: one thing at a time where a test steps, so that a seed replays.
    pub(crate) fn at_once(&self, most: usize) -> usize {
        if matches!(self.0, Source::Manual(..)) {
            1
        } else {
            most
        }
    }

    /// 128 bits that nobody can guess (that follow from the seed, on a manual clock).
    pub fn chance(&self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        u128::from_le_bytes(bytes)
    }

    /// Fills `bytes` with chance.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => rand::rng().fill_bytes(bytes),
            Source::Manual(_, rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(bytes),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that asks the machine"
)]
fn system_now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
