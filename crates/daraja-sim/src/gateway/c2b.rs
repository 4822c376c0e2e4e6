//! `POST /mpesa/c2b/{v1,v2}/registerurl` and `…/simulate`.

use serde_json::Value;

use crate::callback::Hiding;
use crate::clock::UnixMs;
use crate::gateway::fields::{self, Api, Fields};
use crate::gateway::refusal::Refusal;
use crate::gateway::{Answer, Request};
use crate::state::menu::Order;
use crate::state::money::MoneyKind;
use crate::state::{Registration, State, Unanswered};

/// v1: confirmations carry a hashed number.
pub(crate) fn register_v1(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    register(state, request, now, Hiding::Hashed)
}

/// v2: confirmations carry a masked number.
pub(crate) fn register_v2(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    register(state, request, now, Hiding::Masked)
}

fn register(state: &mut State, request: &Request, now: UnixMs, hiding: Hiding) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::C2b)?;
    let fields = Fields::read(request);
    let bad_request = |_| Refusal::new(400, "400.003.02", "Bad Request");
    let number = fields.digits("ShortCode", 5..=7).map_err(bad_request)?;
    let response_type = fields.required("ResponseType").map_err(bad_request)?;
    let confirmation = fields::callback_url(state, &fields, "ConfirmationURL").map_err(bad_request)?;
    let validation = fields::callback_url(state, &fields, "ValidationURL").map_err(bad_request)?;
    let payload = || Refusal::new(400, "400.002.05", "Invalid Request Payload");
    let unanswered = match response_type.as_str() {
        "Completed" => Unanswered::Completed,
        "Cancelled" => Unanswered::Cancelled,
        _ => return Err(payload()),
    };
    let index = state.shortcode_of_any(&number).ok_or_else(payload)?;
    let number = state.shortcode(index).number.clone();
    if state.config.switches.production && state.registrations.contains_key(&number) {
        return Err(Refusal::new(500, "500.003.1001", "Urls are already registered."));
    }
    state.registrations.insert(
        number,
        Registration {
            hiding,
            unanswered,
            confirmation,
            validation,
        },
    );
    Ok(accepted(state, "Success"))
}

/// Sandbox alone: a payment as if somebody had made it with a phone.
pub(crate) fn simulate(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::C2b)?;
    if state.config.switches.production {
        return Err(Refusal::new(404, "404.003.01", "Resource not found"));
    }
    let fields = Fields::read(request);
    let payload = |_| Refusal::new(400, "400.002.05", "Invalid Request Payload");
    let number = fields.digits("ShortCode", 5..=7).map_err(payload)?;
    let kind = match fields.required("CommandID").map_err(payload)?.as_str() {
        "CustomerPayBillOnline" => MoneyKind::PayBill,
        "CustomerBuyGoodsOnline" => MoneyKind::BuyGoods,
        other => return Err(payload(Refusal::field(other))),
    };
    let amount = fields.amount("Amount").map_err(payload)?;
    let msisdn = fields.msisdn("Msisdn").map_err(payload)?;
    let account = match fields.value("BillRefNumber") {
        None | Some(Value::Null) => String::new(),
        Some(_) => fields.text("BillRefNumber").unwrap_or_default(),
    };
    let number = state
        .shortcode_of_any(&number)
        .map_or(number, |index| state.shortcode(index).number.clone());
    let answer = accepted(state, "Accept the service request successfully.");
    Ok(Answer {
        payment: Some((
            msisdn,
            Order {
                kind,
                number,
                account,
                amount,
            },
        )),
        ..answer
    })
}

/// The misspelt key is Safaricom's.
fn accepted(state: &mut State, description: &str) -> Answer {
    let id = state.ids.request();
    let body = format!(
        r#"{{"OriginatorCoversationID":"{id}","ResponseCode":"0","ResponseDescription":"{description}"}}"#
    );
    Answer::json(200, body)
}
