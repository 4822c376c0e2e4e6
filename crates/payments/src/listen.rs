//! Hearing from the other servers on the same PostgreSQL.

use std::time::Duration;

use sqlx::postgres::PgListener;

use crate::Payments;
use crate::error::Error;
use crate::hub::read_message;

/// How long to wait before the line is built up again.
const REBUILD_AFTER: Duration = Duration::from_millis(500);

impl Payments {
    /// Wakes the waiting pages here when another server settled their session. Runs until the engine is closed, and
    /// returns at once on SQLite, where there is one server.
    pub async fn listen(&self) -> Result<(), Error> {
        let Some(pool) = self.store.postgres() else {
            return Ok(());
        };
        while !pool.is_closed() {
            if let Err(error) = self.listen_once(pool).await {
                tracing::warn!(%error, "the line to the other servers was cut; pages read the database until it is back");
            }
            self.store.hub().forget();
            tokio::time::sleep(REBUILD_AFTER).await;
        }
        Ok(())
    }

    async fn listen_once(&self, pool: &sqlx::PgPool) -> Result<(), Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen("kaunta").await?;
        // What was told while nobody listened is lost: read everything anew.
        self.store.hub().forget();
        while let Some(message) = listener.try_recv().await? {
            read_message(self.store.hub(), message.payload());
        }
        Ok(())
    }
}
