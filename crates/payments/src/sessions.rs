//! Sessions: made, read, listed, closed.

use std::time::Duration;

use kaunta_domain::account_code::AccountCode;
use kaunta_domain::api::{Details, SessionObject};
use kaunta_domain::case::{Subject, Told};
use kaunta_domain::event::EventType;
use kaunta_domain::id::{ChannelId, SessionId};
use kaunta_domain::money::Kes;
use kaunta_domain::msisdn::Msisdn;
use kaunta_domain::session::SessionState;
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use crate::Payments;
use crate::error::Error;
use crate::idempotency::{self, Answer, Once, Seen};
use crate::list::{Cursor, List, Where};
use crate::merchants::Caller;
use crate::outbox::write_events;
use crate::settle::event;
use crate::store::Tx;
use crate::store::case::{self, Loaded};
use crate::store::conn::args;
use crate::vault::Purpose;
use crate::view;

/// What a shop asks for. All of it has been checked.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// How much, 1 to 250,000.
    pub amount: Kes,
    /// The shop's order id.
    pub client_reference_id: Option<String>,
    /// The shopper's phone, where the shop knows it.
    pub customer_phone: Option<Msisdn>,
    /// How long it is open.
    pub expires_in: Duration,
    /// On which channel; the merchant's oldest of the key's mode where nothing is said.
    pub channel: Option<ChannelId>,
    /// What is only shown.
    pub details: Details,
}

/// Which sessions to list.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// With this order id.
    pub client_reference_id: Option<String>,
    /// With this status.
    pub status: Option<String>,
    /// With this payment status.
    pub payment_status: Option<String>,
    /// Made at or after.
    pub created_gte: Option<Timestamp>,
    /// Made before.
    pub created_lt: Option<Timestamp>,
}

/// A code that is taken is drawn again this often; with a million open sessions one in 3,400 is.
const CODE_DRAWS: usize = 8;

impl Payments {
    /// Makes a session; the answer is the session object.
    pub async fn create_session(
        &self,
        caller: &Caller,
        new: NewSession,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let caller = caller.clone();
        self.store
            .write(move |tx| {
                let (caller, new, once) = (caller.clone(), new.clone(), once.clone());
                Box::pin(async move {
                    match idempotency::take(tx, &caller, once.as_ref()).await? {
                        Seen::Answered(answer) => Ok(answer),
                        Seen::Never => {
                            let loaded = create(tx, &caller, &new).await?;
                            let object = view::session(&loaded, &tx.timing.public_url)?;
                            let answer = Answer::fresh(view::json_text(&object)?);
                            idempotency::keep(tx, &caller, once.as_ref(), &answer).await?;
                            Ok(answer)
                        }
                    }
                })
            })
            .await
    }

    /// A session of the caller's.
    pub async fn session(&self, caller: &Caller, id: SessionId) -> Result<SessionObject, Error> {
        let mut conn = self.store.read().await?;
        let loaded = case::look(&mut conn, self.store.vault(), id).await?;
        let loaded = loaded
            .filter(|loaded| caller.owns(loaded))
            .ok_or(Error::NotFound)?;
        view::session(&loaded, self.public_url())
    }

    /// The caller's sessions, newest first.
    pub async fn sessions(
        &self,
        caller: &Caller,
        filter: SessionFilter,
        cursor: Cursor,
    ) -> Result<List<SessionObject>, Error> {
        let mut wanted = Where::of(caller, "s");
        wanted.equals("s.client_reference_id", filter.client_reference_id);
        wanted.equals("s.status", filter.status);
        if let Some(status) = filter.payment_status {
            wanted.raw(payment_status_condition(&status)?);
        }
        wanted.at_least("s.created_at", filter.created_gte);
        wanted.below("s.created_at", filter.created_lt);
        let (condition, args) = wanted.page("s.id", &cursor);
        let mut conn = self.store.read().await?;
        let found = case::pick(&mut conn, self.store.vault(), &condition, args).await?;
        let objects = found
            .iter()
            .map(|loaded| view::session(loaded, self.public_url()))
            .collect::<Result<_, _>>()?;
        Ok(cursor.cut(objects))
    }

    /// Closes an open session; money that comes later is still caught.
    pub async fn expire_session(
        &self,
        caller: &Caller,
        id: SessionId,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let caller = caller.clone();
        self.store
            .write(move |tx| {
                let (caller, once) = (caller.clone(), once.clone());
                Box::pin(async move {
                    if let Seen::Answered(answer) = idempotency::take(tx, &caller, once.as_ref()).await? {
                        return Ok(answer);
                    }
                    let mut loaded = own(tx, &caller, id).await?;
                    match loaded.case.session.state {
                        SessionState::Open => {}
                        SessionState::Complete { .. } => return Err(Error::SessionComplete),
                        SessionState::Expired => return Err(Error::SessionExpired),
                        other => return Err(Error::SessionNotOpen(other.name())),
                    }
                    loaded.remember();
                    let verdict = loaded.case.expire();
                    tell(tx, &mut loaded, &verdict.events).await?;
                    case::save(tx, &mut [&mut loaded], &Default::default()).await?;
                    let answer =
                        Answer::fresh(view::json_text(&view::session(&loaded, &tx.timing.public_url)?)?);
                    idempotency::keep(tx, &caller, once.as_ref(), &answer).await?;
                    Ok(answer)
                })
            })
            .await
    }
}

/// The caller's session, locked.
pub(crate) async fn own(tx: &mut Tx, caller: &Caller, id: SessionId) -> Result<Loaded, Error> {
    let found = case::load(tx, &[id].into()).await?.remove(&id);
    found.filter(|loaded| caller.owns(loaded)).ok_or(Error::NotFound)
}

/// Writes events of one case.
pub(crate) async fn tell(tx: &mut Tx, loaded: &mut Loaded, events: &[Told]) -> Result<(), Error> {
    let events = events
        .iter()
        .map(|told| event(tx, loaded, *told))
        .collect::<Result<Vec<_>, _>>()?;
    write_events(tx, &events).await
}

#[derive(FromRow)]
struct ChannelRow {
    id: String,
}

pub(crate) async fn create(tx: &mut Tx, caller: &Caller, new: &NewSession) -> Result<Loaded, Error> {
    let channel = channel_for(tx, caller, new.channel).await?;
    let id = SessionId::new(tx.now, tx.clock.chance());
    let details = view::json_text(&new.details)?;
    let phone = new
        .customer_phone
        .map(|phone| tx.vault.seal(Purpose::Phone, phone.wire().as_bytes()));
    let expires_at = tx.now + new.expires_in;
    for _ in 0..CODE_DRAWS {
        let chance = u64::try_from(tx.clock.chance() >> 64).unwrap_or_default();
        let account = AccountCode::from_chance(chance);
        let made = tx
            .conn
            .run(
                "INSERT INTO sessions (id, merchant_id, channel_id, livemode, status, amount, account, \
                 client_reference_id, details, customer_phone, customer_masked, version, sequence, due_at, expires_at, \
                 created_at) VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, 1, 1, $11, $11, $12) \
                 ON CONFLICT (channel_id, account) DO NOTHING",
                args![
                    id,
                    caller.merchant,
                    channel.as_str(),
                    caller.livemode,
                    new.amount.shillings(),
                    account.as_str(),
                    new.client_reference_id.clone(),
                    details.clone(),
                    phone.clone(),
                    new.customer_phone.map(Msisdn::masked),
                    expires_at,
                    tx.now,
                ],
            )
            .await?;
        if made == 1 {
            return announce(tx, id).await;
        }
    }
    Err(Error::Overloaded)
}

/// Tells of a new session. Its row was written with the sequence of this event.
async fn announce(tx: &mut Tx, id: SessionId) -> Result<Loaded, Error> {
    let mut loaded = case::load(tx, &[id].into())
        .await?
        .remove(&id)
        .ok_or(Error::NotFound)?;
    loaded.sequence -= 1;
    let told = Told {
        kind: EventType::SessionCreated,
        about: Subject::Session,
    };
    tell(tx, &mut loaded, &[told]).await?;
    Ok(loaded)
}

async fn channel_for(tx: &mut Tx, caller: &Caller, asked: Option<ChannelId>) -> Result<String, Error> {
    let found = tx
        .conn
        .row::<ChannelRow>(
            "SELECT id FROM channels WHERE merchant_id = $1 AND livemode = $2 AND ($3 IS NULL OR id = $3) ORDER BY id LIMIT 1",
            args![caller.merchant, caller.livemode, asked.map(|id| id.to_string())],
        )
        .await?;
    found.map(|row| row.id).ok_or_else(|| Error::Invalid {
        pointer: "/channel",
        code: "unknown_channel",
        detail: "no such channel for this key; see `kaunta channel list`".to_owned(),
    })
}

fn payment_status_condition(status: &str) -> Result<&'static str, Error> {
    Ok(match status {
        "unpaid" => "s.received = 0",
        "partially_paid" => "s.received > 0 AND s.refunded = 0 AND s.received < s.amount",
        "paid" => "s.received > 0 AND s.received - s.refunded = s.amount",
        "overpaid" => "s.received - s.refunded > s.amount",
        "refunded" => "s.received > 0 AND s.refunded >= s.received",
        "partially_refunded" => {
            "s.refunded > 0 AND s.refunded < s.received AND s.received - s.refunded < s.amount"
        }
        _ => {
            return Err(Error::Invalid {
                pointer: "/payment_status",
                code: "unknown_value",
                detail: "one of unpaid, partially_paid, paid, overpaid, refunded, partially_refunded"
                    .to_owned(),
            });
        }
    })
}
