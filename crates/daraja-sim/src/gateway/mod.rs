//! The gateway: every endpoint that a merchant's program calls, behind one door that may also slam.

mod business;
mod c2b;
mod fields;
mod pull;
mod query;
mod refusal;
mod stk;
mod token;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request as HttpRequest, State as Injected};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, any};

use crate::Sim;
use crate::clock::UnixMs;
use crate::script::{Answering, Trouble};
use crate::serve::Scissors;
use crate::state::State;
use crate::state::menu::Order;
use refusal::Refusal;

/// The largest body that the gateway reads, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// A request as the handlers see it.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a handler answers.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    /// What the script has for this answer.
    pub(crate) answering: Answering,
    /// Callbacks that must be delivered before the answer goes out.
    pub(crate) callbacks_first: Vec<u64>,
    /// A payment that starts once the answer is on its way.
    pub(crate) payment: Option<(String, Order)>,
}

impl Answer {
    /// JSON with this status.
    pub(crate) fn json(status: u16, body: String) -> Self {
        Self {
            status,
            content_type: "application/json;charset=UTF-8",
            body,
            answering: Answering::Plain,
            callbacks_first: Vec::new(),
            payment: None,
        }
    }

    /// The firewall's or the proxy's page.
    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self {
            content_type: "text/html",
            ..Self::json(status, body.to_owned())
        }
    }
}

/// One endpoint: everything that it does is done at once, under the lock.
type Handler = fn(&mut State, &Request, UnixMs) -> Result<Answer, Refusal>;

/// Every endpoint.
pub(crate) fn router() -> Router<Sim> {
    Router::new()
        .route("/oauth/v1/generate", endpoint(token::generate))
        .route("/mpesa/stkpush/v1/processrequest", endpoint(stk::process_request))
        .route("/mpesa/stkpushquery/v1/query", endpoint(query::query))
        .route("/mpesa/c2b/v1/registerurl", endpoint(c2b::register_v1))
        .route("/mpesa/c2b/v2/registerurl", endpoint(c2b::register_v2))
        .route("/mpesa/c2b/v1/simulate", endpoint(c2b::simulate))
        .route("/mpesa/c2b/v2/simulate", endpoint(c2b::simulate))
        .route("/mpesa/b2c/v1/paymentrequest", endpoint(business::b2c_v1))
        .route("/mpesa/b2c/v3/paymentrequest", endpoint(business::b2c_v3))
        .route("/mpesa/reversal/v1/request", endpoint(business::reversal))
        .route("/mpesa/transactionstatus/v1/query", endpoint(business::status))
        .route("/mpesa/accountbalance/v1/query", endpoint(business::balance))
        .route("/pulltransactions/v1/register", endpoint(pull::register))
        .route("/pulltransactions/v1/query", endpoint(pull::query))
        .fallback(
            |sim: Injected<Sim>, scissors: ConnectInfo<Scissors>, request: HttpRequest| {
                enter(sim.0, scissors.0, request, not_found)
            },
        )
}

fn endpoint(handler: Handler) -> MethodRouter<Sim> {
    any(
        move |sim: Injected<Sim>, scissors: ConnectInfo<Scissors>, request: HttpRequest| {
            enter(sim.0, scissors.0, request, handler)
        },
    )
}

fn not_found(_: &mut State, _: &Request, _: UnixMs) -> Result<Answer, Refusal> {
    Err(Refusal::new(404, "404.001.01", "Resource not found"))
}

async fn enter(sim: Sim, scissors: Scissors, request: HttpRequest, handler: Handler) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return render(&Answer::json(413, String::new()));
    };
    let request = Request {
        method: parts.method,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let answer = sim.with(|state| answer(state, &request, handler));
    for callback in &answer.callbacks_first {
        sim.deliver_first(*callback).await;
    }
    if let Some((msisdn, order)) = answer.payment {
        sim.pay_in_background(msisdn, order);
        return render(&Answer {
            payment: None,
            ..answer
        });
    }
    match answer.answering {
        Answering::After(Trouble::Silence) => scissors.withhold_everything(),
        Answering::After(Trouble::CutBody) => scissors.withhold_tail(answer.body.len() / 2),
        _ => {}
    }
    render(&answer)
}

/// Carries a request out, or does not, as the dice and the script have it.
fn answer(state: &mut State, request: &Request, handler: Handler) -> Answer {
    let faults = state.faults;
    let fate = state.dice.request(&faults);
    if let Answering::Instead(trouble) = fate {
        return refusal::trouble(state, trouble);
    }
    let now = state.now();
    let answer = match handler(state, request, now) {
        Ok(answer) => answer,
        Err(refused) => refused.answer(state),
    };
    let answering = if fate == Answering::Plain {
        answer.answering
    } else {
        fate
    };
    match answering {
        Answering::After(trouble @ (Trouble::GatewayTimeout | Trouble::HtmlPage)) => {
            let Answer {
                callbacks_first,
                payment,
                ..
            } = answer;
            Answer {
                callbacks_first,
                payment,
                ..refusal::trouble(state, trouble)
            }
        }
        Answering::Instead(trouble) => refusal::trouble(state, trouble),
        Answering::Plain | Answering::After(_) => Answer { answering, ..answer },
    }
}

fn render(answer: &Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).expect("handlers answer with statuses that exist");
    if !answer.body.is_empty() {
        let content_type = header::HeaderValue::from_static(answer.content_type);
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
}
