//! `POST /mpesa/stkpush/v1/processrequest`.
//!
//! The order of the checks is not documented; this one is: method, token, fields, merchant, password,
//! subscriber lock.

use serde_json::Value;

use crate::clock::UnixMs;
use crate::gateway::fields::{self, Api, Fields};
use crate::gateway::refusal::{self, Refusal};
use crate::gateway::{Answer, Request};
use crate::script::{Answering, Trouble};
use crate::state::State;
use crate::state::push::Asked;

/// Accepts a push and lets the phone ring.
pub(crate) fn process_request(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::Stk)?;
    let asked = read(state, &Fields::read(request), now)?;
    let script = state.script_for(&asked);
    if let Some(Answering::Instead(trouble)) = script.map(|plan| plan.answering) {
        return Ok(refusal::trouble(state, trouble));
    }
    if state.ringing.contains_key(&asked.msisdn) {
        return Ok(refusal::trouble(state, Trouble::Locked));
    }
    let index = state.accept_push(asked, script);
    let callbacks_first = state.settle_before_answer(index);
    let push = &state.pushes[index];
    let body = format!(
        concat!(
            r#"{{"MerchantRequestID":"{}","CheckoutRequestID":"{}","ResponseCode":"0","#,
            r#""ResponseDescription":"Success. Request accepted for processing","#,
            r#""CustomerMessage":"Success. Request accepted for processing"}}"#
        ),
        push.merchant_id, push.checkout_id
    );
    Ok(Answer {
        answering: push.plan.answering,
        callbacks_first,
        ..Answer::json(200, body)
    })
}

fn read(state: &State, fields: &Fields, now: UnixMs) -> Result<Asked, Refusal> {
    let shortcode = fields.digits("BusinessShortCode", 5..=7)?;
    let password = fields.required("Password")?;
    let timestamp = fields::timestamp(state, fields, now)?;
    let transaction_type = fields.required("TransactionType")?;
    if !["CustomerPayBillOnline", "CustomerBuyGoodsOnline"].contains(&transaction_type.as_str()) {
        return Err(Refusal::field("TransactionType"));
    }
    let amount = fields.amount("Amount")?;
    fields.msisdn("PartyA")?;
    let party_b = fields.digits("PartyB", 5..=7)?;
    let msisdn = fields.msisdn("PhoneNumber")?;
    let callback_url = fields::callback_url(state, fields, "CallBackURL")?;
    let account = account_reference(fields)?;
    if fields.text("TransactionDesc").is_none() {
        return Err(Refusal::field("Remarks"));
    }
    let shortcode = fields::merchant(state, &shortcode, &password, &timestamp)?;
    Ok(Asked {
        shortcode,
        transaction_type,
        party_b,
        amount,
        msisdn,
        callback_url,
        account,
    })
}

/// A null was answered as if the description were missing; its length is not checked here, as in the sandbox.
fn account_reference(fields: &Fields) -> Result<String, Refusal> {
    match fields.value("AccountReference") {
        Some(Value::Null) => Err(Refusal::field("Remarks")),
        _ => fields.required("AccountReference"),
    }
}
