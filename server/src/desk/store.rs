//! Keeps the sessions of `tower-sessions` in the engine's database.

use async_trait::async_trait;
use kaunta_domain::time::Timestamp;
use kaunta_payments::{DeskSession, Error, Payments};
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error as StoreError, Result};

/// The store.
#[derive(Debug, Clone)]
pub(super) struct DeskStore(Payments);

impl DeskStore {
    pub(super) fn new(payments: Payments) -> Self {
        Self(payments)
    }
}

#[async_trait]
impl SessionStore for DeskStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self
            .0
            .create_desk_session(&record.id.to_string(), kept(record)?)
            .await
            .map_err(failed)?
        {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0
            .save_desk_session(&record.id.to_string(), kept(record)?)
            .await
            .map_err(failed)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = match self.0.desk_session(&id.to_string()).await {
            Ok(Some(found)) => found,
            // Where its master key is gone, the person signs in anew.
            Ok(None) | Err(Error::Vault(_)) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let data =
            serde_json::from_slice(&found.data).map_err(|error| StoreError::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(found.expires_at.seconds())
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.end_desk_session(&id.to_string()).await.map_err(failed)
    }
}

fn kept(record: &Record) -> Result<DeskSession> {
    let data = serde_json::to_vec(&record.data).map_err(|error| StoreError::Encode(error.to_string()))?;
    let expires_at = Timestamp::from_millis(record.expiry_date.unix_timestamp().saturating_mul(1000));
    Ok(DeskSession { data, expires_at })
}

fn failed(error: Error) -> StoreError {
    StoreError::Backend(error.to_string())
}
