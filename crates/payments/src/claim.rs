//! A shopper who paid by hand shows the M-Pesa message or its code, and the money finds its session.
//!
//! A claim is a pointer and never proof: only money that M-Pesa confirmed is tied. A code whose money is not here yet is
//! remembered, and the confirmation that brings it is tied to the session when it comes.

use kaunta_domain::id::SessionId;
use kaunta_domain::limits::CLAIMS_PER_SESSION;
use kaunta_domain::money::Kes;
use kaunta_domain::payment::{Method, Money, Source};
use kaunta_domain::receipt::Receipt;
use kaunta_domain::sms::Claim;
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use crate::Payments;
use crate::error::Error;
use crate::settle::{Heard, Item, Target, settle};
use crate::store::Tx;
use crate::store::case::{self, Loaded};
use crate::store::conn::args;

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// The money was here, and is on the session's books now.
    Tied,
    /// The money is on the session's books already.
    Known,
    /// The money is not here yet; it will be tied when M-Pesa confirms it.
    Checking,
    /// The money is on another session's books, or claimed for one.
    Taken,
    /// This session has had as many guesses as a session may.
    TooMany,
}

/// Money as a row.
#[derive(FromRow)]
pub(crate) struct MoneyRow {
    id: String,
    pub(crate) session_id: Option<String>,
    pub(crate) shortcode: String,
    receipt: Option<String>,
    amount: i64,
    method: String,
    source: String,
    payer_masked: Option<String>,
    paid_at: i64,
}

/// The columns of a [`MoneyRow`].
pub(crate) const MONEY_COLUMNS: &str =
    "SELECT id, session_id, shortcode, receipt, amount, method, source, payer_masked, paid_at FROM payments";

impl Payments {
    /// Looks for the money of a message or code that a shopper shows.
    pub async fn claim(&self, id: SessionId, claim: Claim) -> Result<Claimed, Error> {
        self.store
            .write(move |tx| {
                let receipt = claim.receipt;
                Box::pin(async move {
                    let loaded = case::load(tx, &[id].into())
                        .await?
                        .remove(&id)
                        .ok_or(Error::NotFound)?;
                    look_for(tx, &loaded, receipt).await
                })
            })
            .await
    }
}

async fn look_for(tx: &mut Tx, loaded: &Loaded, receipt: Receipt) -> Result<Claimed, Error> {
    let key = || args![loaded.shortcode.as_str(), loaded.livemode, receipt.as_str()];
    let sql = format!("{MONEY_COLUMNS} WHERE shortcode = $1 AND livemode = $2 AND receipt = $3");
    match tx.conn.row::<MoneyRow>(sqlx::AssertSqlSafe(sql), key()).await? {
        Some(row) if row.session_id.as_deref() == Some(loaded.id.to_string().as_str()) => Ok(Claimed::Known),
        Some(MoneyRow {
            session_id: Some(_), ..
        }) => Ok(Claimed::Taken),
        Some(row) => {
            if claimant(tx, loaded, receipt)
                .await?
                .is_some_and(|other| other != loaded.id)
            {
                return Ok(Claimed::Taken);
            }
            let tied = tie(tx, loaded.id, row).await?;
            Ok(if tied { Claimed::Tied } else { Claimed::Taken })
        }
        None => remember(tx, loaded, receipt).await,
    }
}

/// Puts money that is on no session's books on those of `session`, which is loaded and of the same shortcode. False
/// where another session got it first.
pub(crate) async fn tie(tx: &mut Tx, session: SessionId, row: MoneyRow) -> Result<bool, Error> {
    // Changes nothing and holds the row: whoever else ties this money waits here, and then finds it taken.
    let hold = "UPDATE payments SET session_id = NULL WHERE id = $1 AND session_id IS NULL";
    if tx.conn.run(hold, args![row.id.as_str()]).await? == 0 {
        return Ok(false);
    }
    let wrong = |column| Error::Inconsistent {
        table: "payments",
        column,
        row: row.id.clone(),
    };
    let receipt = row
        .receipt
        .as_deref()
        .and_then(|text| Receipt::wire(text).ok())
        .ok_or_else(|| wrong("receipt"))?;
    let money = Money {
        receipt: Some(receipt),
        amount: Some(Kes::new(row.amount)),
        method: Method::parse(&row.method).ok_or_else(|| wrong("method"))?,
        source: Source::parse(&row.source).ok_or_else(|| wrong("source"))?,
        payer_tail: None,
        payer_masked: row.payer_masked.clone(),
        paid_at: Some(Timestamp::from_millis(row.paid_at)),
    };
    let item = Item {
        target: Target::Session(session),
        heard: Heard::Money(money),
        evidence: None,
    };
    settle(tx, &[item]).await?;
    Ok(true)
}

/// Remembers a claim until the money comes. Guesses are few, so that nobody can try codes out.
async fn remember(tx: &mut Tx, loaded: &Loaded, receipt: Receipt) -> Result<Claimed, Error> {
    if let Some(other) = claimant(tx, loaded, receipt).await? {
        return Ok(if other == loaded.id {
            Claimed::Checking
        } else {
            Claimed::Taken
        });
    }
    let claims = tx
        .conn
        .number(
            "SELECT count(*) FROM claims WHERE session_id = $1",
            args![loaded.id],
        )
        .await?;
    if claims >= CLAIMS_PER_SESSION {
        return Ok(Claimed::TooMany);
    }
    let sql = "INSERT INTO claims (shortcode, livemode, receipt, session_id, created_at) VALUES ($1, $2, $3, $4, $5)";
    let now = tx.now;
    tx.conn
        .run(
            sql,
            args![
                loaded.shortcode.as_str(),
                loaded.livemode,
                receipt.as_str(),
                loaded.id,
                now
            ],
        )
        .await?;
    Ok(Claimed::Checking)
}

async fn claimant(tx: &mut Tx, loaded: &Loaded, receipt: Receipt) -> Result<Option<SessionId>, Error> {
    claimed_by(tx, &loaded.shortcode, loaded.livemode, receipt.as_str()).await
}

/// The session that a receipt is claimed for.
pub(crate) async fn claimed_by(
    tx: &mut Tx,
    shortcode: &str,
    livemode: bool,
    receipt: &str,
) -> Result<Option<SessionId>, Error> {
    let sql = "SELECT session_id FROM claims WHERE shortcode = $1 AND livemode = $2 AND receipt = $3";
    let row = tx
        .conn
        .row::<(String,)>(sql, args![shortcode, livemode, receipt])
        .await?;
    row.map(|(id,)| case::parse(&id, "claims", "session_id", &id))
        .transpose()
}
