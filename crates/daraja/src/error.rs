//! What can go wrong with a call, in the three questions that a payment asks: did it reach Safaricom, whose fault is
//! it, and is it safe to try again.

use std::fmt;
use std::time::Duration;

/// Whether the request took effect at Safaricom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It never got there: no connection, no token, or a firewall in front. Nothing was done.
    No,
    /// It may have: the answer was lost, cut or no answer of Daraja's. It must be found out before trying again.
    Maybe,
    /// Daraja answered, and the answer is a refusal. Nothing was done.
    Yes,
}

/// Who has to do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The merchant's set-up or this program.
    Ours,
    /// Safaricom.
    Theirs,
    /// The shopper's phone or line.
    Shopper,
    /// The way between.
    Network,
}

/// Whether the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not as it is: it would fail again, or might do a thing twice.
    Never,
    /// After a while; how long is given where Safaricom or its documents say so.
    Later(Option<Duration>),
    /// At once.
    Now,
}

/// Why Safaricom has no time for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// Too many requests in a moment.
    SpikeArrest,
    /// The app's quota is used up.
    Quota,
    /// "System is busy".
    System,
    /// The firewall in front of Daraja answered.
    Firewall,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The token was refused, also after a fresh one.
    InvalidToken,
    /// The app has no product for this API (or only its other version).
    ProductMissing,
    /// The consumer key or secret is wrong.
    BadCredentials,
    /// A field was refused, by its Daraja name; empty where none was named.
    InvalidField(String),
    /// The phone is refused: no M-Pesa number, or its SIM is not active.
    InvalidPhone,
    /// The shortcode is not known here.
    MerchantUnknown,
    /// The passkey does not belong to the shortcode.
    WrongPasskey,
    /// Another M-Pesa request is open on that phone. Nothing was sent; a minute later it may work.
    SubscriberLocked,
    /// The shortcode may not take this transaction type.
    TransactionTypeNotAllowed,
    /// Safaricom has no time now. Nothing was done.
    Busy(Busy),
    /// The C2B URLs are registered already.
    AlreadyRegistered,
    /// That `OriginatorConversationID` was used before: the first request stands.
    DuplicateRequest,
    /// No such path, or not by this method.
    NoSuchPath,
    /// Refused for a reason that is not known by name; see [`Error::code`].
    Refused,
    /// An answer came and is none: HTML, empty, cut, too long, or without what it must say.
    Unreadable,
    /// A server error without Daraja's envelope.
    ServerError,
    /// No answer in time.
    Timeout,
    /// The connection broke after the request was under way.
    Interrupted,
    /// No connection: DNS, TCP or TLS.
    Connect,
    /// Another server is fetching the token and took too long.
    TokenBusy,
}

/// A call that did not succeed. It shows no secret, token or phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Whether the request took effect.
    pub reached: Reached,
    /// Who has to act.
    pub fault: Fault,
    /// Whether to try again.
    pub retry: Retry,
    /// What went wrong.
    pub kind: ErrorKind,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Safaricom's code: `errorCode`, a fault code, or a non-zero `ResponseCode`.
    pub code: Option<String>,
    /// Safaricom's or the network's words, with everything hidden that could be a token or a phone.
    pub said: Option<String>,
    /// Safaricom's name for the request, for its support desk.
    pub request_id: Option<String>,
}

/// Whether doing a request twice does harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twice {
    /// A second prompt, a second reversal.
    Harms,
    /// A question, a registration, or a payout under its own id.
    IsHarmless,
}

/// How long an open prompt holds a line at least. Source: Daraja "M-Pesa Express" page, error table.
const LINE_BUSY: Duration = Duration::from_mins(1);

impl Error {
    /// An error of `kind`, with the fault and the retry that follow from it.
    pub(crate) fn new(kind: ErrorKind, reached: Reached, twice: Twice) -> Self {
        let retry = match reached {
            Reached::Maybe if twice == Twice::Harms => Retry::Never,
            // A kept connection that closed under the request: the next one opens a fresh one.
            Reached::Maybe if kind == ErrorKind::Interrupted => Retry::Now,
            Reached::Maybe => Retry::Later(None),
            Reached::No | Reached::Yes => kind.retry(),
        };
        let fault = kind.fault();
        Self {
            reached,
            fault,
            retry,
            kind,
            status: None,
            code: None,
            said: None,
            request_id: None,
        }
    }

    /// An error that was found before anything was sent.
    pub(crate) fn unsent(kind: ErrorKind) -> Self {
        Self::new(kind, Reached::No, Twice::IsHarmless)
    }

    /// Adds the words, cleaned.
    pub(crate) fn saying(mut self, words: &str) -> Self {
        self.said = clean(words);
        self
    }

    /// Whether the request may have had an effect that has to be found out.
    pub fn is_uncertain(&self) -> bool {
        self.reached == Reached::Maybe
    }
}

impl ErrorKind {
    fn fault(&self) -> Fault {
        match self {
            Self::InvalidPhone | Self::SubscriberLocked => Fault::Shopper,
            Self::Busy(_) | Self::Refused | Self::Unreadable | Self::ServerError => Fault::Theirs,
            Self::Timeout | Self::Interrupted | Self::Connect => Fault::Network,
            _ => Fault::Ours,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::SubscriberLocked => Retry::Later(Some(LINE_BUSY)),
            Self::InvalidToken
            | Self::Busy(_)
            | Self::Unreadable
            | Self::ServerError
            | Self::Timeout
            | Self::Interrupted
            | Self::Connect
            | Self::TokenBusy => Retry::Later(None),
            _ => Retry::Never,
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::InvalidToken => "the access token was refused",
            Self::ProductMissing => "the app lacks the product for this API",
            Self::BadCredentials => "the consumer key or secret is wrong",
            Self::InvalidField(_) => "a field was refused",
            Self::InvalidPhone => "the phone number was refused",
            Self::MerchantUnknown => "the shortcode is not known",
            Self::WrongPasskey => "the passkey does not fit the shortcode",
            Self::SubscriberLocked => "another M-Pesa request is open on that phone",
            Self::TransactionTypeNotAllowed => "the shortcode may not take this transaction type",
            Self::Busy(Busy::SpikeArrest) => "too many requests at once",
            Self::Busy(Busy::Quota) => "the request quota is used up",
            Self::Busy(Busy::System) => "M-Pesa is busy",
            Self::Busy(Busy::Firewall) => "Safaricom's firewall refused the request",
            Self::AlreadyRegistered => "the URLs are registered already",
            Self::DuplicateRequest => "the request was accepted before",
            Self::NoSuchPath => "no such path or method",
            Self::Refused => "the request was refused",
            Self::Unreadable => "the answer cannot be read",
            Self::ServerError => "Safaricom's server failed",
            Self::Timeout => "no answer in time",
            Self::Interrupted => "the connection broke",
            Self::Connect => "no connection",
            Self::TokenBusy => "another server is fetching the token",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.words())?;
        if let ErrorKind::InvalidField(name) = &self.kind {
            write!(f, " ({name})")?;
        }
        if let Some(code) = &self.code {
            write!(f, ", code {code}")?;
        }
        if let Some(status) = self.status {
            write!(f, ", HTTP {status}")?;
        }
        if let Some(said) = &self.said {
            write!(f, ": {said}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

const LONGEST_SAYING: usize = 200;
/// Longer than any word of Safaricom's (`RecieverIdentifierType`), shorter than a token (28).
const LONGEST_WORD: usize = 24;
/// A phone has nine digits without its prefix.
const LONGEST_NUMBER: usize = 8;

/// Words that may be logged: one line, of bounded length, without runs that could be a token or a phone.
pub(crate) fn clean(words: &str) -> Option<String> {
    let mut shown = String::new();
    let mut run = String::new();
    for letter in words.chars().chain([' ']).take(4 * LONGEST_SAYING) {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            run.push(letter);
            continue;
        }
        shown.push_str(if may_be_shown(&run) { &run } else { "[hidden]" });
        run.clear();
        shown.push(if letter.is_control() || letter.is_whitespace() {
            ' '
        } else {
            letter
        });
    }
    let shown: String = shown.trim().chars().take(LONGEST_SAYING).collect();
    (!shown.is_empty()).then_some(shown)
}

fn may_be_shown(run: &str) -> bool {
    let digits = run
        .split(|letter: char| !letter.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0);
    run.len() <= LONGEST_WORD && digits <= LONGEST_NUMBER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_tokens_and_phones_and_nothing_else() {
        let token = "c9SQxWWhmdVRlyh0zh8gZDTkubVF";
        let shown = clean(&format!("Error Occurred - Invalid Access Token - {token}")).unwrap();
        assert_eq!(shown, "Error Occurred - Invalid Access Token - [hidden]");
        assert_eq!(
            clean("no 254712345678, ws_CO_170820261417149723552198").unwrap(),
            "no [hidden], [hidden]"
        );
        let spike =
            "MessageRate{messagesPerPeriod=5, periodInMicroseconds=60000000, maxBurstMessageCount=1.0}";
        assert_eq!(clean(spike).as_deref(), Some(spike));
        assert_eq!(
            clean("Invalid RecieverIdentifierType\r\n").as_deref(),
            Some("Invalid RecieverIdentifierType")
        );
        assert_eq!(clean(" \n"), None);
    }

    #[test]
    fn a_lost_prompt_is_never_sent_again_and_a_lost_question_is() {
        let prompt = Error::new(ErrorKind::Timeout, Reached::Maybe, Twice::Harms);
        assert_eq!((prompt.retry, prompt.fault), (Retry::Never, Fault::Network));
        let question = Error::new(ErrorKind::Timeout, Reached::Maybe, Twice::IsHarmless);
        assert_eq!(question.retry, Retry::Later(None));
    }
}
