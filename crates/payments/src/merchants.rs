//! Merchants, their channels and their keys.

use std::fmt;

use kaunta_daraja::{AppKeys, Secret};
use kaunta_domain::id::{ApiKeyId, ChannelId, MerchantId};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use zeroize::Zeroize;

use crate::Payments;
use crate::error::Error;
use crate::store::Tx;
use crate::store::case::{self, Loaded};
use crate::store::conn::{Conn, args};
use crate::vault::{Purpose, Vault, token_hash};

/// A text that is shown to its owner and to no log.
#[derive(Clone, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct SecretText(String);

impl SecretText {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to be handed to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// What a key may do. Source: CONTRACT of the merchant API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Make sessions, prompts and links.
    SessionsWrite,
    /// Read sessions, payments, events and balances.
    PaymentsRead,
    /// Give money back.
    RefundsWrite,
    /// Send money.
    PayoutsWrite,
    /// Set webhook endpoints.
    WebhooksWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [
        Self::SessionsWrite,
        Self::PaymentsRead,
        Self::RefundsWrite,
        Self::PayoutsWrite,
        Self::WebhooksWrite,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsWrite => "sessions:write",
            Self::PaymentsRead => "payments:read",
            Self::RefundsWrite => "refunds:write",
            Self::PayoutsWrite => "payouts:write",
            Self::WebhooksWrite => "webhooks:write",
        }
    }
}

/// The scopes of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// All of them.
    pub fn all() -> Self {
        Self(Scope::ALL.to_vec())
    }

    /// Reads a list of names separated by blanks or commas. The error is the name that is none.
    pub fn parse(list: &str) -> Result<Self, String> {
        let names = list.split([' ', ',']).filter(|name| !name.is_empty());
        let scopes = names.map(|name| {
            Scope::ALL
                .into_iter()
                .find(|scope| scope.as_str() == name)
                .ok_or_else(|| name.to_owned())
        });
        Ok(Self(scopes.collect::<Result<_, _>>()?))
    }

    /// Whether `scope` is among them.
    pub fn allows(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    fn text(&self) -> String {
        self.0
            .iter()
            .map(|scope| scope.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Who calls the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The merchant.
    pub merchant: MerchantId,
    /// Whether its key is for real money.
    pub livemode: bool,
    /// What its key may do.
    pub scopes: Scopes,
}

impl Caller {
    pub(crate) fn owns(&self, loaded: &Loaded) -> bool {
        loaded.merchant == self.merchant && loaded.livemode == self.livemode
    }
}

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

async fn insert_channel(
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
