//! A person says which session money is for.

use kaunta_domain::id::{PaymentId, SessionId};

use super::Clerk;
use crate::Payments;
use crate::claim::{MONEY_COLUMNS, MoneyRow, tie};
use crate::error::Error;
use crate::store::Tx;
use crate::store::case;
use crate::store::conn::args;

impl Payments {
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
