//! What the APIs with an initiator have in common: who asks, about whom, and the receipt of the request.
//!
//! They answer twice: at once with an [`Accepted`], and later with a [`result`](crate::result) at the result URL.

use std::fmt;

use url::Url;

use crate::envelope::{Answer, is_zero};
use crate::error::{Error, Twice};
use crate::secret::Secret;

/// The API user of the merchant's organisation account.
#[derive(Clone)]
pub struct Initiator {
    /// Its name on M-Pesa's organisation portal.
    pub name: String,
    /// Its password, encrypted: see [`security_credential`](crate::credential::security_credential).
    pub credential: Secret,
}

/// A party to a transaction, with Daraja's `IdentifierType`.
#[derive(Clone, PartialEq, Eq)]
pub enum Party {
    /// A phone, 12 digits: type 1.
    Phone(String),
    /// A till: type 2.
    Till(String),
    /// A paybill or another shortcode: type 4.
    ShortCode(String),
}

impl Party {
    pub(crate) fn number(&self) -> &str {
        match self {
            Self::Phone(number) | Self::Till(number) | Self::ShortCode(number) => number,
        }
    }

    pub(crate) fn identifier_type(&self) -> &'static str {
        match self {
            Self::Phone(_) => "1",
            Self::Till(_) => "2",
            Self::ShortCode(_) => "4",
        }
    }
}

/// Where Safaricom posts what came of a request. The paths are secret: who knows them can post too.
#[derive(Clone)]
pub struct ReplyTo {
    /// The result.
    pub result_url: Url,
    /// Word that the request was not taken up in time: an unknown outcome, never a failure.
    pub timeout_url: Url,
}

/// A request that was accepted: nothing has happened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// M-Pesa's name for the conversation, `AG_…`; the result repeats it.
    pub conversation_id: Option<String>,
    /// The caller's name for it, or the gateway's where the caller gave none.
    pub originator_conversation_id: Option<String>,
}

/// Reads the answer to such a request.
pub fn read_accepted(answer: &Answer) -> Result<Accepted, Error> {
    accepted(answer, Twice::Harms)
}

pub(crate) fn accepted(answer: &Answer, twice: Twice) -> Result<Accepted, Error> {
    answer.success(twice, |object| {
        object.text("ResponseCode").filter(|code| is_zero(code))?;
        Some(Accepted {
            conversation_id: object.text("ConversationID"),
            // Half of the APIs spell it without the `n`.
            originator_conversation_id: object
                .any_text(&["OriginatorConversationID", "OriginatorCoversationID"]),
        })
    })
}

/// A remark of 2 to 100 characters, which is what the strictest API takes.
pub(crate) fn remarks(text: &str) -> String {
    let kept: String = text
        .trim()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(100)
        .collect();
    if kept.chars().count() < 2 {
        "ok".to_owned()
    } else {
        kept
    }
}

impl fmt::Debug for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initiator").finish_non_exhaustive()
    }
}

impl fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").finish_non_exhaustive()
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(_) => f.write_str("Phone([hidden])"),
            Self::Till(number) => f.debug_tuple("Till").field(number).finish(),
            Self::ShortCode(number) => f.debug_tuple("ShortCode").field(number).finish(),
        }
    }
}
