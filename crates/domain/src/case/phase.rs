//! What a shopper is shown of a case.

use super::Case;
use crate::attempt::AttemptState;
use crate::failure::FailureCode;
use crate::session::{PaymentStatus, SessionState};

/// What the page shows. Every phase has its screen, in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The form.
    Open,
    /// The push is on its way to M-Pesa.
    Sending,
    /// A prompt is on the phone.
    Waiting,
    /// Nobody knows whether the last prompt was paid.
    Checking,
    /// The last prompt ended without money.
    Failed(FailureCode),
    /// Some money came; the rest is asked for.
    PartlyPaid,
    /// All of it came.
    Paid,
    /// More came than was asked for.
    Overpaid,
    /// Money came after the session had closed.
    Late,
    /// The money was given back.
    Refunded,
    /// Its time ran out.
    Expired,
    /// The shop took it back.
    Canceled,
}

impl Phase {
    /// A stable short name, for the poll, `data-` attributes and tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sending => "sending",
            Self::Waiting => "waiting",
            Self::Checking => "checking",
            Self::Failed(_) => "failed",
            Self::PartlyPaid => "partly_paid",
            Self::Paid => "paid",
            Self::Overpaid => "overpaid",
            Self::Late => "late",
            Self::Refunded => "refunded",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing more will happen by the shopper's hand.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Paid | Self::Overpaid | Self::Late | Self::Refunded | Self::Expired | Self::Canceled
        )
    }
}

impl Case {
    /// What the shopper is shown.
    pub fn phase(&self) -> Phase {
        if let Some(closed) = self.closed_phase() {
            return closed;
        }
        if let Some(blocking) = self.blocking_attempt() {
            return match blocking.state {
                AttemptState::Created => Phase::Sending,
                AttemptState::AwaitingPin => Phase::Waiting,
                _ => Phase::Checking,
            };
        }
        match self.attempts.last().map(|attempt| &attempt.state) {
            Some(AttemptState::Ended { failure, .. }) => Phase::Failed(failure.code),
            // Silent for longer than a prompt lives: the shopper may choose to try again, and is told the risk.
            Some(state) if state.is_pending() => Phase::Checking,
            _ if self.session.payment_status() == PaymentStatus::PartiallyPaid => Phase::PartlyPaid,
            _ => Phase::Open,
        }
    }

    fn closed_phase(&self) -> Option<Phase> {
        match (self.session.payment_status(), self.session.state) {
            (PaymentStatus::Refunded | PaymentStatus::PartiallyRefunded, _) => Some(Phase::Refunded),
            (PaymentStatus::Overpaid, SessionState::Complete { .. }) => Some(Phase::Overpaid),
            (_, SessionState::Complete { .. }) => Some(Phase::Paid),
            (PaymentStatus::Unpaid, SessionState::Expired) => Some(Phase::Expired),
            (PaymentStatus::Unpaid, SessionState::Canceled) => Some(Phase::Canceled),
            (_, SessionState::Expired | SessionState::Canceled) => Some(Phase::Late),
            (_, SessionState::Open | SessionState::Processing) => None,
        }
    }
}
