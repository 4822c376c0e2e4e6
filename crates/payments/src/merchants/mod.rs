//! Merchants, their channels and their keys.

mod channel;
mod keys;

use crate::Payments;
use crate::error::Error;
use crate::store::Tx;
use crate::store::case::{self};
use crate::store::conn::args;
use crate::vault::token_hash;
use kaunta_domain::id::{ApiKeyId, ChannelId, MerchantId};
use serde::Serialize;
use sqlx::FromRow;

use channel::insert_channel;
pub(crate) use channel::{Channel, channel};
pub use keys::{Caller, Scope, Scopes, SecretText};

/// Where a merchant is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    /// A paybill.
    Paybill(String),
    /// A till, with the store (head office) number under which it pushes.
    Till {
        /// What payers type.
        number: String,
        /// What the push is sent under.
        store: String,
    },
}

/// A channel to be made.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Where the merchant is paid.
    pub number: Number,
    /// Of the Daraja app.
    pub consumer_key: SecretText,
    /// Of the Daraja app.
    pub consumer_secret: SecretText,
    /// Of the shortcode.
    pub passkey: SecretText,
}

/// A merchant to be made.
#[derive(Debug, Clone)]
pub struct NewMerchant {
    /// As shoppers know it.
    pub name: String,
    /// Whether real money moves.
    pub livemode: bool,
    /// The sites that may frame its page: `https://shop.example`.
    pub origins: Vec<String>,
    /// Its first channel.
    pub channel: NewChannel,
}

/// What was made. The key is shown this once.
#[derive(Debug)]
pub struct MerchantMade {
    /// The merchant.
    pub merchant: MerchantId,
    /// Its channel.
    pub channel: ChannelId,
    /// Its key.
    pub api_key: SecretText,
}

/// A key that was made. It is shown this once.
#[derive(Debug)]
pub struct KeyMade {
    /// The name to revoke it by.
    pub id: ApiKeyId,
    /// The key.
    pub api_key: SecretText,
}

/// A merchant as the command line lists it.
#[derive(Debug, Clone, Serialize, FromRow)]
pub struct MerchantRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its origins, as JSON.
    #[serde(skip)]
    pub origins: String,
    /// When it was made, Unix milliseconds.
    pub created_at: i64,
}

/// A channel as the command line lists it.
#[derive(Debug, Clone, Serialize, FromRow)]
pub struct ChannelRow {
    /// Its id.
    pub id: String,
    /// Whose it is.
    #[serde(rename = "merchant")]
    pub merchant_id: String,
    /// 1 where real money moves.
    pub livemode: i64,
    /// `paybill` or `till`.
    pub kind: String,
    /// The paybill or till.
    pub shortcode: String,
    /// The store number of a till.
    pub store: Option<String>,
}

impl Payments {
    /// Makes a merchant with one channel and one secret key.
    pub async fn create_merchant(&self, new: NewMerchant) -> Result<MerchantMade, Error> {
        let made = self
            .store
            .write(move |tx| {
                let new = new.clone();
                Box::pin(async move {
                    let merchant = MerchantId::new(tx.now, tx.clock.chance());
                    let origins = crate::view::json_text(&new.origins)?;
                    tx.conn
                        .run(
                            "INSERT INTO merchants (id, name, origins, created_at) VALUES ($1, $2, $3, $4)",
                            args![merchant, new.name.as_str(), origins, tx.now],
                        )
                        .await?;
                    let channel = insert_channel(tx, merchant, new.livemode, &new.channel).await?;
                    let key = insert_key(tx, merchant, new.livemode, &Scopes::all()).await?;
                    Ok((merchant, channel, key.api_key))
                })
            })
            .await?;
        Ok(MerchantMade {
            merchant: made.0,
            channel: made.1,
            api_key: made.2,
        })
    }

    /// All merchants, oldest first.
    pub async fn merchants(&self) -> Result<Vec<MerchantRow>, Error> {
        let mut conn = self.store.read().await?;
        conn.rows(
            "SELECT id, name, origins, created_at FROM merchants ORDER BY id",
            args![],
        )
        .await
    }

    /// Makes another key of a merchant.
    pub async fn create_key(
        &self,
        merchant: MerchantId,
        livemode: bool,
        scopes: Scopes,
    ) -> Result<KeyMade, Error> {
        self.store
            .write(move |tx| {
                let scopes = scopes.clone();
                Box::pin(async move {
                    known(tx, merchant).await?;
                    insert_key(tx, merchant, livemode, &scopes).await
                })
            })
            .await
    }

    /// Ends a key.
    pub async fn revoke_key(&self, key: ApiKeyId) -> Result<(), Error> {
        let changed = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let now = tx.now;
                    tx.conn
                        .run(
                            "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                            args![key, now],
                        )
                        .await
                })
            })
            .await?;
        if changed == 1 {
            Ok(())
        } else {
            Err(Error::NotFound)
        }
    }

    /// Adds a channel to a merchant.
    pub async fn add_channel(
        &self,
        merchant: MerchantId,
        livemode: bool,
        new: NewChannel,
    ) -> Result<ChannelId, Error> {
        self.store
            .write(move |tx| {
                let new = new.clone();
                Box::pin(async move {
                    known(tx, merchant).await?;
                    insert_channel(tx, merchant, livemode, &new).await
                })
            })
            .await
    }

    /// The channels of a merchant, or of all.
    pub async fn channels(&self, merchant: Option<MerchantId>) -> Result<Vec<ChannelRow>, Error> {
        let mut conn = self.store.read().await?;
        conn.rows(
            "SELECT id, merchant_id, livemode, kind, shortcode, store FROM channels \
             WHERE ($1 IS NULL OR merchant_id = $1) ORDER BY id",
            args![merchant.map(|id| id.to_string())],
        )
        .await
    }

    /// Whose key this is; nobody's where it is unknown or revoked.
    pub async fn authenticate(&self, api_key: &str) -> Result<Option<Caller>, Error> {
        let mut conn = self.store.read().await?;
        let row = conn
            .row::<KeyRow>(
                "SELECT merchant_id, livemode, scopes FROM api_keys WHERE hash = $1 AND revoked_at IS NULL",
                args![token_hash(api_key)],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let wrong = |column| Error::Inconsistent {
            table: "api_keys",
            column,
            row: row.merchant_id.clone(),
        };
        Ok(Some(Caller {
            merchant: case::parse(&row.merchant_id, "api_keys", "merchant_id", "")?,
            livemode: row.livemode == 1,
            scopes: Scopes::parse(&row.scopes).map_err(|_| wrong("scopes"))?,
        }))
    }
}

#[derive(FromRow)]
struct KeyRow {
    merchant_id: String,
    livemode: i64,
    scopes: String,
}

async fn known(tx: &mut Tx, merchant: MerchantId) -> Result<(), Error> {
    let found = tx
        .conn
        .number("SELECT count(*) FROM merchants WHERE id = $1", args![merchant])
        .await?;
    if found == 1 { Ok(()) } else { Err(Error::NotFound) }
}

async fn insert_key(
    tx: &mut Tx,
    merchant: MerchantId,
    livemode: bool,
    scopes: &Scopes,
) -> Result<KeyMade, Error> {
    let id = ApiKeyId::new(tx.now, tx.clock.chance());
    let mode = if livemode { "live" } else { "test" };
    let key = format!("sk_{mode}_{}", secret_letters(tx));
    let hint: String = key.chars().skip(key.len() - 4).collect();
    tx.conn
        .run(
            "INSERT INTO api_keys (id, merchant_id, livemode, hash, hint, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![id, merchant, livemode, token_hash(&key), hint, scopes.text(), tx.now],
        )
        .await?;
    Ok(KeyMade {
        id,
        api_key: SecretText::new(key),
    })
}

/// 160 random bits in lower-case letters and digits. Without `c`, `e` and `q` no word comes out that Daraja refuses in a
/// callback address: mpesa, safaricom, exe, exec, cmd, sql, query.
pub(crate) fn secret_letters(tx: &Tx) -> String {
    const LETTERS: &[u8; 32] = b"abdfghijklmnoprstuvwxyz023456789";
    let mut bytes = [0; 32];
    tx.clock.fill(&mut bytes);
    bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte & 31)]))
        .collect()
}
