//! Every "no" of the gateway, in Safaricom's codes and words.

use crate::gateway::Answer;
use crate::script::Trouble;
use crate::state::State;

/// A request that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// `400.002.02 Bad Request - Invalid <Field>`.
    pub(crate) fn field(name: &str) -> Self {
        Self::new(400, "400.002.02", format!("Bad Request - Invalid {name}"))
    }

    /// `500.001.1001`, whose meaning is in its words alone.
    pub(crate) fn merchant(message: &str) -> Self {
        Self::new(500, "500.001.1001", message)
    }

    /// The error envelope.
    pub(crate) fn answer(&self, state: &mut State) -> Answer {
        let (id, code) = (state.ids.request(), self.code);
        let message = serde_json::to_string(&self.message).expect("a string is always JSON");
        let body = format!(r#"{{"requestId":"{id}","errorCode":"{code}","errorMessage":{message}}}"#);
        Answer::json(self.status, body)
    }
}

/// Apigee's spike arrest, as the sandbox answered a query on 2026-06-20.
const SPIKE_ARREST: &str = r#"{"fault":{"faultstring":"Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, periodInMicroseconds=60000000, maxBurstMessageCount=1.0}","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#;

const GATEWAY_TIMEOUT: &str = r#"{"fault":{"faultstring":"Gateway Timeout","detail":{"errorcode":"messaging.adaptors.http.flow.GatewayTimeout"}}}"#;

const INCAPSULA: &str = "<html>\r\n<head>\r\n<META NAME=\"robots\" CONTENT=\"noindex,nofollow\">\r\n</head>\r\n<body>Request unsuccessful. Incapsula incident ID: 173000120061230245-99712345678901234</body>\r\n</html>\r\n";

const HTML_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>M-PESA</title></head><body><h1>Service Temporarily Unavailable</h1></body></html>\n";

/// 429 where a query comes too often.
pub(crate) fn spike_arrest() -> Answer {
    Answer::json(429, SPIKE_ARREST.to_owned())
}

/// The answer that a trouble is. The two that cut the connection have none: what they get is cut off.
pub(crate) fn trouble(state: &mut State, trouble: Trouble) -> Answer {
    let busy = "System is busy. Please try again in few minutes.";
    let locked = "Unable to lock subscriber, a transaction is already in process for the current subscriber";
    let refusal = match trouble {
        Trouble::SpikeArrest => return spike_arrest(),
        Trouble::GatewayTimeout => return Answer::json(504, GATEWAY_TIMEOUT.to_owned()),
        Trouble::Incapsula => return Answer::html(403, INCAPSULA),
        Trouble::HtmlPage => return Answer::html(200, HTML_PAGE),
        Trouble::ServerError | Trouble::Silence | Trouble::CutBody => {
            Refusal::new(500, "500.003.1001", "Internal Server Error")
        }
        Trouble::Busy => Refusal::new(500, "500.003.02", busy),
        Trouble::Quota => Refusal::new(500, "500.003.03", "Quota Violation"),
        Trouble::Locked => Refusal::merchant(locked),
        Trouble::MissingIccid => Refusal::merchant("Missing ICCID value in request"),
        Trouble::InvalidPhone => Refusal::field("PhoneNumber"),
    };
    refusal.answer(state)
}
