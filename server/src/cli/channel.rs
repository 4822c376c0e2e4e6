//! `kaunta channel`: where a merchant is paid, and the Daraja app that asks for it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use kaunta_domain::id::{ChannelId, MerchantId};
use kaunta_payments::{ChannelRow, NewChannel, Number, Payments, Registered, SecretText};
use serde::Serialize;

use super::{Failure, out};
use crate::config::Settings;

/// Safaricom's sandbox paybill and its passkey, both public. Source: Daraja portal, "M-Pesa Express" simulator.
const SANDBOX_PAYBILL: &str = "174379";
const SANDBOX_PASSKEY: &str = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919";
/// What a test channel signs in with where no app was named: the app that `daraja-sim` knows.
const TEST_CREDENTIALS: (&str, &str) = ("sandbox-key", "sandbox-secret");

#[derive(Subcommand)]
pub(super) enum Command {
    /// Adds a paybill or till to a merchant
    #[command(after_help = "Examples:
  kaunta channel add --merchant mer_01… --paybill 174379 --json
  kaunta channel add --merchant mer_01… --live --till 5678901 --store 7654321 \\
      --consumer-key-file key.txt --consumer-secret-file secret.txt --passkey-file passkey.txt")]
    Add {
        /// Whose channel it is
        #[arg(long, value_name = "mer_…")]
        merchant: MerchantId,
        #[command(flatten)]
        channel: Box<ChannelArguments>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Lists channels, oldest first
    #[command(after_help = "Examples:
  kaunta channel list
  kaunta channel list --merchant mer_01… --json")]
    List {
        /// Of this merchant alone
        #[arg(long, value_name = "mer_…")]
        merchant: Option<MerchantId>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tells Safaricom where to ask and tell of money that is paid by hand (the C2B URLs)
    #[command(after_help = "Examples:
  KAUNTA_PUBLIC_URL=https://pay.shop.example kaunta channel register chn_01…
      In production Safaricom keeps the first URLs; they change through the portal alone.")]
    Register {
        /// The channel
        #[arg(value_name = "chn_…")]
        channel: ChannelId,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What a channel is made of, as `merchant create` and `channel add` take it.
#[derive(Args)]
pub(super) struct ChannelArguments {
    /// The paybill number [default for a test merchant: 174379, Safaricom's sandbox]
    #[arg(long, value_name = "NUMBER", value_parser = shortcode, conflicts_with_all = ["till", "store"])]
    paybill: Option<String>,
    /// The till number that shoppers pay to
    #[arg(long, value_name = "NUMBER", value_parser = shortcode, requires = "store")]
    till: Option<String>,
    /// The store (head office) number of the till
    #[arg(long, value_name = "NUMBER", value_parser = shortcode, requires = "till")]
    store: Option<String>,
    /// The consumer key of the Daraja app
    #[arg(long, value_name = "KEY", conflicts_with = "consumer_key_file")]
    consumer_key: Option<String>,
    /// A file that holds the consumer key
    #[arg(long, value_name = "FILE")]
    consumer_key_file: Option<PathBuf>,
    /// The consumer secret of the Daraja app
    #[arg(long, value_name = "SECRET", conflicts_with = "consumer_secret_file")]
    consumer_secret: Option<String>,
    /// A file that holds the consumer secret
    #[arg(long, value_name = "FILE")]
    consumer_secret_file: Option<PathBuf>,
    /// The passkey of the paybill or store [default on the sandbox paybill: the public one]
    #[arg(long, value_name = "PASSKEY", conflicts_with = "passkey_file")]
    passkey: Option<String>,
    /// A file that holds the passkey
    #[arg(long, value_name = "FILE")]
    passkey_file: Option<PathBuf>,
    /// Take real money
    #[arg(long)]
    live: bool,
}

#[derive(Serialize)]
struct Added {
    channel: String,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    merchant: String,
    livemode: bool,
    kind: String,
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
}

#[derive(Serialize)]
struct Told {
    channel: String,
    registered: &'static str,
}

impl ChannelArguments {
    /// Whether real money is to move.
    pub(super) fn livemode(&self) -> bool {
        self.live
    }

    /// Opens the files, fills in what a test channel may leave out, and checks what a live one must not.
    pub(super) fn read(self, settings: &Settings) -> Result<NewChannel, Failure> {
        let secret =
            |name: &str, given: Option<String>, file: Option<PathBuf>, test: &str| match (given, file) {
                (Some(text), _) => Ok(SecretText::new(text)),
                (None, Some(path)) => from_file(&path),
                (None, None) if self.live => Err(Failure::Usage(format!(
                    "--{name} or --{name}-file is required with --live"
                ))),
                (None, None) => Ok(SecretText::new(test)),
            };
        let new = NewChannel {
            consumer_key: secret(
                "consumer-key",
                self.consumer_key,
                self.consumer_key_file,
                TEST_CREDENTIALS.0,
            )?,
            consumer_secret: secret(
                "consumer-secret",
                self.consumer_secret,
                self.consumer_secret_file,
                TEST_CREDENTIALS.1,
            )?,
            passkey: secret("passkey", self.passkey, self.passkey_file, SANDBOX_PASSKEY)?,
            number: match (self.paybill, self.till, self.store) {
                (Some(number), _, _) => Number::Paybill(number),
                (None, Some(number), Some(store)) => Number::Till { number, store },
                _ if self.live => {
                    return Err(Failure::Usage(
                        "--paybill, or --till and --store, is required with --live".to_owned(),
                    ));
                }
                _ => Number::Paybill(SANDBOX_PAYBILL.to_owned()),
            },
        };
        if self.live && settings.public_url(settings.listen).scheme() != "https" {
            let why = "KAUNTA_PUBLIC_URL must start with https:// where real money moves: Safaricom calls no other address";
            return Err(Failure::Other(why.to_owned()));
        }
        Ok(new)
    }
}

/// The channel of the demo: Safaricom's sandbox paybill with the app that `daraja-sim` knows.
pub(crate) fn sandbox_channel() -> NewChannel {
    NewChannel {
        number: Number::Paybill(SANDBOX_PAYBILL.to_owned()),
        consumer_key: SecretText::new(TEST_CREDENTIALS.0),
        consumer_secret: SecretText::new(TEST_CREDENTIALS.1),
        passkey: SecretText::new(SANDBOX_PASSKEY),
    }
}

impl Command {
    pub(super) async fn run(self, engine: &Payments, settings: &Settings) -> Result<(), Failure> {
        match self {
            Self::Add {
                merchant,
                channel,
                json,
            } => {
                let livemode = channel.livemode();
                let added = engine
                    .add_channel(merchant, livemode, channel.read(settings)?)
                    .await
                    .map_err(|error| unknown(error, "merchant"))?;
                let added = Added {
                    channel: added.to_string(),
                };
                out::answer(json, &added, || format!("channel  {}", added.channel));
            }
            Self::List { merchant, json } => {
                let channels: Vec<Listed> = engine
                    .channels(merchant)
                    .await?
                    .into_iter()
                    .map(Listed::from)
                    .collect();
                out::answer(json, &channels, || {
                    channels.iter().map(line).collect::<Vec<_>>().join("\n")
                });
            }
            Self::Register { channel, json } => {
                let registered = engine
                    .register_channel(channel)
                    .await
                    .map_err(|error| unknown(error, "channel"))?;
                let (word, text) = match registered {
                    Registered::Now => (
                        "now",
                        "Safaricom now calls this server for money that is paid by hand",
                    ),
                    Registered::Already => (
                        "already",
                        "Safaricom had URLs for this number before and keeps them; change them in the Daraja portal",
                    ),
                };
                out::answer(
                    json,
                    &Told {
                        channel: channel.to_string(),
                        registered: word,
                    },
                    || text.to_owned(),
                );
            }
        }
        Ok(())
    }
}

impl From<ChannelRow> for Listed {
    fn from(row: ChannelRow) -> Self {
        Self {
            id: row.id,
            merchant: row.merchant_id,
            livemode: row.livemode == 1,
            kind: row.kind,
            number: row.shortcode,
            store: row.store,
        }
    }
}

fn line(channel: &Listed) -> String {
    let mode = if channel.livemode { "live" } else { "test" };
    format!(
        "{}  {}  {mode}  {} {}",
        channel.id, channel.merchant, channel.kind, channel.number
    )
}

/// Names what is missing, which the engine cannot know.
pub(super) fn unknown(error: kaunta_payments::Error, what: &str) -> Failure {
    match error {
        kaunta_payments::Error::NotFound => Failure::Other(format!(
            "there is no such {what}; `kaunta {what} list` shows them"
        )),
        other => Failure::Engine(other),
    }
}

fn from_file(path: &std::path::Path) -> Result<SecretText, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(Failure::machine(format!("{} cannot be read", path.display())))?;
    Ok(SecretText::new(text.trim()))
}

/// A paybill, till or store number. Source: Daraja "M-Pesa Express" page: 5 to 7 digits (old ones up to 6).
fn shortcode(text: &str) -> Result<String, String> {
    let fits = (5..=7).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        Ok(text.to_owned())
    } else {
        Err("a number has 5 to 7 digits".to_owned())
    }
}
