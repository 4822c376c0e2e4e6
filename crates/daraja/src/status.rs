//! Transaction Status: what became of one movement of money, by its receipt or by the id of its request.

use kaunta_domain::time::Timestamp;
use serde::Serialize;

use crate::app::AppKeys;
use crate::client::Daraja;
use crate::error::{Error, Twice};
use crate::http::Call;
use crate::request::{Accepted, Initiator, Party, ReplyTo, accepted, remarks};
use crate::result::{Kind, PartyName, ResultMessage};
use crate::values::{Amount, is_receipt};

const PATH: &str = "/mpesa/transactionstatus/v1/query";

/// Which transaction is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The one with this receipt.
    Receipt(String),
    /// The one that was asked for under this `OriginatorConversationID`: for requests whose answer was lost.
    Conversation(String),
}

/// A question about one transaction.
#[derive(Debug, Clone)]
pub struct StatusQuery {
    /// Who asks.
    pub initiator: Initiator,
    /// About which transaction.
    pub asked: Asked,
    /// Whose transaction: the merchant's shortcode.
    pub party: Party,
    /// A few words.
    pub remarks: String,
    /// Where the answer is posted.
    pub reply_to: ReplyTo,
}

/// Where a transaction stands. Source: "Transaction Status" page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Money moved.
    Completed,
    /// Initiated, authorized, pending: it may still become anything.
    Open(String),
    /// Cancelled, declined, expired or failed: no money moved.
    Ended(String),
    /// Not told, or in a word that is not known: it proves nothing.
    Unknown(Option<String>),
}

/// What a result tells of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionStatus {
    /// Where it stands.
    pub state: State,
    /// Its receipt: `ReceiptNo`. The result's own id is that of the query.
    pub receipt: Option<String>,
    /// How much.
    pub amount: Option<Amount>,
    /// Who paid. The documents' sample names both parties so.
    pub debit_parties: Vec<PartyName>,
    /// Who was paid.
    pub credit_party: Option<PartyName>,
    /// The id under which the transaction was asked for.
    pub originator_conversation_id: Option<String>,
    /// When it began.
    pub initiated_at: Option<Timestamp>,
    /// When it ended.
    pub finalised_at: Option<Timestamp>,
    /// What kind of transaction, in Safaricom's words.
    pub reason: Option<String>,
}

impl Daraja {
    /// Asks for a transaction; the answer comes to the result URL.
    pub async fn transaction_status(&self, app: &AppKeys, request: &StatusQuery) -> Result<Accepted, Error> {
        let (receipt, conversation) = match &request.asked {
            Asked::Receipt(receipt) => (Some(receipt.as_str()), None),
            Asked::Conversation(id) => (None, Some(id.as_str())),
        };
        let body = Body {
            initiator: &request.initiator.name,
            security_credential: request.initiator.credential.expose(),
            command_id: "TransactionStatusQuery",
            transaction_id: receipt,
            original_conversation_id: conversation,
            party_a: request.party.number(),
            identifier_type: request.party.identifier_type(),
            result_url: request.reply_to.result_url.as_str(),
            queue_time_out_url: request.reply_to.timeout_url.as_str(),
            remarks: remarks(&request.remarks),
            occasion: "",
        };
        self.call(app, &Call::new(PATH, &body, Twice::IsHarmless), |answer| {
            accepted(answer, Twice::IsHarmless)
        })
        .await
    }
}

impl TransactionStatus {
    /// Reads the parameters of a status result. A result that is not final or not a success tells nothing.
    pub fn of(result: &ResultMessage) -> Self {
        let parameters = &result.parameters;
        let told =
            result.kind == Kind::Final && result.code.as_ref().is_some_and(crate::ResultCode::is_success);
        let word = parameters.any(&["TransactionStatus", "Status"]).filter(|_| told);
        let receipt = parameters
            .any(&["ReceiptNo", "TransactionReceipt"])
            .filter(|text| is_receipt(text));
        Self {
            state: state(word),
            receipt: receipt.map(str::to_owned),
            amount: parameters.amount(&["Amount", "TransactionAmount"]),
            debit_parties: parameters
                .all("DebitPartyName")
                .filter_map(PartyName::parse)
                .collect(),
            credit_party: parameters
                .any(&["CreditPartyName", "ReceiverPartyPublicName"])
                .and_then(PartyName::parse),
            originator_conversation_id: parameters.get("OriginatorConversationID").map(str::to_owned),
            initiated_at: parameters.moment(&["InitiatedTime"]),
            finalised_at: parameters.moment(&["FinalisedTime", "TransactionCompletedDateTime"]),
            reason: parameters.get("ReasonType").map(str::to_owned),
        }
    }
}

fn state(word: Option<&str>) -> State {
    let Some(word) = word else {
        return State::Unknown(None);
    };
    let owned = word.to_owned();
    match word.to_ascii_lowercase().as_str() {
        "completed" => State::Completed,
        "cancelled" | "canceled" | "declined" | "expired" | "failed" => State::Ended(owned),
        open if open.starts_with("pending") || open.starts_with("initiat") || open.starts_with("authori") => {
            State::Open(owned)
        }
        _ => State::Unknown(Some(owned)),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    initiator: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: &'a str,
    #[serde(rename = "TransactionID", skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
    #[serde(rename = "OriginalConversationID", skip_serializing_if = "Option::is_none")]
    original_conversation_id: Option<&'a str>,
    party_a: &'a str,
    identifier_type: &'a str,
    #[serde(rename = "ResultURL")]
    result_url: &'a str,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: &'a str,
    remarks: String,
    occasion: &'a str,
}
