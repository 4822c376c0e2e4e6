//! The OAuth token of an app, shared by all servers through the database.

use futures_util::future::BoxFuture;
use kaunta_daraja::token::LEASE;
use kaunta_daraja::{AccessToken, AppId, LeaseAnswer, StoredToken, TokenStore};
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use crate::error::Error;
use crate::store::Store;
use crate::store::conn::args;
use crate::vault::Purpose;

/// Keeps tokens in the table `daraja_tokens`, sealed.
pub(crate) struct SharedTokens(pub(crate) Store);

#[derive(FromRow)]
struct Row {
    token: Option<Vec<u8>>,
    expires_at: i64,
}

impl SharedTokens {
    async fn read(&self, app: &AppId) -> Result<Option<StoredToken>, Error> {
        let mut conn = self.0.read().await?;
        let sql = "SELECT token, expires_at FROM daraja_tokens WHERE app = $1";
        let Some(row) = conn.row::<Row>(sql, args![app.as_str()]).await? else {
            return Ok(None);
        };
        let Some(sealed) = row.token else { return Ok(None) };
        let token = AccessToken::new(self.0.vault().open_text(Purpose::Token, &sealed)?);
        Ok(Some(StoredToken {
            token,
            good_until: Timestamp::from_millis(row.expires_at),
        }))
    }

    /// The lease is one guarded statement: the row changes for one asker alone.
    async fn take_lease(&self, app: &AppId) -> Result<LeaseAnswer, Error> {
        let app = app.as_str().to_owned();
        let taken = self
            .0
            .write(move |tx| {
                let app = app.clone();
                Box::pin(async move {
                    let (now, until) = (tx.now, tx.now + LEASE);
                    tx.conn
                        .run(
                            "INSERT INTO daraja_tokens (app, lease_until) VALUES ($1, $3) ON CONFLICT (app) \
                             DO UPDATE SET lease_until = $3 WHERE daraja_tokens.lease_until <= $2",
                            args![app, now, until],
                        )
                        .await
                })
            })
            .await?;
        Ok(if taken == 1 {
            LeaseAnswer::Mine
        } else {
            LeaseAnswer::Theirs
        })
    }

    async fn write(&self, app: &AppId, token: Option<StoredToken>) -> Result<(), Error> {
        let app = app.as_str().to_owned();
        let sealed = token.as_ref().map(|kept| {
            self.0
                .vault()
                .seal(Purpose::Token, kept.token.expose().as_bytes())
        });
        let good_until = token.map_or(0, |kept| kept.good_until.millis());
        self.0
            .write(move |tx| {
                let (app, sealed) = (app.clone(), sealed.clone());
                Box::pin(async move {
                    let sql = "UPDATE daraja_tokens SET token = $2, expires_at = $3, lease_until = 0 WHERE app = $1";
                    tx.conn.run(sql, args![app, sealed, good_until]).await.map(drop)
                })
            })
            .await
    }
}

/// A store that fails makes the client fetch for itself: a payment is worth more than a shared token.
fn told(error: &Error) {
    tracing::warn!(%error, "the shared OAuth token could not be read or written");
}

impl TokenStore for SharedTokens {
    fn load<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, Option<StoredToken>> {
        Box::pin(async move { self.read(app).await.inspect_err(told).ok().flatten() })
    }

    fn lease<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, LeaseAnswer> {
        Box::pin(async move {
            self.take_lease(app)
                .await
                .inspect_err(told)
                .unwrap_or(LeaseAnswer::Mine)
        })
    }

    fn save<'a>(&'a self, app: &'a AppId, token: StoredToken) -> BoxFuture<'a, ()> {
        Box::pin(async move { drop(self.write(app, Some(token)).await.inspect_err(told)) })
    }

    fn forget<'a>(&'a self, app: &'a AppId, token: &'a AccessToken) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let kept = self.read(app).await.inspect_err(told).ok().flatten();
            if kept.is_some_and(|kept| kept.token == *token) {
                drop(self.write(app, None).await.inspect_err(told));
            }
        })
    }

    fn release<'a>(&'a self, app: &'a AppId) -> BoxFuture<'a, ()> {
        Box::pin(async move { drop(self.write(app, None).await.inspect_err(told)) })
    }
}
