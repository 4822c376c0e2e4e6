//! The one room that writes what is final: news in, state, payment, events and evidence out, in one commit.
//!
//! It works on many pieces of news at once: load all the cases that they name, let the rules decide each in turn,
//! write what changed by statements over all of it. A callback alone is a batch of one.

use std::collections::{BTreeMap, BTreeSet};

use kaunta_domain::case::{News, Outcome, Subject, Told, Verdict};
use kaunta_domain::event::EventType;
use kaunta_domain::id::{AttemptId, ChannelId, EventId, PaymentId, SessionId};
use kaunta_domain::payment::Money;
use kaunta_domain::receipt::Receipt;
use serde_json::{Value, json};
use sqlx::FromRow;

use crate::error::Error;
use crate::outbox::{NewEvent, write_events};
use crate::store::Tx;
use crate::store::batch::{self, Batch, Col, hex};
use crate::store::case::{self, DELETE_PAYMENTS, KNOWN_RECEIPTS, Known, Loaded, run_batch};
use crate::store::conn::args;
use crate::vault::Purpose;
use crate::view;

/// One piece of news with the thing that it names.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) target: Target,
    pub(crate) heard: Heard,
    pub(crate) evidence: Option<Evidence>,
}

/// What a piece of news names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The attempt of a callback's secret path, by the hash of it.
    Token(Vec<u8>),
    /// An attempt of a session.
    Attempt(SessionId, AttemptId),
    /// A session.
    Session(SessionId),
}

/// What was heard.
#[derive(Debug, Clone)]
pub(crate) enum Heard {
    /// News of a prompt.
    News(News),
    /// Money that names the session.
    Money(Money),
    /// Time passed.
    Time,
    /// A message that cannot be read: it is kept, and moves nothing.
    Unreadable,
}

/// A raw body, to be kept with what it did.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    pub(crate) kind: &'static str,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) body: Vec<u8>,
}

/// What became of one item; nothing where the thing that it names does not exist.
pub(crate) type Settled = Option<Verdict>;

#[derive(FromRow)]
struct Named {
    at: i64,
    id: String,
    session_id: String,
}

static BY_TOKEN: Batch = Batch::new(
    "SELECT r.at, a.id, a.session_id FROM {rows} r JOIN attempts a ON a.token_hash = r.token_hash",
    &[("at", Col::Int), ("token_hash", Col::Blob)],
);

/// Settles `items` in order.
pub(crate) async fn settle(tx: &mut Tx, items: &[Item]) -> Result<Vec<Settled>, Error> {
    let named = name(tx, items).await?;
    let sessions: BTreeSet<SessionId> = named.iter().flatten().map(|(session, _)| *session).collect();
    let mut cases = case::load(tx, &sessions).await?;
    let mut known = known_receipts(tx, items, &named, &cases).await?;
    let mut settled = Vec::with_capacity(items.len());
    let (mut asks, mut events, mut absorbed) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (item, name) in items.iter().zip(&named) {
        let Some((session, attempt)) = name else {
            settled.push(None);
            continue;
        };
        let Some(loaded) = cases.get_mut(session) else {
            settled.push(None);
            continue;
        };
        loaded.remember();
        let verdict = hear(tx, loaded, *attempt, &item.heard, &mut known, &mut absorbed);
        asks.extend(attempt.filter(|_| verdict.ask_now));
        for told in &verdict.events {
            events.push(event(tx, loaded, *told)?);
        }
        settled.push(Some(verdict));
    }
    run_batch(tx, &DELETE_PAYMENTS, &absorbed).await?;
    let mut changed: Vec<&mut Loaded> = cases.values_mut().collect();
    case::save(tx, &mut changed, &asks).await?;
    write_events(tx, &events).await?;
    keep_evidence(tx, items, &named, &settled).await?;
    Ok(settled)
}

/// The session and attempt of each item.
async fn name(tx: &mut Tx, items: &[Item]) -> Result<Vec<Option<(SessionId, Option<AttemptId>)>>, Error> {
    let mut named: Vec<_> = items
        .iter()
        .map(|item| match item.target {
            Target::Token(_) => None,
            Target::Attempt(session, attempt) => Some((session, Some(attempt))),
            Target::Session(session) => Some((session, None)),
        })
        .collect();
    let tokens = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| match &item.target {
            Target::Token(hash) => Some(json!([at, hex(hash)])),
            _ => None,
        });
    let tokens: Vec<Value> = tokens.collect();
    if !tokens.is_empty() {
        let sql = BY_TOKEN.sql(tx.conn.dialect());
        for row in tx.conn.rows::<Named>(sql, args![batch::json(&tokens)]).await? {
            let session = case::parse(&row.session_id, "attempts", "session_id", &row.id)?;
            let attempt = case::parse(&row.id, "attempts", "id", &row.id)?;
            if let Some(slot) = usize::try_from(row.at).ok().and_then(|at| named.get_mut(at)) {
                *slot = Some((session, Some(attempt)));
            }
        }
    }
    Ok(named)
}

/// Receipts that are on the books of their shortcode: with the payment, and the session where it has one.
type KnownReceipts = BTreeMap<(String, bool, String), (PaymentId, Option<SessionId>)>;

async fn known_receipts(
    tx: &mut Tx,
    items: &[Item],
    named: &[Option<(SessionId, Option<AttemptId>)>],
    cases: &BTreeMap<SessionId, Loaded>,
) -> Result<KnownReceipts, Error> {
    let mut keys = Vec::new();
    for (item, name) in items.iter().zip(named) {
        let loaded = name.and_then(|(session, _)| cases.get(&session));
        if let (Some(receipt), Some(loaded)) = (receipt_of(&item.heard), loaded) {
            keys.push((
                loaded.shortcode.clone(),
                loaded.livemode,
                receipt.as_str().to_owned(),
            ));
        }
    }
    if keys.is_empty() {
        return Ok(KnownReceipts::new());
    }
    let rows: Vec<Value> = keys
        .iter()
        .enumerate()
        .map(|(at, (shortcode, livemode, receipt))| json!([at, shortcode, i64::from(*livemode), receipt]))
        .collect();
    let found = tx
        .conn
        .rows::<Known>(
            KNOWN_RECEIPTS.locking(tx.conn.dialect()),
            args![batch::json(&rows)],
        )
        .await?;
    let mut known = KnownReceipts::new();
    for row in &found {
        let session = row
            .session_id
            .as_deref()
            .map(|id| case::parse(id, "payments", "session_id", &row.id))
            .transpose()?;
        if let Some(key) = usize::try_from(row.at).ok().and_then(|at| keys.get(at)) {
            known.insert(key.clone(), (case::payment_id(row)?, session));
        }
    }
    Ok(known)
}

fn receipt_of(heard: &Heard) -> Option<&Receipt> {
    match heard {
        Heard::News(News::Paid(_, money)) | Heard::Money(money) => money.receipt.as_ref(),
        _ => None,
    }
}

/// Lets the rules decide one item. A receipt that is on another session's books is not credited again; one that
/// is on the books without a session keeps its payment's id, or gives it up to a payment that waited for a receipt.
fn hear(
    tx: &Tx,
    loaded: &mut Loaded,
    attempt: Option<AttemptId>,
    heard: &Heard,
    known: &mut KnownReceipts,
    absorbed: &mut Vec<Value>,
) -> Verdict {
    let mut payment = PaymentId::new(tx.now, tx.clock.chance());
    let mut unmatched = None;
    if let Some(receipt) = receipt_of(heard) {
        let key = (
            loaded.shortcode.clone(),
            loaded.livemode,
            receipt.as_str().to_owned(),
        );
        match known.get(&key) {
            Some((_, Some(other))) if *other != loaded.id => return elsewhere(attempt),
            Some((id, None)) => {
                payment = *id;
                unmatched = Some(());
            }
            _ => {}
        }
    }
    let verdict = match (heard, attempt) {
        (Heard::News(news), Some(attempt)) => loaded.case.hear(attempt, news.clone(), tx.now, payment),
        (Heard::Money(money), _) => loaded.case.hear_money(money.clone(), tx.now, payment),
        (Heard::Time, _) => loaded.case.pass_time(tx.now),
        (Heard::News(_), None) | (Heard::Unreadable, _) => Verdict {
            outcome: Outcome::Unchanged,
            events: Vec::new(),
            ask_now: false,
        },
    };
    let on_books = receipt_of(heard).is_some_and(|receipt| {
        loaded
            .case
            .payments
            .iter()
            .any(|payment| payment.receipt.as_ref() == Some(receipt))
    });
    if let Some(receipt) = receipt_of(heard).filter(|_| on_books) {
        let key = (
            loaded.shortcode.clone(),
            loaded.livemode,
            receipt.as_str().to_owned(),
        );
        known.insert(key, (payment, Some(loaded.id)));
        let taken_over = unmatched.is_some() && !loaded.case.payments.iter().any(|kept| kept.id == payment);
        absorbed.extend(taken_over.then(|| json!([payment])));
    }
    verdict
}

fn elsewhere(attempt: Option<AttemptId>) -> Verdict {
    let events = attempt.map(|attempt| Told {
        kind: EventType::PaymentNeedsReview,
        about: Subject::Attempt(attempt),
    });
    Verdict {
        outcome: Outcome::Doubted("the receipt is on another session's books"),
        events: events.into_iter().collect(),
        ask_now: attempt.is_some(),
    }
}

/// An event of a case, with the whole object as it is at this point of the batch.
pub(crate) fn event(tx: &Tx, loaded: &mut Loaded, told: Told) -> Result<NewEvent, Error> {
    loaded.sequence += 1;
    let id = EventId::new(tx.now, tx.clock.chance());
    Ok(NewEvent {
        id,
        merchant: loaded.merchant,
        livemode: loaded.livemode,
        kind: told.kind,
        session: Some(loaded.id),
        sequence: loaded.sequence,
        body: view::event_body(id, told, loaded, tx)?,
    })
}

static INSERT_EVIDENCE: Batch = Batch::new(
    "INSERT INTO evidence (kind, channel_id, session_id, attempt_id, outcome, body, received_at) \
     SELECT r.kind, r.channel_id, r.session_id, r.attempt_id, r.outcome, r.body, r.received_at FROM {rows} r",
    &[
        ("kind", Col::Text),
        ("channel_id", Col::Text),
        ("session_id", Col::Text),
        ("attempt_id", Col::Text),
        ("outcome", Col::Text),
        ("body", Col::Blob),
        ("received_at", Col::Int),
    ],
);

async fn keep_evidence(
    tx: &mut Tx,
    items: &[Item],
    named: &[Option<(SessionId, Option<AttemptId>)>],
    settled: &[Settled],
) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(items.len());
    for ((item, name), verdict) in items.iter().zip(named).zip(settled) {
        let (Some(evidence), Some(verdict)) = (&item.evidence, verdict) else {
            continue;
        };
        let outcome = if matches!(item.heard, Heard::Unreadable) {
            "unreadable"
        } else {
            verdict.outcome.as_str()
        };
        let (session, attempt) = name.map_or((None, None), |(session, attempt)| (Some(session), attempt));
        rows.push(evidence_row(tx, evidence, session, attempt, outcome));
    }
    run_batch(tx, &INSERT_EVIDENCE, &rows).await
}

fn evidence_row(
    tx: &Tx,
    evidence: &Evidence,
    session: Option<SessionId>,
    attempt: Option<AttemptId>,
    outcome: &str,
) -> Value {
    json!([
        evidence.kind,
        evidence.channel,
        session,
        attempt,
        outcome,
        hex(&tx.vault.seal(Purpose::Evidence, &evidence.body)),
        tx.now.millis(),
    ])
}

/// Keeps a body that is not about any session.
pub(crate) async fn keep_alone(tx: &mut Tx, evidence: &Evidence, outcome: &str) -> Result<(), Error> {
    let row = evidence_row(tx, evidence, None, None, outcome);
    run_batch(tx, &INSERT_EVIDENCE, &[row]).await
}
