//! A person says which session money is for.

use kaunta_domain::id::{PaymentId, SessionId};
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use super::Clerk;
use crate::Payments;
use crate::claim::{MONEY_COLUMNS, MoneyRow, tie};
use crate::error::Error;
use crate::merchants::Caller;
use crate::store::Tx;
use crate::store::case;
use crate::store::conn::args;

/// A payment that a person put on a session's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// When.
    pub at: Timestamp,
    /// Who: the key's id and its last letters.
    pub who: String,
    /// Which money.
    pub payment: PaymentId,
}

#[derive(FromRow)]
struct AuditRow {
    at: i64,
    who: String,
    payment_id: String,
}

impl Payments {
    /// What people put on the books of a session of the caller's, oldest first.
    pub async fn assigned(&self, caller: &Caller, session: SessionId) -> Result<Vec<Assigned>, Error> {
        let sql = "SELECT a.at, a.who, a.payment_id FROM desk_audit a JOIN sessions s ON s.id = a.session_id \
                   WHERE a.merchant_id = $1 AND s.livemode = $2 AND a.session_id = $3 ORDER BY a.seq";
        let mut conn = self.store.read().await?;
        let rows = conn
            .rows::<AuditRow>(sql, args![caller.merchant, caller.livemode, session])
            .await?;
        let read = |row: AuditRow| {
            Ok(Assigned {
                at: Timestamp::from_millis(row.at),
                payment: case::parse(&row.payment_id, "desk_audit", "payment_id", &row.who)?,
                who: row.who,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Puts money that is on no session's books on a session's, by the rules that a confirmation goes by, and keeps
    /// who did it. Saying the same again changes nothing. M-Pesa's word stays the source of the money.
    pub async fn assign(&self, clerk: &Clerk, payment: PaymentId, session: SessionId) -> Result<(), Error> {
        let clerk = clerk.clone();
        self.store
            .write(move |tx| {
                let clerk = clerk.clone();
                Box::pin(async move { assign(tx, &clerk, payment, session).await })
            })
            .await
    }
}

async fn assign(tx: &mut Tx, clerk: &Clerk, payment: PaymentId, session: SessionId) -> Result<(), Error> {
    let caller = &clerk.caller;
    let loaded = case::load(tx, &[session].into())
        .await?
        .remove(&session)
        .filter(|loaded| caller.owns(loaded))
        .ok_or(Error::NotFound)?;
    let sql = format!("{MONEY_COLUMNS} WHERE id = $1 AND merchant_id = $2 AND livemode = $3");
    let row = tx
        .conn
        .row::<MoneyRow>(
            sqlx::AssertSqlSafe(sql),
            args![payment, caller.merchant, caller.livemode],
        )
        .await?
        .ok_or(Error::NotFound)?;
    if row.session_id.as_deref() == Some(session.to_string().as_str()) {
        return Ok(());
    }
    if row.shortcode != loaded.shortcode {
        let detail = "this money came to another M-Pesa number than the one of this session";
        return Err(refused("/session", "other_number", detail));
    }
    if row.session_id.is_some() || !tie(tx, session, row).await? {
        let detail = "this money is on another session's books already";
        return Err(refused("/payment", "already_assigned", detail));
    }
    let who = format!("{} (…{})", clerk.key, clerk.hint);
    let now = tx.now;
    let sql = "INSERT INTO desk_audit (at, merchant_id, who, what, payment_id, session_id) \
               VALUES ($1, $2, $3, 'payment_assigned', $4, $5)";
    tx.conn
        .run(sql, args![now, caller.merchant, who, payment, session])
        .await
        .map(drop)
}

fn refused(pointer: &'static str, code: &'static str, detail: &str) -> Error {
    Error::Invalid {
        pointer,
        code,
        detail: detail.to_owned(),
    }
}
