//! A channel with its credentials opened, for the rail alone.

use crate::error::Error;
use crate::store::Tx;
use crate::store::conn::{Conn, args};
use crate::vault::{Purpose, Vault, token_hash};
use kaunta_daraja::{AppKeys, Secret};
use kaunta_domain::id::{ChannelId, MerchantId};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use zeroize::Zeroize;

use super::{NewChannel, Number, secret_letters};

/// What is sealed of a channel.
#[derive(Serialize, Deserialize, Zeroize)]
#[zeroize(drop)]
pub(crate) struct Credentials {
    consumer_key: String,
    consumer_secret: String,
    passkey: String,
    c2b_token: String,
}

/// A channel as the engine uses it.
pub(crate) struct Channel {
    pub(crate) livemode: bool,
    pub(crate) number: Number,
    credentials: Credentials,
}

impl Channel {
    pub(crate) fn app(&self) -> AppKeys {
        AppKeys::new(&self.credentials.consumer_key, &self.credentials.consumer_secret)
    }

    pub(crate) fn pass_key(&self) -> Secret {
        Secret::new(&self.credentials.passkey)
    }

    pub(crate) fn c2b_token(&self) -> &str {
        &self.credentials.c2b_token
    }

    /// What a push is sent under: the paybill, or the store of a till.
    pub(crate) fn push_shortcode(&self) -> &str {
        match &self.number {
            Number::Paybill(number) => number,
            Number::Till { store, .. } => store,
        }
    }

    /// Who receives the money: the paybill, or the till.
    pub(crate) fn party_b(&self) -> &str {
        match &self.number {
            Number::Paybill(number) | Number::Till { number, .. } => number,
        }
    }
}

pub(super) async fn insert_channel(
    tx: &mut Tx,
    merchant: MerchantId,
    livemode: bool,
    new: &NewChannel,
) -> Result<ChannelId, Error> {
    let id = ChannelId::new(tx.now, tx.clock.chance());
    let c2b_token = secret_letters(tx);
    let c2b_token_hash = token_hash(&c2b_token);
    let credentials = Credentials {
        consumer_key: new.consumer_key.reveal().to_owned(),
        consumer_secret: new.consumer_secret.reveal().to_owned(),
        passkey: new.passkey.reveal().to_owned(),
        c2b_token,
    };
    let sealed = tx.vault.seal(
        Purpose::Credentials,
        crate::view::json_text(&credentials)?.as_bytes(),
    );
    let (kind, number, store) = match &new.number {
        Number::Paybill(number) => ("paybill", number, None),
        Number::Till { number, store } => ("till", number, Some(store.clone())),
    };
    tx.conn
        .run(
            "INSERT INTO channels (id, merchant_id, livemode, kind, shortcode, store, credentials, c2b_token_hash, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![id, merchant, livemode, kind, number.as_str(), store, sealed, c2b_token_hash, tx.now],
        )
        .await?;
    Ok(id)
}

#[derive(FromRow)]
struct FullRow {
    id: String,
    livemode: i64,
    kind: String,
    shortcode: String,
    store: Option<String>,
    credentials: Vec<u8>,
}

/// A channel with its credentials opened, by a condition on `channels`.
pub(crate) async fn channel(
    conn: &mut Conn,
    vault: &Vault,
    condition: &'static str,
    value: impl Into<crate::store::conn::Arg>,
) -> Result<Option<Channel>, Error> {
    let sql =
        format!("SELECT id, livemode, kind, shortcode, store, credentials FROM channels WHERE {condition}");
    let Some(row) = conn
        .row::<FullRow>(sqlx::AssertSqlSafe(sql), vec![value.into()])
        .await?
    else {
        return Ok(None);
    };
    let wrong = |column| Error::Inconsistent {
        table: "channels",
        column,
        row: row.id.clone(),
    };
    let opened = zeroize::Zeroizing::new(vault.open(Purpose::Credentials, &row.credentials)?);
    let number = match (row.kind.as_str(), row.store.clone()) {
        ("paybill", None) => Number::Paybill(row.shortcode.clone()),
        ("till", Some(store)) => Number::Till {
            number: row.shortcode.clone(),
            store,
        },
        _ => return Err(wrong("kind, store")),
    };
    Ok(Some(Channel {
        livemode: row.livemode == 1,
        number,
        credentials: serde_json::from_slice(&opened).map_err(|_| wrong("credentials"))?,
    }))
}
