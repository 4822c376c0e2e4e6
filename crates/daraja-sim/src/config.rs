//! What a simulator is started with: who its merchants are, how fast things go, and what goes wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// The passkey of the public sandbox shortcode 174379, printed in Safaricom's own samples.
pub const SANDBOX_PASSKEY: &str = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919";

/// All there is to decide before the start. [`Config::default`] is the public sandbox.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Same seed and same order of requests: same identifiers, receipts and faults.
    pub seed: u64,
    /// The apps that may ask for a token.
    pub apps: Vec<App>,
    /// The merchants.
    pub shortcodes: Vec<Shortcode>,
    /// How long things take.
    pub pace: Pace,
    /// Whether callbacks are posted, or kept for a test to deliver.
    pub callbacks: Callbacks,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// Where sources about Safaricom disagree, which side this simulator takes.
    pub switches: Switches,
    /// Where the hour comes from.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            apps: vec![App::new("sandbox-key", "sandbox-secret")],
            shortcodes: Shortcode::sandbox(),
            pace: Pace::default(),
            callbacks: Callbacks::Send,
            faults: Faults::default(),
            switches: Switches::default(),
            clock: Clock::Real,
        }
    }
}

impl Config {
    /// For a test that steps by itself: a clock that stands still, no delays, callbacks held back.
    pub fn stepped(seed: u64, now: crate::UnixMs) -> Self {
        Self {
            seed,
            pace: Pace::instant(),
            callbacks: Callbacks::Hold,
            clock: Clock::Fixed(now),
            ..Self::default()
        }
    }
}

/// One app of the Daraja portal.
#[derive(Debug, Clone)]
pub struct App {
    /// The user of the Basic authorization.
    pub consumer_key: String,
    /// Its password.
    pub consumer_secret: String,
}

impl App {
    /// An app with this key and secret.
    pub fn new(key: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            consumer_key: key.into(),
            consumer_secret: secret.into(),
        }
    }
}

/// One merchant.
#[derive(Debug, Clone)]
pub struct Shortcode {
    /// The paybill, or the till (not its store).
    pub number: String,
    /// Which of the two.
    pub kind: ShortcodeKind,
    /// What the phone shows.
    pub name: String,
    /// What the STK password is made of.
    pub passkey: String,
    /// Whether M-Pesa asks the ValidationURL. Off for real shortcodes until Safaricom turns it on.
    pub validation: Validation,
}

/// What sort of merchant account a [`Shortcode`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShortcodeKind {
    /// Money comes with an account number.
    Paybill,
    /// Money comes without one; the API knows the till by its store (head office) number.
    Till {
        /// `BusinessShortCode` of a push, where `PartyB` is the till.
        store: String,
    },
}

/// Whether M-Pesa asks before it moves money to a shortcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    /// The ValidationURL is asked.
    On,
    /// It is not, registered or not.
    Off,
}

impl Shortcode {
    /// A paybill with the sandbox passkey.
    pub fn paybill(number: &str, name: &str, validation: Validation) -> Self {
        let (number, name) = (number.to_owned(), name.to_owned());
        Self {
            number,
            kind: ShortcodeKind::Paybill,
            name,
            passkey: SANDBOX_PASSKEY.to_owned(),
            validation,
        }
    }

    /// A till with its store and the sandbox passkey.
    pub fn till(number: &str, store: &str, name: &str, validation: Validation) -> Self {
        let kind = ShortcodeKind::Till {
            store: store.to_owned(),
        };
        Self {
            kind,
            ..Self::paybill(number, name, validation)
        }
    }

    /// What [`Config::default`] has: 174379, the paybill 600000 and the till 5678901 of store 600001.
    pub fn sandbox() -> Vec<Self> {
        vec![
            Self::paybill("174379", "Duka Bora", Validation::Off),
            Self::paybill("600000", "Duka Bora Online", Validation::On),
            Self::till("5678901", "600001", "Duka Bora Westlands", Validation::On),
        ]
    }

    /// The `BusinessShortCode` that a push names.
    pub(crate) fn api_number(&self) -> &str {
        match &self.kind {
            ShortcodeKind::Paybill => &self.number,
            ShortcodeKind::Till { store } => store,
        }
    }
}

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From the push to the answer of a phone that nobody attends.
    pub answer: Duration,
    /// From the answer of the phone to its callback.
    pub callback: Duration,
    /// How long a prompt stays on the screen; then the result is 1037.
    pub prompt_lifetime: Duration,
    /// How much later a late callback comes.
    pub late: Duration,
    /// The most that a reordered callback is held back.
    pub reorder: Duration,
    /// When an unreachable phone is given up: 26 s were observed in the sandbox.
    pub unreachable: Duration,
    /// How long M-Pesa waits for an answer to a validation, always by the machine's clock.
    pub validation_deadline: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(3),
            callback: Duration::from_millis(700),
            prompt_lifetime: Duration::from_mins(1),
            late: Duration::from_secs(95),
            reorder: Duration::from_secs(5),
            unreachable: Duration::from_secs(26),
            validation_deadline: Duration::from_secs(8),
        }
    }
}

impl Pace {
    /// Unattended phones answer at once and callbacks leave at once; prompts still live 60 s.
    pub fn instant() -> Self {
        Self {
            answer: Duration::ZERO,
            callback: Duration::ZERO,
            unreachable: Duration::ZERO,
            ..Self::default()
        }
    }
}

/// What becomes of callbacks, confirmations and results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callbacks {
    /// They are posted, once each.
    Send,
    /// They wait in [`crate::Sim::take_outbox`].
    Hold,
}

/// Probabilities, each per mille, drawn from the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// A callback that never comes.
    pub lost: u16,
    /// A callback that comes [`Pace::late`] later.
    pub late: u16,
    /// A callback that comes twice.
    pub duplicated: u16,
    /// A callback that others overtake.
    pub reordered: u16,
    /// A callback that is there before the answer to its push.
    pub callback_before_answer: u16,
    /// A request that is carried out, and its connection cut before any answer.
    pub lost_answer: u16,
    /// 500.003.1001 with nothing done, or a gateway timeout with the request carried out.
    pub server_error: u16,
    /// A request that is carried out, and its answer cut in the middle.
    pub cut_body: u16,
    /// A page of HTML with status 200, with the request carried out or not.
    pub html_page: u16,
    /// 429, 500.003.02, 500.003.03 or the firewall's 403; nothing is done.
    pub throttle: u16,
    /// 500.001.1001 to a query about a finished push: 4 of 19 were observed.
    pub query_noise: u16,
}

impl Faults {
    /// A bad day: everything goes wrong now and then.
    pub fn villain() -> Self {
        Self {
            lost: 80,
            late: 60,
            duplicated: 80,
            reordered: 100,
            callback_before_answer: 60,
            lost_answer: 40,
            server_error: 40,
            cut_body: 30,
            html_page: 20,
            throttle: 40,
            query_noise: 200,
        }
    }
}

/// Sides to take where sources disagree. [`Switches::default`] is what was observed most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each switch is one independent question about Safaricom"
)]
pub struct Switches {
    /// Refuse a `Timestamp` more than ten minutes from the hour in Nairobi.
    pub strict_timestamp: bool,
    /// Write `expires_in` as a number instead of a string.
    pub expires_in_number: bool,
    /// Answer wrong keys with `400.008.01` instead of an empty body.
    pub bad_credentials_body: bool,
    /// Give a token to every key and secret.
    pub accept_any_credentials: bool,
    /// Refuse callback URLs with the words that Safaricom's documents forbid.
    pub forbidden_words: bool,
    /// Fail the same amount from the same phone within two minutes of the first with code 17.
    pub repeat_rule: bool,
    /// Production's rules: https alone, C2B URLs registered once, no C2B simulate.
    pub production: bool,
    /// Tell the C2B confirmation URL of STK payments too.
    pub c2b_after_stk: bool,
    /// Mix the observed variants of a success callback, by the seed.
    pub vary_callbacks: bool,
    /// Let the amounts of the table in `docs/simulator.md` decide outcomes.
    pub magic_amounts: bool,
    /// Answer only five queries a minute, as the sandbox was seen to do.
    pub query_quota: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            strict_timestamp: false,
            expires_in_number: false,
            bad_credentials_body: false,
            accept_any_credentials: false,
            forbidden_words: true,
            repeat_rule: false,
            production: false,
            c2b_after_stk: true,
            vary_callbacks: true,
            magic_amounts: true,
            query_quota: false,
        }
    }
}
