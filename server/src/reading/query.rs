//! Query strings of lists: every parameter known, given once, and well-formed, or all that is wrong told at once.

use std::collections::BTreeMap;
use std::str::FromStr;

use kaunta_domain::id::{Id, Kind};
use kaunta_domain::limits;
use kaunta_domain::time::Timestamp;
use kaunta_payments::Cursor;

use super::fields::escaped;
use crate::problem::{FieldError, Problem};

/// What a moment looks like.
pub(crate) const A_TIME: &str = "must be a time like 2026-11-21T10:15:00Z";
/// Longest value of a parameter.
const VALUE_CHARS: usize = 200;

/// The parameters that are not yet read, and what was wrong with those that were.
pub(crate) struct Query {
    rest: BTreeMap<String, String>,
    errors: Vec<FieldError>,
}

impl Query {
    /// Reads the part of an address behind its question mark.
    pub(crate) fn of(text: Option<&str>) -> Self {
        let mut query = Self {
            rest: BTreeMap::new(),
            errors: Vec::new(),
        };
        for (name, value) in url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
            if value.chars().count() > VALUE_CHARS || value.contains('\0') {
                query.wrong(
                    &name,
                    "too_long",
                    format!("at most {VALUE_CHARS} characters are taken"),
                );
            } else if query.rest.insert(name.to_string(), value.into_owned()).is_some() {
                query.wrong(&name, "given_twice", "stands twice in the address".to_owned());
            }
        }
        query
    }

    /// Takes a parameter as it is. An empty one counts as not given.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.rest.remove(name).filter(|value| !value.is_empty())
    }

    /// Takes a whole number within the edges.
    pub(crate) fn number(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let text = self.text(name)?;
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        self.or_wrong(name, number, "not_in_range", || {
            format!("must be a whole number from {least} to {most}")
        })
    }

    /// Takes an id.
    pub(crate) fn id<K: Kind>(&mut self, name: &str) -> Option<Id<K>> {
        let id = Id::from_str(&self.text(name)?).ok();
        self.or_wrong(name, id, "not_an_id", || {
            format!("must be an id that starts with {}_", K::PREFIX)
        })
    }

    /// Takes a moment in RFC 3339.
    pub(crate) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        let moment = Timestamp::parse_rfc3339(&self.text(name)?);
        self.or_wrong(name, moment, "not_a_time", || A_TIME.to_owned())
    }

    /// Takes one of the names in `known`.
    pub(crate) fn one_of(&mut self, name: &str, known: &[&'static str]) -> Option<&'static str> {
        let text = self.text(name)?;
        let found = known.iter().copied().find(|known| *known == text);
        self.or_wrong(name, found, "unknown_value", || {
            format!("must be one of {}", known.join(", "))
        })
    }

    /// Takes `limit`, `starting_after` and `ending_before` of a list of things of kind `K`.
    pub(crate) fn cursor<K: Kind>(&mut self) -> Cursor {
        let (most, usual) = limits::LIST;
        let limit = self.number("limit", 1, most).unwrap_or(usual);
        let starting_after = self.id::<K>("starting_after");
        let ending_before = self.id::<K>("ending_before");
        if starting_after.is_some() && ending_before.is_some() {
            self.wrong(
                "ending_before",
                "conflict",
                "cannot be given beside starting_after".to_owned(),
            );
        }
        Cursor {
            limit,
            starting_after: starting_after.map(|id| id.to_string()),
            ending_before: ending_before.map(|id| id.to_string()),
        }
    }

    /// Fails with all that was wrong; what nobody took is unknown, and wrong too.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for name in std::mem::take(&mut self.rest).into_keys() {
            self.wrong(
                &name,
                "unknown_parameter",
                "is no parameter of this list".to_owned(),
            );
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.errors))
        }
    }

    fn or_wrong<T>(
        &mut self,
        name: &str,
        read: Option<T>,
        code: &'static str,
        detail: impl FnOnce() -> String,
    ) -> Option<T> {
        if read.is_none() {
            self.wrong(name, code, detail());
        }
        read
    }

    /// Remembers that a parameter is wrong.
    pub(crate) fn wrong(&mut self, name: &str, code: &'static str, detail: String) {
        self.errors.push(FieldError {
            pointer: format!("/{}", escaped(name)),
            code,
            detail,
        });
    }
}

#[cfg(test)]
mod tests {
    use kaunta_domain::id::{Session, SessionId};

    use super::*;

    fn pointers(text: &str) -> Vec<String> {
        let mut query = Query::of(Some(text));
        query.cursor::<Session>();
        query.moment("created[gte]");
        query.one_of("status", &["open", "expired"]);
        query.finish().err().map_or_else(Vec::new, |problem| {
            problem
                .field_errors()
                .iter()
                .map(|error| error.pointer.clone())
                .collect()
        })
    }

    #[test]
    fn a_list_has_its_usual_page() {
        let cursor = Query::of(None).cursor::<Session>();
        assert_eq!(
            (cursor.limit, cursor.starting_after, cursor.ending_before),
            (10, None, None)
        );
    }

    #[test]
    fn good_parameters_are_taken() {
        let id = SessionId::from_bits(7);
        assert!(
            pointers(&format!(
                "limit=100&starting_after={id}&created[gte]=2026-11-21T10:15:00Z&status=open"
            ))
            .is_empty()
        );
        assert!(pointers("limit=1&created%5Bgte%5D=2026-11-21T10:15:00%2B03:00&status=").is_empty());
    }

    #[test]
    fn every_bad_parameter_is_named() {
        for wrong in ["limit=0", "limit=101", "limit=ten", "limit=1&limit=2"] {
            assert_eq!(pointers(wrong), ["/limit"], "{wrong}");
        }
        assert_eq!(pointers("created[gte]=yesterday"), ["/created[gte]"]);
        assert_eq!(
            pointers("status=paid&page=2&starting_after=pay_1"),
            ["/starting_after", "/status", "/page"]
        );
        let id = SessionId::from_bits(7);
        assert_eq!(
            pointers(&format!("starting_after={id}&ending_before={id}")),
            ["/ending_before"]
        );
    }
}
