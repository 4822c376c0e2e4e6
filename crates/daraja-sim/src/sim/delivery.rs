//! What leaves the simulator: callbacks at their time, and the question whether a payment is welcome.

use std::sync::PoisonError;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;

use super::Sim;
use crate::config::Callbacks;
use crate::outbox::Outgoing;
use crate::state::Unanswered;
use crate::state::menu::{Decline, Order, Prepared, Receipt};

/// How long Safaricom waits for a merchant to take a callback.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer waits for a test to take the callback that must come first, where no receiver is set.
const HOLD_GRACE: Duration = Duration::from_millis(500);

impl Sim {
    /// Lets timers run and callbacks leave, each at its time.
    pub(super) async fn run_clockwork(self) {
        loop {
            let (due, next) = self.with(|state| {
                let sends = state.config.callbacks == Callbacks::Send;
                let due = if sends { state.take_due() } else { Vec::new() };
                (
                    due,
                    state
                        .next_event()
                        .filter(|_| state.clock_runs())
                        .map(|at| at - state.now()),
                )
            });
            for outgoing in due {
                let sim = self.clone();
                tokio::spawn(async move { sim.deliver(&outgoing).await });
            }
            let sleep = next.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0).max(1)));
            let timer = async {
                match sleep {
                    Some(duration) => tokio::time::sleep(duration).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.0.stop.cancelled() => return,
                () = self.0.wake.notified() => {}
                () = timer => {}
            }
        }
    }

    /// One try. Whatever the merchant answers, Safaricom does not come again.
    async fn deliver(&self, outgoing: &Outgoing) {
        let request = self
            .0
            .http
            .post(&outgoing.url)
            .header(CONTENT_TYPE, "application/json;charset=UTF-8")
            .header("Businessshortcode", &outgoing.shortcode)
            .body(outgoing.body.clone());
        let _ = request.send().await;
    }

    /// Delivers one callback before the push that it belongs to is answered; where callbacks are held, gives
    /// the test a moment to take it.
    pub(crate) async fn deliver_first(&self, id: u64) {
        let held = self.state().config.callbacks == Callbacks::Hold;
        let receiver = self
            .0
            .receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if !held || receiver.is_some() {
            match (self.with(|state| state.take_one(id)), receiver.filter(|_| held)) {
                (Some(outgoing), Some(receive)) => receive(outgoing).await,
                (Some(outgoing), None) => self.deliver(&outgoing).await,
                (None, _) => {}
            }
            return;
        }
        let taken = async {
            while self.state().outbox.values().any(|outgoing| outgoing.id == id) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let _ = tokio::time::timeout(HOLD_GRACE, taken).await;
    }

    /// The simulate endpoint's payment, which nobody waits for.
    pub(crate) fn pay_in_background(&self, msisdn: String, order: Order) {
        let sim = self.clone();
        tokio::spawn(async move {
            if let Ok(prepared) = sim.with(|state| state.prepare_menu(&msisdn, order, None)) {
                let _ = sim.finish_menu(prepared).await;
            }
        });
    }

    pub(super) async fn finish_menu(&self, mut prepared: Prepared) -> Result<Receipt, Decline> {
        let third_party = self.ask_validation(&prepared).await?;
        Ok(self.with(|state| state.complete_menu(&mut prepared, &third_party)))
    }

    /// Asks the merchant; gives its `ThirdPartyTransID`.
    async fn ask_validation(&self, prepared: &Prepared) -> Result<String, Decline> {
        let Some((registration, body)) = &prepared.validation else {
            return Ok(String::new());
        };
        let (deadline, shortcode) = {
            let state = self.state();
            let number = state.shortcode(prepared.moved.shortcode).number.clone();
            (state.config.pace.validation_deadline, number)
        };
        let request = self
            .0
            .http
            .post(&registration.validation)
            .timeout(deadline)
            .header(CONTENT_TYPE, "application/json;charset=UTF-8")
            .header("Businessshortcode", shortcode)
            .body(body.clone());
        match read_validation(request).await {
            Some(Validated::Accepted(third_party)) => Ok(third_party),
            Some(Validated::Refused(result_code)) => Err(Decline::Refused { result_code }),
            None if registration.unanswered == Unanswered::Completed => Ok(String::new()),
            None => Err(Decline::Cancelled),
        }
    }
}

enum Validated {
    Accepted(String),
    Refused(String),
}

/// `None` where the merchant was not reached, was late, or said nothing that can be read.
async fn read_validation(request: reqwest::RequestBuilder) -> Option<Validated> {
    let response = request.send().await.ok()?.error_for_status().ok()?;
    let reply: serde_json::Value = serde_json::from_slice(&response.bytes().await.ok()?).ok()?;
    let code = match reply.get("ResultCode")? {
        serde_json::Value::String(code) => code.clone(),
        serde_json::Value::Number(code) => code.to_string(),
        _ => return None,
    };
    if code != "0" {
        return Some(Validated::Refused(code));
    }
    let third_party = reply
        .get("ThirdPartyTransID")
        .and_then(|id| id.as_str())
        .unwrap_or_default();
    Some(Validated::Accepted(third_party.to_owned()))
}

pub(super) fn client() -> std::io::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .timeout(CALLBACK_TIMEOUT)
        .connect_timeout(CALLBACK_TIMEOUT)
        .redirect(Policy::none());
    builder.build().map_err(std::io::Error::other)
}
