//! The one HTTP client: bounded in time and size, without redirects, and exact about what a failure leaves unknown.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response};
use serde::Serialize;
use url::Url;

use crate::app::AppKeys;
use crate::client::{BuildError, Timeouts};
use crate::envelope::Answer;
use crate::error::{Error, ErrorKind, Reached, Twice};
use crate::secret::AccessToken;

/// Daraja's answers are under 1 KB, a page of the Pull API under 1 MB.
const LONGEST_ANSWER: usize = 4 << 20;
/// Kept connections are let go before Safaricom's side lets them go: a push on a closing one would be lost.
const KEPT_IDLE: Duration = Duration::from_secs(20);
/// Nothing may ask us to wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// One request to one API.
pub(crate) struct Call<'a> {
    path: &'a str,
    body: Vec<u8>,
    pub(crate) twice: Twice,
}

impl<'a> Call<'a> {
    pub(crate) fn new(path: &'a str, body: &impl Serialize, twice: Twice) -> Self {
        let body = serde_json::to_vec(body).expect("request bodies are structs of strings");
        Self { path, body, twice }
    }
}

pub(crate) struct Http {
    client: Client,
    base: String,
    timeouts: Timeouts,
}

impl Http {
    pub(crate) fn new(base: &Url, timeouts: Timeouts) -> Result<Self, BuildError> {
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(BuildError::BaseUrl);
        }
        // Whoever embeds this may have chosen a provider already; then this does nothing.
        let _chosen_before = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("kaunta/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .pool_idle_timeout(KEPT_IDLE)
            .redirect(reqwest::redirect::Policy::none());
        if base.scheme() == "http" {
            // A simulator beside us needs no certificates, and a bare container has none to load.
            client = client.tls_certs_only([]);
        }
        let client = client
            .build()
            .map_err(|error| BuildError::Client(error.to_string()))?;
        Ok(Self {
            client,
            base: base.as_str().trim_end_matches('/').to_owned(),
            timeouts,
        })
    }

    pub(crate) async fn post(&self, call: &Call<'_>, token: &AccessToken) -> Result<Answer, Error> {
        let request = self
            .client
            .post(format!("{}{}", self.base, call.path))
            .bearer_auth(token.expose())
            .header(CONTENT_TYPE, "application/json")
            .timeout(self.timeouts.request)
            .body(call.body.clone());
        let mut answer = self.exchange(request, call.twice).await?;
        tracing::debug!(path = call.path, status = answer.status, "daraja answered");
        answer.body = without(&answer.body, token);
        Ok(answer)
    }

    pub(crate) async fn get_token(&self, app: &AppKeys) -> Result<Answer, Error> {
        let request = self
            .client
            .get(format!(
                "{}/oauth/v1/generate?grant_type=client_credentials",
                self.base
            ))
            .basic_auth(app.consumer_key().expose(), Some(app.consumer_secret().expose()))
            .timeout(self.timeouts.token);
        self.exchange(request, Twice::IsHarmless).await
    }

    async fn exchange(&self, request: RequestBuilder, twice: Twice) -> Result<Answer, Error> {
        let response = request.send().await.map_err(|error| broken(&error, twice))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response);
        match body(response, twice).await {
            Ok(body) => Ok(Answer {
                status,
                retry_after,
                body,
            }),
            // The status alone is a refusal: what was cut off is only its reason.
            Err(_) if (400..500).contains(&status) => Ok(Answer {
                status,
                retry_after,
                body: Bytes::new(),
            }),
            Err(error) => Err(Error {
                status: Some(status),
                ..error
            }),
        }
    }
}

async fn body(mut response: Response, twice: Twice) -> Result<Bytes, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error, twice))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Error::new(ErrorKind::Unreadable, Reached::Maybe, twice));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// What a failed exchange leaves unknown. Without a connection nothing was sent; with one everything may have been.
fn broken(error: &reqwest::Error, twice: Twice) -> Error {
    let (kind, reached) = if error.is_connect() {
        (ErrorKind::Connect, Reached::No)
    } else if error.is_builder() {
        (ErrorKind::InvalidField(String::new()), Reached::No)
    } else if error.is_timeout() {
        (ErrorKind::Timeout, Reached::Maybe)
    } else {
        (ErrorKind::Interrupted, Reached::Maybe)
    };
    let cause = std::iter::successors(std::error::Error::source(error), |cause| cause.source()).last();
    let said = cause.map(ToString::to_string).unwrap_or_default();
    Error::new(kind, reached, twice).saying(&said)
}

/// `Retry-After` in seconds. The form with a date would need a clock that agrees with theirs, and was never seen.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// The body without the token: one error of Daraja's quotes the token that it refuses.
fn without(body: &Bytes, token: &AccessToken) -> Bytes {
    let token = token.expose().as_bytes();
    if token.is_empty() || !body.windows(token.len()).any(|window| window == token) {
        return body.clone();
    }
    let text = String::from_utf8_lossy(body);
    text.replace(&*String::from_utf8_lossy(token), "[token]").into()
}
