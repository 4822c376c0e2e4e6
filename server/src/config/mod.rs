//! Settings: read raw out of the environment and `kaunta.toml`, then checked; only the checked ones travel.
//!
//! All that is wrong is told at once, so that nobody mends a set-up one restart at a time.

mod master_key;
mod raw;
mod values;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use kaunta_payments::MasterKeys;
use tracing_subscriber::EnvFilter;
use url::Url;

pub(crate) use master_key::{KeyTrouble, master_keys};
use raw::Raw;

const LISTEN: &str = "127.0.0.1:3000";
const DATABASE_URL: &str = "sqlite://kaunta.db";
const QUERY_SCHEDULE: &str = "15s,35s,65s,2m,5m,15m,60m";
const FALLBACK_AFTER: &str = "45s";
const WEBHOOK_SCHEDULE: &str = "0s,5s,5m,30m,2h,5h,10h,14h,20h,24h";

/// A setting that cannot be used, and what to do about it. Never holds the value of a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadSetting {
    name: &'static str,
    trouble: String,
}

impl BadSetting {
    fn new(name: &'static str, trouble: impl Into<String>) -> Self {
        Self {
            name,
            trouble: trouble.into(),
        }
    }
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.trouble)
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Where the books are kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// One file beside one server.
    Sqlite {
        /// As sqlx takes it.
        url: String,
        /// The file.
        path: PathBuf,
    },
    /// A PostgreSQL server that many Kaunta servers may share.
    Postgres {
        /// As sqlx takes it; holds a password.
        url: String,
    },
}

impl Database {
    /// The URL as sqlx takes it; may hold a password.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Sqlite { url, .. } | Self::Postgres { url } => url,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return match Url::parse(text) {
                Ok(_) => Ok(Self::Postgres { url: text.to_owned() }),
                Err(error) => Err(format!(
                    "is no URL ({error}): write it like postgres://user:password@host/kaunta"
                )),
            };
        }
        let rest = text
            .strip_prefix("sqlite:")
            .ok_or("must start with sqlite:// or postgres://")?;
        let path = rest
            .trim_start_matches("//")
            .split('?')
            .next()
            .unwrap_or_default();
        if path.is_empty() || path.starts_with(":memory:") || rest.contains("mode=memory") {
            return Err(
                "must name a file, like sqlite://kaunta.db: books in memory are lost at a restart".to_owned(),
            );
        }
        Ok(Self::Sqlite {
            url: text.to_owned(),
            path: PathBuf::from(path),
        })
    }
}

/// Settings that can be used.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The socket to listen on.
    pub(crate) listen: SocketAddr,
    /// What callbacks, links and frames are built on, where it was given.
    public_url: Option<Url>,
    /// Where the books are kept.
    pub(crate) database: Database,
    database_is_chosen: bool,
    /// The keys that seal secrets, where they were given.
    pub(crate) given_keys: Option<MasterKeys>,
    /// Another host that speaks Daraja.
    pub(crate) daraja_base_url: Option<Url>,
    /// When a silent prompt is asked about, counted from the prompt.
    pub(crate) query_schedule: Vec<Duration>,
    /// When the page offers paybill by itself, counted from the prompt.
    pub(crate) fallback_after: Duration,
    /// The pauses before the attempts to deliver a webhook.
    pub(crate) webhook_schedule: Vec<Duration>,
    /// May webhooks go to private and loopback addresses, where it was said.
    webhook_allow_private: Option<bool>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Who may call the callback intake; empty is everyone.
    pub(crate) callback_ips: Vec<IpNet>,
    /// Which log lines are written.
    pub(crate) log: String,
    /// How they look.
    pub(crate) log_format: LogFormat,
    /// Things to tell the operator once logging stands.
    pub(crate) warnings: Vec<String>,
}

impl Settings {
    /// Reads the settings of this process.
    pub(crate) fn read() -> Result<Self, Vec<BadSetting>> {
        let file = match std::fs::read_to_string(Path::new("kaunta.toml")) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(vec![BadSetting::new(
                    "kaunta.toml",
                    format!("cannot be read: {error}"),
                )]);
            }
        };
        Self::check(Raw::collect(std::env::vars_os(), file.as_deref()))
    }

    /// Checks everything, and tells all that is wrong.
    fn check(mut raw: Raw) -> Result<Self, Vec<BadSetting>> {
        let mut check = Check {
            raw: &raw,
            bad: Vec::new(),
        };
        let database = check.with_default("KAUNTA_DATABASE_URL", DATABASE_URL, Database::parse);
        let given_keys = check.optional("KAUNTA_MASTER_KEY", |text| {
            MasterKeys::parse(text).map_err(|bad| bad.to_string())
        });
        if matches!(database, Some(Database::Postgres { .. })) && raw.get("KAUNTA_MASTER_KEY").is_none() {
            check.refuse("KAUNTA_MASTER_KEY", "is required with PostgreSQL: make one with `head -c 32 /dev/urandom | base64` and give the same to every server");
        }
        let public_url = check.optional("KAUNTA_PUBLIC_URL", values::public_url);
        let daraja_base_url = check.optional("KAUNTA_DARAJA_BASE_URL", values::web_address);
        let listen = check.with_default("KAUNTA_LISTEN", LISTEN, |text| {
            text.parse::<SocketAddr>()
                .map_err(|_| format!("`{text}` is no address with a port: write it like 127.0.0.1:3000"))
        });
        let query_schedule = check.with_default("KAUNTA_QUERY_SCHEDULE", QUERY_SCHEDULE, values::schedule);
        let fallback_after = check.with_default("KAUNTA_FALLBACK_AFTER", FALLBACK_AFTER, values::duration);
        let webhook_schedule =
            check.with_default("KAUNTA_WEBHOOK_SCHEDULE", WEBHOOK_SCHEDULE, values::pauses);
        let webhook_allow_private = check.optional("KAUNTA_WEBHOOK_ALLOW_PRIVATE", values::truth);
        let trusted_proxies = check.with_default("KAUNTA_TRUSTED_PROXIES", "", values::networks);
        let callback_ips = check.with_default("KAUNTA_CALLBACK_IPS", "", values::networks);
        let log = check.with_default("KAUNTA_LOG", "info", |text| {
            match EnvFilter::builder().parse(text) {
                Ok(_) => Ok(text.to_owned()),
                Err(error) => Err(format!(
                    "is no filter ({error}): write it like info or kaunta=debug,info"
                )),
            }
        });
        let log_format = check.with_default("KAUNTA_LOG_FORMAT", "text", |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => Err(format!("`{other}` is neither text nor json")),
        });
        let mut bad = check.bad;
        bad.append(&mut raw.bad);
        let warnings = warnings(&raw.unknown, public_url.as_ref());
        let settings = (|| {
            Some(Self {
                listen: listen?,
                public_url,
                database: database?,
                database_is_chosen: raw.get("KAUNTA_DATABASE_URL").is_some(),
                given_keys,
                daraja_base_url,
                query_schedule: query_schedule?,
                fallback_after: fallback_after?,
                webhook_schedule: webhook_schedule?,
                webhook_allow_private,
                trusted_proxies: trusted_proxies?,
                callback_ips: callback_ips?,
                log: log?,
                log_format: log_format?,
                warnings,
            })
        })();
        settings.filter(|_| bad.is_empty()).ok_or(bad)
    }

    /// What callbacks, links and frames are built on when the server listens on `bound`.
    pub(crate) fn public_url(&self, bound: SocketAddr) -> Url {
        let default = || Url::parse(&format!("http://{bound}")).expect("an address with a port makes a URL");
        self.public_url.clone().unwrap_or_else(default)
    }

    /// Whether webhooks may go to private and loopback addresses.
    pub(crate) fn webhook_allow_private(&self) -> bool {
        self.webhook_allow_private.unwrap_or(false)
    }

    /// The same settings for the demo: its own books where none were chosen, its own Safaricom, and webhooks to the
    /// developer's own machine where that was not forbidden.
    pub(crate) fn for_demo(mut self, books: &Path, daraja: Url) -> Self {
        if !self.database_is_chosen {
            let url = format!("sqlite://{}", books.display());
            self.database = Database::Sqlite {
                url,
                path: books.to_owned(),
            };
        }
        self.webhook_allow_private.get_or_insert(true);
        self.daraja_base_url = Some(daraja);
        self
    }
}

fn warnings(unknown: &[String], public_url: Option<&Url>) -> Vec<String> {
    let unknown = unknown
        .iter()
        .map(|name| format!("{name} is no setting of Kaunta and does nothing: is it a typing error?"));
    let refused = public_url.and_then(values::refused_word).map(|word| {
        format!("KAUNTA_PUBLIC_URL holds `{word}`: Safaricom refuses callback URLs with that word, so use another host name")
    });
    unknown.chain(refused).collect()
}

/// Collects what is wrong while settings are checked.
struct Check<'a> {
    raw: &'a Raw,
    bad: Vec<BadSetting>,
}

impl Check<'_> {
    fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.raw.get(name)?;
        self.keep(name, parse(text))
    }

    fn with_default<T>(
        &mut self,
        name: &'static str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let parsed = parse(self.raw.get(name).unwrap_or(default));
        self.keep(name, parsed)
    }

    fn keep<T>(&mut self, name: &'static str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|trouble| self.refuse(name, trouble)).ok()
    }

    fn refuse(&mut self, name: &'static str, trouble: impl Into<String>) {
        self.bad.push(BadSetting::new(name, trouble));
    }
}

#[cfg(test)]
mod tests;
