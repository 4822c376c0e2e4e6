//! The names of what merchants are told.

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What an event tells of. Source: CONTRACT of the webhooks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventType { $($(#[$doc])* $name,)* }

        impl EventType {
            /// Every type, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The type of this name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name)
            }
        }
    };
}

event_types! {
    /// A session was made.
    SessionCreated = "checkout.session.created";
    /// A prompt is out.
    SessionProcessing = "checkout.session.processing";
    /// Paid in full, in time: the one event on which an order is fulfilled.
    SessionCompleted = "checkout.session.completed";
    /// Some money came, not all.
    SessionPartiallyPaid = "checkout.session.partially_paid";
    /// More came than was asked for.
    SessionOverpaid = "checkout.session.overpaid";
    /// Its time ran out.
    SessionExpired = "checkout.session.expired";
    /// The shop took it back.
    SessionCanceled = "checkout.session.canceled";
    /// Money came when the session was no longer payable.
    SessionLatePayment = "checkout.session.late_payment";
    /// M-Pesa took the push.
    AttemptAwaitingPin = "payment.attempt.awaiting_pin";
    /// An attempt ended without money.
    AttemptFailed = "payment.attempt.failed";
    /// Nobody knows how an attempt ended.
    AttemptUnknown = "payment.attempt.unknown";
    /// Money is on the books.
    PaymentSucceeded = "payment.succeeded";
    /// A claim of money does not fit what was asked for.
    PaymentNeedsReview = "payment.needs_review";
    /// Money came for what was already paid.
    PaymentDuplicateDetected = "payment.duplicate_detected";
    /// Money came that names no session.
    C2bUnmatched = "c2b.payment.unmatched";
    /// Money is to be given back.
    RefundCreated = "refund.created";
    /// Money was given back.
    RefundSucceeded = "refund.succeeded";
    /// Money could not be given back.
    RefundFailed = "refund.failed";
    /// Money is to be sent.
    PayoutCreated = "payout.created";
    /// Money was sent.
    PayoutSucceeded = "payout.succeeded";
    /// Money could not be sent.
    PayoutFailed = "payout.failed";
    /// A webhook endpoint was switched off.
    WebhookEndpointDisabled = "webhook_endpoint.disabled";
    /// Nothing happened: the owner of a webhook endpoint tries it out.
    WebhookEndpointTest = "webhook_endpoint.test";
}
