//! An engine on a real database, a simulator over real HTTP, and a clock in the test's hands.
//!
//! `KAUNTA_TEST_POSTGRES` names a PostgreSQL server on which each test gets a database of its own; without it each
//! test gets a SQLite file of its own. `cargo ci` runs everything on both.

#![expect(dead_code, reason = "each test binary uses its part of it")]

use std::time::Duration;

use daraja_sim::{Config as SimConfig, Outgoing, Payment, Shortcode, Sim, Validation};
use kaunta_domain::api::Details;
use kaunta_domain::id::SessionId;
use kaunta_domain::money::Kes;
use kaunta_domain::msisdn::Msisdn;
use kaunta_domain::time::Timestamp;
use kaunta_payments::clock::{Clock, Hands};
use kaunta_payments::{
    Caller, Config, Cursor, Intake, MasterKeys, NewChannel, NewMerchant, NewSession, Number, PaymentFilter,
    Payments, SecretText,
};
use serde_json::Value;

/// 2026-11-21 10:00 UTC.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_255_200_000);
pub(crate) const PAYBILL: &str = "600000";
pub(crate) const PHONE: &str = "0712345678";

/// Everything that a test drives.
pub(crate) struct Stage {
    pub(crate) payments: Payments,
    pub(crate) caller: Caller,
    pub(crate) sim: Sim,
    pub(crate) hands: Hands,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub c2b: String,
    _dir: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::seeded(1).await
    }

    pub(crate) async fn seeded(seed: u64) -> Self {
        Self::with(SimConfig::stepped(seed, START.millis()), seed).await
    }

    pub(crate) async fn with(sim: SimConfig, seed: u64) -> Self {
        // The engine is driven by hand here, so M-Pesa has nobody to ask before money moves.
        let shortcodes = vec![
            Shortcode::paybill(PAYBILL, "Duka Bora", Validation::Off),
            Shortcode::till("5678901", "600001", "Duka Bora Westlands", Validation::Off),
        ];
        let sim = Sim::start(SimConfig { shortcodes, ..sim }).await.unwrap();
        // In memory where the machine has it: the tests that are about the disk are others.
        let memory = std::path::Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        }
        .unwrap();
        let (clock, hands) = Clock::manual(START, seed);
        let master_keys = MasterKeys::parse("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
        let public_url = "https://pay.example".parse().unwrap();
        let config = Config {
            daraja_base_url: Some(sim.base_url().parse().unwrap()),
            ..Config::new(database_url(&dir).await, master_keys, public_url)
        };
        let payments = Payments::open(config.clone(), clock.clone()).await.unwrap();
        payments.migrate().await.unwrap();
        let number = Number::Paybill(PAYBILL.to_owned());
        let channel = NewChannel {
            number,
            consumer_key: SecretText::new("sandbox-key"),
            consumer_secret: SecretText::new("sandbox-secret"),
            passkey: SecretText::new(daraja_sim::SANDBOX_PASSKEY),
        };
        let merchant = NewMerchant {
            name: "Duka Bora".to_owned(),
            livemode: false,
            origins: Vec::new(),
            channel,
        };
        let made = payments.create_merchant(merchant).await.unwrap();
        let caller = payments
            .authenticate(made.api_key.reveal())
            .await
            .unwrap()
            .unwrap();
        payments.register_channel(made.channel).await.unwrap();
        let c2b = made.channel.to_string();
        Self {
            payments,
            caller,
            sim,
            hands,
            config,
            clock,
            c2b,
            _dir: dir,
        }
    }

    /// Another server on the same database.
    pub(crate) async fn another_server(&self) -> Payments {
        Payments::open(self.config.clone(), self.clock.clone())
            .await
            .unwrap()
    }

    pub(crate) async fn session(&self, amount: i64) -> SessionId {
        let answer = self
            .payments
            .create_session(&self.caller, new_session(amount), None)
            .await
            .unwrap();
        json(&answer.body)["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn object(&self, id: SessionId) -> Value {
        serde_json::to_value(self.payments.session(&self.caller, id).await.unwrap()).unwrap()
    }

    pub(crate) async fn prompt(&self, id: SessionId) -> Value {
        let phone = Msisdn::parse(PHONE).unwrap();
        json(
            &self
                .payments
                .start_attempt(&self.caller, id, phone, None)
                .await
                .unwrap()
                .body,
        )
    }

    /// Lets time pass here and at Safaricom.
    pub(crate) fn pass(&self, seconds: u64) {
        self.hands.advance(Duration::from_secs(seconds));
        self.sim.advance(Duration::from_secs(seconds));
    }

    /// Somebody pays the paybill by hand.
    pub(crate) async fn pay_by_hand(&self, msisdn: &str, account: &str, amount: i64) {
        let payment = Payment::PayBill {
            business: PAYBILL.to_owned(),
            account: account.to_owned(),
            amount,
            pin: daraja_sim::PIN.to_owned(),
        };
        self.sim.lipa_na_mpesa(msisdn, payment).await.unwrap();
    }

    /// Gives a message of the simulator to the engine, as the server would.
    pub(crate) async fn deliver(&self, message: &Outgoing) -> Intake {
        deliver(&self.payments, message).await
    }

    /// The types of all events so far, oldest first.
    pub(crate) async fn event_types(&self) -> Vec<String> {
        let cursor = Cursor {
            limit: 100,
            starting_after: None,
            ending_before: None,
        };
        let list = self
            .payments
            .events(&self.caller, None, None, cursor, Duration::ZERO)
            .await
            .unwrap();
        let kind = |raw: &str| json(raw)["type"].as_str().unwrap().to_owned();
        list.data.iter().rev().map(|raw| kind(raw.get())).collect()
    }
}

pub(crate) async fn deliver(payments: &Payments, message: &Outgoing) -> Intake {
    let path = message.url.strip_prefix("https://pay.example/rail/").unwrap();
    let mut parts = path.split('/');
    match (parts.next().unwrap(), parts.next().unwrap(), parts.next()) {
        ("stk", token, None) => payments.stk_callback(token, message.body.clone()).await.unwrap(),
        ("c2b", token, Some("confirm")) => payments.c2b_confirm(token, message.body.clone()).await.unwrap(),
        other => panic!("the simulator posts to {other:?}"),
    }
}

pub(crate) fn new_session(amount: i64) -> NewSession {
    NewSession {
        amount: Kes::new(amount),
        client_reference_id: Some("order-1001".to_owned()),
        customer_phone: None,
        expires_in: Duration::from_mins(30),
        channel: None,
        details: Details {
            description: Some("Kitenge shirt".to_owned()),
            ..Details::default()
        },
    }
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

async fn database_url(dir: &tempfile::TempDir) -> String {
    use sqlx::Executor as _;
    let Ok(server) = std::env::var("KAUNTA_TEST_POSTGRES") else {
        return format!("sqlite://{}", dir.path().join("kaunta.db").display());
    };
    let name = format!("story_{:032x}", Clock::system().chance());
    let pool = sqlx::PgPool::connect(&server).await.unwrap();
    pool.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .await
        .unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    url.to_string()
}

/// All payments of the caller's, page by page.
pub(crate) async fn all_payments(payments: &Payments, caller: &Caller) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().map(|last| last["id"].as_str().unwrap().to_owned());
        let cursor = Cursor {
            limit: 100,
            starting_after: after,
            ending_before: None,
        };
        let page = payments
            .payments(caller, PaymentFilter::default(), cursor)
            .await
            .unwrap();
        all.extend(
            page.data
                .iter()
                .map(|payment| serde_json::to_value(payment).unwrap()),
        );
        if !page.has_more {
            return all;
        }
    }
}

/// All events of the caller's, newest first.
pub(crate) async fn all_events(payments: &Payments, caller: &Caller) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().map(|last| last["id"].as_str().unwrap().to_owned());
        let cursor = Cursor {
            limit: 100,
            starting_after: after,
            ending_before: None,
        };
        let page = payments
            .events(caller, None, None, cursor, Duration::ZERO)
            .await
            .unwrap();
        all.extend(page.data.iter().map(|raw| json(raw.get())));
        if !page.has_more {
            return all;
        }
    }
}
