//! Signatures of webhooks, by the Standard Webhooks specification 1.0, symmetric scheme `v1`.
//!
//! HMAC-SHA256 over `id.timestamp.body` with the decoded bytes of a `whsec_` secret. The signer signs the exact
//! bytes that are sent; the verifier is here so that examples, tests and `kaunta listen` share it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The header that carries the id of the event; the same on every attempt to deliver it.
pub const HEADER_ID: &str = "webhook-id";
/// The header that carries the Unix seconds of the attempt.
pub const HEADER_TIMESTAMP: &str = "webhook-timestamp";
/// The header that carries the signatures, separated by one space.
pub const HEADER_SIGNATURE: &str = "webhook-signature";
/// How far a timestamp may lie from the receiver's clock, in seconds: what Stripe and Svix use.
pub const TOLERANCE_SECONDS: u64 = 300;
/// The fewest and the most bytes of a secret, by the specification.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// How many signatures of one header are looked at; a rotation has two.
pub const MAX_SIGNATURES: usize = 16;

const SECRET_PREFIX: &str = "whsec_";
const SCHEME: &str = "v1";

/// The key that signs an endpoint's webhooks. Wiped from memory when dropped; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// Why a text or bytes are no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotASecret {
    /// Another kind of text.
    #[error("a webhook secret starts with `whsec_`")]
    Prefix,
    /// What follows the prefix is no base 64.
    #[error("the part of a webhook secret after `whsec_` is base 64: copy it whole")]
    Base64,
    /// Too short to be safe, or longer than the specification allows.
    #[error("a webhook secret holds 24 to 64 bytes: copy it whole")]
    Length,
}

/// What came in the three headers.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
}

/// Why a webhook is not to be believed, with the mistake that is most often behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing or empty.
    #[error("one of webhook-id, webhook-timestamp and webhook-signature is missing: does a proxy drop them?")]
    MissingHeader,
    /// The timestamp is no number of seconds.
    #[error("webhook-timestamp is not a number of Unix seconds")]
    Timestamp,
    /// Sent too long ago: an old request played again, or a clock that runs ahead.
    #[error("webhook-timestamp is too old: an old request played again, or this machine's clock is wrong")]
    TooOld,
    /// Sent in the future: this clock runs behind.
    #[error("webhook-timestamp lies in the future: this machine's clock is wrong")]
    TooNew,
    /// No `v1` signature among those of the header.
    #[error("webhook-signature holds no signature that starts with `v1,`")]
    NoKnownScheme,
    /// No signature fits.
    #[error(
        "no signature fits: check that the secret is this endpoint's, and that the body is the raw bytes as \
         received, not parsed and written again"
    )]
    NoMatch,
}

impl WebhookSecret {
    /// The secret with these 24 to 64 random bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotASecret> {
        if SECRET_BYTES.contains(&bytes.len()) {
            Ok(Self(Zeroizing::new(bytes.to_vec())))
        } else {
            Err(NotASecret::Length)
        }
    }

    /// Reads `whsec_` and base 64.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let encoded = text
            .trim()
            .strip_prefix(SECRET_PREFIX)
            .ok_or(NotASecret::Prefix)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| NotASecret::Base64)?);
        Self::from_bytes(&bytes)
    }

    /// The secret as the merchant copies it: `whsec_…`. Shown once, when it is made.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(
            SECRET_PREFIX.len() + self.0.len().div_ceil(3) * 4,
        ));
        text.push_str(SECRET_PREFIX);
        STANDARD.encode_string(&*self.0, &mut text);
        text
    }

    /// The bytes, to be stored encrypted.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The signature `v1,…` of `body`. `timestamp` is in Unix seconds, and `id` holds no dot.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut signature = String::with_capacity(SCHEME.len() + 1 + 44);
        signature.push_str(SCHEME);
        signature.push(',');
        STANDARD.encode_string(
            self.mac(id, &timestamp.to_string(), body).finalize().into_bytes(),
            &mut signature,
        );
        signature
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(whsec_…)")
    }
}

/// The value of `webhook-signature` with one signature for each secret: two while a secret is rotated.
pub fn sign_all(secrets: &[WebhookSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    secrets
        .iter()
        .map(|secret| secret.sign(id, timestamp, body))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Checks a webhook as it was received. `now` is in Unix seconds, `tolerance` in seconds either way
/// ([`TOLERANCE_SECONDS`]). One signature that fits one secret is enough; comparison takes constant time.
///
/// Who receives a webhook also keeps its id and drops what it has seen: the same id comes again on every retry.
pub fn verify(
    secrets: &[WebhookSecret],
    headers: Headers<'_>,
    body: &[u8],
    now: i64,
    tolerance: u64,
) -> Result<(), SignatureError> {
    if headers.id.is_empty() || headers.timestamp.is_empty() || headers.signature.is_empty() {
        return Err(SignatureError::MissingHeader);
    }
    check_time(headers.timestamp, now, tolerance)?;
    let mut known = false;
    for entry in headers.signature.split(' ').take(MAX_SIGNATURES) {
        let Some((SCHEME, encoded)) = entry.split_once(',') else {
            continue;
        };
        known = true;
        let Ok(signature) = STANDARD.decode(encoded) else {
            continue;
        };
        let fits = |secret: &WebhookSecret| {
            secret
                .mac(headers.id, headers.timestamp, body)
                .verify_slice(&signature)
                .is_ok()
        };
        if secrets.iter().any(fits) {
            return Ok(());
        }
    }
    Err(if known {
        SignatureError::NoMatch
    } else {
        SignatureError::NoKnownScheme
    })
}

fn check_time(timestamp: &str, now: i64, tolerance: u64) -> Result<(), SignatureError> {
    let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let sent: i64 = timestamp
        .parse()
        .ok()
        .filter(|_| digits)
        .ok_or(SignatureError::Timestamp)?;
    match now.abs_diff(sent) {
        apart if apart <= tolerance => Ok(()),
        _ if sent < now => Err(SignatureError::TooOld),
        _ => Err(SignatureError::TooNew),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret() -> WebhookSecret {
        WebhookSecret::parse(SECRET).unwrap()
    }

    fn check(signature: &str) -> Result<(), SignatureError> {
        let headers = Headers {
            id: ID,
            timestamp: "1614265330",
            signature,
        };
        verify(&[secret()], headers, BODY, AT, TOLERANCE_SECONDS)
    }

    #[test]
    fn the_published_vector_is_signed_and_believed() {
        assert_eq!(secret().sign(ID, AT, BODY), SIGNED);
        assert_eq!(check(SIGNED), Ok(()));
    }

    #[test]
    fn one_fitting_signature_among_several_is_enough() {
        let other = WebhookSecret::from_bytes(&[7; 32]).unwrap();
        let rotated = sign_all(&[other.clone(), secret()], ID, AT, BODY);
        assert_eq!(rotated.split(' ').count(), 2);
        assert_eq!(check(&rotated), Ok(()));
        assert_eq!(check(&format!("v1a,AAAA v1,not-base-64 {SIGNED}")), Ok(()));
        assert_eq!(check(&other.sign(ID, AT, BODY)), Err(SignatureError::NoMatch));
        let headers = Headers {
            id: ID,
            timestamp: "1614265330",
            signature: SIGNED,
        };
        assert_eq!(verify(&[other, secret()], headers, BODY, AT, 0), Ok(()));
    }

    #[test]
    fn a_change_of_one_byte_of_anything_is_noticed() {
        let headers = Headers {
            id: ID,
            timestamp: "1614265330",
            signature: SIGNED,
        };
        let try_with = |headers, body: &[u8]| verify(&[secret()], headers, body, AT, 300);
        assert_eq!(
            try_with(headers, br#"{"test": 2432232315}"#),
            Err(SignatureError::NoMatch)
        );
        assert_eq!(
            try_with(
                Headers {
                    id: "msg_p5jXN8AQM9LWM0D4loKWxJeK",
                    ..headers
                },
                BODY
            ),
            Err(SignatureError::NoMatch)
        );
        assert_eq!(
            try_with(
                Headers {
                    timestamp: "1614265331",
                    ..headers
                },
                BODY
            ),
            Err(SignatureError::NoMatch)
        );
        assert_eq!(
            try_with(
                Headers {
                    timestamp: "01614265330",
                    ..headers
                },
                BODY
            ),
            Err(SignatureError::NoMatch)
        );
        assert_eq!(check(&SIGNED.replacen('g', "h", 1)), Err(SignatureError::NoMatch));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        assert_eq!(check(""), Err(SignatureError::MissingHeader));
        for unknown in [
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            "v1a,AAAA",
            "v2,AAAA",
            " ",
        ] {
            assert_eq!(check(unknown), Err(SignatureError::NoKnownScheme), "{unknown}");
        }
        let many = format!("{}{SIGNED}", "v1,AAAA ".repeat(MAX_SIGNATURES));
        assert_eq!(check(&many), Err(SignatureError::NoMatch));
    }

    #[test]
    fn old_and_future_requests_are_refused_at_the_edge() {
        let at = |now, timestamp| {
            verify(
                &[secret()],
                Headers {
                    id: ID,
                    timestamp,
                    signature: SIGNED,
                },
                BODY,
                now,
                300,
            )
        };
        assert_eq!(at(AT + 300, "1614265330"), Ok(()));
        assert_eq!(at(AT - 300, "1614265330"), Ok(()));
        assert_eq!(at(AT + 301, "1614265330"), Err(SignatureError::TooOld));
        assert_eq!(at(AT - 301, "1614265330"), Err(SignatureError::TooNew));
        for timestamp in [
            "soon",
            "-1",
            "+1614265330",
            "1614265330.0",
            "99999999999999999999",
        ] {
            assert_eq!(at(AT, timestamp), Err(SignatureError::Timestamp), "{timestamp}");
        }
        assert_eq!(at(i64::MIN, "9223372036854775807"), Err(SignatureError::TooNew));
    }

    #[test]
    fn a_secret_reads_back_and_never_shows_itself() {
        assert_eq!(*secret().reveal(), SECRET);
        assert_eq!(format!("{:?}", secret()), "WebhookSecret(whsec_…)");
        assert_eq!(WebhookSecret::from_bytes(&[0; 23]), Err(NotASecret::Length));
        assert!(WebhookSecret::from_bytes(&[0; 24]).is_ok() && WebhookSecret::from_bytes(&[0; 64]).is_ok());
        assert_eq!(WebhookSecret::from_bytes(&[0; 65]), Err(NotASecret::Length));
        assert_eq!(WebhookSecret::parse("MfKQ9r8G"), Err(NotASecret::Prefix));
        assert_eq!(WebhookSecret::parse("whsec_*"), Err(NotASecret::Base64));
        assert_eq!(WebhookSecret::parse("whsec_MfKQ9r8G"), Err(NotASecret::Length));
    }
}
