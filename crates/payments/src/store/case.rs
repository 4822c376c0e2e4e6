//! Cases in and out of the store: many at once, by statements over all of them.
//!
//! Rows are not trusted: a combination of columns that the rules do not know stops the work, by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;

use kaunta_domain::account_code::AccountCode;
use kaunta_domain::attempt::{Attempt, AttemptState, Ending};
use kaunta_domain::case::Case;
use kaunta_domain::failure::{Failure, FailureCode};
use kaunta_domain::id::{AttemptId, ChannelId, MerchantId, PaymentId, SessionId};
use kaunta_domain::limits::PROMPT_BLOCKS;
use kaunta_domain::money::Kes;
use kaunta_domain::payment::{Method, Payment, Source};
use kaunta_domain::receipt::Receipt;
use kaunta_domain::session::{Session, SessionState};
use kaunta_domain::time::Timestamp;
use serde_json::{Value, json};
use sqlx::FromRow;

use super::Tx;
use super::batch::{self, Batch, Col, hex};
use super::conn::Conn;
use crate::error::Error;
use crate::vault::{Purpose, Vault};

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
    before: Option<Box<Case>>,
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

#[derive(FromRow)]
struct SessionRow {
    id: String,
    merchant_id: String,
    channel_id: String,
    livemode: i64,
    kind: String,
    shortcode: String,
    status: String,
    amount: i64,
    received: i64,
    refunded: i64,
    account: String,
    client_reference_id: Option<String>,
    details: String,
    customer_masked: Option<String>,
    version: i64,
    sequence: i64,
    expires_at: i64,
    created_at: i64,
    completed_at: Option<i64>,
}

#[derive(FromRow)]
struct AttemptRow {
    id: String,
    session_id: String,
    amount: i64,
    phone_masked: String,
    status: String,
    failure_code: Option<String>,
    result_code: Option<String>,
    reason: Option<String>,
    blocks: i64,
    checkout_request_id: Option<Vec<u8>>,
    merchant_request_id: Option<String>,
    asked_at: Option<i64>,
    ask_at: Option<i64>,
    created_at: i64,
    ended_at: Option<i64>,
}

#[derive(FromRow)]
struct PaymentRow {
    id: String,
    session_id: String,
    receipt: Option<String>,
    amount: i64,
    method: String,
    source: String,
    attempt_id: Option<String>,
    inferred: i64,
    payer_masked: Option<String>,
    paid_at: i64,
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
    /// Keeps what is there now, so that [`save`] writes what changed.
    pub(crate) fn remember(&mut self) {
        if self.before.is_none() {
            self.before = Some(Box::new(self.case.clone()));
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

static UPDATE_SESSIONS: Batch = Batch::new(
    "UPDATE sessions SET status = r.status, received = r.received, refunded = r.refunded, version = r.version, \
     sequence = r.sequence, due_at = r.due_at, completed_at = r.completed_at FROM {rows} r WHERE sessions.id = r.id",
    &[
        ("id", Col::Text),
        ("status", Col::Text),
        ("received", Col::Int),
        ("refunded", Col::Int),
        ("version", Col::Int),
        ("sequence", Col::Int),
        ("due_at", Col::Int),
        ("completed_at", Col::Int),
    ],
);
static UPDATE_ATTEMPTS: Batch = Batch::new(
    "UPDATE attempts SET status = r.status, failure_code = r.failure_code, result_code = r.result_code, \
     reason = r.reason, blocks = r.blocks, checkout_request_id = r.checkout_request_id, \
     merchant_request_id = r.merchant_request_id, ask_at = r.ask_at, ended_at = r.ended_at \
     FROM {rows} r WHERE attempts.id = r.id",
    &[
        ("id", Col::Text),
        ("status", Col::Text),
        ("failure_code", Col::Text),
        ("result_code", Col::Text),
        ("reason", Col::Text),
        ("blocks", Col::Int),
        ("checkout_request_id", Col::Blob),
        ("merchant_request_id", Col::Text),
        ("ask_at", Col::Int),
        ("ended_at", Col::Int),
    ],
);
static UPSERT_PAYMENTS: Batch = Batch::new(
    "INSERT INTO payments (id, session_id, merchant_id, channel_id, livemode, shortcode, receipt, amount, method, source, \
     attempt_id, inferred, payer_masked, paid_at, created_at) \
     SELECT r.id, r.session_id, r.merchant_id, r.channel_id, r.livemode, r.shortcode, r.receipt, r.amount, r.method, \
     r.source, r.attempt_id, r.inferred, r.payer_masked, r.paid_at, r.created_at FROM {rows} r WHERE true \
     ON CONFLICT (id) DO UPDATE SET session_id = excluded.session_id, receipt = excluded.receipt, method = excluded.method, \
     attempt_id = excluded.attempt_id, inferred = excluded.inferred, payer_masked = excluded.payer_masked, \
     paid_at = excluded.paid_at",
    &[
        ("id", Col::Text),
        ("session_id", Col::Text),
        ("merchant_id", Col::Text),
        ("channel_id", Col::Text),
        ("livemode", Col::Int),
        ("shortcode", Col::Text),
        ("receipt", Col::Text),
        ("amount", Col::Int),
        ("method", Col::Text),
        ("source", Col::Text),
        ("attempt_id", Col::Text),
        ("inferred", Col::Int),
        ("payer_masked", Col::Text),
        ("paid_at", Col::Int),
        ("created_at", Col::Int),
    ],
);

static FREE_PAYMENTS: Batch = Batch::new(
    "UPDATE payments SET attempt_id = NULL WHERE id IN (SELECT r.id FROM {rows} r)",
    &[("id", Col::Text)],
);

/// Only rows that turned out to be the same money as another row are ever deleted.
pub(crate) static DELETE_PAYMENTS: Batch = Batch::new(
    "DELETE FROM payments WHERE id IN (SELECT r.id FROM {rows} r)",
    &[("id", Col::Text)],
);

/// Writes what changed of remembered cases and tells who waits. `asks` are the attempts that M-Pesa is to be asked
/// about at once.
pub(crate) async fn save(
    tx: &mut Tx,
    cases: &mut [&mut Loaded],
    asks: &BTreeSet<AttemptId>,
) -> Result<(), Error> {
    let (mut sessions, mut attempts, mut payments, mut gone, mut freed) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for loaded in cases.iter_mut() {
        let Some(before) = loaded.before.take() else {
            continue;
        };
        loaded.case.assert_sound();
        let changed = loaded
            .case
            .attempts
            .iter()
            .zip(before.attempts.iter().map(Some).chain(std::iter::repeat(None)));
        for (attempt, earlier) in changed {
            if earlier != Some(attempt) || asks.contains(&attempt.id) {
                let prompt = loaded.prompts.get(&attempt.id);
                attempts.push(attempt_row(
                    attempt,
                    next_ask(attempt, prompt, asks, tx.now),
                    &tx.vault,
                ));
            }
        }
        for payment in loaded
            .case
            .payments
            .iter()
            .filter(|payment| !before.payments.contains(payment))
        {
            payments.push(payment_row(loaded, payment, tx.now));
        }
        let moved = |earlier: &&Payment| {
            earlier.attempt.is_some()
                && !loaded
                    .case
                    .payments
                    .iter()
                    .any(|payment| payment.is_tied_like(earlier))
        };
        freed.extend(
            before
                .payments
                .iter()
                .filter(moved)
                .map(|payment| json!([payment.id])),
        );
        let kept = |id| loaded.case.payments.iter().any(|payment| payment.id == id);
        gone.extend(
            before
                .payments
                .iter()
                .map(|payment| payment.id)
                .filter(|id| !kept(*id))
                .map(|id| json!([id])),
        );
        if *before != loaded.case {
            loaded.version += 1;
            sessions.push(session_row(loaded));
            tx.touched.push(super::Touched {
                session: loaded.id,
                version: loaded.version,
                phase: loaded.case.phase(),
            });
        }
    }
    // Prompts change hands in two steps, for the unique index on them: given up first, taken after.
    run_batch(tx, &FREE_PAYMENTS, &freed).await?;
    run_batch(tx, &DELETE_PAYMENTS, &gone).await?;
    for (statement, rows) in [
        (&UPDATE_ATTEMPTS, attempts),
        (&UPSERT_PAYMENTS, payments),
        (&UPDATE_SESSIONS, sessions),
    ] {
        run_batch(tx, statement, &rows).await?;
    }
    Ok(())
}

/// Runs `statement` over `rows`, each of which it must change.
pub(crate) async fn run_batch(tx: &mut Tx, statement: &'static Batch, rows: &[Value]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let changed = tx
        .conn
        .run(
            statement.sql(tx.conn.dialect()),
            crate::store::conn::args![batch::json(rows)],
        )
        .await?;
    if usize::try_from(changed).ok() == Some(rows.len()) {
        return Ok(());
    }
    Err(Error::Inconsistent {
        table: "batch",
        column: "*",
        row: format!("{changed} of {} rows changed", rows.len()),
    })
}

fn next_ask(
    attempt: &Attempt,
    prompt: Option<&Prompt>,
    asks: &BTreeSet<AttemptId>,
    now: Timestamp,
) -> Option<Timestamp> {
    if !attempt.state.is_pending() {
        return None;
    }
    if asks.contains(&attempt.id) {
        Some(now)
    } else {
        prompt.and_then(|prompt| prompt.ask_at)
    }
}

fn session_row(loaded: &Loaded) -> Value {
    let session = &loaded.case.session;
    json!([
        loaded.id,
        session.state.name(),
        session.received,
        session.refunded,
        loaded.version,
        loaded.sequence,
        loaded.due_at().map(Timestamp::millis),
        session.state.completed_at().map(Timestamp::millis),
    ])
}

fn attempt_row(attempt: &Attempt, ask_at: Option<Timestamp>, vault: &Vault) -> Value {
    let failure = attempt.state.failure();
    let reason = match &attempt.state {
        AttemptState::NeedsReview { reason } => Some(reason.as_ref()),
        _ => None,
    };
    let checkout = attempt
        .checkout_request_id
        .as_ref()
        .map(|id| hex(&vault.seal(Purpose::CheckoutId, id.as_bytes())));
    json!([
        attempt.id,
        attempt.state.name(),
        failure.map(|failure| failure.code),
        failure.and_then(|failure| failure.result_code.as_ref()),
        reason,
        i64::from(attempt.blocks),
        checkout,
        attempt.merchant_request_id,
        ask_at.map(Timestamp::millis),
        attempt.state.ended_at().map(Timestamp::millis),
    ])
}

fn payment_row(loaded: &Loaded, payment: &Payment, now: Timestamp) -> Value {
    json!([
        payment.id,
        loaded.id,
        loaded.merchant,
        loaded.channel,
        i64::from(loaded.livemode),
        loaded.shortcode,
        payment.receipt.as_ref().map(Receipt::as_str),
        payment.amount,
        payment.method.as_str(),
        payment.source.as_str(),
        payment.attempt,
        i64::from(payment.inferred),
        payment.payer_masked,
        payment.paid_at.millis(),
        now.millis(),
    ])
}

impl TryFrom<SessionRow> for Loaded {
    type Error = Error;

    fn try_from(row: SessionRow) -> Result<Self, Error> {
        let wrong = |column| Error::Inconsistent {
            table: "sessions",
            column,
            row: row.id.clone(),
        };
        let state = match (row.status.as_str(), row.completed_at) {
            ("open", None) => SessionState::Open,
            ("processing", None) => SessionState::Processing,
            ("complete", Some(at)) => SessionState::Complete {
                at: Timestamp::from_millis(at),
            },
            ("expired", None) => SessionState::Expired,
            ("canceled", None) => SessionState::Canceled,
            _ => return Err(wrong("status, completed_at")),
        };
        let account = AccountCode::parse(&row.account)
            .map_err(|_| wrong("account"))?
            .code();
        let session = Session {
            state,
            amount: Kes::new(row.amount),
            received: Kes::new(row.received),
            refunded: Kes::new(row.refunded),
            expires_at: Timestamp::from_millis(row.expires_at),
        };
        Ok(Self {
            id: parse(&row.id, "sessions", "id", &row.id)?,
            merchant: parse(&row.merchant_id, "sessions", "merchant_id", &row.id)?,
            channel: parse(&row.channel_id, "sessions", "channel_id", &row.id)?,
            livemode: row.livemode == 1,
            kind: ChannelKind::parse(&row.kind),
            shortcode: row.shortcode,
            account,
            client_reference_id: row.client_reference_id,
            details: row.details,
            customer_masked: row.customer_masked,
            version: row.version,
            sequence: row.sequence,
            created_at: Timestamp::from_millis(row.created_at),
            prompts: HashMap::new(),
            case: Case {
                session,
                attempts: Vec::new(),
                payments: Vec::new(),
            },
            before: None,
        })
    }
}

impl AttemptRow {
    fn into_attempt(self, vault: &Vault) -> Result<Attempt, Error> {
        let wrong = |column| Error::Inconsistent {
            table: "attempts",
            column,
            row: self.id.clone(),
        };
        let failure = match &self.failure_code {
            Some(code) => {
                let code = FailureCode::from_str(code).map_err(|_| wrong("failure_code"))?;
                Some(Failure::new(code, self.result_code.as_deref()))
            }
            None => None,
        };
        let at = self.ended_at.map(Timestamp::from_millis);
        let ended = |ending, failure: Option<Failure>| match (failure, at) {
            (Some(failure), Some(at)) => Ok(AttemptState::Ended { ending, failure, at }),
            _ => Err(wrong("failure_code, ended_at")),
        };
        let state = match self.status.as_str() {
            "created" => AttemptState::Created,
            "awaiting_pin" => AttemptState::AwaitingPin,
            "succeeded" => AttemptState::Succeeded {
                at: at.ok_or_else(|| wrong("ended_at"))?,
            },
            "failed" => ended(Ending::Failed, failure)?,
            "canceled" => ended(Ending::Canceled, failure)?,
            "timed_out" => ended(Ending::TimedOut, failure)?,
            "unknown" => AttemptState::Unknown { failure },
            "needs_review" => AttemptState::NeedsReview {
                reason: self.reason.clone().unwrap_or_default().into(),
            },
            _ => return Err(wrong("status")),
        };
        let checkout = self
            .checkout_request_id
            .as_ref()
            .map(|id| vault.open_text(Purpose::CheckoutId, id));
        Ok(Attempt {
            id: parse(&self.id, "attempts", "id", &self.id)?,
            amount: Kes::new(self.amount),
            state,
            blocks: self.blocks == 1,
            phone_tail: self
                .phone_masked
                .chars()
                .rev()
                .take_while(char::is_ascii_digit)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect(),
            checkout_request_id: checkout.transpose()?,
            merchant_request_id: self.merchant_request_id,
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

impl TryFrom<PaymentRow> for Payment {
    type Error = Error;

    fn try_from(row: PaymentRow) -> Result<Self, Error> {
        let wrong = |column| Error::Inconsistent {
            table: "payments",
            column,
            row: row.id.clone(),
        };
        let receipt = row
            .receipt
            .as_deref()
            .map(|text| Receipt::wire(text).map_err(|_| wrong("receipt")));
        Ok(Self {
            id: parse(&row.id, "payments", "id", &row.id)?,
            receipt: receipt.transpose()?,
            amount: Kes::new(row.amount),
            method: Method::parse(&row.method).ok_or_else(|| wrong("method"))?,
            source: Source::parse(&row.source).ok_or_else(|| wrong("source"))?,
            attempt: row
                .attempt_id
                .as_deref()
                .map(|id| parse(id, "payments", "attempt_id", &row.id))
                .transpose()?,
            inferred: row.inferred == 1,
            payer_masked: row.payer_masked.clone(),
            paid_at: Timestamp::from_millis(row.paid_at),
        })
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
    "SELECT r.at, p.id, p.session_id FROM {rows} r JOIN payments p \
     ON p.shortcode = r.shortcode AND p.livemode = r.livemode AND p.receipt = r.receipt",
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
