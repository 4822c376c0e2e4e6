//! JSON read loosely: any order, any letter case of names, and numbers that keep the text they came in.
//!
//! Money must not pass through a float, and a 12-digit phone must not become `2.54712345678E11`; so a value is kept
//! as its slice of the source until somebody asks what it is. Every step is checked: odd input is `None`, never a panic.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A body that does not tell what was expected of it. It holds no part of the body, which may name a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON at all: empty, cut off, HTML.
    #[error("the body is not JSON")]
    NotJson,
    /// It is JSON, and a part that it must have is absent.
    #[error("the body has no `{0}`")]
    Missing(&'static str),
    /// A part is there and makes no sense.
    #[error("`{0}` in the body makes no sense")]
    Field(&'static str),
}

/// The body as text. A stray byte in a name becomes U+FFFD: it must not cost a payment.
pub(crate) fn decode(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body))
}

/// One JSON value, known to be well-formed, not yet looked into.
#[derive(Clone, Copy)]
pub(crate) struct Loose<'a>(&'a str);

impl<'a> Loose<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| Unreadable::NotJson)?;
        Ok(Self(raw.get()))
    }

    fn begins(self) -> u8 {
        self.0.as_bytes().first().copied().unwrap_or(b'n')
    }

    pub(crate) fn is_null(self) -> bool {
        self.begins() == b'n'
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self.begins(), b'-' | b'0'..=b'9')
    }

    /// The members, where this is an object that has any meaning.
    pub(crate) fn object(self) -> Option<Object<'a>> {
        if self.begins() != b'{' {
            return None;
        }
        serde_json::from_str(self.0).ok()
    }

    /// The elements of an array; one value alone counts as an array of itself, as XML-to-JSON bridges write it.
    pub(crate) fn items(self) -> Vec<Self> {
        match self.begins() {
            b'[' => serde_json::from_str::<Vec<&RawValue>>(self.0)
                .map(|items| items.into_iter().map(|item| Self(item.get())).collect())
                .unwrap_or_default(),
            b'n' => Vec::new(),
            _ => vec![self],
        }
    }

    /// The text of a string, or of a number as it was written. Booleans, null, arrays and objects have none.
    pub(crate) fn scalar(self) -> Option<Cow<'a, str>> {
        match self.begins() {
            b'"' => serde_json::from_str::<Text<'a>>(self.0).ok().map(|text| text.0),
            _ if self.is_number() => Some(Cow::Borrowed(self.0)),
            _ => None,
        }
    }
}

/// A JSON object's members in their order.
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Loose<'a>)>);

impl<'a> Object<'a> {
    /// The member of that name, or of that name in other letter case. Null counts as absent; of two the last counts,
    /// as in every common parser.
    pub(crate) fn get(&self, name: &str) -> Option<Loose<'a>> {
        let exact = self.0.iter().rev().find(|(key, _)| key == name);
        let found = exact.or_else(|| {
            self.0
                .iter()
                .rev()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
        });
        found.map(|(_, value)| *value).filter(|value| !value.is_null())
    }

    /// The first of several names that is there.
    pub(crate) fn any(&self, names: &[&str]) -> Option<Loose<'a>> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The member as an object.
    pub(crate) fn object(&self, name: &'static str) -> Result<Self, Unreadable> {
        self.get(name)
            .ok_or(Unreadable::Missing(name))?
            .object()
            .ok_or(Unreadable::Field(name))
    }

    /// The member's text, trimmed; none where it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        trimmed(self.get(name)?)
    }

    /// The text of the first of several names.
    pub(crate) fn any_text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name))
    }
}

/// A value's text, trimmed; none where it is empty or no text.
pub(crate) fn trimmed(value: Loose<'_>) -> Option<String> {
    let text = value.scalar()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((key.0, Loose(value.get())));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_text() {
        let text = decode(br#"{"a":1.00,"b":254712345678,"c":"x","d":null,"A":2,"e":true}"#);
        let root = Loose::parse(&text).unwrap().object().unwrap();
        assert_eq!(root.text("a").as_deref(), Some("1.00"));
        assert_eq!(root.text("b").as_deref(), Some("254712345678"));
        assert_eq!(root.text("B").as_deref(), Some("254712345678"));
        assert_eq!(root.text("A").as_deref(), Some("2"));
        assert!(root.get("d").is_none() && root.text("e").is_none());
    }

    #[test]
    fn a_bad_byte_and_a_byte_order_mark_do_not_cost_the_rest() {
        let text = decode(b"\xEF\xBB\xBF{\"FirstName\":\"JOS\xC9\",\"TransID\":\"A1\"}");
        let root = Loose::parse(&text).unwrap().object().unwrap();
        assert_eq!(root.text("TransID").as_deref(), Some("A1"));
    }

    #[test]
    fn one_value_counts_as_a_list_of_itself() {
        assert_eq!(Loose::parse("{}").unwrap().items().len(), 1);
        assert_eq!(Loose::parse("[1,[2],{}]").unwrap().items().len(), 3);
        assert!(Loose::parse("null").unwrap().items().is_empty());
        assert!(Loose::parse("{\"a\":").is_err() && Loose::parse("").is_err());
    }
}
