//! `Idempotency-Key`: the first answer again, and the work once. The key's row and the work commit together.

use kaunta_domain::limits::LEASE;
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use crate::error::Error;
use crate::merchants::Caller;
use crate::store::Tx;
use crate::store::conn::args;
use crate::vault::Purpose;

/// A request's key, with what tells it from another request under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The key, 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}

/// An answer to a request that made something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The object as JSON; empty where the first answer was a refusal.
    pub body: String,
    /// Whether this is the first answer again.
    pub replayed: bool,
    /// The code of the refusal that the first answer was.
    pub refused: Option<String>,
}

impl Answer {
    pub(crate) fn fresh(body: String) -> Self {
        Self {
            body,
            replayed: false,
            refused: None,
        }
    }
}

#[derive(FromRow)]
struct Row {
    fingerprint: Vec<u8>,
    body: Option<Vec<u8>>,
    refused: Option<String>,
    created_at: i64,
}

/// What the key says about a request.
pub(crate) enum Seen {
    /// Nobody used it: it is taken now, and the work goes on.
    Never,
    /// It was answered.
    Answered(Answer),
}

/// Takes the key, or tells what it was answered with.
pub(crate) async fn take(tx: &mut Tx, caller: &Caller, once: Option<&Once>) -> Result<Seen, Error> {
    let Some(once) = once else { return Ok(Seen::Never) };
    let taken = tx
        .conn
        .run(
            "INSERT INTO idempotency (merchant_id, livemode, key, fingerprint, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (merchant_id, livemode, key) DO NOTHING",
            args![caller.merchant, caller.livemode, once.key.as_str(), once.fingerprint.to_vec(), tx.now],
        )
        .await?;
    if taken == 1 {
        return Ok(Seen::Never);
    }
    let row = tx
        .conn
        .row::<Row>(
            "SELECT fingerprint, body, refused, created_at FROM idempotency \
             WHERE merchant_id = $1 AND livemode = $2 AND key = $3",
            args![caller.merchant, caller.livemode, once.key.as_str()],
        )
        .await?
        .ok_or(Error::IdempotencyKeyInUse)?;
    if row.fingerprint != once.fingerprint {
        return Err(Error::IdempotencyKeyReused);
    }
    match (row.body, row.refused) {
        (Some(body), refused) => {
            let body = tx.vault.open_text(Purpose::Answer, &body)?;
            Ok(Seen::Answered(Answer {
                body,
                replayed: true,
                refused,
            }))
        }
        // The server that took it died: what it left behind is told by the objects, and the key is free for no one.
        (None, _) if tx.now > Timestamp::from_millis(row.created_at) + LEASE => Ok(Seen::Answered(Answer {
            body: String::new(),
            replayed: true,
            refused: Some("mpesa_unavailable".into()),
        })),
        (None, _) => Err(Error::IdempotencyKeyInUse),
    }
}

/// Keeps the first answer.
pub(crate) async fn keep(
    tx: &mut Tx,
    caller: &Caller,
    once: Option<&Once>,
    answer: &Answer,
) -> Result<(), Error> {
    let Some(once) = once else { return Ok(()) };
    let body = tx.vault.seal(Purpose::Answer, answer.body.as_bytes());
    tx.conn
        .run_one(
            "UPDATE idempotency SET body = $4, refused = $5 WHERE merchant_id = $1 AND livemode = $2 AND key = $3",
            args![caller.merchant, caller.livemode, once.key.as_str(), body, answer.refused.clone()],
            "idempotency",
        )
        .await
}
