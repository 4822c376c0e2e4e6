//! Cases in and out of the store: many at once, by statements over all of them.
//!
//! Rows are not trusted: a combination of columns that the rules do not know stops the work, by name.

mod rows;
mod save;

use crate::error::Error;
use crate::store::Tx;
use crate::store::batch::{self, Batch, Col};
use crate::store::conn::Conn;
use crate::vault::Vault;
use kaunta_domain::account_code::AccountCode;
use kaunta_domain::case::Case;
use kaunta_domain::id::{AttemptId, ChannelId, MerchantId, PaymentId, SessionId};
use kaunta_domain::limits::PROMPT_BLOCKS;
use kaunta_domain::payment::{Method, Payment};
use kaunta_domain::time::Timestamp;
use serde_json::json;
use sqlx::FromRow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;

use rows::{AttemptRow, PaymentRow, SessionRow};
pub(crate) use save::{DELETE_PAYMENTS, run_batch, save};

/// A case with what the store and the merchant's view need besides the rules.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) id: SessionId,
    pub(crate) merchant: MerchantId,
    pub(crate) channel: ChannelId,
    pub(crate) livemode: bool,
    pub(crate) kind: ChannelKind,
    pub(crate) shortcode: String,
    pub(crate) account: AccountCode,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) details: String,
    pub(crate) customer_masked: Option<String>,
    pub(crate) version: i64,
    pub(crate) sequence: i64,
    pub(crate) created_at: Timestamp,
    /// By attempt, what is only shown or asked.
    pub(crate) prompts: HashMap<AttemptId, Prompt>,
    pub(crate) case: Case,
    before: Option<Box<Before>>,
}

/// A case as it was loaded.
#[derive(Debug, Clone)]
struct Before {
    case: Case,
    sequence: i64,
}

/// What of an attempt is no business of the rules.
#[derive(Debug, Clone)]
pub(crate) struct Prompt {
    pub(crate) phone_masked: String,
    pub(crate) ask_at: Option<Timestamp>,
    pub(crate) asked_at: Option<Timestamp>,
}

/// How a channel is paid by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelKind {
    Paybill,
    Till,
}

impl ChannelKind {
    pub(crate) fn parse(text: &str) -> Self {
        if text == "till" { Self::Till } else { Self::Paybill }
    }

    pub(crate) fn method(self) -> Method {
        match self {
            Self::Paybill => Method::MpesaPaybill,
            Self::Till => Method::MpesaTill,
        }
    }
}

const SESSION_COLUMNS: &str = "s.id, s.merchant_id, s.channel_id, s.livemode, c.kind, c.shortcode, s.status, s.amount, \
    s.received, s.refunded, s.account, s.client_reference_id, s.details, s.customer_masked, s.version, s.sequence, \
    s.expires_at, s.created_at, s.completed_at";

static SESSIONS: Batch = Batch::new(
    "SELECT s.id, s.merchant_id, s.channel_id, s.livemode, c.kind, c.shortcode, s.status, s.amount, s.received, \
     s.refunded, s.account, s.client_reference_id, s.details, s.customer_masked, s.version, s.sequence, s.expires_at, \
     s.created_at, s.completed_at \
     FROM sessions s JOIN channels c ON c.id = s.channel_id \
     WHERE s.id IN (SELECT r.id FROM {rows} r) ORDER BY s.id{lock}",
    &[("id", Col::Text)],
);

static ATTEMPTS: Batch = Batch::new(
    "SELECT id, session_id, amount, phone_masked, status, failure_code, result_code, reason, blocks, \
     checkout_request_id, merchant_request_id, asked_at, ask_at, created_at, ended_at \
     FROM attempts WHERE session_id IN (SELECT r.id FROM {rows} r) ORDER BY id",
    &[("id", Col::Text)],
);

static PAYMENTS: Batch = Batch::new(
    "SELECT id, session_id, receipt, amount, method, source, attempt_id, inferred, payer_masked, paid_at \
     FROM payments WHERE session_id IN (SELECT r.id FROM {rows} r) ORDER BY created_at, id",
    &[("id", Col::Text)],
);

/// Loads the cases of `ids`, locked against other servers until the transaction ends.
pub(crate) async fn load(
    tx: &mut Tx,
    ids: &BTreeSet<SessionId>,
) -> Result<BTreeMap<SessionId, Loaded>, Error> {
    let vault = tx.vault.clone();
    load_on(&mut tx.conn, &vault, ids).await
}

/// Loads one case to look at.
pub(crate) async fn look(conn: &mut Conn, vault: &Vault, id: SessionId) -> Result<Option<Loaded>, Error> {
    Ok(load_on(conn, vault, &BTreeSet::from([id])).await?.remove(&id))
}

pub(crate) async fn load_on(
    conn: &mut Conn,
    vault: &Vault,
    ids: &BTreeSet<SessionId>,
) -> Result<BTreeMap<SessionId, Loaded>, Error> {
    let dialect = conn.dialect();
    let list = batch::json(&ids.iter().map(|id| json!([id])).collect::<Vec<_>>());
    let sql = if matches!(conn, Conn::PostgresWriter(_)) {
        SESSIONS.locking(dialect)
    } else {
        SESSIONS.sql(dialect)
    };
    let mut found = BTreeMap::new();
    for row in conn
        .rows::<SessionRow>(sql, crate::store::conn::args![list.clone()])
        .await?
    {
        let loaded = Loaded::try_from(row)?;
        found.insert(loaded.id, loaded);
    }
    for row in conn
        .rows::<AttemptRow>(ATTEMPTS.sql(dialect), crate::store::conn::args![list.clone()])
        .await?
    {
        let session = parse(&row.session_id, "attempts", "session_id", &row.id)?;
        let prompt = Prompt {
            phone_masked: row.phone_masked.clone(),
            ask_at: row.ask_at.map(Timestamp::from_millis),
            asked_at: row.asked_at.map(Timestamp::from_millis),
        };
        let attempt = row.into_attempt(vault)?;
        if let Some(loaded) = found.get_mut(&session) {
            loaded.prompts.insert(attempt.id, prompt);
            loaded.case.attempts.push(attempt);
        }
    }
    for row in conn
        .rows::<PaymentRow>(PAYMENTS.sql(dialect), crate::store::conn::args![list])
        .await?
    {
        let session = parse(&row.session_id, "payments", "session_id", &row.id)?;
        if let Some(loaded) = found.get_mut(&session) {
            loaded.case.payments.push(Payment::try_from(row)?);
        }
    }
    Ok(found)
}

/// Loads the cases that a condition on `sessions s` picks, in its order.
pub(crate) async fn pick(
    conn: &mut Conn,
    vault: &Vault,
    condition: &str,
    args: Vec<super::conn::Arg>,
) -> Result<Vec<Loaded>, Error> {
    let sql = format!(
        "SELECT {SESSION_COLUMNS} FROM sessions s JOIN channels c ON c.id = s.channel_id {condition}"
    );
    let rows = conn.rows::<SessionRow>(sqlx::AssertSqlSafe(sql), args).await?;
    let order: Vec<SessionId> = rows
        .iter()
        .map(|row| parse(&row.id, "sessions", "id", &row.id))
        .collect::<Result<_, _>>()?;
    let mut found = load_on(conn, vault, &order.iter().copied().collect()).await?;
    Ok(order.into_iter().filter_map(|id| found.remove(&id)).collect())
}

impl Loaded {
    /// Keeps what is there now, so that [`save()`] writes what changed.
    pub(crate) fn remember(&mut self) {
        if self.before.is_none() {
            self.before = Some(Box::new(Before {
                case: self.case.clone(),
                sequence: self.sequence,
            }));
        }
    }

    /// When time alone moves it next.
    fn due_at(&self) -> Option<Timestamp> {
        if !self.case.session.state.is_payable() {
            return None;
        }
        let unblocks = self.case.attempts.iter().filter(|attempt| attempt.blocks);
        let unblocks = unblocks.map(|attempt| attempt.created_at + PROMPT_BLOCKS).min();
        Some(unblocks.unwrap_or(self.case.session.expires_at))
    }
}

/// Reads an id out of a column.
pub(crate) fn parse<T: FromStr>(
    text: &str,
    table: &'static str,
    column: &'static str,
    row: &str,
) -> Result<T, Error> {
    text.parse().map_err(|_| Error::Inconsistent {
        table,
        column,
        row: row.to_owned(),
    })
}

/// The payment of a receipt, if it is on the books of the shortcode: its id, and its session where it has one.
#[derive(FromRow)]
pub(crate) struct Known {
    pub(crate) at: i64,
    pub(crate) id: String,
    pub(crate) session_id: Option<String>,
}

pub(crate) static KNOWN_RECEIPTS: Batch = Batch::new(
    "SELECT r.at, s.id, s.session_id FROM {rows} r JOIN payments s \
     ON s.shortcode = r.shortcode AND s.livemode = r.livemode AND s.receipt = r.receipt{lock}",
    &[
        ("at", Col::Int),
        ("shortcode", Col::Text),
        ("livemode", Col::Int),
        ("receipt", Col::Text),
    ],
);

/// Names of payments that are not on any session's books.
pub(crate) fn payment_id(known: &Known) -> Result<PaymentId, Error> {
    parse(&known.id, "payments", "id", &known.id)
}
