//! `kaunta demo`: the real server on an embedded database, with a pretend Safaricom beside it that is spoken to over
//! HTTP, a small shop, and a phone to answer the prompts with.

mod goods;
mod shop;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use daraja_sim::{Shortcode, Sim, Validation};
use kaunta_domain::api::Details;
use kaunta_domain::id::{ChannelId, MerchantId, SessionId};
use kaunta_domain::limits::EXPIRES_IN_SECONDS;
use kaunta_payments::{Caller, Error, NewMerchant, NewSession, Payments, Scopes};
use url::Url;

use crate::cli::{Failure, sandbox_channel, say};
use crate::config::Settings;
use crate::router;
use crate::serve::{Server, bind};
use crate::state::AppState;
use goods::Good;

/// The shop of the demo.
const NAME: &str = "Duka Bora";

/// The seeded merchant, as the shop's own server knows it.
#[derive(Clone)]
struct Merchant {
    caller: Caller,
    channel: ChannelId,
    api_key: Arc<str>,
}

/// `kaunta demo`
pub(crate) async fn demo(settings: Settings) -> Result<(), Failure> {
    // Gone with its books when the demo ends.
    let folder = tempfile::Builder::new()
        .prefix("kaunta-demo-")
        .tempdir()
        .map_err(Failure::machine("the demo has no place for its books"))?;
    let sim = Sim::start(pretend_safaricom())
        .await
        .map_err(Failure::machine("the pretend Safaricom cannot start"))?;
    let settings = settings.for_demo(&folder.path().join("kaunta.db"), base_url(&sim)?);
    let listener = bind(&settings).await?;
    let server = Server::open(settings, listener).await?;
    let merchant = seed(&server.state.payments).await?;
    server.state.payments.register_channel(merchant.channel).await?;
    let first = sell(&server.state, &merchant.caller, &goods::GOODS[0], None).await?;
    let app = router::router()
        .merge(routes(merchant.clone()))
        .nest("/demo/phone", daraja_sim::phone_router(&sim).with_state(()));
    let app = router::finished(app, server.state.clone());
    announce(&server.state.public_url, first, &merchant.api_key);
    let closing = server.state.closing.clone();
    // The phone's page waits for news, and would hold the end up.
    let stop_sim = async {
        closing.cancelled().await;
        sim.stop().await;
    };
    tokio::join!(server.run(app), stop_sim).0
}

fn routes(merchant: Merchant) -> Router<AppState> {
    let shop = Router::new()
        .route("/", get(shop::window))
        .route("/buy/{item}", post(shop::buy))
        .route("/thanks", get(shop::thanks))
        .layer(axum::Extension(merchant));
    Router::new().nest("/demo", shop)
}

/// Safaricom's sandbox, with the validation that real shortcodes get by asking Safaricom.
fn pretend_safaricom() -> daraja_sim::Config {
    let shortcodes = Shortcode::sandbox().into_iter().map(|code| Shortcode {
        validation: Validation::On,
        ..code
    });
    daraja_sim::Config {
        shortcodes: shortcodes.collect(),
        ..daraja_sim::Config::default()
    }
}

fn base_url(sim: &Sim) -> Result<Url, Failure> {
    Url::parse(&sim.base_url())
        .map_err(|error| Failure::Other(format!("the pretend Safaricom has no address: {error}")))
}

/// The demo's merchant, made anew or found in books that were kept, with a key of this start.
async fn seed(payments: &Payments) -> Result<Merchant, Failure> {
    let known = payments
        .merchants()
        .await?
        .into_iter()
        .find(|merchant| merchant.name == NAME);
    let (merchant, channel, api_key) = match known {
        None => {
            let new = NewMerchant {
                name: NAME.to_owned(),
                livemode: false,
                origins: Vec::new(),
                channel: sandbox_channel(),
            };
            let made = payments.create_merchant(new).await?;
            (made.merchant, made.channel, made.api_key)
        }
        Some(known) => {
            let merchant: MerchantId = known.id.parse().map_err(|_| Error::NotFound)?;
            let channels = payments.channels(Some(merchant)).await?;
            let channel = channels
                .iter()
                .find(|channel| channel.livemode == 0)
                .ok_or(Error::NotFound)?;
            let channel = channel.id.parse().map_err(|_| Error::NotFound)?;
            (
                merchant,
                channel,
                payments.create_key(merchant, false, Scopes::all()).await?.api_key,
            )
        }
    };
    let caller = Caller {
        merchant,
        livemode: false,
        scopes: Scopes::all(),
    };
    Ok(Merchant {
        caller,
        channel,
        api_key: api_key.reveal().into(),
    })
}

/// Asks to be paid for one of the goods, by the same door as the merchant API. The order is the shop's own name for it.
async fn sell(
    state: &AppState,
    caller: &Caller,
    good: &Good,
    order: Option<String>,
) -> Result<SessionId, Error> {
    let back = |path: &str| Some(format!("{}{path}", state.public_url));
    let new = NewSession {
        amount: good.price,
        client_reference_id: order,
        customer_phone: None,
        expires_in: Duration::from_secs(EXPIRES_IN_SECONDS.1.unsigned_abs()),
        channel: None,
        details: Details {
            description: Some(good.name.to_owned()),
            line_items: vec![good.line_item()],
            success_url: back("demo/thanks?session={CHECKOUT_SESSION_ID}"),
            cancel_url: back("demo"),
            ..Details::default()
        },
    };
    let answer = state.payments.create_session(caller, new, None).await?;
    let session: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    session["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .ok_or(Error::NotFound)
}

fn announce(public_url: &Url, first: SessionId, api_key: &str) {
    say("Kaunta demo is ready. No real money moves; the PIN of every phone is 1234.");
    say("");
    say(&format!("  shop      {public_url}demo"));
    say(&format!("  checkout  {public_url}c/{first}"));
    say(&format!("  phone     {public_url}demo/phone"));
    say("");
    say(&format!("  API key   {api_key}"));
    say("");
    say("Open the phone beside the checkout: the prompt appears there. Ctrl-C ends the demo.");
}
