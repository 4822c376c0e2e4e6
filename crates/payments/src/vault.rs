//! What must not lie readable on a disk: credentials, phones, raw bodies. AES-256-GCM with named keys.
//!
//! A sealed value is `key id (4) | nonce (12) | ciphertext and tag`. The first key of the list seals, all of
//! them open, so a key is rotated by putting a new one in front. What a value is for goes in as associated
//! data: a phone copied into a credential's column does not open.

use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::clock::Clock;

const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;

/// The master keys, first the one that seals.
#[derive(Clone)]
pub struct MasterKeys(Vec<Zeroizing<[u8; KEY_BYTES]>>);

/// A text that is no list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a master key is 32 bytes in base64 (make one with: head -c 32 /dev/urandom | base64); several are separated by commas"
)]
pub struct BadKey;

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeys({} hidden)", self.0.len())
    }
}

impl MasterKeys {
    /// Reads a comma-separated list of 32-byte keys in base64.
    pub fn parse(list: &str) -> Result<Self, BadKey> {
        let keys = list
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| {
                let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| BadKey)?);
                Ok(Zeroizing::new(
                    <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| BadKey)?,
                ))
            });
        let keys: Vec<_> = keys.collect::<Result<_, BadKey>>()?;
        if keys.is_empty() {
            Err(BadKey)
        } else {
            Ok(Self(keys))
        }
    }

    /// A new key, and its text to keep.
    pub fn generate(clock: &Clock) -> (Self, String) {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        clock.fill(key.as_mut_slice());
        let text = STANDARD.encode(key.as_slice());
        (Self(vec![key]), text)
    }
}

/// What a sealed value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Credentials,
    Phone,
    CheckoutId,
    Evidence,
    Event,
    Answer,
    Token,
    WebhookSecret,
    Exchange,
    DeskSession,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Credentials => b"credentials",
            Self::Phone => b"phone",
            Self::CheckoutId => b"checkout-id",
            Self::Evidence => b"evidence",
            Self::Event => b"event",
            Self::Answer => b"answer",
            Self::Token => b"token",
            Self::WebhookSecret => b"webhook-secret",
            Self::Exchange => b"exchange",
            Self::DeskSession => b"desk-session",
        }
    }
}

/// A value that does not open: another key, another purpose, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: is the master key that sealed it still in the list?")]
pub struct Unopenable;

/// Seals and opens.
#[derive(Clone)]
pub(crate) struct Vault(Arc<Inner>);

struct Inner {
    keys: Vec<([u8; ID_BYTES], Aes256Gcm)>,
    lookup: Zeroizing<[u8; KEY_BYTES]>,
    clock: Clock,
}

impl Vault {
    pub(crate) fn new(keys: &MasterKeys, clock: Clock) -> Self {
        let named = keys.0.iter().map(|key| {
            let digest = Sha256::digest([b"key id", key.as_slice()].concat());
            let cipher = Aes256Gcm::new_from_slice(key.as_slice()).expect("a key is 32 bytes");
            ([digest[0], digest[1], digest[2], digest[3]], cipher)
        });
        // Look-ups must survive rotation, so they hang on the oldest key of the list.
        let oldest = keys.0.last().expect("a list of keys is never empty");
        let lookup = Zeroizing::new(mac(oldest.as_slice(), b"lookup"));
        Self(Arc::new(Inner {
            keys: named.collect(),
            lookup,
            clock,
        }))
    }

    pub(crate) fn seal(&self, purpose: Purpose, plain: &[u8]) -> Vec<u8> {
        let (id, cipher) = &self.0.keys[0];
        let mut nonce = [0; NONCE_BYTES];
        self.0.clock.fill(&mut nonce);
        let payload = Payload {
            msg: plain,
            aad: purpose.label(),
        };
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), payload)
            .expect("AES-GCM seals up to 64 GiB");
        [id.as_slice(), &nonce, &sealed].concat()
    }

    pub(crate) fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Vec<u8>, Unopenable> {
        let (id, rest) = sealed.split_at_checked(ID_BYTES).ok_or(Unopenable)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unopenable)?;
        let (_, cipher) = self
            .0
            .keys
            .iter()
            .find(|(known, _)| known == id)
            .ok_or(Unopenable)?;
        let payload = Payload {
            msg: text,
            aad: purpose.label(),
        };
        cipher
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| Unopenable)
    }

    pub(crate) fn open_text(&self, purpose: Purpose, sealed: &[u8]) -> Result<String, Unopenable> {
        String::from_utf8(self.open(purpose, sealed)?).map_err(|_| Unopenable)
    }

    /// A keyed hash, to find a phone again without being able to read it.
    pub(crate) fn lookup_hash(&self, text: &str) -> Vec<u8> {
        mac(self.0.lookup.as_slice(), text.as_bytes()).to_vec()
    }
}

/// The hash under which a token or key of at least 128 random bits is kept.
pub(crate) fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn mac(key: &[u8], text: &[u8]) -> [u8; KEY_BYTES] {
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(list: &str) -> Vault {
        Vault::new(&MasterKeys::parse(list).unwrap(), Clock::system())
    }

    #[test]
    fn a_rotated_key_still_opens_and_finds() {
        let (old, new) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        let before = vault(&old);
        let after = vault(&format!("{new},{old}"));
        let sealed = before.seal(Purpose::Phone, b"254712345678");
        assert_eq!(after.open(Purpose::Phone, &sealed).unwrap(), b"254712345678");
        assert_eq!(
            before.open(Purpose::Phone, &after.seal(Purpose::Phone, b"x")),
            Err(Unopenable)
        );
        assert_eq!(
            before.lookup_hash("254712345678"),
            after.lookup_hash("254712345678")
        );
    }

    #[test]
    fn a_value_opens_for_its_purpose_and_unchanged_only() {
        let vault = vault(&STANDARD.encode([1; 32]));
        let sealed = vault.seal(Purpose::Phone, b"254712345678");
        assert_eq!(vault.open(Purpose::Evidence, &sealed), Err(Unopenable));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(vault.open(Purpose::Phone, &changed), Err(Unopenable), "byte {at}");
        }
        assert_eq!(vault.open(Purpose::Phone, b"short"), Err(Unopenable));
    }

    #[test]
    fn keys_of_another_length_are_refused_and_never_printed() {
        let key = STANDARD.encode([7; 32]);
        assert_eq!(
            format!("{:?}", MasterKeys::parse(&key).unwrap()),
            "MasterKeys(1 hidden)"
        );
        for wrong in ["", " , ", "c2hvcnQ=", &STANDARD.encode([7; 33]), "not base64!"] {
            assert_eq!(MasterKeys::parse(wrong).err(), Some(BadKey), "{wrong}");
        }
    }
}
