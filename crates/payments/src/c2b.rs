//! Money that a shopper sends by hand: validation before it moves, confirmation after.

use kaunta_daraja::c2b::{C2b, Payer, ResponseType, Version, read_c2b};
use kaunta_daraja::{RegisterUrls, Registered};
use kaunta_domain::account_code::AccountCode;
use kaunta_domain::case::Outcome;
use kaunta_domain::event::EventType;
use kaunta_domain::id::{ChannelId, MerchantId, PaymentId, SessionId};
use kaunta_domain::msisdn::Msisdn;
use kaunta_domain::payment::{Money, Source};
use kaunta_domain::receipt::Receipt;
use sqlx::FromRow;
use url::Url;

use crate::Payments;
use crate::claim::claimed_by;
use crate::error::Error;
use crate::intake::Intake;
use crate::outbox::{NewEvent, write_events};
use crate::settle::{Evidence, Heard, Item, Target, keep_alone, settle};
use crate::store::Tx;
use crate::store::case::{self, ChannelKind};
use crate::store::conn::args;
use crate::vault::token_hash;

/// What M-Pesa is told before the money moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// `"0"` to let it move, or the code that picks the message the payer gets.
    pub result_code: &'static str,
    /// Comes back with the confirmation and names the session.
    pub third_party_trans_id: Option<String>,
}

const ACCEPTED: &str = "0";
const INVALID_ACCOUNT: &str = "C2B00012";
const OTHER_ERROR: &str = "C2B00016";

#[derive(FromRow, Clone)]
struct ChannelRow {
    id: String,
    merchant_id: String,
    livemode: i64,
    kind: String,
    shortcode: String,
}

impl Payments {
    /// Tells Safaricom where to ask and tell of money by hand.
    pub async fn register_channel(&self, id: ChannelId) -> Result<Registered, Error> {
        let channel = self.channel_of(&id.to_string()).await?;
        let address = |end: &str| {
            let text = format!("{}/rail/c2b/{}/{end}", self.public_url(), channel.c2b_token());
            Url::parse(&text).map_err(|_| Error::Rail("the public URL is not usable".to_owned()))
        };
        let request = RegisterUrls {
            short_code: channel.push_shortcode().to_owned(),
            // Where we do not answer in time the money moves all the same, and is recorded.
            response_type: ResponseType::Completed,
            confirmation_url: address("confirm")?,
            validation_url: address("validate")?,
            version: Version::V2,
        };
        let daraja = self.daraja(channel.livemode)?;
        daraja
            .register_c2b(&channel.app(), &request)
            .await
            .map_err(|error| Error::Rail(error.to_string()))
    }

    /// Answers M-Pesa before the money moves; nothing where the secret path names no channel. On any trouble of ours the
    /// money may move: the confirmation records it.
    pub async fn c2b_validate(&self, token: &str, body: Vec<u8>) -> Result<Option<Validation>, Error> {
        let Some(channel) = self.c2b_channel(token).await? else {
            return Ok(None);
        };
        let answer = match read_c2b(&body) {
            Ok(read) => self.verdict_on(&channel, &read).await?,
            Err(_) => Validation {
                result_code: ACCEPTED,
                third_party_trans_id: None,
            },
        };
        self.keep_question(&channel, body, answer.result_code).await?;
        Ok(Some(answer))
    }

    async fn verdict_on(&self, channel: &ChannelRow, read: &C2b) -> Result<Validation, Error> {
        let say = |result_code, third_party_trans_id| {
            Ok(Validation {
                result_code,
                third_party_trans_id,
            })
        };
        if ChannelKind::parse(&channel.kind) == ChannelKind::Till {
            return say(ACCEPTED, None);
        }
        let mut conn = self.store.read().await?;
        let typed = read.account.as_deref().unwrap_or_default();
        match session_of_account(&mut conn, &channel.id, typed).await? {
            Some(session) if matches!(session.status.as_str(), "open" | "processing") => {
                say(ACCEPTED, Some(session.id))
            }
            Some(_) => say(OTHER_ERROR, None),
            None => say(INVALID_ACCOUNT, None),
        }
    }

    /// The question is kept as it came, with what was answered.
    async fn keep_question(
        &self,
        channel: &ChannelRow,
        body: Vec<u8>,
        answer: &'static str,
    ) -> Result<(), Error> {
        let channel = case::parse(&channel.id, "channels", "id", &channel.id)?;
        let evidence = Evidence {
            kind: "c2b_validation",
            channel: Some(channel),
            body,
        };
        self.store
            .write(move |tx| {
                let evidence = evidence.clone();
                Box::pin(async move { keep_alone(tx, &evidence, answer).await })
            })
            .await
    }

    /// Records money that moved by hand. It cannot be refused any more, so it is always recorded.
    pub async fn c2b_confirm(&self, token: &str, body: Vec<u8>) -> Result<Intake, Error> {
        let Some(channel) = self.c2b_channel(token).await? else {
            return Ok(Intake::UnknownToken);
        };
        self.store
            .write(move |tx| {
                let (channel, body) = (channel.clone(), body.clone());
                Box::pin(async move { confirm(tx, &channel, body).await.map(|()| Intake::Kept) })
            })
            .await
    }

    async fn c2b_channel(&self, token: &str) -> Result<Option<ChannelRow>, Error> {
        let mut conn = self.store.read().await?;
        conn.row(
            "SELECT id, merchant_id, livemode, kind, shortcode FROM channels WHERE c2b_token_hash = $1",
            args![token_hash(token)],
        )
        .await
    }
}

#[derive(FromRow)]
struct Named {
    id: String,
    status: String,
}

/// The session whose account a person typed, or one that a single mistake made of it.
async fn session_of_account(
    conn: &mut crate::store::conn::Conn,
    channel: &str,
    typed: &str,
) -> Result<Option<Named>, Error> {
    if let Ok(found) = AccountCode::parse(typed) {
        let sql = "SELECT id, status FROM sessions WHERE channel_id = $1 AND account = $2";
        return conn.row(sql, args![channel, found.code().as_str()]).await;
    }
    // The check says that it is mistyped: it is put right where only one account that waits is a mistake away.
    let waiting = conn
        .rows::<(String,)>(
            "SELECT account FROM sessions WHERE channel_id = $1 AND status IN ('open', 'processing') ORDER BY id DESC LIMIT 1000",
            args![channel],
        )
        .await?;
    let accounts: Vec<AccountCode> = waiting
        .iter()
        .filter_map(|(text,)| AccountCode::parse(text).ok())
        .map(kaunta_domain::account_code::Found::code)
        .collect();
    let Some(meant) = AccountCode::closest(typed, accounts.iter()) else {
        return Ok(None);
    };
    let sql = "SELECT id, status FROM sessions WHERE channel_id = $1 AND account = $2";
    conn.row(sql, args![channel, meant.as_str()]).await
}

async fn confirm(tx: &mut Tx, channel: &ChannelRow, body: Vec<u8>) -> Result<(), Error> {
    let channel_id: ChannelId = case::parse(&channel.id, "channels", "id", &channel.id)?;
    let evidence = Evidence {
        kind: "c2b_confirmation",
        channel: Some(channel_id),
        body,
    };
    let Ok(read) = read_c2b(&evidence.body) else {
        return keep_alone(tx, &evidence, "unreadable").await;
    };
    let Some(money) = money(&read, ChannelKind::parse(&channel.kind)) else {
        return keep_alone(tx, &evidence, "unreadable").await;
    };
    if let Some(session) = session_of(tx, channel, &read).await? {
        let item = Item {
            target: Target::Session(session),
            heard: Heard::Money(money),
            evidence: Some(evidence.clone()),
        };
        let settled = settle(tx, &[item]).await?;
        let elsewhere = settled
            .iter()
            .flatten()
            .any(|verdict| matches!(verdict.outcome, Outcome::Doubted(_)));
        return if elsewhere {
            Ok(())
        } else {
            remember_bill_ref(tx, channel, &read).await
        };
    }
    keep_unmatched(tx, channel, &read, &money, &evidence).await
}

/// The session that the money names: by what we gave M-Pesa at validation, else by the account.
async fn session_of(tx: &mut Tx, channel: &ChannelRow, read: &C2b) -> Result<Option<SessionId>, Error> {
    if let Some(id) = read
        .third_party_id
        .as_deref()
        .and_then(|text| text.parse::<SessionId>().ok())
    {
        let sql = "SELECT id, status FROM sessions WHERE id = $1 AND channel_id = $2";
        if tx
            .conn
            .row::<Named>(sql, args![id, channel.id.as_str()])
            .await?
            .is_some()
        {
            return Ok(Some(id));
        }
    }
    // A receipt that is on a session's books already is that session's, whatever was typed.
    let known = tx
        .conn
        .row::<(String,)>(
            "SELECT session_id FROM payments WHERE shortcode = $1 AND livemode = $2 AND receipt = $3 AND session_id IS NOT NULL",
            args![channel.shortcode.as_str(), channel.livemode, receipt_text(read)],
        )
        .await?;
    if let Some((id,)) = known {
        return case::parse(&id, "payments", "session_id", &id).map(Some);
    }
    let claimed = claimed_by(tx, &channel.shortcode, channel.livemode == 1, &receipt_text(read)).await?;
    if claimed.is_some() {
        return Ok(claimed);
    }
    let typed = read.account.as_deref().unwrap_or_default();
    let found = session_of_account(&mut tx.conn, &channel.id, typed).await?;
    found
        .map(|named| case::parse(&named.id, "sessions", "id", &named.id))
        .transpose()
}

fn receipt_text(read: &C2b) -> String {
    Receipt::wire(&read.receipt)
        .map(|receipt| receipt.as_str().to_owned())
        .unwrap_or_default()
}

fn money(read: &C2b, kind: ChannelKind) -> Option<Money> {
    let (payer_masked, payer_tail) = payer(&read.payer);
    Some(Money {
        receipt: Some(Receipt::wire(&read.receipt).ok()?),
        amount: Some(read.amount),
        method: kind.method(),
        source: Source::C2b,
        payer_masked,
        payer_tail,
        paid_at: read.at,
    })
}

/// The payer as it may be shown, and the digits of the number that Safaricom left to see.
fn payer(payer: &Payer) -> (Option<String>, Option<String>) {
    match payer {
        Payer::Full(phone) => {
            let read = Msisdn::parse(phone).ok();
            (read.map(Msisdn::masked), read.map(Msisdn::masked))
        }
        Payer::Masked(text) => (Some(text.split_whitespace().collect()), Some(text.clone())),
        _ => (None, None),
    }
}

async fn remember_bill_ref(tx: &mut Tx, channel: &ChannelRow, read: &C2b) -> Result<(), Error> {
    let sql = "UPDATE payments SET bill_ref = $4 WHERE shortcode = $1 AND livemode = $2 AND receipt = $3";
    let args = args![
        channel.shortcode.as_str(),
        channel.livemode,
        receipt_text(read),
        read.account.clone()
    ];
    tx.conn.run(sql, args).await.map(drop)
}

/// Money that names no session: on the books, and told.
async fn keep_unmatched(
    tx: &mut Tx,
    channel: &ChannelRow,
    read: &C2b,
    money: &Money,
    evidence: &Evidence,
) -> Result<(), Error> {
    let id = PaymentId::new(tx.now, tx.clock.chance());
    let (amount, cents) = (money.amount.unwrap_or_default(), i64::from(read.cents));
    let paid_at = money.paid_at.unwrap_or(tx.now);
    let inserted = tx
        .conn
        .run(
            "INSERT INTO payments (id, merchant_id, channel_id, livemode, shortcode, receipt, amount, cents, method, source, \
             payer_masked, bill_ref, paid_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'c2b', $10, $11, $12, $13) \
             ON CONFLICT (shortcode, livemode, receipt) DO NOTHING",
            args![
                id,
                channel.merchant_id.as_str(),
                channel.id.as_str(),
                channel.livemode,
                channel.shortcode.as_str(),
                receipt_text(read),
                amount.shillings(),
                cents,
                money.method.as_str(),
                money.payer_masked.clone(),
                read.account.clone(),
                paid_at,
                tx.now,
            ],
        )
        .await?;
    if inserted == 0 {
        return keep_alone(tx, evidence, "already_credited").await;
    }
    keep_alone(tx, evidence, "unmatched").await?;
    let merchant: MerchantId = case::parse(&channel.merchant_id, "channels", "merchant_id", &channel.id)?;
    let object = kaunta_domain::api::PaymentObject {
        id,
        object: "payment",
        session: None,
        livemode: channel.livemode == 1,
        receipt: money.receipt.as_ref().map(|receipt| receipt.as_str().to_owned()),
        amount,
        currency: "KES",
        method: money.method,
        completion_source: Source::C2b,
        payer_masked: money.payer_masked.clone(),
        paid_at,
    };
    let livemode = channel.livemode == 1;
    let event = NewEvent::alone(tx, merchant, livemode, EventType::C2bUnmatched, object)?;
    write_events(tx, &[event]).await
}
