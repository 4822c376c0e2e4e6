//! The objects of the merchant API, as they are written. Field order is the contract's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::id::{AttemptId, EventId, PaymentId, SessionId};
use crate::money::Kes;
use crate::payment::{Method, Source};
use crate::time::Timestamp;

/// One thing in the basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineItem {
    /// What it is.
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// The price of one, in whole shillings.
    pub amount: Kes,
}

/// The language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// By the reader's `Accept-Language`.
    #[default]
    Auto,
    /// English.
    En,
    /// Swahili.
    Sw,
}

impl Locale {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::En => "en",
            Self::Sw => "sw",
        }
    }
}

/// What of a session never changes and is only shown: kept as one text in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// What is sold, in the shop's words.
    pub description: Option<String>,
    /// The shop's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// The basket.
    pub line_items: Vec<LineItem>,
    /// Where the shopper goes when it is paid.
    pub success_url: Option<String>,
    /// Where the shopper goes who does not want to pay.
    pub cancel_url: Option<String>,
    /// The language of the page.
    pub locale: Locale,
    /// How the page looks.
    pub appearance: Option<Appearance>,
}

/// How a page looks: what a shop may set of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Appearance {
    /// `auto`, `light` or `dark`.
    pub theme: Option<String>,
    /// The accent, `#rrggbb`.
    pub color_primary: Option<String>,
    /// Corner radius in CSS pixels, 0 to 24.
    pub border_radius: Option<u8>,
}

/// A session.
#[derive(Debug, Clone, Serialize)]
pub struct SessionObject {
    /// Its id.
    pub id: SessionId,
    /// `checkout.session`.
    pub object: &'static str,
    /// Whether real money moves.
    pub livemode: bool,
    /// `open`, `processing`, `complete`, `expired` or `canceled`.
    pub status: &'static str,
    /// How much of it came.
    pub payment_status: &'static str,
    /// What is asked for, in whole shillings.
    pub amount: Kes,
    /// The sum of its payments.
    pub amount_received: Kes,
    /// The sum of what was given back.
    pub amount_refunded: Kes,
    /// `KES`.
    pub currency: &'static str,
    /// The hosted page.
    pub url: String,
    /// The page for the frame.
    pub embed_url: String,
    /// The shop's order id.
    pub client_reference_id: Option<String>,
    /// What is sold.
    pub description: Option<String>,
    /// The shop's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// The basket.
    pub line_items: Vec<LineItem>,
    /// Where to pay by hand, for a paybill merchant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paybill: Option<PaybillObject>,
    /// Where to pay by hand, for a till merchant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<TillObject>,
    /// The shopper's phone where the shop named one.
    pub phone_masked: Option<String>,
    /// The language of the page.
    pub locale: Locale,
    /// Where the shopper goes when it is paid.
    pub success_url: Option<String>,
    /// Where the shopper goes who does not want to pay.
    pub cancel_url: Option<String>,
    /// How the page looks.
    pub appearance: Option<Appearance>,
    /// Its prompts, oldest first.
    pub attempts: Vec<AttemptObject>,
    /// Its money, oldest first.
    pub payments: Vec<PaymentObject>,
    /// When it closes if nobody pays.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was paid in full.
    pub completed_at: Option<Timestamp>,
}

/// Where to pay by hand to a paybill.
#[derive(Debug, Clone, Serialize)]
pub struct PaybillObject {
    /// The paybill.
    pub business_number: String,
    /// The account number that names the session.
    pub account: String,
}

/// Where to pay by hand to a till.
#[derive(Debug, Clone, Serialize)]
pub struct TillObject {
    /// The till number.
    pub number: String,
}

/// A prompt.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptObject {
    /// Its id.
    pub id: AttemptId,
    /// `payment.attempt`.
    pub object: &'static str,
    /// The session that it belongs to.
    pub session: SessionId,
    /// Where it stands.
    pub status: &'static str,
    /// What was asked for.
    pub amount: Kes,
    /// The phone that was asked.
    pub phone_masked: String,
    /// M-Pesa's name for it.
    pub checkout_request_id: Option<String>,
    /// Why no money came.
    pub failure: Option<Failure>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When M-Pesa's last word came.
    pub ended_at: Option<Timestamp>,
}

/// Money that came.
#[derive(Debug, Clone, Serialize)]
pub struct PaymentObject {
    /// Its id.
    pub id: PaymentId,
    /// `payment`.
    pub object: &'static str,
    /// The session on whose books it is.
    pub session: Option<SessionId>,
    /// Whether it was real money.
    pub livemode: bool,
    /// M-Pesa's code, once known.
    pub receipt: Option<String>,
    /// How much.
    pub amount: Kes,
    /// `KES`.
    pub currency: &'static str,
    /// By which way.
    pub method: Method,
    /// From whom we learnt it.
    pub completion_source: Source,
    /// The payer as it may be shown.
    pub payer_masked: Option<String>,
    /// When M-Pesa moved it.
    pub paid_at: Timestamp,
}

/// What merchants are told, as the body of a webhook and as an item of the event list.
#[derive(Debug, Clone, Serialize)]
pub struct EventObject<T> {
    /// Its id.
    pub id: EventId,
    /// `event`.
    pub object: &'static str,
    /// What it tells of.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Whether real money moves.
    pub livemode: bool,
    /// Rises by one for each event of a session.
    pub sequence: i64,
    /// The thing.
    pub data: EventData<T>,
}

/// The thing that an event carries.
#[derive(Debug, Clone, Serialize)]
pub struct EventData<T> {
    /// The whole object as it was then.
    pub object: T,
}
