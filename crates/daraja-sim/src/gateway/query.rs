//! `POST /mpesa/stkpushquery/v1/query`: what became of a push, and the many ways of not saying it.

use crate::clock::UnixMs;
use crate::dice::Noise;
use crate::gateway::fields::{self, Api, Fields};
use crate::gateway::refusal::{self, Refusal};
use crate::gateway::{Answer, Request};
use crate::results::result;
use crate::state::State;
use crate::state::push::Phase;

/// What the sandbox was seen to allow.
const QUERIES_PER_MINUTE: usize = 5;

/// Answers for a push of the same shortcode.
pub(crate) fn query(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::Stk)?;
    if over_quota(state, now) {
        return Ok(refusal::spike_arrest());
    }
    let fields = Fields::read(request);
    let shortcode = fields.digits("BusinessShortCode", 5..=7)?;
    let password = fields.required("Password")?;
    let timestamp = fields::timestamp(state, &fields, now)?;
    let checkout = fields.required("CheckoutRequestID")?;
    let shortcode = fields::merchant(state, &shortcode, &password, &timestamp)?;
    let index = state.by_checkout.get(&checkout).copied();
    match index.filter(|&index| state.pushes[index].asked.shortcode == shortcode) {
        None => Err(Refusal::merchant("The transaction does not Exist")),
        Some(index) => outcome(state, index),
    }
}

fn over_quota(state: &mut State, now: UnixMs) -> bool {
    if !state.config.switches.query_quota {
        return false;
    }
    while state.query_times.front().is_some_and(|&at| at <= now - 60_000) {
        state.query_times.pop_front();
    }
    let over = state.query_times.len() >= QUERIES_PER_MINUTE;
    if !over {
        state.query_times.push_back(now);
    }
    over
}

fn outcome(state: &mut State, index: usize) -> Result<Answer, Refusal> {
    let faults = state.faults;
    // Drawn even where it cannot matter, so that the seed's later draws do not depend on timing.
    let noise = state.dice.query_noise(&faults);
    match state.pushes[index].phase.clone() {
        Phase::Out { .. } if state.fails_too_early(index) => {
            let early = result("1037");
            Ok(known(state, index, early.code, early.query))
        }
        Phase::Out { .. } => not_yet(state, index),
        Phase::Stuck => Ok(known(state, index, "4999", UNDER_PROCESSING)),
        Phase::Done { .. } if noise == Noise::Error => Err(Refusal::merchant("")),
        Phase::Done { result, .. } => Ok(known(state, index, result.code, result.query)),
    }
}

const UNDER_PROCESSING: &str = "The transaction is still under processing";

/// The four shapes of "not yet", one after the other: the two that speak of processing, an error without words,
/// and an identifier that the query claims not to know.
fn not_yet(state: &mut State, index: usize) -> Result<Answer, Refusal> {
    let turn = state.pushes[index].queries;
    state.pushes[index].queries += 1;
    match turn % 4 {
        0 => Ok(known(state, index, "4999", UNDER_PROCESSING)),
        1 => Err(Refusal::merchant("The transaction is being processed")),
        // Logged once with status 200.
        2 => Err(Refusal::new(200, "500.001.1001", "")),
        _ => Err(Refusal::field("CheckoutRequestID")),
    }
}

/// All strings, and the real server's spelling of "successfully".
fn known(state: &State, index: usize, code: &str, text: &str) -> Answer {
    let push = &state.pushes[index];
    let body = format!(
        concat!(
            r#"{{"ResponseCode":"0","ResponseDescription":"The service request has been accepted successsfully","#,
            r#""MerchantRequestID":"{}","CheckoutRequestID":"{}","ResultCode":"{}","ResultDesc":"{}"}}"#
        ),
        push.merchant_id, push.checkout_id, code, text
    );
    Answer::json(200, body)
}
