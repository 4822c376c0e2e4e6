//! A prompt onto a phone: the row before the request, the request once, and what was heard of it after.

mod row;

use crate::Payments;
use crate::error::Error;
use crate::idempotency::{self, Answer, Once, Seen};
use crate::merchants::{self, Caller, Channel, Number};
use crate::rail;
use crate::sessions::own;
use crate::settle::{Heard, Item, Target, settle};
use crate::store::case::{self};
use crate::view;
use kaunta_daraja::{AccountReference, Description, Push, TransactionKind};
use kaunta_domain::case::{Ids, News};
use kaunta_domain::failure::{Failure, FailureCode};
use kaunta_domain::id::{AttemptId, SessionId};
use kaunta_domain::money::Kes;
use kaunta_domain::msisdn::Msisdn;
use url::Url;

use row::{Patience, write_attempt};

/// What the prompt says beside the shop's name. At most 13 characters.
const PROMPT_TEXT: &str = "Payment";

/// A prompt whose row is on disk and that is still to be sent.
#[derive(Clone)]
struct Begun {
    session: SessionId,
    attempt: AttemptId,
    channel: String,
    token: String,
    phone: Msisdn,
    amount: Kes,
    account: String,
}

enum Start {
    Answered(Answer),
    Begun(Box<Begun>),
}

impl Payments {
    /// Sends a prompt to `phone`; the answer is the attempt.
    ///
    /// The work goes on when the caller stops waiting: a prompt that went out is never forgotten.
    pub async fn start_attempt(
        &self,
        caller: &Caller,
        id: SessionId,
        phone: Msisdn,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (engine, caller) = (self.clone(), caller.clone());
        let work = async move {
            match engine
                .begin(Some(caller.clone()), id, Some(phone), once.clone())
                .await?
            {
                Start::Answered(answer) => Ok(answer),
                Start::Begun(begun) => engine.send(*begun, Some((caller, once))).await,
            }
        };
        self.tasks.spawn(work).await.map_err(|_| Error::Closed)?
    }

    /// Sends a prompt for the shopper at the page: to `phone`, or to the number that was used last.
    pub async fn pay(&self, id: SessionId, phone: Option<Msisdn>) -> Result<(), Error> {
        let engine = self.clone();
        let work = async move {
            match engine.begin(None, id, phone, None).await? {
                Start::Answered(_) => Ok(()),
                Start::Begun(begun) => engine.send(*begun, None).await.map(drop),
            }
        };
        self.tasks.spawn(work).await.map_err(|_| Error::Closed)?
    }

    async fn begin(
        &self,
        caller: Option<Caller>,
        id: SessionId,
        phone: Option<Msisdn>,
        once: Option<Once>,
    ) -> Result<Start, Error> {
        self.store
            .write(move |tx| {
                let (caller, once) = (caller.clone(), once.clone());
                Box::pin(async move {
                    let mut loaded = match &caller {
                        Some(caller) => {
                            if let Seen::Answered(answer) =
                                idempotency::take(tx, caller, once.as_ref()).await?
                            {
                                return Ok(Start::Answered(answer));
                            }
                            own(tx, caller, id).await?
                        }
                        None => case::load(tx, &[id].into())
                            .await?
                            .remove(&id)
                            .ok_or(Error::NotFound)?,
                    };
                    // A shop's server is trusted to know what it does; a shopper's finger is held back while M-Pesa asks for it.
                    let patience = if caller.is_some() {
                        Patience::Waived
                    } else {
                        Patience::Kept
                    };
                    let begun = write_attempt(tx, &mut loaded, phone, patience).await?;
                    Ok(Start::Begun(Box::new(begun)))
                })
            })
            .await
    }

    /// Asks Safaricom for the prompt and settles what is heard, with the idempotent answer in the same commit.
    async fn send(&self, begun: Begun, asked_by: Option<(Caller, Option<Once>)>) -> Result<Answer, Error> {
        let (news, refused) = self.push(&begun).await;
        let (session, attempt) = (begun.session, begun.attempt);
        let answer = self
            .store
            .write(move |tx| {
                let (news, asked_by, refused) = (news.clone(), asked_by.clone(), refused.clone());
                Box::pin(async move {
                    let target = Target::Attempt(session, attempt);
                    settle(
                        tx,
                        &[Item {
                            target,
                            heard: Heard::News(news),
                            evidence: None,
                        }],
                    )
                    .await?;
                    let loaded = case::load(tx, &[session].into())
                        .await?
                        .remove(&session)
                        .ok_or(Error::NotFound)?;
                    let found = loaded
                        .case
                        .attempts
                        .iter()
                        .find(|known| known.id == attempt)
                        .ok_or(Error::NotFound)?;
                    let mut answer = Answer::fresh(view::json_text(&view::attempt_object(found, &loaded))?);
                    answer.refused = refused.as_ref().map(|error| error.code().to_owned());
                    if let Some((caller, once)) = &asked_by {
                        idempotency::keep(tx, caller, once.as_ref(), &answer).await?;
                    }
                    Ok((answer, refused))
                })
            })
            .await?;
        match answer {
            (_, Some(refusal)) => Err(refusal.into()),
            (answer, None) => Ok(answer),
        }
    }

    /// The push itself: what the attempt hears of it, and what the caller is told where nothing was sent.
    async fn push(&self, begun: &Begun) -> (News, Option<Refusal>) {
        let channel = match self.channel_of(&begun.channel).await {
            Ok(channel) => channel,
            Err(error) => {
                tracing::error!(%error, "a channel could not be read; its prompt was not sent");
                let failure = Failure::new(FailureCode::Misconfigured, None);
                return (
                    News::Refused(failure.clone()),
                    Some(Refusal::Unavailable(failure)),
                );
            }
        };
        let request = match push_request(&channel, begun, self.public_url()) {
            Ok(request) => request,
            Err(failure) => {
                return (
                    News::Refused(failure.clone()),
                    Some(Refusal::Unavailable(failure)),
                );
            }
        };
        let Ok(daraja) = self.daraja(channel.livemode) else {
            let failure = Failure::new(FailureCode::Misconfigured, None);
            return (
                News::Refused(failure.clone()),
                Some(Refusal::Unavailable(failure)),
            );
        };
        match daraja.push(&channel.app(), &request).await {
            Ok(pushed) => {
                let some = |text: String| (!text.is_empty()).then_some(text);
                let (checkout, merchant) =
                    (some(pushed.checkout_request_id), some(pushed.merchant_request_id));
                (News::Accepted(Ids { checkout, merchant }), None)
            }
            Err(error) => {
                tracing::warn!(attempt = %begun.attempt, %error, "a push was not taken");
                heard_of(&error)
            }
        }
    }

    pub(crate) async fn channel_of(&self, id: &str) -> Result<Channel, Error> {
        let mut conn = self.store.read().await?;
        merchants::channel(&mut conn, self.store.vault(), "id = $1", id)
            .await?
            .ok_or(Error::NotFound)
    }
}

/// Why nothing was sent, as the caller is told.
#[derive(Debug, Clone)]
enum Refusal {
    Unavailable(Failure),
    Phone(Failure),
}

impl Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "mpesa_unavailable",
            Self::Phone(_) => "validation_failed",
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unavailable(failure) => Self::MpesaUnavailable(failure),
            Refusal::Phone(failure) => Self::PhoneRefused(failure),
        }
    }
}

fn heard_of(error: &kaunta_daraja::Error) -> (News, Option<Refusal>) {
    let Some(failure) = rail::refusal(error) else {
        return (News::AnswerLost, None);
    };
    let refusal = match failure.code {
        // M-Pesa is there and answered about this line: the attempt says how it ended.
        FailureCode::LineBusy => None,
        _ if rail::is_about_phone(error) => Some(Refusal::Phone(failure.clone())),
        _ => Some(Refusal::Unavailable(failure.clone())),
    };
    (News::Refused(failure), refusal)
}

fn push_request(channel: &Channel, begun: &Begun, public_url: &str) -> Result<Push, Failure> {
    let misconfigured = || Failure::new(FailureCode::Misconfigured, None);
    let phone = begun.phone.wire();
    let kind = match channel.number {
        Number::Paybill(_) => TransactionKind::PayBill,
        Number::Till { .. } => TransactionKind::BuyGoods,
    };
    Ok(Push {
        short_code: channel.push_shortcode().to_owned(),
        pass_key: channel.pass_key(),
        kind,
        amount: begun.amount,
        party_a: phone.clone(),
        party_b: channel.party_b().to_owned(),
        phone,
        callback_url: Url::parse(&format!("{public_url}/rail/stk/{}", begun.token))
            .map_err(|_| misconfigured())?,
        account_reference: AccountReference::new(&begun.account).map_err(|_| misconfigured())?,
        description: Description::new(PROMPT_TEXT).map_err(|_| misconfigured())?,
    })
}
