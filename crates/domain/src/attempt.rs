//! One prompt on one phone, and what was learnt of it.

use std::borrow::Cow;

use crate::failure::Failure;
use crate::id::AttemptId;
use crate::money::Kes;
use crate::time::Timestamp;

/// Where an attempt stands. Each state owns what is known in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptState {
    /// The row is down, the push not yet answered.
    Created,
    /// M-Pesa took the push: a prompt is on its way to the phone.
    AwaitingPin,
    /// M-Pesa said that the money moved.
    Succeeded {
        /// When it was learnt.
        at: Timestamp,
    },
    /// M-Pesa said that it did not, or refused the push.
    Ended {
        /// How it ended.
        ending: Ending,
        /// Why, in the shopper's terms.
        failure: Failure,
        /// When it was learnt.
        at: Timestamp,
    },
    /// Nobody knows: the push's answer was lost, or M-Pesa stayed silent. Never a failure.
    Unknown {
        /// The code that M-Pesa gave where it is one that nobody knows.
        failure: Option<Failure>,
    },
    /// Something was claimed on its secret path that does not fit it.
    NeedsReview {
        /// What did not fit, in words for the merchant.
        reason: Cow<'static, str>,
    },
}

/// The ways in which an attempt ends without money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Declined or refused.
    Failed,
    /// The shopper said no on the phone.
    Canceled,
    /// No answer came from the phone in time.
    TimedOut,
}

/// What can't be made of an attempt in its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an attempt that is {0} stays so")]
pub struct InvalidMove(pub &'static str);

impl AttemptState {
    /// The name in the API. Source: CONTRACT of the session object.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::AwaitingPin => "awaiting_pin",
            Self::Succeeded { .. } => "succeeded",
            Self::Ended {
                ending: Ending::Failed,
                ..
            } => "failed",
            Self::Ended {
                ending: Ending::Canceled,
                ..
            } => "canceled",
            Self::Ended {
                ending: Ending::TimedOut,
                ..
            } => "timed_out",
            Self::Unknown { .. } => "unknown",
            Self::NeedsReview { .. } => "needs_review",
        }
    }

    /// Whether M-Pesa's last word on it is still to come.
    pub fn is_pending(&self) -> bool {
        matches!(
            self,
            Self::Created | Self::AwaitingPin | Self::Unknown { .. } | Self::NeedsReview { .. }
        )
    }

    /// The failure to show, where there is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Ended { failure, .. } => Some(failure),
            Self::Unknown { failure } => failure.as_ref(),
            _ => None,
        }
    }

    /// When the last word came.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Succeeded { at } | Self::Ended { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// The push was taken. News that overtook the push's own answer stays.
    #[must_use]
    pub fn accepted(self) -> Self {
        match self {
            Self::Created => Self::AwaitingPin,
            later => later,
        }
    }

    /// Money moved: wins over every earlier verdict.
    #[must_use]
    pub fn paid(self, at: Timestamp) -> Self {
        match self {
            Self::Succeeded { at: first } => Self::Succeeded { at: first },
            _ => Self::Succeeded { at },
        }
    }

    /// M-Pesa says that no money moved. The first such word stands, and money stands above it.
    pub fn not_paid(self, ending: Ending, failure: Failure, at: Timestamp) -> Result<Self, InvalidMove> {
        if self.is_pending() {
            Ok(Self::Ended { ending, failure, at })
        } else {
            Err(InvalidMove(self.name()))
        }
    }

    /// The asking came to its end without a word, or the push's answer was lost.
    pub fn silent(self) -> Result<Self, InvalidMove> {
        match self {
            Self::Created | Self::AwaitingPin => Ok(Self::Unknown { failure: None }),
            other => Err(InvalidMove(other.name())),
        }
    }

    /// M-Pesa gave a code that nobody knows: it is asked again, and not called a failure.
    pub fn baffled(self, failure: Failure) -> Result<Self, InvalidMove> {
        match self {
            Self::Created | Self::AwaitingPin | Self::Unknown { .. } => Ok(Self::Unknown {
                failure: Some(failure),
            }),
            other => Err(InvalidMove(other.name())),
        }
    }

    /// A claim did not fit. A verdict that M-Pesa gave before stays.
    pub fn doubted(self, reason: &'static str) -> Result<Self, InvalidMove> {
        match self {
            Self::Succeeded { .. } => Err(InvalidMove("succeeded")),
            _ => Ok(Self::NeedsReview {
                reason: Cow::Borrowed(reason),
            }),
        }
    }
}

/// An attempt as the rules see it: no phone, no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// What was asked for.
    pub amount: Kes,
    /// Where it stands.
    pub state: AttemptState,
    /// Whether it keeps another prompt from being sent in its session.
    pub blocks: bool,
    /// The last digits of the phone that was asked, to tell its C2B confirmation from another payer's.
    pub phone_tail: String,
    /// M-Pesa's name for it, once known.
    pub checkout_request_id: Option<String>,
    /// M-Pesa's other name for it, once known.
    pub merchant_request_id: Option<String>,
    /// When the row was written.
    pub created_at: Timestamp,
}
