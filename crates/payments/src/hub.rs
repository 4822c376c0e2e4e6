//! Who waits for a session hears of its change at once, and who asks again is answered from memory.
//!
//! A compact copy of what a waiting page needs (the version and the phase) is kept by session. A commit puts the
//! new one in and wakes who waits. Servers that share a PostgreSQL tell each other by NOTIFY; when that line was
//! cut, everything is forgotten and read again.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kaunta_domain::case::Phase;
use kaunta_domain::id::SessionId;
use tokio::sync::Notify;

use crate::store::Touched;

const SHARDS: usize = 16;
/// Sessions remembered in a shard; about 260,000 in all, at some 50 bytes each.
const SHARD_ENTRIES: usize = 16_384;
/// NOTIFY carries less than 8,000 bytes; a session is named in 29.
const NOTIFY_SESSIONS: usize = 200;

/// What a waiting page needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// Rises with every change of the session.
    pub version: i64,
    /// What the page shows.
    pub phase: Phase,
}

#[derive(Default)]
struct Entry {
    /// What is known; nothing while the first reader is at it, or after another server changed it.
    pulse: Option<Pulse>,
    /// No reader may put in less than this: it read before the change.
    at_least: i64,
    waiting: Option<Arc<Notify>>,
}

pub(crate) struct Hub {
    shards: [Mutex<HashMap<u128, Entry>>; SHARDS],
}

/// What the hub says to a reader.
pub(crate) enum Heard {
    /// A version newer than the one seen.
    Newer(Pulse),
    /// Nothing newer: wait on this. The waiter is to be enabled before asking again.
    Wait(Arc<Notify>),
    /// Not known: read it and [`Hub::learn`] it.
    Unknown,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::new(HashMap::new())),
        }
    }

    fn shard(&self, session: SessionId) -> MutexGuard<'_, HashMap<u128, Entry>> {
        let at = usize::try_from(session.bits() % (SHARDS as u128)).unwrap_or_default();
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of `session` that is newer than `seen`.
    pub(crate) fn ask(&self, session: SessionId, seen: i64) -> Heard {
        let mut shard = self.shard(session);
        let Some(entry) = shard.get_mut(&session.bits()) else {
            return Heard::Unknown;
        };
        match entry.pulse {
            Some(pulse) if pulse.version > seen => Heard::Newer(pulse),
            Some(_) => Heard::Wait(entry.waiting.get_or_insert_with(Default::default).clone()),
            None => Heard::Unknown,
        }
    }

    /// Puts in what was read from the database, unless something newer came meanwhile.
    pub(crate) fn learn(&self, session: SessionId, pulse: Pulse) {
        let mut shard = self.shard(session);
        make_room(&mut shard);
        let entry = shard.entry(session.bits()).or_default();
        if pulse.version >= entry.at_least {
            entry.at_least = pulse.version;
            entry.pulse = Some(pulse);
        }
    }

    /// Puts in what was committed here and wakes who waits.
    pub(crate) fn publish(&self, touched: &[Touched]) {
        for change in touched {
            let pulse = Pulse {
                version: change.version,
                phase: change.phase,
            };
            let mut shard = self.shard(change.session);
            make_room(&mut shard);
            let entry = shard.entry(change.session.bits()).or_default();
            if pulse.version >= entry.at_least {
                entry.at_least = pulse.version;
                entry.pulse = Some(pulse);
            }
            wake(entry);
        }
    }

    /// Another server changed `session` to `version`: what is known here is old.
    pub(crate) fn outdate(&self, session: SessionId, version: i64) {
        let mut shard = self.shard(session);
        if let Some(entry) = shard.get_mut(&session.bits()) {
            if entry.pulse.is_none_or(|pulse| pulse.version < version) {
                entry.pulse = None;
                entry.at_least = entry.at_least.max(version);
            }
            wake(entry);
        }
    }

    /// The line to the other servers was cut: nothing that is known can be relied on.
    pub(crate) fn forget(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, entry| {
                entry.pulse = None;
                wake(entry);
                false
            });
        }
    }
}

fn wake(entry: &mut Entry) {
    if let Some(waiting) = entry.waiting.take() {
        waiting.notify_waiters();
    }
}

/// A full shard forgets the sessions that nobody waits for; they are read again when asked for.
fn make_room(shard: &mut HashMap<u128, Entry>) {
    if shard.len() >= SHARD_ENTRIES {
        shard.retain(|_, entry| {
            entry
                .waiting
                .as_ref()
                .is_some_and(|waiting| Arc::strong_count(waiting) > 1)
        });
    }
}

/// What is told to other servers: `session version`, separated by commas; `*` where they are too many to name.
pub(crate) fn message(touched: &[Touched]) -> String {
    if touched.len() > NOTIFY_SESSIONS {
        return "*".to_owned();
    }
    let mut text = String::new();
    for change in touched {
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, "{comma}{} {}", change.session, change.version)
            .expect("writing to a String cannot fail");
    }
    text
}

/// Reads what another server told.
pub(crate) fn read_message(hub: &Hub, text: &str) {
    for part in text.split(',') {
        let named = part
            .split_once(' ')
            .and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
        match named {
            Some((session, version)) => hub.outdate(session, version),
            None => hub.forget(),
        }
    }
}
