//! What Safaricom is about to post to a merchant.

use serde::{Serialize, Serializer};

use crate::clock::UnixMs;
use crate::config::Faults;
use crate::script::Telling;
use crate::state::{State, millis};

/// What an [`Outgoing`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The result of a push.
    StkCallback,
    /// Money that a paybill or a till received.
    C2bConfirmation,
    /// The result of B2C, reversal, status or balance.
    Result,
}

/// One request to a merchant's server, sent once and never again, whatever it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outgoing {
    /// Counts from 1 in the order of making.
    pub id: u64,
    /// Exactly the URL that the merchant gave.
    pub url: String,
    /// Exactly the bytes to post.
    #[serde(serialize_with = "as_text")]
    pub body: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// The header `Businessshortcode`.
    pub shortcode: String,
    /// When it should leave.
    pub due: UnixMs,
}

fn as_text<S: Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&String::from_utf8_lossy(body))
}

impl State {
    /// Puts one request in the outbox.
    pub(crate) fn post(&mut self, kind: Kind, url: &str, shortcode: &str, body: String, due: UnixMs) -> u64 {
        let id = self.next_outgoing;
        self.next_outgoing += 1;
        let (url, shortcode) = (url.to_owned(), shortcode.to_owned());
        let outgoing = Outgoing {
            id,
            url,
            body: body.into_bytes(),
            kind,
            shortcode,
            due,
        };
        self.outbox.insert((due, id), outgoing);
        self.touch();
        id
    }

    /// Puts a confirmation or result in the outbox, if the dice let it through.
    pub(crate) fn post_with_faults(
        &mut self,
        kind: Kind,
        url: &str,
        shortcode: &str,
        body: String,
        due: UnixMs,
    ) {
        let faults: Faults = self.faults;
        let fate = self.dice.callback(&faults);
        let due = due + self.held_back(fate.held_back);
        match fate.telling {
            Telling::Lost => {}
            Telling::Late => {
                let late = due + millis(self.config.pace.late);
                self.post(kind, url, shortcode, body, late);
            }
            Telling::Twice => {
                self.post(kind, url, shortcode, body.clone(), due);
                self.post(kind, url, shortcode, body, due);
            }
            _ => {
                self.post(kind, url, shortcode, body, due);
            }
        }
    }

    /// How long a reordered callback is held back.
    pub(crate) fn held_back(&self, mille: u16) -> UnixMs {
        millis(self.config.pace.reorder) * i64::from(mille) / 1000
    }

    /// Takes everything, in the order in which it should leave.
    pub(crate) fn take_outbox(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outbox).into_values().collect()
    }

    /// Takes what should have left by now.
    pub(crate) fn take_due(&mut self) -> Vec<Outgoing> {
        let now = self.now();
        let later = self.outbox.split_off(&(now + 1, 0));
        std::mem::replace(&mut self.outbox, later).into_values().collect()
    }

    /// Takes one by its number.
    pub(crate) fn take_one(&mut self, id: u64) -> Option<Outgoing> {
        let place = self.outbox.values().find(|outgoing| outgoing.id == id)?.due;
        self.outbox.remove(&(place, id))
    }
}
