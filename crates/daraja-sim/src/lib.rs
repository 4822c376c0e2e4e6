//! A pretend Safaricom with a phone.
//!
//! Speaks Daraja over real HTTP as recorded answers of the real one show it, plays the payers by a script, by
//! hand or through a web page, and makes trouble on request: lost, late, doubled and overtaking callbacks,
//! answers cut off, pages of HTML. It writes every body by hand and shares no type with any client of it.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! let sim = daraja_sim::Sim::start(daraja_sim::Config::default()).await?;
//! println!("KAUNTA_DARAJA_BASE_URL={}", sim.base_url());
//! sim.stop().await;
//! # Ok(())
//! # }
//! ```

mod callback;
mod clock;
mod config;
mod control;
mod dice;
mod gateway;
mod handset;
mod ids;
mod outbox;
mod phone;
mod results;
mod routes;
mod script;
mod serve;
mod sim;
mod sms;
mod state;

pub use clock::{Clock, UnixMs, stamp};
pub use config::{
    App, Callbacks, Config, Faults, Pace, SANDBOX_PASSKEY, Shortcode, ShortcodeKind, Switches, Validation,
};
pub use handset::{Handset, HandsetSettings, NoSuchPrompt, PIN, PinResult, Prompt, Sms};
pub use outbox::{Kind, Outgoing};
pub use phone::phone_router;
pub use script::{Row, TABLE};
pub use sim::{Sim, UnknownRow};
pub use state::menu::{Decline, Payment, Receipt};
pub use state::money::{LedgerEntry, MoneyKind};
