//! Payments and events, as lists.

use std::time::Duration;

use kaunta_domain::api::PaymentObject;
use kaunta_domain::id::{EventId, PaymentId};
use kaunta_domain::money::Kes;
use kaunta_domain::payment::{Method, Source};
use kaunta_domain::time::Timestamp;
use serde_json::value::RawValue;
use sqlx::FromRow;

use crate::Payments;
use crate::error::Error;
use crate::list::{Cursor, List, Where};
use crate::merchants::Caller;
use crate::store::case;
use crate::store::conn::args;
use crate::vault::Purpose;

/// Which payments to list.
#[derive(Debug, Clone, Default)]
pub struct PaymentFilter {
    /// With this M-Pesa code.
    pub receipt: Option<String>,
}

#[derive(FromRow)]
pub(crate) struct PaymentRow {
    id: String,
    session_id: Option<String>,
    livemode: i64,
    receipt: Option<String>,
    amount: i64,
    method: String,
    source: String,
    payer_masked: Option<String>,
    paid_at: i64,
}

#[derive(FromRow)]
struct EventRow {
    seq: i64,
    id: String,
    body: Vec<u8>,
}

/// The columns of a [`PaymentRow`], of payments named `p`.
pub(crate) const PAYMENT_COLUMNS: &str = "SELECT p.id, p.session_id, p.livemode, p.receipt, p.amount, p.method, p.source, p.payer_masked, p.paid_at";
/// How often a waiting reader of events looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

impl Payments {
    /// The caller's payments, newest first.
    pub async fn payments(
        &self,
        caller: &Caller,
        filter: PaymentFilter,
        cursor: Cursor,
    ) -> Result<List<PaymentObject>, Error> {
        let mut wanted = Where::of(caller, "p");
        wanted.equals(
            "p.receipt",
            filter.receipt.map(|receipt| receipt.trim().to_ascii_uppercase()),
        );
        let (condition, args) = wanted.page("p.id", &cursor);
        let mut conn = self.store.read().await?;
        let sql = format!("{PAYMENT_COLUMNS} FROM payments p {condition}");
        let rows = conn.rows::<PaymentRow>(sqlx::AssertSqlSafe(sql), args).await?;
        Ok(cursor.cut(rows.into_iter().map(payment).collect::<Result<_, _>>()?))
    }

    /// A payment of the caller's.
    pub async fn payment(&self, caller: &Caller, id: PaymentId) -> Result<PaymentObject, Error> {
        let mut conn = self.store.read().await?;
        let sql = format!(
            "{PAYMENT_COLUMNS} FROM payments p WHERE p.id = $1 AND p.merchant_id = $2 AND p.livemode = $3"
        );
        let args = args![id, caller.merchant, caller.livemode];
        let row = conn.row::<PaymentRow>(sqlx::AssertSqlSafe(sql), args).await?;
        payment(row.ok_or(Error::NotFound)?)
    }

    /// The caller's events: after `after`, oldest first, waiting up to `wait` for one; without it newest first by
    /// `cursor`.
    pub async fn events(
        &self,
        caller: &Caller,
        after: Option<EventId>,
        kind: Option<String>,
        cursor: Cursor,
        wait: Duration,
    ) -> Result<List<Box<RawValue>>, Error> {
        let until = tokio::time::Instant::now() + wait;
        loop {
            let found = self.events_now(caller, after, kind.clone(), &cursor).await?;
            if !found.data.is_empty() || tokio::time::Instant::now() >= until {
                return Ok(found);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn events_now(
        &self,
        caller: &Caller,
        after: Option<EventId>,
        kind: Option<String>,
        cursor: &Cursor,
    ) -> Result<List<Box<RawValue>>, Error> {
        let mut conn = self.store.read().await?;
        let mut seqs = [None, None];
        let ids = [
            after.map(|id| id.to_string()).or(cursor.starting_after.clone()),
            cursor.ending_before.clone(),
        ];
        for (seq, id) in seqs.iter_mut().zip(ids) {
            let Some(id) = id else { continue };
            let sql = "SELECT seq FROM events WHERE id = $1 AND merchant_id = $2 AND livemode = $3";
            let row = conn
                .row::<(i64,)>(sql, args![id, caller.merchant, caller.livemode])
                .await?;
            *seq = Some(row.ok_or(Error::NotFound)?.0);
        }
        let mut wanted = Where::of(caller, "e");
        wanted.equals("e.kind", kind);
        let order = wanted.by_sequence("e.seq", after.is_some(), seqs[0], seqs[1]);
        let (condition, args) = wanted.ordered(&order, cursor.limit);
        let sql = format!("SELECT e.seq, e.id, e.body FROM events e {condition}");
        let rows = conn.rows::<EventRow>(sqlx::AssertSqlSafe(sql), args).await?;
        let bodies = rows
            .into_iter()
            .map(|row| self.event_body(&row))
            .collect::<Result<_, _>>()?;
        Ok(cursor.cut(bodies))
    }

    fn event_body(&self, row: &EventRow) -> Result<Box<RawValue>, Error> {
        let wrong = || Error::Inconsistent {
            table: "events",
            column: "body",
            row: format!("{} ({})", row.id, row.seq),
        };
        let text = self.store.vault().open_text(Purpose::Event, &row.body)?;
        RawValue::from_string(text).map_err(|_| wrong())
    }

    /// An event of the caller's.
    pub async fn event(&self, caller: &Caller, id: EventId) -> Result<Box<RawValue>, Error> {
        let mut conn = self.store.read().await?;
        let sql = "SELECT seq, id, body FROM events WHERE id = $1 AND merchant_id = $2 AND livemode = $3";
        let row = conn
            .row::<EventRow>(sql, args![id, caller.merchant, caller.livemode])
            .await?;
        self.event_body(&row.ok_or(Error::NotFound)?)
    }
}

/// A payment as the merchant sees it.
pub(crate) fn payment(row: PaymentRow) -> Result<PaymentObject, Error> {
    let wrong = |column| Error::Inconsistent {
        table: "payments",
        column,
        row: row.id.clone(),
    };
    let session = row
        .session_id
        .as_deref()
        .map(|id| case::parse(id, "payments", "session_id", &row.id));
    Ok(PaymentObject {
        id: case::parse(&row.id, "payments", "id", &row.id)?,
        object: "payment",
        session: session.transpose()?,
        livemode: row.livemode == 1,
        receipt: row.receipt.clone(),
        amount: Kes::new(row.amount),
        currency: "KES",
        method: Method::parse(&row.method).ok_or_else(|| wrong("method"))?,
        completion_source: Source::parse(&row.source).ok_or_else(|| wrong("source"))?,
        payer_masked: row.payer_masked.clone(),
        paid_at: Timestamp::from_millis(row.paid_at),
    })
}
