//! `kaunta merchant`: who is paid.

use clap::{Args, Subcommand};
use kaunta_domain::time::Timestamp;
use kaunta_payments::{MerchantRow, NewMerchant, Payments};
use serde::Serialize;
use url::Url;

use super::channel::ChannelArguments;
use super::{Failure, out};
use crate::config::Settings;

/// Longest name of a merchant: M-Pesa's own texts have room for less.
const NAME_CHARS: usize = 100;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Makes a merchant with one channel and one secret API key, which is shown this once
    #[command(after_help = "Examples:
  kaunta merchant create --name 'Duka Bora' --json
      a test merchant on Safaricom's sandbox paybill 174379
  kaunta merchant create --name 'Duka Bora' --origin https://shop.example \\
      --consumer-key KEY --consumer-secret-file secret.txt
      the same with the sandbox app of your own Daraja account
  kaunta merchant create --name 'Duka Bora' --live --till 5678901 --store 7654321 \\
      --consumer-key-file key.txt --consumer-secret-file secret.txt --passkey-file passkey.txt
      a merchant that takes real money; files keep secrets out of the list of processes")]
    Create(Box<Create>),
    /// Lists merchants, oldest first
    #[command(after_help = "Examples:
  kaunta merchant list
  kaunta merchant list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub(super) struct Create {
    /// The name that shoppers know
    #[arg(long, value_parser = name)]
    name: String,
    /// A site that may frame the page; repeat it for several
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    origin: Vec<String>,
    #[command(flatten)]
    channel: ChannelArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Made<'a> {
    merchant: String,
    channel: String,
    api_key: &'a str,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    name: String,
    origins: serde_json::Value,
    created_at: Timestamp,
}

impl Command {
    pub(super) async fn run(self, engine: &Payments, settings: &Settings) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(engine, settings).await,
            Self::List { json } => list(engine, json).await,
        }
    }
}

impl Create {
    async fn run(self, engine: &Payments, settings: &Settings) -> Result<(), Failure> {
        let livemode = self.channel.livemode();
        let channel = self.channel.read(settings)?;
        if livemode && self.origin.iter().any(|origin| !origin.starts_with("https://")) {
            return Err(Failure::Usage(
                "--origin must start with https:// where real money moves".to_owned(),
            ));
        }
        let new = NewMerchant {
            name: self.name,
            livemode,
            origins: self.origin,
            channel,
        };
        let made = engine.create_merchant(new).await?;
        let object = Made {
            merchant: made.merchant.to_string(),
            channel: made.channel.to_string(),
            api_key: made.api_key.reveal(),
        };
        out::answer(self.json, &object, || {
            format!(
                "merchant  {}\nchannel   {}\nAPI key   {}   (shown this once)",
                object.merchant, object.channel, object.api_key
            )
        });
        Ok(())
    }
}

async fn list(engine: &Payments, json: bool) -> Result<(), Failure> {
    let merchants: Vec<Listed> = engine.merchants().await?.into_iter().map(Listed::from).collect();
    out::answer(json, &merchants, || {
        let lines = merchants
            .iter()
            .map(|merchant| format!("{}  {}  {}", merchant.id, merchant.created_at, merchant.name));
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

impl From<MerchantRow> for Listed {
    fn from(row: MerchantRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            origins: serde_json::from_str(&row.origins).unwrap_or_default(),
            created_at: Timestamp::from_millis(row.created_at),
        }
    }
}

fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARS || name.chars().any(char::is_control) {
        return Err(format!("a name has 1 to {NAME_CHARS} characters on one line"));
    }
    Ok(name.to_owned())
}

/// An origin as browsers write it, because it is compared with what they say letter by letter.
fn origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let bare =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !bare || url.password().is_some() {
        return Err("an origin is a scheme and a host, like https://shop.example".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_do() {
        assert_eq!(
            origin("HTTPS://Shop.Example:443/").as_deref(),
            Ok("https://shop.example")
        );
        assert_eq!(
            origin("http://localhost:8080").as_deref(),
            Ok("http://localhost:8080")
        );
        for wrong in [
            "shop.example",
            "https://shop.example/pay",
            "https://u@shop.example",
            "file:///x",
            "https://a?b",
            "*",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(name(" Duka Bora ").as_deref(), Ok("Duka Bora"));
        assert!(name("  ").is_err() && name("a\nb").is_err() && name(&"x".repeat(NAME_CHARS + 1)).is_err());
    }
}
