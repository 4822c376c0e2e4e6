//! What is answered when something fails: RFC 9457 problem details, for every failure there is.
//!
//! A handler returns a [`Problem`]; it rides to the edge inside the response, where the request's id and the public
//! URL are known, and is written there. So the envelope stands in one place.

pub(crate) mod catalogue;

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use kaunta_domain::id::RequestId;
use kaunta_payments::Error;
use serde::Serialize;
use url::Url;

use catalogue::{Entry, Words};

/// A field of the request that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// Where, as a JSON pointer into the body; for a query parameter a slash and its name.
    pub(crate) pointer: String,
    /// Which rule, for programs.
    pub(crate) code: &'static str,
    /// What to do, for people.
    pub(crate) detail: String,
}

/// A failure on its way to the caller.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    entry: &'static Entry,
    detail: String,
    errors: Vec<FieldError>,
    shopper: Option<&'static Words>,
    retry_after: Option<Duration>,
    /// How many of what is limited there may be, for `RateLimit-Limit`.
    quota: Option<usize>,
    /// What happened inside, for the log alone.
    cause: Option<String>,
}

/// The envelope as it is written.
#[derive(Serialize)]
struct Envelope<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: RequestId,
    retryable: bool,
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    user_message: Option<&'static Words>,
}

impl Problem {
    /// The problem of this code, which must be in the catalogue.
    pub(crate) fn new(code: &str, detail: impl Into<String>) -> Self {
        let entry = catalogue::find(code).unwrap_or(&catalogue::INTERNAL);
        Self {
            entry,
            detail: detail.into(),
            errors: Vec::new(),
            shopper: entry.shopper.as_ref(),
            retry_after: None,
            quota: None,
            cause: None,
        }
    }

    /// All the fields that are not acceptable.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} fields are not acceptable; `errors` names each", many.len()),
        };
        let phone = errors
            .iter()
            .any(|error| matches!(error.pointer.as_str(), "/phone" | "/customer_phone"));
        Self {
            errors,
            shopper: phone.then_some(&catalogue::CHECK_PHONE),
            ..Self::new("validation_failed", detail)
        }
    }

    /// One field that is not acceptable.
    pub(crate) fn field(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError {
            pointer: pointer.to_owned(),
            code,
            detail: detail.into(),
        }])
    }

    /// No such thing, or another merchant's.
    pub(crate) fn not_found() -> Self {
        Self::new(
            "not_found",
            "there is nothing at this address, or nothing of this merchant's",
        )
    }

    /// A failure of ours; `cause` goes to the log.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let detail = "something failed on our side; the request_id finds it in the log";
        Self {
            cause: Some(cause.into()),
            ..Self::new("internal_error", detail)
        }
    }

    /// What was sent could not be kept, so it must be sent again; `cause` goes to the log.
    pub(crate) fn not_kept(cause: impl Into<String>) -> Self {
        let detail = "this could not be stored and is not acknowledged; send it again";
        Self {
            cause: Some(cause.into()),
            ..Self::new("overloaded", detail)
        }
        .after(Duration::from_secs(1))
    }

    /// The same refusal as the first time, for a request that is sent again with its `Idempotency-Key`.
    pub(crate) fn again(code: &str) -> Self {
        match code {
            "validation_failed" => Self::field(
                "/phone",
                "phone_refused",
                "M-Pesa does not take this phone number",
            ),
            code => {
                let known = Self::new(code, "");
                Self {
                    detail: known.entry.meaning.to_owned(),
                    ..known
                }
            }
        }
    }

    /// The fields that are not acceptable.
    #[cfg(test)]
    pub(crate) fn field_errors(&self) -> &[FieldError] {
        &self.errors
    }

    fn after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    fn of_quota(self, most: usize) -> Self {
        Self {
            quota: Some(most),
            ..self
        }
    }

    /// Writes it, and logs what happened inside.
    pub(crate) fn render(&self, request_id: RequestId, public_url: &Url, response: &mut Response) {
        if let Some(cause) = &self.cause {
            tracing::error!(%request_id, cause, "a request failed on our side");
        }
        let envelope = Envelope {
            r#type: format!("{}errors/{}", public_url, self.entry.code),
            title: self.entry.title,
            status: self.entry.status,
            detail: &self.detail,
            code: self.entry.code,
            request_id,
            retryable: self.entry.retryable,
            errors: &self.errors,
            user_message: self.shopper,
        };
        *response.body_mut() = serde_json::to_vec(&envelope).unwrap_or_default().into();
        self.write_headers(response);
    }

    fn write_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.entry.status == 401 {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let seconds = self.retry_after.map(|wait| wait.as_secs().max(1));
        if let Some(seconds) = seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(most) = self.quota {
            headers.insert(HeaderName::from_static("ratelimit-limit"), most.into());
            headers.insert(
                HeaderName::from_static("ratelimit-remaining"),
                HeaderValue::from_static("0"),
            );
            if let Some(seconds) = seconds {
                headers.insert(HeaderName::from_static("ratelimit-reset"), seconds.into());
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let plain = |error: &Error| Self::new(error.code(), error.to_string());
        match &error {
            Error::NotFound => Self::not_found(),
            Error::Invalid {
                pointer,
                code,
                detail,
            } => Self::field(pointer, code, detail.clone()),
            Error::PhoneRefused(_) => Self::field("/phone", "phone_refused", error.to_string()),
            Error::PhoneMissing => Self::field("/phone", "required", error.to_string()),
            Error::TooManyAttempts => plain(&error).of_quota(kaunta_domain::limits::ATTEMPTS_PER_SESSION),
            Error::CoolingDown(wait) => plain(&error).after(*wait).of_quota(1),
            Error::IdempotencyKeyInUse | Error::Overloaded => plain(&error).after(Duration::from_secs(1)),
            Error::Closed => plain(&error).after(Duration::from_secs(5)),
            _ if error.code() == "internal_error" => Self::internal(error.to_string()),
            _ => plain(&error),
        }
    }
}

/// What a path answers to a method that it does not have.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(
        "method_not_allowed",
        "this address does not take this method; the header Allow names those that it takes",
    )
}

#[cfg(test)]
mod tests {
    use kaunta_domain::id::RequestId;

    use super::*;

    fn rendered(error: Error) -> Response {
        let mut response = Problem::from(error).into_response();
        let problem = response.extensions_mut().remove::<Problem>().unwrap();
        let here = Url::parse("https://pay.shop.example").unwrap();
        problem.render(RequestId::from_bits(7), &here, &mut response);
        response
    }

    #[test]
    fn a_wait_is_told_in_seconds_and_as_a_quota() {
        let response = rendered(Error::CoolingDown(Duration::from_secs(90)));
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        for (name, value) in [
            ("retry-after", "90"),
            ("ratelimit-limit", "1"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "90"),
        ] {
            assert_eq!(response.headers()[name], value, "{name}");
        }
        let forever = rendered(Error::TooManyAttempts);
        assert_eq!(forever.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(
            forever.headers().get("retry-after").is_none(),
            "waiting does not help"
        );
    }

    #[tokio::test]
    async fn what_failed_inside_is_not_told() {
        let store = Error::Inconsistent {
            table: "sessions",
            column: "status",
            row: "cs_secret".to_owned(),
        };
        let body = rendered(store).into_body();
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(
            text.contains("internal_error")
                && text.contains("https://pay.shop.example/errors/internal_error")
        );
        assert!(
            !text.contains("cs_secret") && !text.contains("sessions"),
            "{text}"
        );
    }
}
