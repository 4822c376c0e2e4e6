//! One connection to either database, with one way to run SQL on it.
//!
//! The SQL text is the same on both: `$n` parameters over TEXT, BIGINT and BLOB columns. Values are bound
//! as [`Arg`]s and rows come back through `FromRow`, so a use case never sees which database it is on.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Postgres, Row as _, SqlSafeStr, Sqlite, Transaction};

use crate::error::Error;

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A connection that work runs on.
pub(crate) enum Conn {
    /// The one that writes on SQLite; its transaction is the writer's.
    SqliteWriter(SqliteConnection),
    /// One that reads on SQLite.
    SqliteReader(PoolConnection<Sqlite>),
    /// A transaction on PostgreSQL.
    PostgresWriter(Transaction<'static, Postgres>),
    /// A connection on PostgreSQL outside a transaction.
    PostgresReader(PoolConnection<Postgres>),
}

/// A value to bind.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
    Blob(Option<Vec<u8>>),
}

/// A row type that both databases can give.
pub(crate) trait Fetched:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

impl<T> Fetched for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

enum Either<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

macro_rules! bound {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                Arg::Text(text) => query.bind(text),
                Arg::Int(int) => query.bind(int),
                Arg::Blob(blob) => query.bind(blob),
            };
        }
        query
    }};
}

impl Conn {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::SqliteWriter(_) | Self::SqliteReader(_) => Dialect::Sqlite,
            Self::PostgresWriter(_) | Self::PostgresReader(_) => Dialect::Postgres,
        }
    }

    fn either(&mut self) -> Either<'_> {
        match self {
            Self::SqliteWriter(conn) => Either::Sqlite(conn),
            Self::SqliteReader(conn) => Either::Sqlite(conn),
            Self::PostgresWriter(conn) => Either::Postgres(conn),
            Self::PostgresReader(conn) => Either::Postgres(conn),
        }
    }

    /// All rows of a query.
    pub(crate) async fn rows<T: Fetched>(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Vec<T>, Error> {
        Ok(match self.either() {
            Either::Sqlite(conn) => bound!(sqlx::query_as(sql), args).fetch_all(conn).await?,
            Either::Postgres(conn) => bound!(sqlx::query_as(sql), args).fetch_all(conn).await?,
        })
    }

    /// The first row of a query.
    pub(crate) async fn row<T: Fetched>(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Option<T>, Error> {
        Ok(match self.either() {
            Either::Sqlite(conn) => bound!(sqlx::query_as(sql), args).fetch_optional(conn).await?,
            Either::Postgres(conn) => bound!(sqlx::query_as(sql), args).fetch_optional(conn).await?,
        })
    }

    /// Runs a statement; the number of rows it changed.
    pub(crate) async fn run(&mut self, sql: impl SqlSafeStr, args: Vec<Arg>) -> Result<u64, Error> {
        Ok(match self.either() {
            Either::Sqlite(conn) => bound!(sqlx::query(sql), args)
                .execute(conn)
                .await?
                .rows_affected(),
            Either::Postgres(conn) => bound!(sqlx::query(sql), args)
                .execute(conn)
                .await?
                .rows_affected(),
        })
    }

    /// Runs a statement that must change exactly one row.
    pub(crate) async fn run_one(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
        table: &'static str,
    ) -> Result<(), Error> {
        match self.run(sql, args).await? {
            1 => Ok(()),
            changed => Err(Error::Inconsistent {
                table,
                column: "*",
                row: format!("{changed} rows where one was meant"),
            }),
        }
    }

    /// One number.
    pub(crate) async fn number(&mut self, sql: impl SqlSafeStr, args: Vec<Arg>) -> Result<i64, Error> {
        Ok(match self.either() {
            Either::Sqlite(conn) => bound!(sqlx::query(sql), args).fetch_one(conn).await?.try_get(0)?,
            Either::Postgres(conn) => bound!(sqlx::query(sql), args).fetch_one(conn).await?.try_get(0)?,
        })
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Arg {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg {
    fn from(int: i64) -> Self {
        Self::Int(Some(int))
    }
}

impl From<bool> for Arg {
    fn from(yes: bool) -> Self {
        Self::Int(Some(i64::from(yes)))
    }
}

impl From<Option<i64>> for Arg {
    fn from(int: Option<i64>) -> Self {
        Self::Int(int)
    }
}

impl From<kaunta_domain::time::Timestamp> for Arg {
    fn from(at: kaunta_domain::time::Timestamp) -> Self {
        Self::Int(Some(at.millis()))
    }
}

impl From<Vec<u8>> for Arg {
    fn from(blob: Vec<u8>) -> Self {
        Self::Blob(Some(blob))
    }
}

impl From<Option<Vec<u8>>> for Arg {
    fn from(blob: Option<Vec<u8>>) -> Self {
        Self::Blob(blob)
    }
}

impl<K: kaunta_domain::id::Kind> From<kaunta_domain::id::Id<K>> for Arg {
    fn from(id: kaunta_domain::id::Id<K>) -> Self {
        Self::Text(Some(id.to_string()))
    }
}

/// Values to bind, in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::conn::Arg::from($value)),*] };
}
pub(crate) use args;
