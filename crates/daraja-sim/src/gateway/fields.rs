//! Reading what merchants send: numbers that may be strings, and the checks that all endpoints share.

use axum::http::{Method, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::clock::{UnixMs, stamp};
use crate::gateway::Request;
use crate::gateway::refusal::Refusal;
use crate::state::State;

/// Which of the codes for a bad token an API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// STK and reversal.
    Stk,
    /// C2B and transaction status.
    C2b,
    /// Balance and B2C.
    B2c,
    /// Pull transactions.
    Pull,
}

/// A JSON object whose numbers may be strings.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// The object in a body; what is no object has no fields, and the first missing one is complained of.
    pub(crate) fn read(request: &Request) -> Self {
        let content_type = request
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok());
        let is_json = content_type.is_some_and(|v| v.to_ascii_lowercase().starts_with("application/json"));
        if !is_json {
            return Self(Map::new());
        }
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(map)) => Self(map),
            _ => Self(Map::new()),
        }
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The text of a string or a number; `None` where it is missing, null, empty or something else.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| Refusal::field(name))
    }

    /// Digits, so many.
    pub(crate) fn digits(
        &self,
        name: &str,
        count: std::ops::RangeInclusive<usize>,
    ) -> Result<String, Refusal> {
        let text = self.required(name)?;
        let digits = text.bytes().all(|b| b.is_ascii_digit()) && count.contains(&text.len());
        if digits {
            Ok(text)
        } else {
            Err(Refusal::field(name))
        }
    }

    /// A Kenyan mobile number on the wire: `2547…` or `2541…`, 12 digits.
    pub(crate) fn msisdn(&self, name: &str) -> Result<String, Refusal> {
        let text = self.digits(name, 12..=12)?;
        if is_msisdn(&text) {
            Ok(text)
        } else {
            Err(Refusal::field(name))
        }
    }

    /// Whole shillings, at least one. `1.0` is whole; `1.5` is not.
    pub(crate) fn amount(&self, name: &str) -> Result<i64, Refusal> {
        let text = self.required(name)?;
        let whole = match text.split_once('.') {
            Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
            Some(_) => return Err(Refusal::field(name)),
            None => text.as_str(),
        };
        match whole.parse::<i64>() {
            Ok(amount) if amount >= 1 && whole.bytes().all(|b| b.is_ascii_digit()) => Ok(amount),
            _ => Err(Refusal::field(name)),
        }
    }
}

/// Whether this is a number as Daraja writes it.
pub(crate) fn is_msisdn(text: &str) -> bool {
    text.len() == 12
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text.starts_with("2547") || text.starts_with("2541"))
}

/// POST, and a token that is still good.
pub(crate) fn authorize(state: &State, request: &Request, now: UnixMs, api: Api) -> Result<(), Refusal> {
    if request.method != Method::POST {
        return Err(match api {
            Api::C2b => Refusal::new(404, "404.001.04", "Invalid Authentication Header"),
            _ => Refusal::new(405, "405.001", format!("{} Method Not Allowed", request.method)),
        });
    }
    let header = request
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let given = header.strip_prefix("Bearer ").unwrap_or_default();
    if state
        .tokens
        .values()
        .any(|token| token.value == given && token.expires_at > now)
    {
        return Ok(());
    }
    Err(match api {
        Api::Stk => Refusal::new(404, "404.001.03", "Invalid Access Token"),
        Api::C2b => Refusal::new(400, "400.003.01", "Invalid Access Token"),
        Api::Pull => Refusal::new(401, "401.001", "Invalid Access Token"),
        Api::B2c => Refusal::new(
            401,
            "401.002.01",
            format!("Error Occurred - Invalid Access Token - {given}"),
        ),
    })
}

const TEN_MINUTES_MS: UnixMs = 600_000;

/// `yyyyMMddHHmmss` that is a moment; where strict, one within ten minutes of now in Nairobi.
pub(crate) fn timestamp(state: &State, fields: &Fields, now: UnixMs) -> Result<String, Refusal> {
    let invalid = || Refusal::field("Timestamp");
    let text = fields.digits("Timestamp", 14..=14).map_err(|_| invalid())?;
    let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(0);
    let plausible = (1..=12).contains(&part(4..6))
        && (1..=31).contains(&part(6..8))
        && part(8..10) < 24
        && part(10..12) < 60
        && part(12..14) < 60;
    let recent = stamp(now - TEN_MINUTES_MS) <= text && text <= stamp(now + TEN_MINUTES_MS);
    if plausible && (recent || !state.config.switches.strict_timestamp) {
        Ok(text)
    } else {
        Err(invalid())
    }
}

/// The merchant of a push or query: shortcode, password and timestamp fit together.
pub(crate) fn merchant(
    state: &State,
    shortcode: &str,
    password: &str,
    timestamp: &str,
) -> Result<usize, Refusal> {
    let index = state
        .shortcode_of_api(shortcode)
        .ok_or_else(|| Refusal::merchant("Merchant does not exist"))?;
    let right = format!("{shortcode}{}{timestamp}", state.shortcode(index).passkey);
    let given = STANDARD.decode(password).unwrap_or_default();
    if given == right.as_bytes() {
        Ok(index)
    } else {
        Err(Refusal::merchant("Wrong credentials"))
    }
}

/// Words that a callback URL must not hold.
const FORBIDDEN_WORDS: &[&str] = &["exe", "exec", "cmd", "sql", "query"];
const FORBIDDEN_ANYWHERE: &[&str] = &["mpesa", "m-pesa", "safaricom"];

/// A URL that Safaricom would call.
pub(crate) fn callback_url(state: &State, fields: &Fields, name: &str) -> Result<String, Refusal> {
    let url = fields.required(name)?;
    let switches = &state.config.switches;
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Err(Refusal::field(name));
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let odd = url
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || c == '<' || c == '>');
    let upper_host = host.bytes().any(|b| b.is_ascii_uppercase());
    let plain = switches.production && !url.starts_with("https://");
    let worded = switches.forbidden_words && has_forbidden_word(&rest[host.len()..]);
    if host.is_empty() || odd || upper_host || plain || worded {
        Err(Refusal::field(name))
    } else {
        Ok(url)
    }
}

/// The short words count alone, since a random token may hold their letters; the names count anywhere.
fn has_forbidden_word(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let word = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|w| FORBIDDEN_WORDS.contains(&w));
    word || FORBIDDEN_ANYWHERE.iter().any(|name| path.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        Fields(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn amounts_are_whole_shillings_in_any_of_their_spellings() {
        for (json, amount) in [
            (r#"{"A":1}"#, 1),
            (r#"{"A":"1500"}"#, 1500),
            (r#"{"A":10.0}"#, 10),
        ] {
            assert_eq!(fields(json).amount("A").unwrap(), amount, "{json}");
        }
        for json in [
            r#"{"A":0}"#,
            r#"{"A":"1.5"}"#,
            r#"{"A":-3}"#,
            r#"{"A":"+3"}"#,
            r#"{"A":null}"#,
            "{}",
        ] {
            assert!(fields(json).amount("A").is_err(), "{json}");
        }
    }

    #[test]
    fn forbidden_words_are_words_and_forbidden_names_are_letters() {
        assert!(has_forbidden_word("/cb/MPESA2/stk"));
        assert!(has_forbidden_word("/run.exe"));
        assert!(has_forbidden_word("/stk?sql=1"));
        assert!(!has_forbidden_word("/rail/stk/aexecutor9sqlx"));
    }
}
