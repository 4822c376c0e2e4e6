//! `POST /pulltransactions/v1/{register,query}`: the C2B payments of the last 48 hours, for who missed them.

use crate::clock::{UnixMs, pull_date, stamp};
use crate::gateway::fields::{self, Api, Fields};
use crate::gateway::refusal::Refusal;
use crate::gateway::{Answer, Request};
use crate::state::State;
use crate::state::money::{LedgerEntry, MoneyKind};

const REACH_MS: UnixMs = 48 * 3_600_000;

/// Opens the API for a shortcode; a second time says 1001, which is as good.
pub(crate) fn register(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::Pull)?;
    let fields = Fields::read(request);
    let number = shortcode(state, &fields)?;
    fields::callback_url(state, &fields, "CallBackURL")?;
    let (status, text) = if state.pull_registered.insert(number.clone()) {
        ("1000", "Shortcode Registered Successfully")
    } else {
        ("1001", "Shortcode already Registered")
    };
    let id = state.ids.request();
    Ok(Answer::json(
        200,
        format!(
            r#"{{"ResponseRefID":"{id}","ResponseStatus":"{status}","ShortCode":"{number}","ResponseDescription":"{text}"}}"#
        ),
    ))
}

/// A double array of rows, from an offset on.
pub(crate) fn query(state: &mut State, request: &Request, now: UnixMs) -> Result<Answer, Refusal> {
    fields::authorize(state, request, now, Api::Pull)?;
    let fields = Fields::read(request);
    let number = shortcode(state, &fields)?;
    if !state.pull_registered.contains(&number) {
        return Err(invalid_shortcode());
    }
    let (from, to) = (moment(&fields, "StartDate")?, moment(&fields, "EndDate")?);
    let offset = fields.digits("OffSetValue", 1..=9)?.parse().unwrap_or(0);
    let rows: Vec<String> = state
        .ledger
        .iter()
        .filter(|entry| entry.shortcode == number && entry.at >= now - REACH_MS)
        .filter(|entry| (from.as_str()..=to.as_str()).contains(&stamp(entry.at).as_str()))
        .filter_map(|entry| row(state, entry))
        .skip(offset)
        .collect();
    let (code, text) = if rows.is_empty() {
        ("1001", "No Transactions Found")
    } else {
        ("1000", "Success")
    };
    let id = state.ids.request();
    let rows = rows.join(",");
    let body = format!(
        r#"{{"ResponseRefID":"{id}","ResponseCode":"{code}","ResponseMessage":"{text}","Response":[[{rows}]]}}"#
    );
    Ok(Answer::json(200, body))
}

fn invalid_shortcode() -> Refusal {
    Refusal::new(400, "400.001", "Invalid ShortCode")
}

fn shortcode(state: &State, fields: &Fields) -> Result<String, Refusal> {
    let number = fields
        .digits("ShortCode", 5..=7)
        .map_err(|_| invalid_shortcode())?;
    let index = state.shortcode_of_any(&number).ok_or_else(invalid_shortcode)?;
    Ok(state.shortcode(index).number.clone())
}

/// `2020-08-04 08:36:00` as the fourteen digits of [`stamp`].
fn moment(fields: &Fields, name: &str) -> Result<String, Refusal> {
    let digits: String = fields
        .required(name)?
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    if digits.len() == 14 {
        Ok(digits)
    } else {
        Err(Refusal::field(name))
    }
}

/// Lower-case keys, and a number for the payer; money that went out has no row.
fn row(state: &State, entry: &LedgerEntry) -> Option<String> {
    let kind = match entry.kind {
        MoneyKind::Stk | MoneyKind::PayBill => "c2b-pay-bill-debit",
        MoneyKind::BuyGoods => "c2b-buy-goods-debit",
        MoneyKind::B2c | MoneyKind::Reversal => return None,
    };
    let name = state
        .shortcode_of_any(&entry.shortcode)
        .map(|index| state.shortcode(index).name.as_str());
    let quoted = |text: &str| serde_json::to_string(text).expect("a string is always JSON");
    Some(format!(
        concat!(
            r#"{{"transactionId":"{}","trxDate":"{}","msisdn":{},"sender":"MPESA","transactiontype":"{}","#,
            r#""billreference":{},"amount":"{}.00","organizationname":{}}}"#
        ),
        entry.receipt,
        pull_date(entry.at),
        &entry.msisdn[3..],
        kind,
        quoted(&entry.account),
        entry.amount,
        quoted(name.unwrap_or_default()),
    ))
}
