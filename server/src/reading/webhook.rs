//! The bodies of `/v1/webhook_endpoints`.

use std::time::Duration;

use kaunta_domain::limits::{DESCRIPTION_CHARS, URL_CHARS, WEBHOOK_OVERLAP_SECONDS, WEBHOOK_PATTERNS};
use kaunta_domain::time::Timestamp;
use kaunta_payments::{EventFilter, NewWebhookEndpoint, Replay, WebhookEndpointChange};
use serde_json::Value;
use url::Url;

use super::fields::Fields;
use super::query::A_TIME;
use crate::problem::Problem;

/// Longest text of a moment.
const MOMENT_CHARS: usize = 40;

/// Reads what an endpoint is to be.
pub(crate) fn new_endpoint(body: Value) -> Result<NewWebhookEndpoint, Problem> {
    let mut fields = Fields::of(body)?;
    must_have(&mut fields, "url");
    let url = fields.parsed("url", URL_CHARS, receiver);
    let enabled_events = patterns(&mut fields, "enabled_events");
    let description = fields.text("description", DESCRIPTION_CHARS);
    fields.finish()?;
    Ok(NewWebhookEndpoint {
        url: url.ok_or_else(|| Problem::field("/url", "required", "is required"))?,
        enabled_events: enabled_events.unwrap_or_else(EventFilter::everything),
        description,
    })
}

/// Reads what is to change of an endpoint.
pub(crate) fn change(body: Value) -> Result<WebhookEndpointChange, Problem> {
    let mut fields = Fields::of(body)?;
    let no_description = fields.is_null("description").then_some(None);
    let change = WebhookEndpointChange {
        url: fields.parsed("url", URL_CHARS, receiver),
        enabled_events: patterns(&mut fields, "enabled_events"),
        description: fields
            .text("description", DESCRIPTION_CHARS)
            .map(Some)
            .or(no_description),
        disabled: fields.truth("disabled"),
    };
    fields.finish()?;
    Ok(change)
}

/// Reads how long the old secret signs beside the new one.
pub(crate) fn overlap(body: Value) -> Result<Duration, Problem> {
    let (most, usual) = WEBHOOK_OVERLAP_SECONDS;
    let mut fields = Fields::of(body)?;
    let seconds = fields.integer("overlap_seconds", 0..=most).unwrap_or(usual);
    fields.finish()?;
    Ok(Duration::from_secs(seconds.unsigned_abs()))
}

/// Reads which events to send again.
pub(crate) fn replay(body: Value) -> Result<Replay, Problem> {
    let mut fields = Fields::of(body)?;
    let [from, to] = ["from", "to"].map(|name| {
        must_have(&mut fields, name);
        fields.parsed(name, MOMENT_CHARS, moment)
    });
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        fields.wrong("to", "range_empty", "must lie after `from`");
    }
    let types = patterns(&mut fields, "types");
    let dry_run = fields.truth("dry_run").unwrap_or(false);
    fields.finish()?;
    let missing = |pointer| Problem::field(pointer, "required", "is required");
    Ok(Replay {
        from: from.ok_or_else(|| missing("/from"))?,
        to: to.ok_or_else(|| missing("/to"))?,
        types,
        dry_run,
    })
}

fn must_have(fields: &mut Fields, name: &str) {
    if !fields.has(name) {
        fields.wrong(name, "required", "is required");
    }
}

fn moment(text: &str) -> Result<Timestamp, (&'static str, String)> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| ("not_a_time", A_TIME.to_owned()))
}

fn receiver(text: &str) -> Result<Url, (&'static str, String)> {
    let wrong = |detail: &str| Err(("invalid_url", detail.to_owned()));
    match Url::parse(text) {
        _ if text.chars().any(char::is_whitespace) => wrong("must not hold blanks"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => wrong("must start with https:// or http://"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            wrong("must not hold a user name or password: the signature tells who sends")
        }
        Ok(url) if url.fragment().is_some() => wrong("must not hold a `#`: it is never sent"),
        Ok(url) if url.as_str().len() > URL_CHARS => wrong("is too long once it is written as it is sent"),
        Ok(url) => Ok(url),
        Err(error) => Err(("invalid_url", format!("is no URL: {error}"))),
    }
}

/// A list of event types, of beginnings such as `payment.*`, or `*`.
fn patterns(fields: &mut Fields, name: &'static str) -> Option<EventFilter> {
    let Value::Array(items) = fields.take(name)? else {
        fields.wrong(name, "not_a_list", "must be a list, like [\"payment.*\"]");
        return None;
    };
    let count = items.len();
    let texts = items.into_iter().map(|item| match item {
        Value::String(text) => Some(text),
        _ => None,
    });
    let Some(texts) = texts.collect::<Option<Vec<String>>>() else {
        fields.wrong(name, "not_a_text", "must hold texts alone");
        return None;
    };
    if count == 0 || count > WEBHOOK_PATTERNS {
        let detail = format!("holds {count} items; 1 to {WEBHOOK_PATTERNS} are taken");
        fields.wrong(name, if count == 0 { "empty" } else { "too_many" }, detail);
        return None;
    }
    match EventFilter::parse(texts.clone()) {
        Ok(filter) => Some(filter),
        Err(unknown) => {
            for at in unknown {
                let shown: String = texts[at].chars().take(64).collect();
                fields.wrong(
                    name,
                    "unknown_event_type",
                    format!("`{shown}` fits no event type"),
                );
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn codes<T>(read: Result<T, Problem>) -> Vec<(String, &'static str)> {
        let problem = read.err();
        let errors = problem.iter().flat_map(Problem::field_errors);
        errors.map(|error| (error.pointer.clone(), error.code)).collect()
    }

    #[test]
    fn an_endpoint_needs_a_web_address_alone() {
        let made = new_endpoint(json!({ "url": "https://shop.example/hook?shop=1" }))
            .ok()
            .unwrap();
        assert_eq!(made.enabled_events, EventFilter::everything());
        for wrong in [
            "shop.example",
            "ftp://shop.example",
            "https://u:p@shop.example",
            "https://shop.example/#x",
            "https://",
            "javascript:alert(1)",
            "https://shop.example/a b",
        ] {
            assert_eq!(
                codes(new_endpoint(json!({ "url": wrong }))),
                [("/url".to_owned(), "invalid_url")],
                "{wrong}"
            );
        }
        assert_eq!(codes(new_endpoint(json!({}))), [("/url".to_owned(), "required")]);
        assert_eq!(
            codes(new_endpoint(json!({ "url": 7, "secret": "whsec_mine" }))),
            [
                ("/url".to_owned(), "not_a_text"),
                ("/secret".to_owned(), "unknown_field")
            ]
        );
    }

    #[test]
    fn only_events_that_exist_can_be_enabled() {
        let with =
            |events: Value| new_endpoint(json!({ "url": "https://shop.example", "enabled_events": events }));
        let fine = json!(["payment.*", "checkout.session.completed"]);
        assert!(with(fine).ok().unwrap().enabled_events.takes("payment.succeeded"));
        for (wrong, code) in [
            (json!(["payment.succeded"]), "unknown_event_type"),
            (json!([]), "empty"),
            (json!("*"), "not_a_list"),
            (json!([7]), "not_a_text"),
            (json!(vec!["*"; WEBHOOK_PATTERNS + 1]), "too_many"),
        ] {
            assert_eq!(
                codes(with(wrong.clone())),
                [("/enabled_events".to_owned(), code)],
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_change_tells_nothing_from_null() {
        let nothing = change(json!({})).ok().unwrap();
        assert!(nothing.url.is_none() && nothing.description.is_none() && nothing.disabled.is_none());
        assert_eq!(
            change(json!({ "description": null })).ok().unwrap().description,
            Some(None)
        );
        assert_eq!(
            change(json!({ "disabled": false })).ok().unwrap().disabled,
            Some(false)
        );
        assert_eq!(
            codes(change(json!({ "disabled": "no" }))),
            [("/disabled".to_owned(), "not_true_or_false")]
        );
    }

    #[test]
    fn an_overlap_has_its_edges() {
        assert_eq!(overlap(json!({})).ok(), Some(Duration::from_hours(24)));
        assert_eq!(
            overlap(json!({ "overlap_seconds": 0 })).ok(),
            Some(Duration::ZERO)
        );
        assert!(overlap(json!({ "overlap_seconds": 604_801 })).is_err());
        assert!(overlap(json!({ "overlap_seconds": -1 })).is_err());
    }

    #[test]
    fn a_replay_has_a_beginning_and_an_end() {
        let range = |from: &str, to: &str| json!({ "from": from, "to": to });
        let read = replay(range("2026-11-21T10:00:00Z", "2026-11-21T13:00:00+02:00"))
            .ok()
            .unwrap();
        assert!(read.types.is_none() && !read.dry_run && read.from < read.to);
        assert_eq!(
            codes(replay(range("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"))),
            [("/to".to_owned(), "range_empty")]
        );
        assert_eq!(codes(replay(range("yesterday", "today"))).len(), 2);
        assert_eq!(codes(replay(json!({ "types": ["x"] }))).len(), 3);
    }
}
