//! The control API under `/sim`: what [`Sim`] can do, in JSON, for programs in other languages.
//!
//! Everything about one phone is in [`handset_routes`], which the phone page uses as well.

use std::time::Duration;

use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::UnixMs;
use crate::handset::{Handset, HandsetSettings, NoSuchPrompt, Prompt};
use crate::state::menu::{Decline, Payment, Receipt};
use crate::{Faults, LedgerEntry, Outgoing, Sim, TABLE};

/// How long a request for news waits.
const WAIT: Duration = Duration::from_secs(25);

/// How long after its last request a page still counts as looking at its phone.
const ATTENTION_MS: UnixMs = 40_000;

/// Phones: their prompts, their settings, their menu.
pub(crate) fn handset_routes() -> Router<Sim> {
    Router::new()
        .route("/prompts", get(prompts))
        .route("/prompts/{id}/pin", post(enter_pin))
        .route("/prompts/{id}/cancel", post(cancel))
        .route("/prompts/{id}/ignore", post(ignore))
        .route("/handsets/{msisdn}", get(handset).patch(change_handset))
        .route("/handsets/{msisdn}/attend", post(attend))
        .route("/handsets/{msisdn}/wait", get(wait))
        .route("/handsets/{msisdn}/pay", post(pay))
}

/// The phones, and what is behind the curtain.
pub(crate) fn router() -> Router<Sim> {
    handset_routes()
        .route("/ledger", get(ledger))
        .route("/outbox/take", post(take_outbox))
        .route("/faults", put(set_faults).get(faults))
        .route("/script", get(script).post(script_next))
        .route("/clock", get(clock).post(advance))
}

/// A phone number in a path, as people write it.
struct Msisdn(String);

/// `0708 374 149`, `+254708374149` and the like, as Daraja writes them.
pub(crate) fn parse_msisdn(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let subscriber = digits
        .strip_prefix("254")
        .or_else(|| digits.strip_prefix('0'))
        .unwrap_or(&digits);
    let valid = subscriber.len() == 9 && subscriber.starts_with(['7', '1']);
    valid.then(|| format!("254{subscriber}"))
}

impl<S: Send + Sync> FromRequestParts<S> for Msisdn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem(StatusCode::BAD_REQUEST, "the path names no phone".to_owned()))?;
        let wrong = || {
            Problem(
                StatusCode::BAD_REQUEST,
                "a phone is 2547… or 2541…, 12 digits".to_owned(),
            )
        };
        parse_msisdn(&text).map(Self).ok_or_else(wrong)
    }
}

/// `{"message": …}` with a status.
struct Problem(StatusCode, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"message": self.1}))).into_response()
    }
}

impl From<NoSuchPrompt> for Problem {
    fn from(error: NoSuchPrompt) -> Self {
        Self(StatusCode::NOT_FOUND, error.to_string())
    }
}

impl IntoResponse for Decline {
    fn into_response(self) -> Response {
        let mut body = json!(self);
        body["message"] = json!(self.message());
        (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
    }
}

async fn prompts(State(sim): State<Sim>) -> Json<Vec<Prompt>> {
    Json(sim.prompts())
}

#[derive(Deserialize)]
struct Pin {
    pin: String,
}

async fn enter_pin(
    State(sim): State<Sim>,
    Path(id): Path<u64>,
    Json(Pin { pin }): Json<Pin>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({"result": sim.enter_pin(id, &pin)?})))
}

async fn cancel(State(sim): State<Sim>, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    sim.cancel(id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ignore(State(sim): State<Sim>, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    sim.ignore(id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn handset(State(sim): State<Sim>, Msisdn(msisdn): Msisdn) -> Json<Handset> {
    Json(sim.handset(&msisdn))
}

async fn change_handset(
    State(sim): State<Sim>,
    Msisdn(msisdn): Msisdn,
    Json(settings): Json<HandsetSettings>,
) -> Json<Handset> {
    sim.set_handset(&msisdn, settings);
    Json(sim.handset(&msisdn))
}

async fn attend(State(sim): State<Sim>, Msisdn(msisdn): Msisdn) -> StatusCode {
    sim.attend(&msisdn);
    StatusCode::NO_CONTENT
}

async fn pay(
    State(sim): State<Sim>,
    Msisdn(msisdn): Msisdn,
    Json(payment): Json<Payment>,
) -> Result<Json<Receipt>, Decline> {
    sim.lipa_na_mpesa(&msisdn, payment).await.map(Json)
}

#[derive(Deserialize)]
struct Watch {
    /// The version that the page has.
    #[serde(default)]
    since: u64,
    /// Whether prompts for other numbers should wait for this page's person too.
    #[serde(default)]
    anyone: u8,
}

/// All that a page shows.
#[derive(Serialize)]
struct View {
    version: u64,
    now: UnixMs,
    handset: Handset,
    prompts: Vec<Prompt>,
    /// Prompts that wait for a person on other phones, for a page that follows anyone.
    elsewhere: Vec<Prompt>,
}

fn view(sim: &Sim, msisdn: &str, watch: &Watch) -> View {
    sim.with(|state| {
        let until = state.now() + ATTENTION_MS;
        state.attend(msisdn, until);
        if watch.anyone == 1 {
            state.anyone_attended_until = until;
        }
        let (prompts, others): (Vec<_>, Vec<_>) = state
            .prompts()
            .into_iter()
            .partition(|prompt| prompt.msisdn == msisdn);
        let elsewhere = others
            .into_iter()
            .filter(|prompt| watch.anyone == 1 && state.waits_for_person(prompt.id));
        View {
            elsewhere: elsewhere.collect(),
            version: state.version,
            now: state.now(),
            handset: state.handset(msisdn).clone(),
            prompts,
        }
    })
}

/// Answers when something changed after `since`, or after [`WAIT`].
async fn wait(State(sim): State<Sim>, Msisdn(msisdn): Msisdn, Query(watch): Query<Watch>) -> Json<View> {
    let (mut news, stopping) = (sim.news(), sim.stopping());
    let over = tokio::time::sleep(WAIT);
    tokio::pin!(over);
    loop {
        news.mark_unchanged();
        let view = view(&sim, &msisdn, &watch);
        if view.version != watch.since {
            return Json(view);
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return Json(view) },
            () = stopping.cancelled() => return Json(view),
            () = &mut over => return Json(view),
        }
    }
}

async fn ledger(State(sim): State<Sim>) -> Json<Vec<LedgerEntry>> {
    Json(sim.ledger())
}

async fn take_outbox(State(sim): State<Sim>) -> Json<Vec<Outgoing>> {
    Json(sim.take_outbox())
}

async fn faults(State(sim): State<Sim>) -> Json<Faults> {
    Json(sim.faults())
}

async fn set_faults(State(sim): State<Sim>, Json(faults): Json<Faults>) -> Json<Faults> {
    sim.set_faults(faults);
    Json(sim.faults())
}

async fn script() -> Json<Value> {
    let row = |row: &crate::Row| json!({"name": row.name, "msisdn": row.msisdn(), "amount": row.amount(), "meaning": row.meaning});
    Json(TABLE.iter().map(row).collect())
}

#[derive(Deserialize)]
struct Next {
    row: String,
}

async fn script_next(State(sim): State<Sim>, Json(Next { row }): Json<Next>) -> Result<StatusCode, Problem> {
    match sim.script_next(&row) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(Problem(StatusCode::NOT_FOUND, error.to_string())),
    }
}

async fn clock(State(sim): State<Sim>) -> Json<Value> {
    Json(json!({"now": sim.now()}))
}

#[derive(Deserialize)]
struct Advance {
    advance_ms: u64,
}

async fn advance(State(sim): State<Sim>, Json(by): Json<Advance>) -> Json<Value> {
    sim.advance(Duration::from_millis(by.advance_ms));
    clock(State(sim)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_understood_as_people_write_them() {
        for text in [
            "0708374149",
            "+254 708 374 149",
            "254708374149",
            "708374149",
            "0708-374-149",
        ] {
            assert_eq!(parse_msisdn(text).as_deref(), Some("254708374149"), "{text}");
        }
        for text in ["", "12345", "0208374149", "2547083741490"] {
            assert_eq!(parse_msisdn(text), None, "{text}");
        }
    }
}
