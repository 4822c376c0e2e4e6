//! The body of `POST /v1/checkout/sessions`, and of `POST …/attempts`.

use std::collections::BTreeMap;
use std::time::Duration;

use kaunta_domain::api::{Appearance, Details, LineItem, Locale};
use kaunta_domain::limits;
use kaunta_domain::money::Kes;
use kaunta_domain::msisdn::{MAX_INPUT_BYTES, Msisdn};
use kaunta_payments::NewSession;
use serde_json::Value;
use url::Url;

use super::fields::{self, Fields};
use crate::problem::Problem;

/// Most of one thing in a basket.
const MOST_OF_ONE: i64 = 1_000_000;
/// What a shop writes where the id of the session goes.
const PLACEHOLDER: &str = "{CHECKOUT_SESSION_ID}";

/// Reads what a session is to be, or says all that is wrong with it.
pub(crate) fn new_session(body: Value) -> Result<NewSession, Problem> {
    let mut fields = Fields::of(body)?;
    let payable = Kes::MIN_PAYMENT.shillings()..=Kes::MAX_PAYMENT.shillings();
    let amount = required(&mut fields, "amount", |fields| fields.integer("amount", payable));
    let client_reference_id = fields.text("client_reference_id", limits::CLIENT_REFERENCE_CHARS);
    let customer_phone = phone(&mut fields, "customer_phone");
    let (least, most, usual) = limits::EXPIRES_IN_SECONDS;
    let expires_in = fields.integer("expires_in", least..=most).unwrap_or(usual);
    let channel = fields.parsed("channel", 64, |text| {
        text.parse().map_err(|_| {
            (
                "unknown_channel",
                "is no channel of this merchant; `kaunta channel list` shows them".to_owned(),
            )
        })
    });
    let details = Details {
        description: fields.text("description", limits::DESCRIPTION_CHARS),
        metadata: fields.object("metadata", metadata).unwrap_or_default(),
        line_items: line_items(&mut fields, amount),
        success_url: fields.parsed("success_url", limits::URL_CHARS, web_address),
        cancel_url: fields.parsed("cancel_url", limits::URL_CHARS, web_address),
        locale: fields.parsed("locale", 16, locale).unwrap_or_default(),
        appearance: fields.object("appearance", appearance),
    };
    fields.finish()?;
    Ok(NewSession {
        amount: amount.map(Kes::new).unwrap_or_default(),
        client_reference_id,
        customer_phone,
        expires_in: Duration::from_secs(expires_in.unsigned_abs()),
        channel,
        details,
    })
}

/// Reads whose phone a prompt goes to.
pub(crate) fn attempt_phone(body: Value) -> Result<Msisdn, Problem> {
    let mut fields = Fields::of(body)?;
    let phone = required(&mut fields, "phone", |fields| phone(fields, "phone"));
    fields.finish()?;
    phone.ok_or_else(|| Problem::field("/phone", "required", "is required"))
}

fn required<T>(
    fields: &mut Fields,
    name: &'static str,
    read: impl FnOnce(&mut Fields) -> Option<T>,
) -> Option<T> {
    if !fields.has(name) {
        fields.wrong(name, "required", "is required");
    }
    read(fields)
}

fn phone(fields: &mut Fields, name: &'static str) -> Option<Msisdn> {
    fields.parsed(name, MAX_INPUT_BYTES, |text| {
        Msisdn::parse(text).map_err(|error| (error.code(), error.to_string()))
    })
}

fn metadata(fields: &mut Fields) -> BTreeMap<String, String> {
    let entries = fields.take_rest();
    if entries.len() > limits::METADATA_KEYS {
        fields.wrong_itself(
            "too_many",
            format!(
                "holds {} keys; at most {} are taken",
                entries.len(),
                limits::METADATA_KEYS
            ),
        );
        return BTreeMap::new();
    }
    let mut kept = BTreeMap::new();
    for (name, value) in entries {
        if let Err((code, detail)) = fields::text(Value::String(name.clone()), limits::METADATA_KEY_CHARS) {
            fields.wrong(&name, code, format!("the key {detail}"));
            continue;
        }
        match fields::text(value, limits::METADATA_VALUE_CHARS) {
            Ok(value) => {
                kept.insert(name, value);
            }
            Err((code, detail)) => fields.wrong(&name, code, detail),
        }
    }
    kept
}

/// Reads the basket, and checks that it comes to the amount where that is known.
fn line_items(fields: &mut Fields, amount: Option<i64>) -> Vec<LineItem> {
    let Some(items) = fields.objects("line_items", limits::LINE_ITEMS, line_item) else {
        return Vec::new();
    };
    let sum: i64 = items
        .iter()
        .map(|item| item.quantity.saturating_mul(item.amount.shillings()))
        .fold(0, i64::saturating_add);
    match amount {
        Some(amount) if amount != sum && !items.is_empty() => {
            let detail = format!(
                "come to KES {}, but the amount is KES {}",
                Kes::new(sum),
                Kes::new(amount)
            );
            fields.wrong("line_items", "does_not_add_up", detail);
        }
        _ => {}
    }
    items
}

fn line_item(fields: &mut Fields) -> Option<LineItem> {
    let name = required(fields, "name", |fields| {
        fields.text("name", limits::LINE_ITEM_NAME_CHARS)
    });
    let quantity = required(fields, "quantity", |fields| {
        fields.integer("quantity", 1..=MOST_OF_ONE)
    });
    let amount = required(fields, "amount", |fields| {
        fields.integer("amount", 0..=Kes::MAX_PAYMENT.shillings())
    });
    Some(LineItem {
        name: name?,
        quantity: quantity?,
        amount: Kes::new(amount?),
    })
}

fn web_address(text: &str) -> Result<String, (&'static str, String)> {
    let wrong = |detail: &str| Err(("invalid_url", detail.to_owned()));
    if text.chars().any(char::is_whitespace) {
        return wrong("must not hold blanks");
    }
    // The id that is filled in holds letters, digits and an underscore alone, so it cannot change how the URL reads.
    match Url::parse(&text.replace(PLACEHOLDER, "cs_0")) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => wrong("must start with https:// or http://"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            wrong("must not hold a user name or password")
        }
        Ok(url) if url.host_str().is_some_and(|host| host.contains("cs_0")) => {
            wrong("must not have the session's id in its host")
        }
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(("invalid_url", format!("is no URL: {error}"))),
    }
}

fn locale(text: &str) -> Result<Locale, (&'static str, String)> {
    let known = [Locale::Auto, Locale::En, Locale::Sw]
        .into_iter()
        .find(|locale| locale.as_str() == text);
    known.ok_or_else(|| ("unknown_locale", "must be auto, en or sw".to_owned()))
}

fn appearance(fields: &mut Fields) -> Appearance {
    let theme = fields.parsed("theme", 16, |text| match text {
        "auto" | "light" | "dark" => Ok(text.to_owned()),
        _ => Err(("unknown_theme", "must be auto, light or dark".to_owned())),
    });
    let color_primary = fields.parsed("color_primary", 16, |text| {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        digits
            .map(|_| text.to_ascii_lowercase())
            .ok_or_else(|| ("invalid_color", "must be a color like #0a6b3d".to_owned()))
    });
    let border_radius = fields
        .integer("border_radius", 0..=24)
        .and_then(|pixels| u8::try_from(pixels).ok());
    Appearance {
        theme,
        color_primary,
        border_radius,
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
