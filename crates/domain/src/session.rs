//! What a shop asks to be paid.

use crate::money::Kes;
use crate::time::Timestamp;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// Waiting for the shopper.
    Open,
    /// A prompt is out.
    Processing,
    /// Paid in full, in time. It never leaves this.
    Complete {
        /// When the last shilling came.
        at: Timestamp,
    },
    /// Its time ran out.
    Expired,
    /// The shop took it back.
    Canceled,
}

impl SessionState {
    /// The name in the API and the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processing => "processing",
            Self::Complete { .. } => "complete",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
        }
    }

    /// Whether the shopper can still pay here.
    pub const fn is_payable(self) -> bool {
        matches!(self, Self::Open | Self::Processing)
    }

    /// When it became complete.
    pub const fn completed_at(self) -> Option<Timestamp> {
        match self {
            Self::Complete { at } => Some(at),
            _ => None,
        }
    }
}

/// How much of a session's amount came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Nothing.
    Unpaid,
    /// Some, not all.
    PartiallyPaid,
    /// All of it.
    Paid,
    /// More than was asked for.
    Overpaid,
    /// All that came was given back.
    Refunded,
    /// Some of it was given back.
    PartiallyRefunded,
}

impl PaymentStatus {
    /// What follows from the sums.
    pub fn of(amount: Kes, received: Kes, refunded: Kes) -> Self {
        if received > Kes::ZERO && refunded >= received {
            return Self::Refunded;
        }
        if refunded > Kes::ZERO && received.less(refunded) < amount {
            return Self::PartiallyRefunded;
        }
        let kept = received.less(refunded);
        match kept.cmp(&amount) {
            _ if kept == Kes::ZERO => Self::Unpaid,
            std::cmp::Ordering::Less => Self::PartiallyPaid,
            std::cmp::Ordering::Equal => Self::Paid,
            std::cmp::Ordering::Greater => Self::Overpaid,
        }
    }

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::PartiallyPaid => "partially_paid",
            Self::Paid => "paid",
            Self::Overpaid => "overpaid",
            Self::Refunded => "refunded",
            Self::PartiallyRefunded => "partially_refunded",
        }
    }
}

/// A session as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Where it stands.
    pub state: SessionState,
    /// What the shop asks for.
    pub amount: Kes,
    /// The sum of its payments.
    pub received: Kes,
    /// The sum of what was given back.
    pub refunded: Kes,
    /// When it closes if nobody pays.
    pub expires_at: Timestamp,
}

impl Session {
    /// What is still to pay.
    pub fn due(&self) -> Kes {
        self.amount.less(self.received.less(self.refunded))
    }

    /// How much of it came.
    pub fn payment_status(&self) -> PaymentStatus {
        PaymentStatus::of(self.amount, self.received, self.refunded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payment_status_follows_from_the_sums() {
        let status = |received, refunded| {
            PaymentStatus::of(Kes::new(100), Kes::new(received), Kes::new(refunded)).name()
        };
        assert_eq!(status(0, 0), "unpaid");
        assert_eq!(status(99, 0), "partially_paid");
        assert_eq!(status(100, 0), "paid");
        assert_eq!(status(150, 0), "overpaid");
        assert_eq!(status(150, 50), "paid");
        assert_eq!(status(100, 40), "partially_refunded");
        assert_eq!(status(100, 100), "refunded");
    }
}
