//! Ids: prefixed, sortable by birth, not guessable, without dots.
//!
//! An id is its prefix, an underscore and 26 characters of lower-case Crockford base 32 that carry
//! 128 bits: 48 of Unix milliseconds, then 80 of chance (the layout of a ULID). Stripe's prefixes are
//! kept where a thing has the same name there, so that a reader of logs knows what they see.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BODY: usize = 26;

/// What kind of thing an id names, told by its prefix.
pub trait Kind: Copy + Clone + Eq + Ord + std::hash::Hash + fmt::Debug + Send + Sync + 'static {
    /// The prefix without its underscore, such as `cs`.
    const PREFIX: &'static str;
}

/// The id of a thing of kind `K`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K> {
    bits: u128,
    kind: std::marker::PhantomData<K>,
}

/// A text that is no id of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id that starts with `{0}_`")]
pub struct NotAnId(pub &'static str);

impl<K: Kind> Id<K> {
    /// An id born at `at` with `chance` as its unguessable part; the upper 48 bits of `chance` are dropped.
    pub fn new(at: Timestamp, chance: u128) -> Self {
        let time = u128::from(at.millis().unsigned_abs() & 0xFFFF_FFFF_FFFF) << 80;
        Self::from_bits(time | (chance & ((1 << 80) - 1)))
    }

    /// The 128 bits, as a compact key for maps.
    pub fn bits(self) -> u128 {
        self.bits
    }

    /// The id with these bits.
    pub fn from_bits(bits: u128) -> Self {
        Self {
            bits,
            kind: std::marker::PhantomData,
        }
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = [0; BODY];
        for (at, slot) in body.iter_mut().enumerate() {
            let shift = 5 * (BODY - 1 - at);
            let digit = usize::try_from((self.bits >> shift) & 31).unwrap_or_default();
            *slot = ALPHABET[digit];
        }
        f.write_str(K::PREFIX)?;
        f.write_str("_")?;
        f.write_str(std::str::from_utf8(&body).unwrap_or_default())
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = NotAnId(K::PREFIX);
        let body = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or(wrong)?;
        // The first of 26 digits holds 3 bits: anything above `7` would not fit into 128.
        if body.len() != BODY || body.as_bytes()[0] > b'7' {
            return Err(wrong);
        }
        let mut bits: u128 = 0;
        for byte in body.bytes() {
            let digit = ALPHABET.iter().position(|&known| known == byte).ok_or(wrong)?;
            bits = bits << 5 | u128::try_from(digit).map_err(|_| wrong)?;
        }
        Ok(Self::from_bits(bits))
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $id:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $kind;
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        #[doc = concat!("The id of a [`", stringify!($kind), "`].")]
        pub type $id = Id<$kind>;
    )*};
}

kinds! {
    /// A shop that is paid.
    Merchant, MerchantId = "mer";
    /// A merchant's paybill or till with its credentials.
    Channel, ChannelId = "chn";
    /// What a shop asks to be paid.
    Session, SessionId = "cs";
    /// One prompt on one phone.
    Attempt, AttemptId = "att";
    /// Money that M-Pesa says it moved.
    Payment, PaymentId = "pay";
    /// Money given back.
    Refund, RefundId = "re";
    /// Money sent out.
    Payout, PayoutId = "po";
    /// Something that happened.
    Event, EventId = "evt";
    /// Where a merchant hears of events.
    WebhookEndpoint, WebhookEndpointId = "we";
    /// One webhook on its way.
    Delivery, DeliveryId = "dlv";
    /// One request to the API.
    Request, RequestId = "req";
    /// A merchant's secret key (the record of it, never the key).
    ApiKey, ApiKeyId = "key";
    /// A raw body as it came.
    Evidence, EvidenceId = "evd";
    /// A page with a fixed or open amount.
    PaymentLink, PaymentLinkId = "pl";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_sorts_by_birth() {
        let early = SessionId::new(Timestamp::from_millis(1_763_690_000_000), u128::MAX);
        let late = SessionId::new(Timestamp::from_millis(1_763_690_000_001), 0);
        assert_eq!(early.to_string().parse::<SessionId>(), Ok(early));
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().len(), 29);
    }

    #[test]
    fn other_kinds_other_lengths_and_overflow_are_refused() {
        let id = SessionId::from_bits(7).to_string();
        assert_eq!(id.parse::<AttemptId>(), Err(NotAnId("att")));
        for wrong in [
            "",
            "cs_",
            "cs_0",
            "cs_80000000000000000000000000",
            "cs_0000000000000000000000000O",
            &id.to_uppercase(),
        ] {
            assert_eq!(wrong.parse::<SessionId>(), Err(NotAnId("cs")), "{wrong}");
        }
    }
}
