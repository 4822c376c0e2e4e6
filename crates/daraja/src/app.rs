//! The keys of one Daraja app, and the name under which its token is shared.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// The consumer key and secret of one app on Safaricom's portal.
#[derive(Clone, PartialEq, Eq)]
pub struct AppKeys {
    consumer_key: Secret,
    consumer_secret: Secret,
}

impl AppKeys {
    /// The keys as the portal shows them; spaces that a copy brought along are cut off.
    pub fn new(consumer_key: &str, consumer_secret: &str) -> Self {
        Self {
            consumer_key: consumer_key.trim().into(),
            consumer_secret: consumer_secret.trim().into(),
        }
    }

    /// A stable name for these keys that gives none of them away.
    ///
    /// The secret takes part, so that who knows only another merchant's key cannot be served that merchant's token.
    pub fn id(&self) -> AppId {
        let mut hash = Sha256::new();
        hash.update(b"kaunta daraja app\0");
        hash.update(self.consumer_key.expose().as_bytes());
        hash.update(b"\0");
        hash.update(self.consumer_secret.expose().as_bytes());
        let mut hex = String::with_capacity(32);
        for byte in hash.finalize().iter().take(16) {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        AppId(hex)
    }

    pub(crate) fn consumer_key(&self) -> &Secret {
        &self.consumer_key
    }

    pub(crate) fn consumer_secret(&self) -> &Secret {
        &self.consumer_secret
    }
}

impl fmt::Debug for AppKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AppKeys").field(&self.id()).finish()
    }
}

/// The name of an app in a [`TokenStore`](crate::TokenStore): 32 hex digits, safe to log and to store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(String);

impl AppId {
    /// The 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stable_and_depends_on_both_keys() {
        let keys = AppKeys::new(" key ", "secret\n");
        assert_eq!(keys.id(), AppKeys::new("key", "secret").id());
        assert_ne!(keys.id(), AppKeys::new("key", "other").id());
        assert_ne!(AppKeys::new("a", "bc").id(), AppKeys::new("ab", "c").id());
        assert_eq!(keys.id().as_str().len(), 32);
    }

    #[test]
    fn keys_cannot_be_printed() {
        let shown = format!("{:?}", AppKeys::new("the-consumer-key", "the-consumer-secret"));
        assert!(
            !shown.contains("consumer-key") && !shown.contains("consumer-secret"),
            "{shown}"
        );
    }
}
