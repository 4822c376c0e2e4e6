//! What the shopper's page shows, as plain owned data; and how it learns of a change.

use std::time::Duration;

use kaunta_domain::account_code::AccountCode;
use kaunta_domain::api::{Appearance, LineItem, Locale};
use kaunta_domain::attempt::Attempt;
use kaunta_domain::case::Phase;
use kaunta_domain::failure::{Failure, FailureCode};
use kaunta_domain::id::SessionId;
use kaunta_domain::limits::{POLL_WAIT, PROMPT_LIVES};
use kaunta_domain::money::Kes;
use kaunta_domain::msisdn::Msisdn;
use kaunta_domain::receipt::Receipt;
use kaunta_domain::time::Timestamp;
use sqlx::FromRow;

use crate::Payments;
use crate::error::Error;
use crate::hub::{Heard, Pulse};
use crate::store::case::{self, ChannelKind, Loaded};
use crate::store::conn::args;
use crate::vault::Purpose;
use crate::view;

/// Everything that a page of a session shows.
#[derive(Debug, Clone)]
pub struct Page {
    /// The session.
    pub session: SessionId,
    /// Rises with every change.
    pub version: i64,
    /// Which screen.
    pub phase: Phase,
    /// Whether real money moves.
    pub livemode: bool,
    /// Who is paid.
    pub merchant_name: String,
    /// The sites that may frame the page.
    pub origins: Vec<String>,
    /// What is asked for.
    pub amount: Kes,
    /// What came.
    pub received: Kes,
    /// What is still to pay.
    pub due: Kes,
    /// What is sold.
    pub description: Option<String>,
    /// The basket.
    pub line_items: Vec<LineItem>,
    /// The language that the shop wishes.
    pub locale: Locale,
    /// How it looks.
    pub appearance: Option<Appearance>,
    /// Where to pay by hand.
    pub by_hand: ByHand,
    /// When the steps of paying by hand open by themselves.
    pub by_hand_from: Option<Timestamp>,
    /// The last prompt.
    pub attempt: Option<PageAttempt>,
    /// The money that came, oldest first.
    pub payments: Vec<PagePayment>,
    /// Where to go when it is paid.
    pub success_url: Option<String>,
    /// Where to go without paying.
    pub cancel_url: Option<String>,
    /// The number that is asked when the field stays empty: `0712 ••• 678`.
    pub phone_hint: Option<String>,
    /// When this was read.
    pub now: Timestamp,
    /// When the session closes.
    pub expires_at: Timestamp,
}

/// Where to pay by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByHand {
    /// To a paybill.
    Paybill {
        /// The business number.
        number: String,
        /// The account that names the session.
        account: AccountCode,
    },
    /// To a till.
    Till {
        /// The till number.
        number: String,
    },
}

/// The last prompt.
#[derive(Debug, Clone)]
pub struct PageAttempt {
    /// The phone that was asked: `0712 ••• 678`.
    pub phone_local_masked: String,
    /// Where it stands, by its name in the API.
    pub status: &'static str,
    /// Why no money came.
    pub failure: Option<Failure>,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it disappears from the phone.
    pub prompt_ends_at: Timestamp,
    /// When M-Pesa was asked about it.
    pub asked_at: Vec<Timestamp>,
    /// When M-Pesa is asked next.
    pub ask_next_at: Option<Timestamp>,
    /// When this phone may be asked again.
    pub retry_at: Option<Timestamp>,
}

/// Money that came.
#[derive(Debug, Clone)]
pub struct PagePayment {
    /// M-Pesa's code, once known.
    pub receipt: Option<String>,
    /// How much.
    pub amount: Kes,
    /// The payer as it may be shown.
    pub payer_masked: Option<String>,
    /// When M-Pesa moved it.
    pub paid_at: Timestamp,
}

#[derive(FromRow)]
struct ShownRow {
    name: String,
    origins: String,
    phone: Option<Vec<u8>>,
}

impl Payments {
    /// What the page of a session shows; nothing where there is no such session.
    pub async fn page(&self, id: SessionId) -> Result<Option<Page>, Error> {
        let mut conn = self.store.read().await?;
        let Some(loaded) = case::look(&mut conn, self.store.vault(), id).await? else {
            return Ok(None);
        };
        // The phone that was asked last, else the one that the shop named.
        let shown = conn
            .row::<ShownRow>(
                "SELECT m.name, m.origins, COALESCE((SELECT a.phone FROM attempts a WHERE a.session_id = s.id ORDER BY a.id DESC \
                 LIMIT 1), s.customer_phone) AS phone FROM sessions s JOIN merchants m ON m.id = s.merchant_id WHERE s.id = $1",
                args![id],
            )
            .await?
            .ok_or(Error::NotFound)?;
        drop(conn);
        Ok(Some(self.compose(&loaded, shown)?))
    }

    fn compose(&self, loaded: &Loaded, shown: ShownRow) -> Result<Page, Error> {
        let details = view::details(loaded)?;
        let session = &loaded.case.session;
        let fill = |url: String| url.replace("{CHECKOUT_SESSION_ID}", &loaded.id.to_string());
        let origins = serde_json::from_str(&shown.origins).map_err(|_| Error::Inconsistent {
            table: "merchants",
            column: "origins",
            row: loaded.merchant.to_string(),
        })?;
        let phone = shown
            .phone
            .map(|sealed| self.store.vault().open_text(Purpose::Phone, &sealed))
            .transpose()?;
        let phone = phone
            .and_then(|text| Msisdn::parse(&text).ok())
            .map(Msisdn::local_masked);
        let (last, phone_hint) = (loaded.case.attempts.last(), phone.clone());
        Ok(Page {
            session: loaded.id,
            version: loaded.version,
            phase: loaded.case.phase(),
            livemode: loaded.livemode,
            merchant_name: shown.name,
            origins,
            amount: session.amount,
            received: session.received,
            due: session.due(),
            description: details.description,
            line_items: details.line_items,
            locale: details.locale,
            appearance: details.appearance,
            by_hand: match loaded.kind {
                ChannelKind::Paybill => ByHand::Paybill {
                    number: loaded.shortcode.clone(),
                    account: loaded.account,
                },
                ChannelKind::Till => ByHand::Till {
                    number: loaded.shortcode.clone(),
                },
            },
            by_hand_from: by_hand_from(loaded, self.timing.fallback_after),
            attempt: last.map(|attempt| page_attempt(attempt, loaded, phone.unwrap_or_default())),
            payments: loaded.case.payments.iter().map(page_payment).collect(),
            success_url: details.success_url.map(fill),
            cancel_url: details.cancel_url.map(fill),
            phone_hint,
            now: self.clock().now(),
            expires_at: session.expires_at,
        })
    }

    /// What a waiting page asks: what is newer than `seen`, or nothing when `wait` (at most 25 s) is over.
    ///
    /// The error is [`Error::NotFound`] where there is no such session.
    pub async fn pulse(&self, id: SessionId, seen: i64, wait: Duration) -> Result<Option<Pulse>, Error> {
        let until = tokio::time::Instant::now() + wait.min(POLL_WAIT);
        loop {
            let waiting = match self.store.hub().ask(id, seen) {
                Heard::Newer(pulse) => return Ok(Some(pulse)),
                Heard::Unknown => {
                    self.learn(id).await?;
                    continue;
                }
                Heard::Wait(waiting) => waiting,
            };
            let mut woken = std::pin::pin!(waiting.notified());
            woken.as_mut().enable();
            // What was published between asking and enabling woke nobody: ask again before sleeping.
            if let Heard::Newer(pulse) = self.store.hub().ask(id, seen) {
                return Ok(Some(pulse));
            }
            if tokio::time::timeout_at(until, woken).await.is_err() {
                return Ok(None);
            }
        }
    }

    async fn learn(&self, id: SessionId) -> Result<(), Error> {
        let mut conn = self.store.read().await?;
        let loaded = case::look(&mut conn, self.store.vault(), id)
            .await?
            .ok_or(Error::NotFound)?;
        self.store.hub().learn(
            id,
            Pulse {
                version: loaded.version,
                phase: loaded.case.phase(),
            },
        );
        Ok(())
    }
}

fn page_attempt(attempt: &Attempt, loaded: &Loaded, phone: String) -> PageAttempt {
    let prompt = loaded.prompts.get(&attempt.id);
    let cooldown = |failure: &Failure| Duration::from_secs(failure.cooldown_seconds.into());
    let retry_at = attempt
        .state
        .failure()
        .zip(attempt.state.ended_at())
        .map(|(failure, at)| at + cooldown(failure));
    PageAttempt {
        phone_local_masked: phone,
        status: attempt.state.name(),
        failure: attempt.state.failure().cloned(),
        created_at: attempt.created_at,
        prompt_ends_at: attempt.created_at + PROMPT_LIVES,
        asked_at: prompt.and_then(|prompt| prompt.asked_at).into_iter().collect(),
        ask_next_at: prompt.and_then(|prompt| prompt.ask_at),
        retry_at,
    }
}

fn page_payment(payment: &kaunta_domain::payment::Payment) -> PagePayment {
    PagePayment {
        receipt: payment.receipt.as_ref().map(Receipt::as_str).map(str::to_owned),
        amount: payment.amount,
        payer_masked: payment.payer_masked.clone(),
        paid_at: payment.paid_at,
    }
}

/// Failures after which another prompt helps little: the steps of paying by hand are shown at once.
const HAND_HELPS: [FailureCode; 4] = [
    FailureCode::Unreachable,
    FailureCode::PromptFailed,
    FailureCode::LineBusy,
    FailureCode::SystemBusy,
];

fn by_hand_from(loaded: &Loaded, after: Duration) -> Option<Timestamp> {
    let last = loaded.case.attempts.last()?;
    match loaded.case.phase() {
        Phase::Failed(code) if HAND_HELPS.contains(&code) => last.state.ended_at(),
        Phase::Sending | Phase::Waiting => Some(last.created_at + after),
        _ => None,
    }
}
