//! The attempt's row: whether a prompt may go out, and what is written before it does.

use crate::error::Error;
use crate::merchants::secret_letters;
use crate::store::Tx;
use crate::store::case::{self, Loaded, Prompt};
use crate::store::conn::args;
use crate::vault::{Purpose, token_hash};
use kaunta_domain::attempt::{Attempt, AttemptState};
use kaunta_domain::id::{AttemptId, SessionId};
use kaunta_domain::limits::ATTEMPTS_PER_SESSION;
use kaunta_domain::msisdn::Msisdn;
use kaunta_domain::session::SessionState;
use sqlx::FromRow;
use std::time::Duration;

use super::Begun;

#[derive(FromRow)]
struct PhoneRow {
    phone: Option<Vec<u8>>,
}

/// Whether the time that M-Pesa asks for between two prompts is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    Kept,
    Waived,
}

/// Checks that a prompt may go out, and writes its row.
pub(super) async fn write_attempt(
    tx: &mut Tx,
    loaded: &mut Loaded,
    phone: Option<Msisdn>,
    patience: Patience,
) -> Result<Begun, Error> {
    match loaded.case.session.state {
        SessionState::Complete { .. } => return Err(Error::SessionComplete),
        SessionState::Expired => return Err(Error::SessionExpired),
        SessionState::Canceled => return Err(Error::SessionCanceled),
        SessionState::Open | SessionState::Processing => {}
    }
    // Time may have moved the session since anyone looked.
    loaded.remember();
    let verdict = loaded.case.pass_time(tx.now);
    if !loaded.case.session.state.is_payable() {
        drop(verdict);
        return Err(Error::SessionExpired);
    }
    if loaded.case.blocking_attempt().is_some() {
        return Err(Error::AttemptInProgress);
    }
    if loaded.case.attempts.len() >= ATTEMPTS_PER_SESSION {
        return Err(Error::TooManyAttempts);
    }
    let phone = match phone {
        Some(phone) => phone,
        None => last_phone(tx, loaded.id).await?,
    };
    if let (Patience::Kept, Some(rest)) = (patience, cooling_down(tx, loaded, phone)) {
        return Err(Error::CoolingDown(rest));
    }
    insert_attempt(tx, loaded, phone).await
}

async fn last_phone(tx: &mut Tx, session: SessionId) -> Result<Msisdn, Error> {
    let from_attempt = tx
        .conn
        .row::<PhoneRow>(
            "SELECT phone FROM attempts WHERE session_id = $1 ORDER BY id DESC LIMIT 1",
            args![session],
        )
        .await?
        .and_then(|row| row.phone);
    let sealed = if from_attempt.is_some() {
        from_attempt
    } else {
        let row = tx.conn.row::<PhoneRow>(
            "SELECT customer_phone AS phone FROM sessions WHERE id = $1",
            args![session],
        );
        row.await?.and_then(|row| row.phone)
    };
    let text = tx
        .vault
        .open_text(Purpose::Phone, &sealed.ok_or(Error::PhoneMissing)?)?;
    Msisdn::parse(&text).map_err(|_| Error::PhoneMissing)
}

/// How long M-Pesa wants this phone to be left alone after its last failure.
fn cooling_down(tx: &Tx, loaded: &Loaded, phone: Msisdn) -> Option<Duration> {
    let last = loaded.case.attempts.last()?;
    let same = loaded
        .prompts
        .get(&last.id)
        .is_some_and(|prompt| prompt.phone_masked == phone.masked());
    let cooldown = Duration::from_secs(last.state.failure()?.cooldown_seconds.into());
    let rest = (last.state.ended_at()? + cooldown).since(tx.now);
    (same && !rest.is_zero()).then_some(rest)
}

async fn insert_attempt(tx: &mut Tx, loaded: &mut Loaded, phone: Msisdn) -> Result<Begun, Error> {
    let attempt = AttemptId::new(tx.now, tx.clock.chance());
    let (token, wire, masked) = (secret_letters(tx), phone.wire(), phone.masked());
    let amount = loaded.case.session.due();
    let ask_at = tx.timing.query_schedule.first().map(|wait| tx.now + *wait);
    let sealed = tx.vault.seal(Purpose::Phone, wire.as_bytes());
    let found_by = tx.vault.lookup_hash(&wire);
    tx.conn
        .run(
            "INSERT INTO attempts (id, session_id, channel_id, amount, token_hash, phone, phone_hash, phone_masked, status, \
             blocks, ask_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'created', 1, $9, $10)",
            args![
                attempt,
                loaded.id,
                loaded.channel,
                amount.shillings(),
                token_hash(&token),
                sealed,
                found_by,
                masked.clone(),
                ask_at.map(kaunta_domain::time::Timestamp::millis),
                tx.now,
            ],
        )
        .await?;
    loaded.prompts.insert(
        attempt,
        Prompt {
            phone_masked: masked,
            ask_at,
            asked_at: None,
        },
    );
    loaded.case.begin(Attempt {
        id: attempt,
        amount,
        state: AttemptState::Created,
        blocks: true,
        phone_tail: wire.chars().skip(wire.len() - 4).collect(),
        checkout_request_id: None,
        merchant_request_id: None,
        created_at: tx.now,
    });
    case::save(tx, &mut [loaded], &Default::default()).await?;
    Ok(Begun {
        session: loaded.id,
        attempt,
        channel: loaded.channel.to_string(),
        token,
        phone,
        amount,
        account: loaded.account.as_str().to_owned(),
    })
}
