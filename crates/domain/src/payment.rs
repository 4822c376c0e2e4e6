//! Money that M-Pesa says it moved.

use serde::{Deserialize, Serialize};

use crate::id::{AttemptId, PaymentId};
use crate::money::Kes;
use crate::receipt::Receipt;
use crate::time::Timestamp;

/// By which way the shopper paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The prompt.
    MpesaStk,
    /// By hand to the paybill.
    MpesaPaybill,
    /// By hand to the till.
    MpesaTill,
}

impl Method {
    /// The name in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MpesaStk => "mpesa_stk",
            Self::MpesaPaybill => "mpesa_paybill",
            Self::MpesaTill => "mpesa_till",
        }
    }

    /// The method of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::MpesaStk, Self::MpesaPaybill, Self::MpesaTill]
            .into_iter()
            .find(|known| known.as_str() == name)
    }
}

/// From whom we know that the money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The callback of the prompt.
    Callback,
    /// The answer to a query of the prompt.
    StkQuery,
    /// A C2B confirmation.
    C2b,
    /// A Transaction Status result.
    TransactionStatus,
    /// The Pull API.
    Pull,
    /// A person of the merchant's.
    Manual,
}

impl Source {
    const ALL: [Self; 6] = [
        Self::Callback,
        Self::StkQuery,
        Self::C2b,
        Self::TransactionStatus,
        Self::Pull,
        Self::Manual,
    ];

    /// The name in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::StkQuery => "stk_query",
            Self::C2b => "c2b",
            Self::TransactionStatus => "transaction_status",
            Self::Pull => "pull",
            Self::Manual => "manual",
        }
    }

    /// The source of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// Money as news tells of it, before it is tied to anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// M-Pesa's code. A query's answer has none.
    pub receipt: Option<Receipt>,
    /// How much. A query's answer has none, nor do some callbacks: what the prompt asked for counts then.
    pub amount: Option<Kes>,
    /// By which way.
    pub method: Method,
    /// From whom we know.
    pub source: Source,
    /// The payer as it may be shown: `2547****5678`, or as Safaricom masked it.
    pub payer_masked: Option<String>,
    /// The last digits of the payer's number where Safaricom told them.
    pub payer_tail: Option<String>,
    /// When M-Pesa moved it, by M-Pesa's clock.
    pub paid_at: Option<Timestamp>,
}

/// A payment that is on the books of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// M-Pesa's code, once known.
    pub receipt: Option<Receipt>,
    /// How much.
    pub amount: Kes,
    /// By which way.
    pub method: Method,
    /// From whom we learnt it first.
    pub source: Source,
    /// The prompt that it answers.
    pub attempt: Option<AttemptId>,
    /// Whether the tie between receipt and prompt was inferred, and gives way to M-Pesa's own word.
    pub inferred: bool,
    /// The payer as it may be shown.
    pub payer_masked: Option<String>,
    /// When M-Pesa moved it, or when we learnt of it.
    pub paid_at: Timestamp,
}

impl Payment {
    /// Whether this is the same payment and answers the same prompt.
    pub fn is_tied_like(&self, earlier: &Self) -> bool {
        self.id == earlier.id && self.attempt == earlier.attempt
    }
}
