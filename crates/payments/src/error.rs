//! What can go wrong in the engine, by the names of the merchant API.

use std::time::Duration;

use kaunta_domain::failure::Failure;

/// Why a use of the engine did not do what was asked. Nothing was changed unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such thing, or another merchant's.
    #[error("there is no such object for this key")]
    NotFound,
    /// A prompt is out in this session.
    #[error("a prompt is already on its way in this session; wait for it to end")]
    AttemptInProgress,
    /// The session is paid.
    #[error("the session is complete")]
    SessionComplete,
    /// The session's time ran out.
    #[error("the session has expired")]
    SessionExpired,
    /// The shop took the session back.
    #[error("the session was canceled")]
    SessionCanceled,
    /// Only a session that is `open` can be expired.
    #[error("the session is not open: {0}")]
    SessionNotOpen(&'static str),
    /// The session has had as many prompts as a session may.
    #[error("this session has had as many prompts as one session may; ask the shop for a new one")]
    TooManyAttempts,
    /// M-Pesa asks to wait before this phone gets another prompt.
    #[error("wait {} seconds before the next prompt to this phone", .0.as_secs())]
    CoolingDown(Duration),
    /// The `Idempotency-Key` was used for another request.
    #[error("this Idempotency-Key was used with another request; use a new key for a new request")]
    IdempotencyKeyReused,
    /// The first request with this `Idempotency-Key` is still running.
    #[error("the first request with this Idempotency-Key is still running; ask again in a moment")]
    IdempotencyKeyInUse,
    /// M-Pesa could not be asked; no prompt went out.
    #[error("M-Pesa could not be reached or is not able to send a prompt now; nothing was sent")]
    MpesaUnavailable(Failure),
    /// Safaricom does not take this number.
    #[error("M-Pesa does not take this phone number")]
    PhoneRefused(Failure),
    /// No phone was given and none is known.
    #[error("no phone number is known for this session")]
    PhoneMissing,
    /// The webhook endpoint is switched off.
    #[error("this webhook endpoint is switched off; switch it on with PATCH {{\"disabled\": false}}")]
    EndpointDisabled,
    /// A field of the request is not acceptable.
    #[error("{detail}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: &'static str,
        /// Which rule.
        code: &'static str,
        /// What to do.
        detail: String,
    },
    /// More work is waiting than can be taken on.
    #[error("the server is busy; try again in a moment")]
    Overloaded,
    /// The rail said no to something that is not a prompt.
    #[error("Safaricom refused: {0}")]
    Rail(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Store(#[from] sqlx::Error),
    /// The migrations failed.
    #[error("the database could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A row says something impossible.
    #[error("the database is inconsistent: {table}.{column} of {row}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        row: String,
    },
    /// A sealed value does not open.
    #[error(transparent)]
    Vault(#[from] crate::vault::Unopenable),
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    Closed,
}

impl Error {
    /// The code of the merchant API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::AttemptInProgress => "attempt_in_progress",
            Self::SessionComplete => "session_complete",
            Self::SessionExpired => "session_expired",
            Self::SessionCanceled => "session_canceled",
            Self::SessionNotOpen(_) => "session_not_open",
            Self::TooManyAttempts | Self::CoolingDown(_) => "rate_limited",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::IdempotencyKeyInUse => "idempotency_key_in_use",
            Self::MpesaUnavailable(_) | Self::Rail(_) => "mpesa_unavailable",
            Self::PhoneRefused(_) | Self::PhoneMissing | Self::Invalid { .. } => "validation_failed",
            Self::EndpointDisabled => "webhook_endpoint_disabled",
            Self::Overloaded | Self::Closed => "overloaded",
            Self::Store(_) | Self::Migrate(_) | Self::Inconsistent { .. } | Self::Vault(_) => {
                "internal_error"
            }
        }
    }

    /// Whether the same request may succeed later without being changed.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::AttemptInProgress
                | Self::CoolingDown(_)
                | Self::IdempotencyKeyInUse
                | Self::MpesaUnavailable(_)
                | Self::Overloaded
                | Self::Closed
                | Self::Store(_)
        )
    }

    /// Whether the database would take the same work if it were run again: a deadlock, or a race on a unique key.
    pub(crate) fn is_worth_repeating(&self) -> bool {
        let Self::Store(sqlx::Error::Database(error)) = self else {
            return false;
        };
        let serialization = matches!(error.code().as_deref(), Some("40001" | "40P01"));
        let race = error.is_unique_violation()
            && ["payments_receipt_key", "payments_one_per_attempt"]
                .into_iter()
                .any(|name| violates(error.as_ref(), name));
        serialization || race
    }
}

/// Whether `error` is a violation of the unique constraint `name`. SQLite names columns instead of constraints.
pub(crate) fn violates(error: &dyn sqlx::error::DatabaseError, name: &str) -> bool {
    if let Some(constraint) = error.constraint() {
        return constraint == name;
    }
    let columns = match name {
        "payments_receipt_key" => "payments.shortcode, payments.livemode, payments.receipt",
        "payments_one_per_attempt" => "payments.attempt_id",
        "attempts_one_open_per_session" => "attempts.session_id",
        "sessions_account_key" => "sessions.channel_id, sessions.account",
        "idempotency_key" => "idempotency.merchant_id, idempotency.livemode, idempotency.key",
        _ => return false,
    };
    error.message().contains(columns)
}
