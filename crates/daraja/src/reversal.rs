//! Reversal: a payment that came in by STK or C2B is sent back.
//!
//! There is no idempotency key. What is reversed once cannot be reversed again (`R000001`), yet a partial reversal
//! whose answer was lost must be looked up by Transaction Status before anything else is tried.

use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use serde::Serialize;

use crate::app::AppKeys;
use crate::balance::{Account, account};
use crate::client::Daraja;
use crate::error::{Error, ErrorKind, Twice};
use crate::http::Call;
use crate::request::{Accepted, Initiator, ReplyTo, read_accepted, remarks};
use crate::result::{PartyName, ResultMessage};
use crate::stk::is_short_code;
use crate::values::{Amount, is_receipt};

const PATH: &str = "/mpesa/reversal/v1/request";

/// A reversal to send.
#[derive(Debug, Clone)]
pub struct Reversal {
    /// Who asks.
    pub initiator: Initiator,
    /// The receipt of the payment.
    pub receipt: String,
    /// How much of it.
    pub amount: Kes,
    /// The shortcode that was paid.
    pub short_code: String,
    /// A few words, 2 to 100 characters.
    pub remarks: String,
    /// Where the outcome is posted.
    pub reply_to: ReplyTo,
}

/// What a result tells of a reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversed {
    /// The reversal's own receipt.
    pub receipt: Option<String>,
    /// The receipt of the payment that was reversed.
    pub original_receipt: Option<String>,
    /// How much.
    pub amount: Option<Amount>,
    /// When it was done.
    pub completed_at: Option<Timestamp>,
    /// Who got the money back.
    pub credit_party: Option<PartyName>,
    /// The account that it was taken from, as it is now.
    pub debit_account: Option<Account>,
}

impl Daraja {
    /// Asks for a reversal; the outcome comes to the result URL.
    pub async fn reversal(&self, app: &AppKeys, request: &Reversal) -> Result<Accepted, Error> {
        let invalid = |name: &str| Err(Error::unsent(ErrorKind::InvalidField(name.to_owned())));
        if request.amount < Kes::MIN_PAYMENT {
            return invalid("Amount");
        }
        if !is_receipt(&request.receipt) {
            return invalid("TransactionID");
        }
        if !is_short_code(&request.short_code) {
            return invalid("ReceiverParty");
        }
        let body = Body {
            initiator: &request.initiator.name,
            security_credential: request.initiator.credential.expose(),
            command_id: "TransactionReversal",
            transaction_id: &request.receipt,
            amount: request.amount.shillings().to_string(),
            receiver_party: &request.short_code,
            receiver_identifier_type: "11",
            result_url: request.reply_to.result_url.as_str(),
            queue_time_out_url: request.reply_to.timeout_url.as_str(),
            remarks: remarks(&request.remarks),
        };
        self.call(app, &Call::new(PATH, &body, Twice::Harms), read_accepted)
            .await
    }
}

impl Reversed {
    /// Reads the parameters of a reversal's result.
    pub fn of(result: &ResultMessage) -> Self {
        let parameters = &result.parameters;
        let original = parameters
            .get("OriginalTransactionID")
            .filter(|text| is_receipt(text));
        Self {
            receipt: result.transaction_id.clone(),
            original_receipt: original.map(str::to_owned),
            amount: parameters.amount(&["Amount", "TransactionAmount"]),
            completed_at: parameters.moment(&["TransCompletedTime", "TransactionCompletedDateTime"]),
            credit_party: parameters
                .any(&["CreditPartyPublicName", "ReceiverPartyPublicName"])
                .and_then(PartyName::parse),
            debit_account: parameters.get("DebitAccountBalance").and_then(account),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    initiator: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: &'a str,
    #[serde(rename = "TransactionID")]
    transaction_id: &'a str,
    amount: String,
    receiver_party: &'a str,
    /// Spelt wrong on the wire; spelt right it is refused.
    #[serde(rename = "RecieverIdentifierType")]
    receiver_identifier_type: &'a str,
    #[serde(rename = "ResultURL")]
    result_url: &'a str,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: &'a str,
    remarks: String,
}
