//! `kaunta key`: what opens the merchant API.

use clap::Subcommand;
use kaunta_domain::id::{ApiKeyId, MerchantId};
use kaunta_payments::{Payments, Scopes};
use serde::Serialize;

use super::channel::unknown;
use super::{Failure, out};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Makes another key of a merchant, which is shown this once
    #[command(after_help = "Examples:
  kaunta key create --merchant mer_01… --json
  kaunta key create --merchant mer_01… --live --scope sessions:write --scope payments:read")]
    Create {
        /// Whose key it is
        #[arg(long, value_name = "mer_…")]
        merchant: MerchantId,
        /// For real money
        #[arg(long)]
        live: bool,
        /// What it may do: sessions:write, payments:read, refunds:write, payouts:write, webhooks:write [default: all]
        #[arg(long, value_name = "SCOPE", value_parser = scope)]
        scope: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Ends a key at once
    #[command(after_help = "Examples:
  kaunta key revoke key_01…")]
    Revoke {
        /// The id that `key create` printed
        #[arg(value_name = "key_…")]
        key: ApiKeyId,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct Made<'a> {
    key: String,
    api_key: &'a str,
}

#[derive(Serialize)]
struct Revoked {
    key: String,
    revoked: bool,
}

impl Command {
    pub(super) async fn run(self, engine: &Payments) -> Result<(), Failure> {
        match self {
            Self::Create {
                merchant,
                live,
                scope,
                json,
            } => {
                let scopes = if scope.is_empty() {
                    Scopes::all()
                } else {
                    Scopes::parse(&scope.join(" ")).map_err(Failure::Usage)?
                };
                let made = engine
                    .create_key(merchant, live, scopes)
                    .await
                    .map_err(|error| unknown(error, "merchant"))?;
                let object = Made {
                    key: made.id.to_string(),
                    api_key: made.api_key.reveal(),
                };
                out::answer(json, &object, || {
                    format!(
                        "key      {}\nAPI key  {}   (shown this once)",
                        object.key, object.api_key
                    )
                });
            }
            Self::Revoke { key, json } => {
                engine.revoke_key(key).await.map_err(|error| match error {
                    kaunta_payments::Error::NotFound => {
                        Failure::Other("there is no such key, or it is revoked already".to_owned())
                    }
                    other => Failure::Engine(other),
                })?;
                out::answer(
                    json,
                    &Revoked {
                        key: key.to_string(),
                        revoked: true,
                    },
                    || "the key is revoked".to_owned(),
                );
            }
        }
        Ok(())
    }
}

fn scope(text: &str) -> Result<String, String> {
    Scopes::parse(text)
        .map(|_| text.to_owned())
        .map_err(|name| format!("`{name}` is no scope"))
}
