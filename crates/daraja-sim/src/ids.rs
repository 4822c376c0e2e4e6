//! Identifiers in the forms that Safaricom gives them.

use std::collections::HashSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::clock::{UnixMs, civil_date, day_first, stamp};

const ALPHANUMERIC: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const MIXED: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Makes identifiers from a seed and remembers those that must never repeat.
pub(crate) struct Ids {
    rng: StdRng,
    counter: u64,
    taken: HashSet<String>,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            counter: 30_000,
            taken: HashSet::new(),
        }
    }

    fn letters(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count)
            .map(|_| char::from(alphabet[self.rng.random_range(0..alphabet.len())]))
            .collect()
    }

    fn hex(&mut self, count: usize) -> String {
        self.letters(b"0123456789abcdef", count)
    }

    /// 28 characters, as was observed of access tokens.
    pub(crate) fn token(&mut self) -> String {
        self.letters(MIXED, 28)
    }

    /// `hhhh-hhhh-hhhh-` and twelve more hex digits with a counter glued on: the form of `requestId`,
    /// `MerchantRequestID` and `OriginatorCoversationID` since 2023.
    pub(crate) fn request(&mut self) -> String {
        self.counter += 1;
        let groups = [self.hex(4), self.hex(4), self.hex(4), self.hex(12)].join("-");
        format!("{groups}{}", self.counter)
    }

    /// `AG_20240706_2010364430d9bbdaf872`.
    pub(crate) fn conversation(&mut self, at: UnixMs) -> String {
        format!("AG_{}_2010{}", &stamp(at)[..8], self.hex(16))
    }

    /// `ws_CO_` + `ddMMyyyyHHmmss` in Nairobi + fraction + the nine digits of the subscriber.
    pub(crate) fn checkout(&mut self, at: UnixMs, msisdn: &str) -> String {
        let (moment, millis) = day_first(at);
        let subscriber = &msisdn[msisdn.len() - 9..];
        let mut fraction = u32::from(millis);
        loop {
            let id = format!("ws_CO_{moment}{fraction:03}{subscriber}");
            if self.taken.insert(id.clone()) {
                return id;
            }
            // Only a clock that stands still gets here: the subscriber lock spaces pushes on a real one.
            fraction = self.rng.random_range(0..1_000_000);
        }
    }

    /// Ten characters: year letter (A = 2006), month letter, day (1–9, then A–V), and seven at random.
    pub(crate) fn receipt(&mut self, at: UnixMs) -> String {
        loop {
            let receipt = receipt_date(at) + &self.letters(ALPHANUMERIC, 7);
            if self.taken.insert(receipt.clone()) {
                return receipt;
            }
        }
    }

    /// `UKL0000000`: what a failed or purely administrative transaction is called.
    pub(crate) fn placeholder_receipt(at: UnixMs) -> String {
        receipt_date(at) + "0000000"
    }
}

fn receipt_date(at: UnixMs) -> String {
    let (year, month, day) = civil_date(at);
    let year = u8::try_from((year - 2006).rem_euclid(26)).expect("a remainder of 26 fits a byte");
    let day = if day < 10 { b'0' + day } else { b'A' + day - 10 };
    [b'A' + year, b'A' + month - 1, day]
        .map(char::from)
        .iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-10-02 18:11:05.250 in Nairobi.
    const EVENING: UnixMs = 1_790_953_865_250;
    const DAY: UnixMs = 86_400_000;

    #[test]
    fn a_receipt_begins_with_its_date() {
        let mut ids = Ids::new(7);
        let receipt = ids.receipt(EVENING);
        assert_eq!(&receipt[..3], "UJ2");
        assert_eq!(receipt.len(), 10);
        assert_eq!(&ids.receipt(EVENING + 8 * DAY)[..3], "UJA");
        assert_eq!(&ids.receipt(EVENING + 29 * DAY)[..3], "UJV");
    }

    #[test]
    fn a_checkout_id_ends_with_the_subscriber_and_never_repeats() {
        let mut ids = Ids::new(7);
        let first = ids.checkout(EVENING, "254723552198");
        assert_eq!(first, "ws_CO_02102026181105250723552198");
        assert_ne!(ids.checkout(EVENING, "254723552198"), first);
    }

    #[test]
    fn the_same_seed_gives_the_same_identifiers() {
        assert_eq!(Ids::new(3).token(), Ids::new(3).token());
        assert_ne!(Ids::new(3).token(), Ids::new(4).token());
    }
}
