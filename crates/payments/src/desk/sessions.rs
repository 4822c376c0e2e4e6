//! Where it is kept who is signed in at the desk: the id as its hash, the data sealed, for as long as it lasts.

use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use crate::Payments;
use crate::error::Error;
use crate::store::Tx;
use crate::store::conn::args;
use crate::vault::{Purpose, token_hash};

/// What is kept of a person who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct DeskSession {
    /// What the desk keeps, in its own writing.
    pub data: Vec<u8>,
    /// When it is over.
    pub expires_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    data: Vec<u8>,
    expires_at: i64,
}

impl Payments {
    /// Keeps a new session under `id`, which must not be guessable; false where there is one already.
    pub async fn create_desk_session(&self, id: &str, session: DeskSession) -> Result<bool, Error> {
        let hash = token_hash(id);
        self.store
            .write(move |tx| {
                let (hash, session) = (hash.clone(), session.clone());
                Box::pin(async move {
                    let sealed = tx.vault.seal(Purpose::DeskSession, &session.data);
                    let sql = "INSERT INTO desk_sessions (id_hash, data, expires_at) VALUES ($1, $2, $3) \
                               ON CONFLICT (id_hash) DO NOTHING";
                    let made = tx.conn.run(sql, args![hash, sealed, session.expires_at]).await?;
                    Ok(made == 1)
                })
            })
            .await
    }

    /// Keeps a session that is there. One that was ended meanwhile stays ended.
    pub async fn save_desk_session(&self, id: &str, session: DeskSession) -> Result<(), Error> {
        let hash = token_hash(id);
        self.store
            .write(move |tx| {
                let (hash, session) = (hash.clone(), session.clone());
                Box::pin(async move {
                    let sealed = tx.vault.seal(Purpose::DeskSession, &session.data);
                    let sql = "UPDATE desk_sessions SET data = $2, expires_at = $3 WHERE id_hash = $1";
                    tx.conn
                        .run(sql, args![hash, sealed, session.expires_at])
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// The session under `id`, if it is not over.
    pub async fn desk_session(&self, id: &str) -> Result<Option<DeskSession>, Error> {
        let now = self.clock().now();
        let sql = "SELECT data, expires_at FROM desk_sessions WHERE id_hash = $1 AND expires_at > $2";
        let mut conn = self.store.read().await?;
        let Some(row) = conn.row::<Row>(sql, args![token_hash(id), now]).await? else {
            return Ok(None);
        };
        Ok(Some(DeskSession {
            data: self.store.vault().open(Purpose::DeskSession, &row.data)?,
            expires_at: Timestamp::from_millis(row.expires_at),
        }))
    }

    /// Ends the session under `id`.
    pub async fn end_desk_session(&self, id: &str) -> Result<(), Error> {
        let hash = token_hash(id);
        self.store
            .write(move |tx| {
                let hash = hash.clone();
                Box::pin(async move {
                    let sql = "DELETE FROM desk_sessions WHERE id_hash = $1";
                    tx.conn.run(sql, args![hash]).await.map(drop)
                })
            })
            .await
    }
}

/// Forgets sessions that are over.
pub(crate) async fn prune(tx: &mut Tx) -> Result<(), Error> {
    let now = tx.now;
    let sql = "DELETE FROM desk_sessions WHERE expires_at <= $1";
    tx.conn.run(sql, args![now]).await.map(drop)
}
