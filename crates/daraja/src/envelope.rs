//! Answers that are no success: Daraja's error envelope, the gateway's faults, the firewall's pages, and nothing at all.

use std::time::Duration;

use bytes::Bytes;

use crate::error::{Busy, Error, ErrorKind, Reached, Retry, Twice, clean};
use crate::loose::{Loose, Object, decode};

/// What came back over HTTP.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Retry-After`, where it was given in seconds.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// An answer without `Retry-After`.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            retry_after: None,
            body: body.into(),
        }
    }

    /// Runs `read` over the body as an object, where it is one that tells of success: 2xx and no error in it.
    /// Everything else is the refusal that it is. `None` from `read` is an answer that does not say what it must.
    pub(crate) fn success<T>(
        &self,
        twice: Twice,
        read: impl FnOnce(&Object<'_>) -> Option<T>,
    ) -> Result<T, Error> {
        self.success_but(twice, &[], read)
    }

    /// As [`Answer::success`], for APIs whose success is not `ResponseCode` 0: `codes` pass too.
    pub(crate) fn success_but<T>(
        &self,
        twice: Twice,
        codes: &[&str],
        read: impl FnOnce(&Object<'_>) -> Option<T>,
    ) -> Result<T, Error> {
        let text = decode(&self.body);
        let object = Loose::parse(&text).ok().and_then(Loose::object);
        let Some(object) = object else {
            return Err(self.bodiless(&text, twice));
        };
        let Some(error) = self.envelope(&object, codes, twice) else {
            let status_is_success = (200..300).contains(&self.status);
            return read(&object)
                .filter(|_| status_is_success)
                .ok_or_else(|| self.unreadable(twice));
        };
        Err(self.dressed(error))
    }

    /// The error that the object tells of, if it does.
    fn envelope(&self, object: &Object<'_>, passing: &[&str], twice: Twice) -> Option<Error> {
        let words = object.any_text(&["errorMessage", "error_description"]);
        let code = object
            .any_text(&["errorCode", "error"])
            .filter(|code| !is_zero(code));
        if code.is_some() || words.is_some() {
            let words = words.unwrap_or_default();
            let kind = refusal(code.as_deref().unwrap_or_default(), &words, self.status);
            let mut error = Error::new(kind, Reached::Yes, twice).saying(&words);
            error.code = code.as_deref().and_then(clean);
            error.request_id = object.text("requestId").filter(|id| may_be_kept(id));
            return Some(error);
        }
        if let Some(fault) = object.get("fault").and_then(Loose::object) {
            return Some(self.gateway_fault(&fault, twice));
        }
        let code = object
            .any_text(&["ResponseCode"])
            .filter(|code| !is_zero(code) && !passing.contains(&code.as_str()))?;
        let words = object
            .any_text(&["ResponseDescription", "ResponseDesc", "errorMessage"])
            .unwrap_or_default();
        let kind = by_words(&words).unwrap_or(ErrorKind::Refused);
        let mut error = Error::new(kind, Reached::Yes, twice).saying(&words);
        error.code = clean(&code);
        Some(error)
    }

    /// `{"fault":{"faultstring":"…","detail":{"errorcode":"…"}}}`: the gateway speaks. Its policies refuse before the
    /// request goes on; its messaging faults (`messaging.…`) tell of a request that was on its way.
    fn gateway_fault(&self, fault: &Object<'_>, twice: Twice) -> Error {
        let words = fault.text("faultstring").unwrap_or_default();
        let code = fault
            .get("detail")
            .and_then(Loose::object)
            .and_then(|detail| detail.text("errorcode"));
        let code = code.unwrap_or_default();
        let kind = match refusal(&code, &words, self.status) {
            ErrorKind::Refused if self.status >= 500 => ErrorKind::ServerError,
            kind => kind,
        };
        let under_way = kind == ErrorKind::ServerError;
        let reached = if under_way { Reached::Maybe } else { Reached::Yes };
        let mut error = Error::new(kind, reached, twice).saying(&words);
        error.code = code.split('.').next_back().and_then(clean);
        error
    }

    /// No JSON object: an empty body, a page, a cut answer. Only the status tells something.
    fn bodiless(&self, text: &str, twice: Twice) -> Error {
        let firewall = contains(text, "incapsula") || contains(text, "request unsuccessful");
        let (kind, reached) = match self.status {
            429 => (
                by_words(text).unwrap_or(ErrorKind::Busy(Busy::SpikeArrest)),
                Reached::Yes,
            ),
            403 => (ErrorKind::Busy(Busy::Firewall), Reached::No),
            401 => (ErrorKind::InvalidToken, Reached::Yes),
            404 | 405 => (ErrorKind::NoSuchPath, Reached::Yes),
            408 => (ErrorKind::Timeout, Reached::Maybe),
            400..500 => (ErrorKind::Refused, Reached::Yes),
            500..600 if firewall => (ErrorKind::Busy(Busy::Firewall), Reached::Maybe),
            500..600 => (ErrorKind::ServerError, Reached::Maybe),
            // A redirect is not followed: nothing behind it saw the request, but who sent it is not known.
            _ => (ErrorKind::Unreadable, Reached::Maybe),
        };
        self.dressed(Error::new(kind, reached, twice))
    }

    /// JSON that tells neither of success nor of an error that is known.
    fn unreadable(&self, twice: Twice) -> Error {
        match self.status {
            200..300 => self.dressed(Error::new(ErrorKind::Unreadable, Reached::Maybe, twice)),
            _ => self.bodiless("", twice),
        }
    }

    /// Adds what the HTTP answer says beside its body.
    fn dressed(&self, mut error: Error) -> Error {
        error.status = Some(self.status);
        if let (Retry::Later(None), Some(wait)) = (error.retry, self.retry_after) {
            error.retry = Retry::Later(Some(wait));
        }
        error
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// All zeros mean success: `"0"`, `"00"`, `"00000000"`, `0`.
pub(crate) fn is_zero(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|byte| byte == b'0')
}

/// What a refusal is about. Codes have several meanings and messages several codes, so both are looked at: the words
/// first where they name the thing, the code where they do not.
fn refusal(code: &str, words: &str, status: u16) -> ErrorKind {
    if let Some(kind) = by_words(words).or_else(|| by_words(code)) {
        return kind;
    }
    match code {
        "404.001.03" | "400.003.01" | "401.002.01" | "401.003.01" | "401.001" => ErrorKind::InvalidToken,
        "400.008.01" | "999991" | "999996" | "999997" => ErrorKind::BadCredentials,
        "500.003.02" => ErrorKind::Busy(Busy::System),
        "500.003.03" => ErrorKind::Busy(Busy::Quota),
        "404.001.01" | "404.002.01" | "404.003.01" | "405.001" => ErrorKind::NoSuchPath,
        "400.002.02" | "400.002.05" | "400.003.02" | "400.001" | "400.008.02" | "999998" => {
            ErrorKind::InvalidField(field_name(words))
        }
        "403.002.1001" => ErrorKind::ProductMissing,
        _ if status == 401 => ErrorKind::InvalidToken,
        _ if status == 429 => ErrorKind::Busy(Busy::SpikeArrest),
        _ => ErrorKind::Refused,
    }
}

/// What words alone tell, in the wordings of the documents and of recorded answers, old and new.
fn by_words(words: &str) -> Option<ErrorKind> {
    let known: [(&str, ErrorKind); 20] = [
        ("apiproduct", ErrorKind::ProductMissing),
        ("api product", ErrorKind::ProductMissing),
        ("invalid access token", ErrorKind::InvalidToken),
        ("invalid_access_token", ErrorKind::InvalidToken),
        ("access_token_expired", ErrorKind::InvalidToken),
        ("access token expired", ErrorKind::InvalidToken),
        ("invalid authentication passed", ErrorKind::BadCredentials),
        ("merchant does not exist", ErrorKind::MerchantUnknown),
        ("wrong credentials", ErrorKind::WrongPasskey),
        ("unable to lock subscriber", ErrorKind::SubscriberLocked),
        (
            "not allowed to carry out transaction",
            ErrorKind::TransactionTypeNotAllowed,
        ),
        ("missing iccid", ErrorKind::InvalidPhone),
        ("invalid phonenumber", ErrorKind::InvalidPhone),
        ("invalid partya", ErrorKind::InvalidPhone),
        ("duplicate originatorconversationid", ErrorKind::DuplicateRequest),
        ("already registered", ErrorKind::AlreadyRegistered),
        ("duplicate notification info", ErrorKind::AlreadyRegistered),
        ("quota", ErrorKind::Busy(Busy::Quota)),
        ("system is busy", ErrorKind::Busy(Busy::System)),
        ("spike", ErrorKind::Busy(Busy::SpikeArrest)),
    ];
    known
        .into_iter()
        .find(|(part, _)| contains(words, part))
        .map(|(_, kind)| kind)
}

/// The `X` of `Bad Request - Invalid X`.
fn field_name(words: &str) -> String {
    let Some((_, name)) = words.rsplit_once("Invalid ") else {
        return String::new();
    };
    clean(name)
        .map(|name| name.chars().take(40).collect())
        .unwrap_or_default()
}

/// Old answers gave the prompt's id for the request's, and that id holds a phone.
fn may_be_kept(request_id: &str) -> bool {
    let plain = request_id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain && request_id.len() <= 64 && !request_id.contains("254")
}

fn contains(text: &str, part: &str) -> bool {
    text.as_bytes()
        .windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}
