//! What changed of cases, back into the store by statements over all of them.

use crate::error::Error;
use crate::store::Tx;
use crate::store::batch::{self, Batch, Col, hex};
use crate::vault::{Purpose, Vault};
use kaunta_domain::attempt::{Attempt, AttemptState};
use kaunta_domain::id::AttemptId;
use kaunta_domain::payment::Payment;
use kaunta_domain::receipt::Receipt;
use kaunta_domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{Before, Loaded, Prompt};
use crate::store::Touched;

static UPDATE_SESSIONS: Batch = Batch::new(
    "UPDATE sessions SET status = r.status, received = r.received, refunded = r.refunded, version = r.version, \
     sequence = r.sequence, due_at = r.due_at, completed_at = r.completed_at FROM {rows} r WHERE sessions.id = r.id",
    &[
        ("id", Col::Text),
        ("status", Col::Text),
        ("received", Col::Int),
        ("refunded", Col::Int),
        ("version", Col::Int),
        ("sequence", Col::Int),
        ("due_at", Col::Int),
        ("completed_at", Col::Int),
    ],
);

static UPDATE_ATTEMPTS: Batch = Batch::new(
    "UPDATE attempts SET status = r.status, failure_code = r.failure_code, result_code = r.result_code, \
     reason = r.reason, blocks = r.blocks, checkout_request_id = r.checkout_request_id, \
     merchant_request_id = r.merchant_request_id, ask_at = r.ask_at, ended_at = r.ended_at \
     FROM {rows} r WHERE attempts.id = r.id",
    &[
        ("id", Col::Text),
        ("status", Col::Text),
        ("failure_code", Col::Text),
        ("result_code", Col::Text),
        ("reason", Col::Text),
        ("blocks", Col::Int),
        ("checkout_request_id", Col::Blob),
        ("merchant_request_id", Col::Text),
        ("ask_at", Col::Int),
        ("ended_at", Col::Int),
    ],
);

static UPSERT_PAYMENTS: Batch = Batch::new(
    "INSERT INTO payments (id, session_id, merchant_id, channel_id, livemode, shortcode, receipt, amount, method, source, \
     attempt_id, inferred, payer_masked, paid_at, created_at) \
     SELECT r.id, r.session_id, r.merchant_id, r.channel_id, r.livemode, r.shortcode, r.receipt, r.amount, r.method, \
     r.source, r.attempt_id, r.inferred, r.payer_masked, r.paid_at, r.created_at FROM {rows} r WHERE true \
     ON CONFLICT (id) DO UPDATE SET session_id = excluded.session_id, receipt = excluded.receipt, method = excluded.method, \
     attempt_id = excluded.attempt_id, inferred = excluded.inferred, payer_masked = excluded.payer_masked, \
     paid_at = excluded.paid_at",
    &[
        ("id", Col::Text),
        ("session_id", Col::Text),
        ("merchant_id", Col::Text),
        ("channel_id", Col::Text),
        ("livemode", Col::Int),
        ("shortcode", Col::Text),
        ("receipt", Col::Text),
        ("amount", Col::Int),
        ("method", Col::Text),
        ("source", Col::Text),
        ("attempt_id", Col::Text),
        ("inferred", Col::Int),
        ("payer_masked", Col::Text),
        ("paid_at", Col::Int),
        ("created_at", Col::Int),
    ],
);

static FREE_PAYMENTS: Batch = Batch::new(
    "UPDATE payments SET attempt_id = NULL WHERE id IN (SELECT r.id FROM {rows} r)",
    &[("id", Col::Text)],
);

/// Only rows that turned out to be the same money as another row are ever deleted.
pub(crate) static DELETE_PAYMENTS: Batch = Batch::new(
    "DELETE FROM payments WHERE id IN (SELECT r.id FROM {rows} r)",
    &[("id", Col::Text)],
);

/// The rows of all that changed, by statement.
#[derive(Default)]
struct Changes {
    sessions: Vec<Value>,
    attempts: Vec<Value>,
    payments: Vec<Value>,
    gone: Vec<Value>,
    freed: Vec<Value>,
}

impl Changes {
    fn gather(&mut self, tx: &mut Tx, loaded: &mut Loaded, before: &Before, asks: &BTreeSet<AttemptId>) {
        let (case, earlier) = (&loaded.case, &before.case);
        let attempts = earlier.attempts.iter().map(Some).chain(std::iter::repeat(None));
        for (attempt, earlier) in case.attempts.iter().zip(attempts) {
            if earlier != Some(attempt) || asks.contains(&attempt.id) {
                let ask_at = next_ask(attempt, loaded.prompts.get(&attempt.id), asks, tx.now);
                self.attempts.push(attempt_row(attempt, ask_at, &tx.vault));
            }
        }
        for payment in case
            .payments
            .iter()
            .filter(|payment| !earlier.payments.contains(payment))
        {
            self.payments.push(payment_row(loaded, payment, tx.now));
        }
        for payment in &earlier.payments {
            let kept = |wanted: &dyn Fn(&Payment) -> bool| case.payments.iter().any(wanted);
            if payment.attempt.is_some() && !kept(&|now| now.is_tied_like(payment)) {
                self.freed.push(json!([payment.id]));
            }
            if !kept(&|now| now.id == payment.id) {
                self.gone.push(json!([payment.id]));
            }
        }
        if *earlier != *case || before.sequence != loaded.sequence {
            loaded.version += 1;
            self.sessions.push(session_row(loaded));
            let (session, version, phase) = (loaded.id, loaded.version, loaded.case.phase());
            tx.touched.push(Touched {
                session,
                version,
                phase,
            });
        }
    }
}

/// Writes what changed of remembered cases and tells who waits. `asks` are the attempts that M-Pesa is to be asked
/// about at once.
pub(crate) async fn save(
    tx: &mut Tx,
    cases: &mut [&mut Loaded],
    asks: &BTreeSet<AttemptId>,
) -> Result<(), Error> {
    let mut changes = Changes::default();
    for loaded in cases.iter_mut() {
        let Some(before) = loaded.before.take() else {
            continue;
        };
        loaded.case.assert_sound();
        changes.gather(tx, loaded, &before, asks);
    }
    // Prompts change hands in two steps, for the unique index on them: given up first, taken after.
    run_batch(tx, &FREE_PAYMENTS, &changes.freed).await?;
    run_batch(tx, &DELETE_PAYMENTS, &changes.gone).await?;
    run_batch(tx, &UPDATE_ATTEMPTS, &changes.attempts).await?;
    run_batch(tx, &UPSERT_PAYMENTS, &changes.payments).await?;
    run_batch(tx, &UPDATE_SESSIONS, &changes.sessions).await
}

/// Runs `statement` over `rows`, each of which it must change.
pub(crate) async fn run_batch(tx: &mut Tx, statement: &'static Batch, rows: &[Value]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let changed = tx
        .conn
        .run(
            statement.sql(tx.conn.dialect()),
            crate::store::conn::args![batch::json(rows)],
        )
        .await?;
    if usize::try_from(changed).ok() == Some(rows.len()) {
        return Ok(());
    }
    Err(Error::Inconsistent {
        table: "batch",
        column: "*",
        row: format!("{changed} of {} rows changed", rows.len()),
    })
}

fn next_ask(
    attempt: &Attempt,
    prompt: Option<&Prompt>,
    asks: &BTreeSet<AttemptId>,
    now: Timestamp,
) -> Option<Timestamp> {
    if !attempt.state.is_pending() {
        return None;
    }
    if asks.contains(&attempt.id) {
        Some(now)
    } else {
        prompt.and_then(|prompt| prompt.ask_at)
    }
}

fn session_row(loaded: &Loaded) -> Value {
    let session = &loaded.case.session;
    json!([
        loaded.id,
        session.state.name(),
        session.received,
        session.refunded,
        loaded.version,
        loaded.sequence,
        loaded.due_at().map(Timestamp::millis),
        session.state.completed_at().map(Timestamp::millis),
    ])
}

fn attempt_row(attempt: &Attempt, ask_at: Option<Timestamp>, vault: &Vault) -> Value {
    let failure = attempt.state.failure();
    let reason = match &attempt.state {
        AttemptState::NeedsReview { reason } => Some(reason.as_ref()),
        _ => None,
    };
    let checkout = attempt
        .checkout_request_id
        .as_ref()
        .map(|id| hex(&vault.seal(Purpose::CheckoutId, id.as_bytes())));
    json!([
        attempt.id,
        attempt.state.name(),
        failure.map(|failure| failure.code),
        failure.and_then(|failure| failure.result_code.as_ref()),
        reason,
        i64::from(attempt.blocks),
        checkout,
        attempt.merchant_request_id,
        ask_at.map(Timestamp::millis),
        attempt.state.ended_at().map(Timestamp::millis),
    ])
}

fn payment_row(loaded: &Loaded, payment: &Payment, now: Timestamp) -> Value {
    json!([
        payment.id,
        loaded.id,
        loaded.merchant,
        loaded.channel,
        i64::from(loaded.livemode),
        loaded.shortcode,
        payment.receipt.as_ref().map(Receipt::as_str),
        payment.amount,
        payment.method.as_str(),
        payment.source.as_str(),
        payment.attempt,
        i64::from(payment.inferred),
        payment.payer_masked,
        payment.paid_at.millis(),
        now.millis(),
    ])
}
