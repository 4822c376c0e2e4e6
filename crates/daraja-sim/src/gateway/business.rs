//! What a merchant starts with an initiator's credential: B2C, reversal, transaction status and balance.
//!
//! Each is acknowledged at once and answered by one result, posted to the `ResultURL`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::clock::UnixMs;
use crate::gateway::fields::{self, Api, Fields};
use crate::gateway::refusal::Refusal;
use crate::gateway::{Answer, Request};
use crate::outbox::Kind;
use crate::state::business::{Conversation, Payout, Reversal, Subject};
use crate::state::{State, millis};

/// An RSA-2048 ciphertext.
const CREDENTIAL_BYTES: usize = 256;

/// The least and the most that B2C pays, in whole shillings.
const PAYOUT_RANGE: std::ops::RangeInclusive<i64> = 10..=250_000;

/// `POST /mpesa/b2c/v3/paymentrequest`: the caller names the conversation.
pub(crate) fn b2c_v3(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::B2c)?;
    let fields = Fields::read(request);
    let originator = fields.required("OriginatorConversationID")?;
    if state.conversations.contains_key(&originator) {
        return Err(Refusal::new(
            500,
            "500.002.1001",
            "Duplicate OriginatorConversationID.",
        ));
    }
    b2c(state, &fields, originator, now)
}

/// `POST /mpesa/b2c/v1/paymentrequest`: the gateway does.
pub(crate) fn b2c_v1(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::B2c)?;
    let originator = state.ids.request();
    b2c(state, &Fields::read(request), originator, now)
}

fn b2c(state: &mut State, fields: &Fields, originator: String, now: UnixMs) -> Result<Answer, Refusal> {
    fields.required("InitiatorName")?;
    let command = fields.required("CommandID")?;
    if !["SalaryPayment", "BusinessPayment", "PromotionPayment"].contains(&command.as_str()) {
        return Err(Refusal::field("CommandID"));
    }
    let amount = fields.amount("Amount")?;
    let party_a = fields.digits("PartyA", 5..=7)?;
    let msisdn = fields.msisdn("PartyB")?;
    let asked = Asked::read(state, fields, &party_a)?;
    let talk = begin(state, originator, now);
    let body = match state.shortcode_of_any(&party_a) {
        Some(_) if !asked.credential_is_right => talk.failure("2001"),
        None => talk.failure("2028"),
        Some(_) if amount < *PAYOUT_RANGE.start() => talk.failure("2"),
        Some(_) if amount > *PAYOUT_RANGE.end() => talk.failure("3"),
        Some(shortcode) => state.pay_out(
            &talk,
            &Payout {
                shortcode,
                msisdn,
                amount,
                at: now,
            },
        ),
    };
    Ok(asked.finish(state, &talk, body, now))
}

/// `POST /mpesa/reversal/v1/request`.
pub(crate) fn reversal(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::Stk)?;
    let fields = Fields::read(request);
    fields.required("Initiator")?;
    command(&fields, "TransactionReversal")?;
    let receipt = fields.required("TransactionID")?;
    let amount = fields.amount("Amount")?;
    let party = fields.digits("ReceiverParty", 5..=7)?;
    // The misspelling is Safaricom's, and the right spelling is refused.
    if fields.required("RecieverIdentifierType")? != "11" {
        return Err(Refusal::field("RecieverIdentifierType"));
    }
    let asked = Asked::read(state, &fields, &party)?;
    let originator = state.ids.request();
    let talk = begin(state, originator, now);
    let body = match state.shortcode_of_any(&party) {
        Some(_) if !asked.credential_is_right => talk.failure("2001"),
        None => talk.failure("2028"),
        Some(shortcode) => state.reverse(
            &talk,
            &Reversal {
                shortcode,
                receipt,
                amount,
                at: now,
            },
        ),
    };
    Ok(asked.finish(state, &talk, body, now))
}

/// `POST /mpesa/transactionstatus/v1/query`.
pub(crate) fn status(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::C2b)?;
    let fields = Fields::read(request);
    let bad_request = |_| Refusal::new(400, "400.003.02", "Bad Request");
    fields.required("Initiator").map_err(bad_request)?;
    command(&fields, "TransactionStatusQuery").map_err(bad_request)?;
    let party = fields.digits("PartyA", 5..=12).map_err(bad_request)?;
    if !["1", "2", "4"].contains(&fields.required("IdentifierType").map_err(bad_request)?.as_str()) {
        return Err(bad_request(Refusal::field("IdentifierType")));
    }
    let subject = match (
        fields.text("TransactionID"),
        fields.text("OriginalConversationID"),
    ) {
        (Some(receipt), _) => Subject::Receipt(receipt),
        (None, Some(conversation)) => Subject::Conversation(conversation),
        (None, None) => return Err(bad_request(Refusal::field("TransactionID"))),
    };
    let asked = Asked::read(state, &fields, &party).map_err(bad_request)?;
    let originator = state.ids.request();
    let talk = begin(state, originator, now);
    let body = if asked.credential_is_right {
        state.tell_status(&talk, &subject)
    } else {
        talk.failure("2001")
    };
    Ok(asked.finish(state, &talk, body, now))
}

/// `POST /mpesa/accountbalance/v1/query`.
pub(crate) fn balance(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::B2c)?;
    let fields = Fields::read(request);
    fields.required("Initiator")?;
    command(&fields, "AccountBalance")?;
    let party = fields.digits("PartyA", 5..=7)?;
    if fields.required("IdentifierType")? != "4" {
        return Err(Refusal::field("IdentifierType"));
    }
    let asked = Asked::read(state, &fields, &party)?;
    let originator = state.ids.request();
    let talk = begin(state, originator, now);
    let body = match state.shortcode_of_any(&party) {
        Some(_) if !asked.credential_is_right => talk.failure("2001"),
        None => talk.failure("2028"),
        Some(shortcode) => state.tell_balance(&talk, shortcode, now),
    };
    Ok(asked.finish(state, &talk, body, now))
}

fn command(fields: &Fields, expected: &str) -> Result<(), Refusal> {
    if fields.required("CommandID")? == expected {
        Ok(())
    } else {
        Err(Refusal::field("CommandID"))
    }
}

/// Gives the request its name at M-Pesa.
fn begin(state: &mut State, originator: String, now: UnixMs) -> Conversation {
    let id = state.ids.conversation(now);
    state.conversations.insert(originator.clone(), None);
    Conversation {
        originator,
        id,
        at: now,
    }
}

/// What all of them carry.
struct Asked {
    party: String,
    result_url: String,
    credential_is_right: bool,
}

impl Asked {
    fn read(state: &State, fields: &Fields, party: &str) -> Result<Self, Refusal> {
        let credential = fields.required("SecurityCredential")?;
        let result_url = fields::callback_url(state, fields, "ResultURL")?;
        fields::callback_url(state, fields, "QueueTimeOutURL")?;
        let remarks = fields.required("Remarks")?.chars().count();
        if !(2..=100).contains(&remarks) {
            return Err(Refusal::field("Remarks"));
        }
        // Its length is all that can be told of a ciphertext without Safaricom's private key.
        let credential_is_right = STANDARD
            .decode(credential)
            .is_ok_and(|c| c.len() == CREDENTIAL_BYTES);
        Ok(Self {
            party: party.to_owned(),
            result_url,
            credential_is_right,
        })
    }

    /// Posts the result and acknowledges.
    fn finish(&self, state: &mut State, talk: &Conversation, result: String, now: UnixMs) -> Answer {
        let due = now + millis(state.config.pace.callback);
        state.post_with_faults(Kind::Result, &self.result_url, &self.party, result, due);
        let Conversation { originator, id, .. } = talk;
        let originator = serde_json::to_string(originator).expect("a string is always JSON");
        let body = format!(
            concat!(
                r#"{{"ConversationID":"{}","OriginatorConversationID":{},"ResponseCode":"0","#,
                r#""ResponseDescription":"Accept the service request successfully."}}"#
            ),
            id, originator
        );
        Answer::json(200, body)
    }
}
