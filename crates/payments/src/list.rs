//! Lists by cursor, newest first, and the conditions that narrow them.

use std::fmt::Write as _;

use kaunta_domain::time::Timestamp;

use crate::merchants::Caller;
use crate::store::conn::{Arg, args};

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// How many, 1 to 100.
    pub limit: i64,
    /// The page that follows this id: older things.
    pub starting_after: Option<String>,
    /// The page that precedes this id: newer things.
    pub ending_before: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    /// The things, newest first.
    pub data: Vec<T>,
    /// Whether there are more in the direction that was asked for.
    pub has_more: bool,
}

impl Cursor {
    /// Makes a page of rows that were fetched one more than asked for.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>) -> List<T> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if self.ending_before.is_some() {
            rows.reverse();
        }
        List { data: rows, has_more }
    }
}

/// A growing condition with its values.
pub(crate) struct Where {
    sql: String,
    args: Vec<Arg>,
}

impl Where {
    /// The caller's own things of its mode; `table` is the name that the statement gives theirs.
    pub(crate) fn of(caller: &Caller, table: &str) -> Self {
        Self {
            sql: format!("WHERE {table}.merchant_id = $1 AND {table}.livemode = $2"),
            args: args![caller.merchant, caller.livemode],
        }
    }

    fn compare(&mut self, column: &str, operator: &str, value: Arg) {
        self.args.push(value);
        write!(self.sql, " AND {column} {operator} ${}", self.args.len())
            .expect("writing to a String cannot fail");
    }

    pub(crate) fn equals(&mut self, column: &str, value: Option<String>) {
        if let Some(value) = value {
            self.compare(column, "=", value.into());
        }
    }

    pub(crate) fn at_least(&mut self, column: &str, value: Option<Timestamp>) {
        if let Some(value) = value {
            self.compare(column, ">=", value.into());
        }
    }

    pub(crate) fn below(&mut self, column: &str, value: Option<Timestamp>) {
        if let Some(value) = value {
            self.compare(column, "<", value.into());
        }
    }

    pub(crate) fn raw(&mut self, condition: &'static str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// The whole condition with order and limit; ids sort by birth.
    pub(crate) fn page(mut self, id: &str, cursor: &Cursor) -> (String, Vec<Arg>) {
        if let Some(after) = &cursor.starting_after {
            self.compare(id, "<", after.clone().into());
        }
        if let Some(before) = &cursor.ending_before {
            self.compare(id, ">", before.clone().into());
        }
        let order = if cursor.ending_before.is_some() {
            "ASC"
        } else {
            "DESC"
        };
        write!(self.sql, " ORDER BY {id} {order} LIMIT {}", cursor.limit + 1)
            .expect("writing to a String cannot fail");
        (self.sql, self.args)
    }
}

impl Where {
    /// Narrows by a rising number instead of an id: `oldest_first` reads on after `after`.
    pub(crate) fn by_sequence(
        &mut self,
        column: &str,
        oldest_first: bool,
        after: Option<i64>,
        before: Option<i64>,
    ) -> String {
        if let Some(after) = after {
            self.compare(column, if oldest_first { ">" } else { "<" }, after.into());
        }
        if let Some(before) = before {
            self.compare(column, ">", before.into());
        }
        let rising = oldest_first || before.is_some();
        format!("{column} {}", if rising { "ASC" } else { "DESC" })
    }

    /// The whole condition in the order given.
    pub(crate) fn ordered(mut self, order: &str, limit: i64) -> (String, Vec<Arg>) {
        write!(self.sql, " ORDER BY {order} LIMIT {}", limit + 1).expect("writing to a String cannot fail");
        (self.sql, self.args)
    }
}
