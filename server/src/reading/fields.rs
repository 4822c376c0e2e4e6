//! The fields of a JSON object, read one by one, with every wrong one remembered: the caller is told of all at once.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::problem::{FieldError, Problem};

/// Most errors that are told of one request.
const MOST_ERRORS: usize = 100;

/// What of an object is not yet read, and what was wrong with what was.
pub(crate) struct Fields {
    rest: Map<String, Value>,
    /// The JSON pointer of the object itself.
    place: String,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The fields of a whole body.
    pub(crate) fn of(body: Value) -> Result<Self, Problem> {
        let Value::Object(rest) = body else {
            return Err(Problem::field(
                "",
                "not_an_object",
                "the body must be a JSON object, like {\"amount\": 1500}",
            ));
        };
        Ok(Self {
            rest,
            place: String::new(),
            errors: Vec::new(),
        })
    }

    /// Takes a field out. What is null counts as not given.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    /// Whether a field was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.rest.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether a field was given, to say that there is nothing.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.rest.get(name).is_some_and(Value::is_null)
    }

    /// `true` or `false`.
    pub(crate) fn truth(&mut self, name: &str) -> Option<bool> {
        let Value::Bool(truth) = self.take(name)? else {
            self.wrong(name, "not_true_or_false", "must be true or false");
            return None;
        };
        Some(truth)
    }

    /// Remembers that the object itself is wrong.
    pub(crate) fn wrong_itself(&mut self, code: &'static str, detail: impl Into<String>) {
        self.errors.push(FieldError {
            pointer: self.place.clone(),
            code,
            detail: detail.into(),
        });
    }

    /// Remembers that a field is wrong.
    pub(crate) fn wrong(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        let pointer = format!("{}/{}", self.place, escaped(name));
        self.errors.push(FieldError {
            pointer,
            code,
            detail: detail.into(),
        });
    }

    /// A text of 1 to `most` characters without control characters.
    pub(crate) fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let value = self.take(name)?;
        match text(value, most) {
            Ok(text) => Some(text),
            Err((code, detail)) => {
                self.wrong(name, code, detail);
                None
            }
        }
    }

    /// A text that `parse` makes something of.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        most: usize,
        parse: impl FnOnce(&str) -> Result<T, (&'static str, String)>,
    ) -> Option<T> {
        let text = self.text(name, most)?;
        match parse(&text) {
            Ok(parsed) => Some(parsed),
            Err((code, detail)) => {
                self.wrong(name, code, detail);
                None
            }
        }
    }

    /// A whole number within `range`.
    pub(crate) fn integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.take(name)?;
        match integer(&value, range) {
            Ok(number) => Some(number),
            Err((code, detail)) => {
                self.wrong(name, code, detail);
                None
            }
        }
    }

    /// An object, read by `read` into something; its errors join these.
    pub(crate) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields) -> T) -> Option<T> {
        let value = self.take(name)?;
        self.nested(name, value, read)
    }

    /// A list of at most `most` objects, each read by `read`.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        most: usize,
        mut read: impl FnMut(&mut Fields) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = match self.take(name)? {
            Value::Array(items) if items.len() <= most => items,
            Value::Array(items) => {
                self.wrong(
                    name,
                    "too_many",
                    format!("holds {} items; at most {most} are taken", items.len()),
                );
                return None;
            }
            _ => {
                self.wrong(name, "not_a_list", "must be a list");
                return None;
            }
        };
        let before = self.errors.len();
        let place = self.place.clone();
        self.place = format!("{place}/{}", escaped(name));
        let read: Vec<T> = items
            .into_iter()
            .enumerate()
            .filter_map(|(at, item)| self.nested(&at.to_string(), item, &mut read)?)
            .collect();
        self.place = place;
        (self.errors.len() == before).then_some(read)
    }

    fn nested<T>(&mut self, name: &str, value: Value, read: impl FnOnce(&mut Fields) -> T) -> Option<T> {
        let Value::Object(rest) = value else {
            self.wrong(name, "not_an_object", "must be an object");
            return None;
        };
        let mut inner = Self {
            rest,
            place: format!("{}/{}", self.place, escaped(name)),
            errors: Vec::new(),
        };
        let made = read(&mut inner);
        self.errors.extend(inner.all_errors());
        Some(made)
    }

    /// Takes everything that is left, for an object whose names are the caller's own.
    pub(crate) fn take_rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.rest)
    }

    /// Fails with all that was wrong. What nobody took is unknown, and wrong too.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let errors = self.all_errors();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(errors))
        }
    }

    fn all_errors(mut self) -> Vec<FieldError> {
        for name in self.take_rest().keys().take(MOST_ERRORS) {
            self.wrong(
                name,
                "unknown_field",
                format!("`{name}` is no field of this request"),
            );
        }
        self.errors.truncate(MOST_ERRORS);
        self.errors
    }
}

/// A text of 1 to `most` characters without control characters other than line breaks and tabs.
pub(crate) fn text(value: Value, most: usize) -> Result<String, (&'static str, String)> {
    let Value::String(text) = value else {
        return Err(("not_a_text", "must be a text in quotation marks".to_owned()));
    };
    let length = text.chars().count();
    if text.trim().is_empty() {
        return Err((
            "empty",
            "must not be empty; leave the field out instead".to_owned(),
        ));
    }
    if length > most {
        return Err((
            "too_long",
            format!("has {length} characters; at most {most} are taken"),
        ));
    }
    if text
        .chars()
        .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
    {
        return Err(("control_character", "must not hold control characters".to_owned()));
    }
    Ok(text)
}

/// A whole number within `range`, and the reason where it is none.
pub(crate) fn integer(value: &Value, range: RangeInclusive<i64>) -> Result<i64, (&'static str, String)> {
    let (least, most) = (range.start(), range.end());
    match value {
        Value::Number(number) => match (number.as_i64(), number.is_u64()) {
            (Some(number), _) if number < *least => {
                Err(("too_small", format!("is {number}; the least is {least}")))
            }
            (Some(number), _) if number > *most => {
                Err(("too_large", format!("is {number}; the most is {most}")))
            }
            (Some(number), _) => Ok(number),
            (None, true) => Err(("too_large", format!("is {number}; the most is {most}"))),
            (None, false) => Err((
                "not_whole",
                format!("is {number}; it must be a whole number, without decimals or exponent"),
            )),
        },
        Value::String(_) => Err((
            "not_a_number",
            "is a text; write the number without quotation marks".to_owned(),
        )),
        _ => Err(("not_a_number", "must be a whole number".to_owned())),
    }
}

/// A name as a step of a JSON pointer (RFC 6901).
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
