//! Rows of the store as cases: untrusted, and told by name where they say something impossible.

use crate::error::Error;
use crate::vault::{Purpose, Vault};
use kaunta_domain::account_code::AccountCode;
use kaunta_domain::attempt::{Attempt, AttemptState, Ending};
use kaunta_domain::case::Case;
use kaunta_domain::failure::{Failure, FailureCode};
use kaunta_domain::money::Kes;
use kaunta_domain::payment::{Method, Payment, Source};
use kaunta_domain::receipt::Receipt;
use kaunta_domain::session::{Session, SessionState};
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;
use std::collections::HashMap;
use std::str::FromStr;

use super::{ChannelKind, Loaded, parse};

#[derive(FromRow)]
pub(super) struct SessionRow {
    pub(super) id: String,
    pub(super) merchant_id: String,
    pub(super) channel_id: String,
    pub(super) livemode: i64,
    pub(super) kind: String,
    pub(super) shortcode: String,
    pub(super) status: String,
    pub(super) amount: i64,
    pub(super) received: i64,
    pub(super) refunded: i64,
    pub(super) account: String,
    pub(super) client_reference_id: Option<String>,
    pub(super) details: String,
    pub(super) customer_masked: Option<String>,
    pub(super) version: i64,
    pub(super) sequence: i64,
    pub(super) expires_at: i64,
    pub(super) created_at: i64,
    pub(super) completed_at: Option<i64>,
}

#[derive(FromRow)]
pub(super) struct AttemptRow {
    pub(super) id: String,
    pub(super) session_id: String,
    pub(super) amount: i64,
    pub(super) phone_masked: String,
    pub(super) status: String,
    pub(super) failure_code: Option<String>,
    pub(super) result_code: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) blocks: i64,
    pub(super) checkout_request_id: Option<Vec<u8>>,
    pub(super) merchant_request_id: Option<String>,
    pub(super) asked_at: Option<i64>,
    pub(super) ask_at: Option<i64>,
    pub(super) created_at: i64,
    pub(super) ended_at: Option<i64>,
}

#[derive(FromRow)]
pub(super) struct PaymentRow {
    pub(super) id: String,
    pub(super) session_id: String,
    pub(super) receipt: Option<String>,
    pub(super) amount: i64,
    pub(super) method: String,
    pub(super) source: String,
    pub(super) attempt_id: Option<String>,
    pub(super) inferred: i64,
    pub(super) payer_masked: Option<String>,
    pub(super) paid_at: i64,
}

impl TryFrom<SessionRow> for Loaded {
    type Error = Error;

    fn try_from(row: SessionRow) -> Result<Self, Error> {
        let wrong = |column| Error::Inconsistent {
            table: "sessions",
            column,
            row: row.id.clone(),
        };
        let state = match (row.status.as_str(), row.completed_at) {
            ("open", None) => SessionState::Open,
            ("processing", None) => SessionState::Processing,
            ("complete", Some(at)) => SessionState::Complete {
                at: Timestamp::from_millis(at),
            },
            ("expired", None) => SessionState::Expired,
            ("canceled", None) => SessionState::Canceled,
            _ => return Err(wrong("status, completed_at")),
        };
        let account = AccountCode::parse(&row.account)
            .map_err(|_| wrong("account"))?
            .code();
        let session = Session {
            state,
            amount: Kes::new(row.amount),
            received: Kes::new(row.received),
            refunded: Kes::new(row.refunded),
            expires_at: Timestamp::from_millis(row.expires_at),
        };
        Ok(Self {
            id: parse(&row.id, "sessions", "id", &row.id)?,
            merchant: parse(&row.merchant_id, "sessions", "merchant_id", &row.id)?,
            channel: parse(&row.channel_id, "sessions", "channel_id", &row.id)?,
            livemode: row.livemode == 1,
            kind: ChannelKind::parse(&row.kind),
            shortcode: row.shortcode,
            account,
            client_reference_id: row.client_reference_id,
            details: row.details,
            customer_masked: row.customer_masked,
            version: row.version,
            sequence: row.sequence,
            created_at: Timestamp::from_millis(row.created_at),
            prompts: HashMap::new(),
            case: Case {
                session,
                attempts: Vec::new(),
                payments: Vec::new(),
            },
            before: None,
        })
    }
}

impl AttemptRow {
    pub(super) fn into_attempt(self, vault: &Vault) -> Result<Attempt, Error> {
        let wrong = |column| Error::Inconsistent {
            table: "attempts",
            column,
            row: self.id.clone(),
        };
        let failure = match &self.failure_code {
            Some(code) => {
                let code = FailureCode::from_str(code).map_err(|_| wrong("failure_code"))?;
                Some(Failure::new(code, self.result_code.as_deref()))
            }
            None => None,
        };
        let at = self.ended_at.map(Timestamp::from_millis);
        let ended = |ending, failure: Option<Failure>| match (failure, at) {
            (Some(failure), Some(at)) => Ok(AttemptState::Ended { ending, failure, at }),
            _ => Err(wrong("failure_code, ended_at")),
        };
        let state = match self.status.as_str() {
            "created" => AttemptState::Created,
            "awaiting_pin" => AttemptState::AwaitingPin,
            "succeeded" => AttemptState::Succeeded {
                at: at.ok_or_else(|| wrong("ended_at"))?,
            },
            "failed" => ended(Ending::Failed, failure)?,
            "canceled" => ended(Ending::Canceled, failure)?,
            "timed_out" => ended(Ending::TimedOut, failure)?,
            "unknown" => AttemptState::Unknown { failure },
            "needs_review" => AttemptState::NeedsReview {
                reason: self.reason.clone().unwrap_or_default().into(),
            },
            _ => return Err(wrong("status")),
        };
        let checkout = self
            .checkout_request_id
            .as_ref()
            .map(|id| vault.open_text(Purpose::CheckoutId, id));
        Ok(Attempt {
            id: parse(&self.id, "attempts", "id", &self.id)?,
            amount: Kes::new(self.amount),
            state,
            blocks: self.blocks == 1,
            phone_tail: self
                .phone_masked
                .chars()
                .rev()
                .take_while(char::is_ascii_digit)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect(),
            checkout_request_id: checkout.transpose()?,
            merchant_request_id: self.merchant_request_id,
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

impl TryFrom<PaymentRow> for Payment {
    type Error = Error;

    fn try_from(row: PaymentRow) -> Result<Self, Error> {
        let wrong = |column| Error::Inconsistent {
            table: "payments",
            column,
            row: row.id.clone(),
        };
        let receipt = row
            .receipt
            .as_deref()
            .map(|text| Receipt::wire(text).map_err(|_| wrong("receipt")));
        Ok(Self {
            id: parse(&row.id, "payments", "id", &row.id)?,
            receipt: receipt.transpose()?,
            amount: Kes::new(row.amount),
            method: Method::parse(&row.method).ok_or_else(|| wrong("method"))?,
            source: Source::parse(&row.source).ok_or_else(|| wrong("source"))?,
            attempt: row
                .attempt_id
                .as_deref()
                .map(|id| parse(id, "payments", "attempt_id", &row.id))
                .transpose()?,
            inferred: row.inferred == 1,
            payer_masked: row.payer_masked.clone(),
            paid_at: Timestamp::from_millis(row.paid_at),
        })
    }
}
