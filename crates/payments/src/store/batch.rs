//! Statements over many rows at once: one parameter holds them all as JSON.
//!
//! A commit settles as many callbacks as came while the last one was being written; a statement a row would
//! cost more than the rows themselves. Both databases read JSON, each in its own words, and blobs travel in
//! hex because JSON has none.

use std::fmt::Write as _;
use std::sync::OnceLock;

use serde_json::Value;

use super::conn::Dialect;

/// The type of a column of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Col {
    Text,
    Int,
    Blob,
}

/// A statement whose `{rows}` stands for a table of the batch's rows.
pub(crate) struct Batch {
    template: &'static str,
    columns: &'static [(&'static str, Col)],
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
    locking: OnceLock<String>,
}

impl Batch {
    pub(crate) const fn new(template: &'static str, columns: &'static [(&'static str, Col)]) -> Self {
        Self {
            template,
            columns,
            sqlite: OnceLock::new(),
            postgres: OnceLock::new(),
            locking: OnceLock::new(),
        }
    }

    /// The statement for `dialect`; its only parameter is the JSON text of an array of arrays.
    pub(crate) fn sql(&'static self, dialect: Dialect) -> &'static str {
        let cell = match dialect {
            Dialect::Sqlite => &self.sqlite,
            Dialect::Postgres => &self.postgres,
        };
        cell.get_or_init(|| {
            self.template
                .replace("{rows}", &self.rows(dialect))
                .replace("{lock}", "")
        })
    }

    /// The same, keeping the rows of the table `s` from other transactions. SQLite has one writer and needs none of it.
    pub(crate) fn locking(&'static self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sql(dialect),
            Dialect::Postgres => self.locking.get_or_init(|| {
                self.template
                    .replace("{rows}", &self.rows(dialect))
                    .replace("{lock}", " FOR UPDATE OF s")
            }),
        }
    }

    fn rows(&self, dialect: Dialect) -> String {
        let mut sql = String::from("(SELECT ");
        for (at, (name, kind)) in self.columns.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let written = match (dialect, kind) {
                (Dialect::Sqlite, Col::Blob) => write!(sql, "{comma}unhex(value ->> {at}) AS {name}"),
                (Dialect::Sqlite, Col::Text | Col::Int) | (Dialect::Postgres, Col::Text) => {
                    write!(sql, "{comma}value ->> {at} AS {name}")
                }
                (Dialect::Postgres, Col::Int) => write!(sql, "{comma}(value ->> {at})::bigint AS {name}"),
                (Dialect::Postgres, Col::Blob) => {
                    write!(sql, "{comma}decode(value ->> {at}, 'hex') AS {name}")
                }
            };
            written.expect("writing to a String cannot fail");
        }
        sql.push_str(match dialect {
            // `WHERE true` keeps SQLite from reading a following ON CONFLICT as a join condition.
            Dialect::Sqlite => " FROM json_each($1) WHERE true)",
            Dialect::Postgres => " FROM json_array_elements($1::json))",
        });
        sql
    }
}

/// A blob as a cell of a batch.
pub(crate) fn hex(bytes: &[u8]) -> Value {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    Value::String(text)
}

/// The rows of a batch as its parameter.
pub(crate) fn json(rows: &[Value]) -> String {
    let mut text = String::from("[");
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&row.to_string());
    }
    text.push(']');
    text
}
