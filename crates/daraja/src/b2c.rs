//! B2C: money from the merchant's utility account to a phone.
//!
//! The only money API of Daraja with an idempotency key: the same `OriginatorConversationID` again is refused as a
//! duplicate, which means that the first request stands. So a payout may be sent again, as long as its id stays.

use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use serde::Serialize;

use crate::app::AppKeys;
use crate::client::Daraja;
use crate::error::{Error, ErrorKind, Twice};
use crate::http::Call;
use crate::request::{Accepted, Initiator, ReplyTo, accepted, remarks};
use crate::result::{PartyName, ResultMessage};
use crate::stk::{is_short_code, is_wire_phone};
use crate::values::{Amount, cents, is_receipt};

const PATH: &str = "/mpesa/b2c/v3/paymentrequest";
/// The least payout. Source: "Business to Customer" page.
pub const MIN_PAYOUT: Kes = Kes::new(10);
/// The most. Same source.
pub const MAX_PAYOUT: Kes = Kes::new(250_000);

/// Why money is paid out. The receiver's message depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Command {
    /// Wages.
    SalaryPayment,
    /// Anything else: refunds, payouts.
    BusinessPayment,
    /// Winnings and promotions; the message congratulates.
    PromotionPayment,
}

/// A payout to send.
#[derive(Clone)]
pub struct Payout {
    /// The caller's own id, unique for ever: it makes sending twice harmless.
    pub originator_conversation_id: String,
    /// Who asks.
    pub initiator: Initiator,
    /// Why.
    pub command: Command,
    /// 10 to 250,000 whole shillings.
    pub amount: Kes,
    /// The shortcode that pays.
    pub short_code: String,
    /// The phone that is paid: 12 digits.
    pub phone: String,
    /// A few words, 2 to 100 characters.
    pub remarks: String,
    /// More words; optional.
    pub occasion: String,
    /// Where the outcome is posted.
    pub reply_to: ReplyTo,
}

/// What a result tells of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidOut {
    /// The receipt.
    pub receipt: Option<String>,
    /// How much.
    pub amount: Option<Amount>,
    /// Who got it.
    pub receiver: Option<PartyName>,
    /// When it was done.
    pub completed_at: Option<Timestamp>,
    /// Whether the receiver is a registered M-Pesa customer.
    pub receiver_is_registered: Option<bool>,
    /// What the utility account, which pays, has left: in cents.
    pub utility_cents: Option<i64>,
    /// What the working account has: in cents.
    pub working_cents: Option<i64>,
    /// What the account for charges has, often below nothing: in cents.
    pub charges_cents: Option<i64>,
}

impl Daraja {
    /// Asks for a payout. [`ErrorKind::DuplicateRequest`] means that it was asked for before and stands.
    pub async fn b2c(&self, app: &AppKeys, request: &Payout) -> Result<Accepted, Error> {
        request.check()?;
        let body = Body {
            originator_conversation_id: &request.originator_conversation_id,
            initiator_name: &request.initiator.name,
            security_credential: request.initiator.credential.expose(),
            command_id: request.command,
            amount: request.amount.shillings().to_string(),
            party_a: &request.short_code,
            party_b: &request.phone,
            remarks: remarks(&request.remarks),
            queue_time_out_url: request.reply_to.timeout_url.as_str(),
            result_url: request.reply_to.result_url.as_str(),
            occassion: remarks(&request.occasion),
        };
        self.call(app, &Call::new(PATH, &body, Twice::IsHarmless), |answer| {
            accepted(answer, Twice::IsHarmless)
        })
        .await
    }
}

impl Payout {
    fn check(&self) -> Result<(), Error> {
        let invalid = |name: &str| Err(Error::unsent(ErrorKind::InvalidField(name.to_owned())));
        if self.originator_conversation_id.is_empty() {
            return invalid("OriginatorConversationID");
        }
        if !(MIN_PAYOUT..=MAX_PAYOUT).contains(&self.amount) {
            return invalid("Amount");
        }
        if !is_short_code(&self.short_code) {
            return invalid("PartyA");
        }
        if !is_wire_phone(&self.phone) {
            return Err(Error::unsent(ErrorKind::InvalidPhone));
        }
        Ok(())
    }
}

impl PaidOut {
    /// Reads the parameters of a payout's result.
    pub fn of(result: &ResultMessage) -> Self {
        let parameters = &result.parameters;
        let receipt = parameters
            .get("TransactionReceipt")
            .filter(|text| is_receipt(text));
        Self {
            receipt: receipt
                .map(str::to_owned)
                .or_else(|| result.transaction_id.clone()),
            amount: parameters.amount(&["TransactionAmount", "Amount"]),
            receiver: parameters
                .get("ReceiverPartyPublicName")
                .and_then(PartyName::parse),
            completed_at: parameters.moment(&["TransactionCompletedDateTime", "TransCompletedTime"]),
            receiver_is_registered: parameters
                .get("B2CRecipientIsRegisteredCustomer")
                .and_then(yes_or_no),
            utility_cents: parameters.get("B2CUtilityAccountAvailableFunds").and_then(cents),
            working_cents: parameters.get("B2CWorkingAccountAvailableFunds").and_then(cents),
            charges_cents: parameters
                .get("B2CChargesPaidAccountAvailableFunds")
                .and_then(cents),
        }
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text {
        "Y" | "y" => Some(true),
        "N" | "n" => Some(false),
        _ => None,
    }
}

/// `InitiatorName` and the double s of `Occassion` are this API's alone.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    #[serde(rename = "OriginatorConversationID")]
    originator_conversation_id: &'a str,
    initiator_name: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: Command,
    amount: String,
    party_a: &'a str,
    party_b: &'a str,
    remarks: String,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: &'a str,
    #[serde(rename = "ResultURL")]
    result_url: &'a str,
    occassion: String,
}
