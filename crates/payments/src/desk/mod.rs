//! The merchant's desk: who sits at it, what came today, and money that waits for its session.

mod assign;
mod rank;
mod sessions;

use kaunta_domain::account_code::AccountCode;
use kaunta_domain::api::PaymentObject;
use kaunta_domain::id::{ApiKeyId, PaymentId, SessionId};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use crate::Payments;
use crate::error::Error;
use crate::list::{Cursor, List};
use crate::merchants::{Caller, Scopes};
use crate::read::{PAYMENT_COLUMNS, PaymentRow, payment};
use crate::store::case;
use crate::store::conn::{Arg, Conn, args};
use crate::vault::token_hash;

pub use assign::Assigned;
pub use sessions::DeskSession;
pub(crate) use sessions::prune;

/// Most payments on one page of unmatched money.
const UNMATCHED: i64 = 25;
/// Most sessions that are looked at for one payment.
const CANDIDATES: i64 = 200;
/// Most sessions that are suggested for one payment.
const SUGGESTIONS: usize = 5;
/// How long before or after its money a session may have been made to be suggested.
const NEAR: std::time::Duration = std::time::Duration::from_hours(14 * 24);
/// How much earlier than its recording the oldest money of a range may be looked for: clocks differ.
const SLACK: std::time::Duration = std::time::Duration::from_hours(24);

/// A person at the desk, by the API key that it signed in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clerk {
    /// The merchant, the mode, and what the key may do.
    pub caller: Caller,
    /// The key.
    pub key: ApiKeyId,
    /// The last letters of the key, by which its owner knows it.
    pub hint: String,
    /// The merchant's name.
    pub merchant_name: String,
}

/// What came in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takings {
    /// The sum.
    pub sum: Kes,
    /// How many payments.
    pub payments: i64,
}

/// Money that is on no session's books.
#[derive(Debug, Clone)]
pub struct Unmatched {
    /// The payment.
    pub payment: PaymentObject,
    /// What the payer typed as the account.
    pub typed: Option<String>,
    /// The sessions that it may be for, likeliest first.
    pub suggestions: Vec<Suggestion>,
}

/// A session that money may be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The session.
    pub session: SessionId,
    /// The shop's order id.
    pub client_reference_id: Option<String>,
    /// Its account number, in two groups.
    pub account: String,
    /// What is still due.
    pub due: Kes,
    /// Where it stands.
    pub status: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the money is exactly what is due.
    pub same_amount: bool,
    /// Whether what was typed is its account, or one mistake away from it.
    pub near_account: bool,
}

#[derive(FromRow)]
struct ClerkRow {
    id: String,
    hint: String,
    merchant_id: String,
    name: String,
    livemode: i64,
    scopes: String,
}

#[derive(FromRow)]
struct UnmatchedRow {
    #[sqlx(flatten)]
    payment: PaymentRow,
    shortcode: String,
    bill_ref: Option<String>,
}

#[derive(FromRow)]
struct Candidate {
    id: String,
    client_reference_id: Option<String>,
    account: String,
    status: String,
    due: i64,
    created_at: i64,
}

impl Payments {
    /// The person with this secret key; nobody where the key is unknown or revoked.
    pub async fn clerk_of_key(&self, api_key: &str) -> Result<Option<Clerk>, Error> {
        let mut conn = self.store.read().await?;
        clerk(&mut conn, "k.hash = $1", args![token_hash(api_key)]).await
    }

    /// The person who signed in with this key earlier; nobody once the key is revoked.
    pub async fn clerk(&self, key: ApiKeyId) -> Result<Option<Clerk>, Error> {
        let mut conn = self.store.read().await?;
        clerk(&mut conn, "k.id = $1", args![key]).await
    }

    /// What M-Pesa moved to the caller from `from` on and before `to`.
    pub async fn takings(&self, caller: &Caller, from: Timestamp, to: Timestamp) -> Result<Takings, Error> {
        // Ids sort by birth, so the index of the list finds the span without one of its own.
        let oldest = PaymentId::new(from - SLACK, 0);
        let sql = "SELECT CAST(coalesce(sum(amount), 0) AS BIGINT), count(*) FROM payments \
                   WHERE merchant_id = $1 AND livemode = $2 AND id >= $3 AND paid_at >= $4 AND paid_at < $5";
        let mut conn = self.store.read().await?;
        let row = conn
            .row::<(i64, i64)>(sql, args![caller.merchant, caller.livemode, oldest, from, to])
            .await?;
        let (sum, payments) = row.unwrap_or_default();
        Ok(Takings {
            sum: Kes::new(sum),
            payments,
        })
    }

    /// How many payments of the caller's are on no session's books.
    pub async fn unmatched_count(&self, caller: &Caller) -> Result<i64, Error> {
        let sql =
            "SELECT count(*) FROM payments WHERE merchant_id = $1 AND livemode = $2 AND session_id IS NULL";
        let mut conn = self.store.read().await?;
        conn.number(sql, args![caller.merchant, caller.livemode]).await
    }

    /// The caller's money that is on no session's books, newest first, with the sessions that it may be for.
    pub async fn unmatched(&self, caller: &Caller) -> Result<List<Unmatched>, Error> {
        let mut conn = self.store.read().await?;
        let sql = format!(
            "{PAYMENT_COLUMNS}, p.shortcode, p.bill_ref FROM payments p WHERE p.merchant_id = $1 AND p.livemode = $2 \
             AND p.session_id IS NULL ORDER BY p.id DESC LIMIT {}",
            UNMATCHED + 1
        );
        let args = args![caller.merchant, caller.livemode];
        let rows = conn.rows::<UnmatchedRow>(sqlx::AssertSqlSafe(sql), args).await?;
        let cursor = Cursor {
            limit: UNMATCHED,
            starting_after: None,
            ending_before: None,
        };
        let rows = cursor.cut(rows);
        let mut data = Vec::with_capacity(rows.data.len());
        for row in rows.data {
            let money = payment(row.payment)?;
            let found = candidates(&mut conn, caller, &row.shortcode, &money).await?;
            let typed = row.bill_ref.filter(|typed| !typed.trim().is_empty());
            data.push(Unmatched {
                suggestions: suggest(found, &money, typed.as_deref())?,
                payment: money,
                typed,
            });
        }
        Ok(List {
            data,
            has_more: rows.has_more,
        })
    }
}

async fn clerk(conn: &mut Conn, condition: &str, args: Vec<Arg>) -> Result<Option<Clerk>, Error> {
    let sql = format!(
        "SELECT k.id, k.hint, k.merchant_id, m.name, k.livemode, k.scopes FROM api_keys k \
         JOIN merchants m ON m.id = k.merchant_id WHERE {condition} AND k.revoked_at IS NULL"
    );
    let Some(row) = conn.row::<ClerkRow>(sqlx::AssertSqlSafe(sql), args).await? else {
        return Ok(None);
    };
    let scopes = Scopes::parse(&row.scopes).map_err(|_| Error::Inconsistent {
        table: "api_keys",
        column: "scopes",
        row: row.id.clone(),
    })?;
    Ok(Some(Clerk {
        caller: Caller {
            merchant: case::parse(&row.merchant_id, "api_keys", "merchant_id", &row.id)?,
            livemode: row.livemode == 1,
            scopes,
        },
        key: case::parse(&row.id, "api_keys", "id", &row.id)?,
        hint: row.hint,
        merchant_name: row.name,
    }))
}

/// Sessions of the same number that are not paid, those that lack exactly this amount first.
async fn candidates(
    conn: &mut Conn,
    caller: &Caller,
    shortcode: &str,
    money: &PaymentObject,
) -> Result<Vec<Candidate>, Error> {
    // Ids sort by birth.
    let oldest = SessionId::new(money.paid_at - NEAR, 0);
    let newest = SessionId::new(money.paid_at + NEAR, 0);
    let sql = format!(
        "SELECT s.id, s.client_reference_id, s.account, s.status, s.amount - s.received AS due, s.created_at \
         FROM sessions s JOIN channels c ON c.id = s.channel_id \
         WHERE s.merchant_id = $1 AND s.livemode = $2 AND s.id >= $3 AND s.id < $4 AND c.shortcode = $5 \
         AND s.received < s.amount \
         ORDER BY CASE WHEN s.amount - s.received = $6 THEN 0 ELSE 1 END, s.id DESC LIMIT {CANDIDATES}"
    );
    let args = args![
        caller.merchant,
        caller.livemode,
        oldest,
        newest,
        shortcode,
        money.amount.shillings()
    ];
    conn.rows(sqlx::AssertSqlSafe(sql), args).await
}

fn suggest(
    found: Vec<Candidate>,
    money: &PaymentObject,
    typed: Option<&str>,
) -> Result<Vec<Suggestion>, Error> {
    let mut ranked = Vec::with_capacity(found.len());
    for row in found {
        let created_at = Timestamp::from_millis(row.created_at);
        let due = Kes::new(row.due);
        let rank = rank::rank(money, typed, due, created_at, &row.account);
        let account = AccountCode::parse(&row.account)
            .map_or_else(|_| row.account.clone(), |found| found.code().grouped());
        let suggestion = Suggestion {
            session: case::parse(&row.id, "sessions", "id", &row.id)?,
            client_reference_id: row.client_reference_id,
            account,
            due,
            status: row.status,
            created_at,
            same_amount: rank.same_amount(),
            near_account: rank.near_account(),
        };
        ranked.push((rank, suggestion));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(SUGGESTIONS);
    Ok(ranked.into_iter().map(|(_, suggestion)| suggestion).collect())
}
