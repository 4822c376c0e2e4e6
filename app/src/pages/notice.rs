//! What a form came to, where that is not part of the session.

use std::time::Duration;

use kaunta_domain::msisdn::PhoneError;
use kaunta_domain::sms::NotAClaim;
use kaunta_payments::{Claimed, Error};

use crate::parts::Said;
use crate::words::Words;

/// What a form came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The phone number was not understood.
    Phone(PhoneError),
    /// The pasted text was not understood.
    Unreadable(NotAClaim),
    /// A prompt is out.
    InProgress,
    /// The session has had its prompts.
    TooMany,
    /// M-Pesa wants a pause.
    Cooling(Duration),
    /// M-Pesa cannot be asked.
    Unavailable,
    /// M-Pesa does not take the number.
    RefusedPhone,
    /// The shop has no channel that works.
    ShopClosed,
    /// Too much to do.
    Busy,
    /// Something of ours broke.
    Broken,
    /// The claimed payment is not known yet.
    ClaimChecking,
    /// The claimed payment belongs to another session.
    ClaimElsewhere,
    /// Too many codes were tried.
    ClaimTooMany,
}

impl Notice {
    /// What is to be said of a refused prompt; nothing where the session itself shows it.
    pub fn of_pay(error: &Error) -> Option<Self> {
        Some(match error {
            // Another tab, or the money, was faster: the page shows it.
            Error::SessionComplete | Error::SessionExpired | Error::SessionCanceled => return None,
            Error::AttemptInProgress => Self::InProgress,
            Error::TooManyAttempts => Self::TooMany,
            Error::CoolingDown(wait) => Self::Cooling(*wait),
            Error::MpesaUnavailable(_) | Error::Rail(_) => Self::Unavailable,
            Error::PhoneRefused(_) => Self::RefusedPhone,
            Error::PhoneMissing => Self::Phone(PhoneError::Empty),
            Error::Overloaded | Error::Closed => Self::Busy,
            _ => Self::Broken,
        })
    }

    /// What is to be said of a claim; nothing where the session itself shows it.
    pub fn of_claim(claimed: &Claimed) -> Option<Self> {
        match claimed {
            Claimed::Tied | Claimed::Known => None,
            Claimed::Checking => Some(Self::ClaimChecking),
            Claimed::Taken => Some(Self::ClaimElsewhere),
            Claimed::TooMany => Some(Self::ClaimTooMany),
        }
    }

    /// The HTTP status of a page that says this.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Phone(_) | Self::Unreadable(_) | Self::RefusedPhone | Self::ClaimElsewhere => 422,
            Self::InProgress => 409,
            Self::TooMany | Self::Cooling(_) | Self::ClaimTooMany => 429,
            Self::Unavailable | Self::ShopClosed => 502,
            Self::Busy => 503,
            Self::Broken => 500,
            Self::ClaimChecking => 200,
        }
    }

    /// The complaint about the phone number, which stands beside its field.
    pub(crate) fn phone_error(&self, w: &Words) -> Option<&'static str> {
        match self {
            Self::Phone(error) => Some((w.live.phone)(*error)),
            _ => None,
        }
    }

    /// The complaint about the pasted text, which stands beside its field.
    pub(crate) fn claim_error(&self, w: &Words) -> Option<&'static str> {
        match self {
            Self::Unreadable(error) => Some((w.notice.claim)(*error)),
            _ => None,
        }
    }

    /// What stands above the form.
    pub(crate) fn said(&self, w: &Words) -> Option<Said> {
        let n = &w.notice;
        Some(match self {
            Self::Phone(_) | Self::Unreadable(_) => return None,
            Self::InProgress => n.in_progress.into(),
            Self::TooMany => n.too_many.into(),
            Self::Cooling(wait) => Said {
                title: n.cooling.to_owned(),
                help: (n.cooling_help)(&wait.as_secs().max(1).to_string()),
            },
            Self::Unavailable => n.unavailable.into(),
            Self::RefusedPhone => n.refused.into(),
            Self::ShopClosed => n.shop_closed.into(),
            Self::Busy => n.busy.into(),
            Self::Broken => n.broken.into(),
            Self::ClaimChecking => n.claim_checking.into(),
            Self::ClaimElsewhere => n.claim_elsewhere.into(),
            Self::ClaimTooMany => n.claim_too_many.into(),
        })
    }
}
