//! Rows for measurements (feature `bench-seed`): sessions that each wait for the callback of their one prompt.
//!
//! They are written straight into the tables, because a measurement of callbacks needs hundreds of thousands and
//! Safaricom would have to be asked for each. Everything about a row follows from its number, so that a load
//! script knows what to post without being told.

use std::time::Duration;

use kaunta_domain::account_code::AccountCode;
use kaunta_domain::api::Details;
use kaunta_domain::id::{AttemptId, ChannelId, MerchantId, SessionId};
use kaunta_domain::msisdn::Msisdn;
use kaunta_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::Payments;
use crate::error::Error;
use crate::merchants::{NewChannel, NewMerchant, Number, SecretText};
use crate::store::Tx;
use crate::store::batch::{Batch, Col, hex};
use crate::store::case::run_batch;
use crate::vault::{Purpose, token_hash};

/// The birth that the ids of all rows carry, in Unix milliseconds.
const BORN: Timestamp = Timestamp::from_millis(1_763_700_000_000);
/// Rows in one statement.
const CHUNK: u32 = 2_000;
/// Neither the sweep nor the clock may touch a seeded row during a measurement.
const UNDISTURBED: Duration = Duration::from_hours(168);

/// What the books say after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Books {
    /// Sessions that are complete.
    pub complete: i64,
    /// Payments with a receipt that are tied to an attempt.
    pub payments: i64,
    /// Whole shillings of these payments.
    pub shillings: i64,
    /// Whole shillings that complete sessions received.
    pub received: i64,
    /// Callbacks that were kept.
    pub evidence: i64,
    /// Events that were told of succeeded payments.
    pub events: i64,
}

/// The last part of the callback address of row `number`.
pub fn token(number: u32) -> String {
    format!("benchstk{number:024}")
}

/// The session of row `number`.
pub fn session(number: u32) -> SessionId {
    SessionId::new(BORN, u128::from(number))
}

/// Whole shillings that row `number` asks for.
pub fn amount(number: u32) -> i64 {
    10 + i64::from(number % 5000)
}

/// M-Pesa's name for the prompt of row `number`.
pub fn checkout_request_id(number: u32) -> String {
    format!("ws_CO_21112026{number:010}")
}

/// M-Pesa's other name for it.
pub fn merchant_request_id(number: u32) -> String {
    format!("29115-{number:08}-1")
}

/// The phone of row `number`, as Safaricom writes it.
pub fn phone(number: u32) -> String {
    format!("2547{number:08}")
}

static SESSIONS: Batch = Batch::new(
    "INSERT INTO sessions (id, merchant_id, channel_id, livemode, status, amount, account, client_reference_id, details, \
     version, sequence, due_at, expires_at, created_at) \
     SELECT r.id, r.merchant_id, r.channel_id, 0, 'processing', r.amount, r.account, r.client_reference_id, r.details, \
     3, 3, r.due_at, r.due_at, r.created_at FROM {rows} r",
    &[
        ("id", Col::Text),
        ("merchant_id", Col::Text),
        ("channel_id", Col::Text),
        ("amount", Col::Int),
        ("account", Col::Text),
        ("client_reference_id", Col::Text),
        ("details", Col::Text),
        ("due_at", Col::Int),
        ("created_at", Col::Int),
    ],
);

static ATTEMPTS: Batch = Batch::new(
    "INSERT INTO attempts (id, session_id, channel_id, amount, token_hash, phone, phone_hash, phone_masked, status, blocks, \
     checkout_request_id, merchant_request_id, ask_at, created_at) \
     SELECT r.id, r.session_id, r.channel_id, r.amount, r.token_hash, r.phone, r.phone_hash, r.phone_masked, \
     'awaiting_pin', 1, r.checkout_request_id, r.merchant_request_id, r.ask_at, r.created_at FROM {rows} r",
    &[
        ("id", Col::Text),
        ("session_id", Col::Text),
        ("channel_id", Col::Text),
        ("amount", Col::Int),
        ("token_hash", Col::Blob),
        ("phone", Col::Blob),
        ("phone_hash", Col::Blob),
        ("phone_masked", Col::Text),
        ("checkout_request_id", Col::Blob),
        ("merchant_request_id", Col::Text),
        ("ask_at", Col::Int),
        ("created_at", Col::Int),
    ],
);

impl Payments {
    /// Makes a merchant with a paybill and `count` sessions, each with a prompt that nobody has answered.
    pub async fn seed_waiting(&self, count: u32) -> Result<(), Error> {
        let made = self.create_merchant(shop()).await?;
        let details = details()?;
        for first in (0..count).step_by(usize::try_from(CHUNK).unwrap_or(1)) {
            let last = count.min(first + CHUNK);
            let (merchant, channel, details) = (made.merchant, made.channel, details.clone());
            self.store
                .write(move |tx| {
                    let details = details.clone();
                    Box::pin(async move { chunk(tx, merchant, channel, &details, first..last).await })
                })
                .await?;
        }
        Ok(())
    }

    /// What the books say, to be held against what was acknowledged.
    pub async fn books(&self) -> Result<Books, Error> {
        let mut conn = self.store.read().await?;
        let mut numbers = [0; 6];
        for (number, sql) in numbers.iter_mut().zip([
            "SELECT count(*) FROM sessions WHERE status = 'complete'",
            "SELECT count(*) FROM payments WHERE receipt IS NOT NULL AND attempt_id IS NOT NULL",
            "SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM payments WHERE receipt IS NOT NULL AND attempt_id IS NOT NULL",
            "SELECT CAST(coalesce(sum(received), 0) AS BIGINT) FROM sessions WHERE status = 'complete'",
            "SELECT count(*) FROM evidence WHERE kind = 'stk_callback'",
            "SELECT count(*) FROM events WHERE kind = 'payment.succeeded'",
        ]) {
            *number = conn.number(sql, Vec::new()).await?;
        }
        let [complete, payments, shillings, received, evidence, events] = numbers;
        Ok(Books {
            complete,
            payments,
            shillings,
            received,
            evidence,
            events,
        })
    }
}

fn shop() -> NewMerchant {
    NewMerchant {
        name: "Duka la Mama Njeri".to_owned(),
        livemode: false,
        origins: vec!["https://shop.example".to_owned()],
        channel: NewChannel {
            number: Number::Paybill("600999".to_owned()),
            consumer_key: SecretText::new("bench-key"),
            consumer_secret: SecretText::new("bench-secret"),
            passkey: SecretText::new("bench-passkey"),
        },
    }
}

/// A basket of the usual size: its text goes into each event.
fn details() -> Result<String, Error> {
    crate::view::json_text(&Details {
        description: Some("Order 1042: two kitenge dresses".to_owned()),
        metadata: [("order".to_owned(), "1042".to_owned())].into(),
        success_url: Some("https://shop.example/thanks?session={CHECKOUT_SESSION_ID}".to_owned()),
        cancel_url: Some("https://shop.example/basket".to_owned()),
        ..Details::default()
    })
}

async fn chunk(
    tx: &mut Tx,
    merchant: MerchantId,
    channel: ChannelId,
    details: &str,
    numbers: std::ops::Range<u32>,
) -> Result<(), Error> {
    let until = (tx.now + UNDISTURBED).millis();
    let (mut sessions, mut attempts) = (Vec::new(), Vec::new());
    for number in numbers {
        let account = AccountCode::from_chance(u64::from(number));
        sessions.push(json!([
            session(number),
            merchant,
            channel,
            amount(number),
            account.as_str(),
            format!("order-{number}"),
            details,
            until,
            tx.now.millis(),
        ]));
        attempts.push(attempt(tx, channel, number, until)?);
    }
    run_batch(tx, &SESSIONS, &sessions).await?;
    run_batch(tx, &ATTEMPTS, &attempts).await
}

fn attempt(tx: &Tx, channel: ChannelId, number: u32, until: i64) -> Result<Value, Error> {
    let phone = Msisdn::parse(&phone(number)).map_err(|_| Error::PhoneMissing)?;
    let wire = phone.wire();
    let checkout = checkout_request_id(number);
    Ok(json!([
        AttemptId::new(BORN, u128::from(number)),
        session(number),
        channel,
        amount(number),
        hex(&token_hash(&token(number))),
        hex(&tx.vault.seal(Purpose::Phone, wire.as_bytes())),
        hex(&tx.vault.lookup_hash(&wire)),
        phone.masked(),
        hex(&tx.vault.seal(Purpose::CheckoutId, checkout.as_bytes())),
        merchant_request_id(number),
        until,
        tx.now.millis(),
    ]))
}
