//! Why a prompt brought no money, and what the shopper can do next.
//!
//! The codes are those of the public surface. Which of M-Pesa's result codes means which of them is known by
//! the engine's rail alone; here stands only what follows from a code.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest `result_code` that is kept. M-Pesa's own are up to 13 characters (`100000100`, `SFC_IC0003`).
pub const MAX_RESULT_CODE: usize = 32;

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Ask for a new prompt.
    Retry,
    /// Ask for a new prompt after the cooldown.
    Wait,
    /// Pay from another line: this one cannot today, or not this much.
    OtherPayer,
    /// Pay by the M-Pesa menu: prompts do not reach this phone.
    Paybill,
    /// Only the shop can mend it.
    ContactShop,
    /// Only Safaricom can mend it: 100 (prepaid) or 200 (postpaid).
    CallSafaricom,
}

/// No failure code of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a failure code")]
pub struct NotAFailureCode;

/// What follows from one code.
struct Consequence {
    name: &'static str,
    retryable: bool,
    cooldown_seconds: u32,
    next_action: NextAction,
}

macro_rules! failure_codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $retryable:literal, $cooldown:literal, $next:ident;)*) => {
        /// Why a prompt brought no money.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FailureCode {
            $($(#[$doc])* $code,)*
        }

        impl FailureCode {
            /// Every code, in the order of the public surface.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            const fn consequence(self) -> Consequence {
                match self {
                    $(Self::$code => Consequence {
                        name: $name,
                        retryable: $retryable,
                        cooldown_seconds: $cooldown,
                        next_action: NextAction::$next,
                    },)*
                }
            }
        }
    };
}

// The numbers are those of Safaricom's result table ("M-Pesa Express" page) where it has them; the others are
// what production code and recorded traffic agree on.
failure_codes! {
    /// The payer's balance, with Fuliza, is too small (result 1).
    InsufficientFunds = "insufficient_funds", true, 0, OtherPayer;
    /// Less than M-Pesa moves, KES 1 (result 2).
    BelowMinimum = "below_minimum", false, 0, ContactShop;
    /// More than M-Pesa moves in one payment, KES 250,000 (result 3).
    AboveMaximum = "above_maximum", false, 0, ContactShop;
    /// The payer has moved KES 500,000 today (result 4). Another line can pay; this one tomorrow.
    DailyLimit = "daily_limit", false, 0, OtherPayer;
    /// The shop's own account is full (result 8).
    ReceiverLimit = "receiver_limit", false, 0, ContactShop;
    /// The same amount from the same phone within two minutes (result 17).
    RepeatedAmount = "repeated_amount", true, 120, Wait;
    /// Another M-Pesa request is open on that phone (result 1001): a minute or more, says the documentation.
    LineBusy = "line_busy", true, 60, Wait;
    /// M-Pesa did not get to it in time (result 1019).
    Expired = "expired", true, 0, Retry;
    /// The prompt could not be sent (results 1025, 9999).
    PromptFailed = "prompt_failed", true, 0, Paybill;
    /// The payer pressed cancel, or let the prompt run out (results 1031, 1032).
    Canceled = "canceled", true, 0, Retry;
    /// The phone is off, out of reach, or nobody answered (results 1036, 1037).
    Unreachable = "unreachable", true, 0, Retry;
    /// A wrong PIN (result 2001); the third in a row locks it.
    WrongPin = "wrong_pin", true, 0, Retry;
    /// The payer's PIN is locked (result 8006).
    PinLocked = "pin_locked", false, 0, CallSafaricom;
    /// The shop's paybill, till or transaction type is set up wrongly (results 2028, SFC_IC0003).
    Misconfigured = "misconfigured", false, 0, ContactShop;
    /// M-Pesa is overloaded (result 26): nothing sooner than half a minute helps.
    SystemBusy = "system_busy", true, 30, Wait;
    /// M-Pesa gave a reason that nobody has written down. A minute leaves time for money that comes after all.
    Unknown = "unknown", true, 60, Wait;
}

impl FailureCode {
    /// The code as the API writes it.
    pub const fn as_str(self) -> &'static str {
        self.consequence().name
    }

    /// Whether a new prompt to the same phone is reasonable, after the cooldown.
    pub const fn retryable(self) -> bool {
        self.consequence().retryable
    }

    /// Seconds to wait before a new prompt.
    pub const fn cooldown_seconds(self) -> u32 {
        self.consequence().cooldown_seconds
    }

    /// What the shopper is told to do.
    pub const fn next_action(self) -> NextAction {
        self.consequence().next_action
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FailureCode {
    type Err = NotAFailureCode;

    fn from_str(text: &str) -> Result<Self, NotAFailureCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or(NotAFailureCode)
    }
}

impl NextAction {
    /// The action as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Wait => "wait",
            Self::OtherPayer => "other_payer",
            Self::Paybill => "paybill",
            Self::ContactShop => "contact_shop",
            Self::CallSafaricom => "call_safaricom",
        }
    }
}

impl fmt::Display for NextAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure as the session object shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Why.
    pub code: FailureCode,
    /// M-Pesa's own code as it came, where there was one: `"2001"`, `"SFC_IC0003"`.
    pub result_code: Option<String>,
    /// Whether a new prompt is reasonable.
    pub retryable: bool,
    /// Seconds to wait before it.
    pub cooldown_seconds: u32,
    /// What the shopper is told to do.
    pub next_action: NextAction,
}

impl Failure {
    /// The failure that `code` is, with what follows from it. A longer `result_code` than
    /// [`MAX_RESULT_CODE`] characters is cut: it is shown, never compared.
    pub fn new(code: FailureCode, result_code: Option<&str>) -> Self {
        Self {
            code,
            result_code: result_code.map(|text| text.chars().take(MAX_RESULT_CODE).collect()),
            retryable: code.retryable(),
            cooldown_seconds: code.cooldown_seconds(),
            next_action: code.next_action(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_exactly_those_of_the_public_surface() {
        let published = "insufficient_funds below_minimum above_maximum daily_limit receiver_limit repeated_amount \
            line_busy expired prompt_failed canceled unreachable wrong_pin pin_locked misconfigured system_busy unknown";
        let ours: Vec<&str> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(
            ours.join(" "),
            published.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }

    #[test]
    fn a_code_reads_back_from_its_name_and_from_json() {
        for code in FailureCode::ALL.iter().copied() {
            assert_eq!(code.as_str().parse(), Ok(code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert_eq!(
                serde_json::to_value(code.next_action()).unwrap(),
                code.next_action().as_str()
            );
        }
        assert_eq!("Wrong_Pin".parse::<FailureCode>(), Err(NotAFailureCode));
    }

    #[test]
    fn a_failure_is_written_as_in_the_session_object() {
        let failure = Failure::new(FailureCode::WrongPin, Some("2001"));
        let published = r#"{"code":"wrong_pin","result_code":"2001","retryable":true,"cooldown_seconds":0,"next_action":"retry"}"#;
        assert_eq!(serde_json::to_string(&failure).unwrap(), published);
        assert_eq!(serde_json::from_str::<Failure>(published).unwrap(), failure);
        let silent = serde_json::to_value(Failure::new(FailureCode::Unreachable, None)).unwrap();
        assert!(silent["result_code"].is_null());
    }

    #[test]
    fn who_must_wait_is_told_how_long_and_who_may_not_retry_is_told_where_to_turn() {
        for code in FailureCode::ALL.iter().copied() {
            assert_eq!(
                code.next_action() == NextAction::Wait,
                code.cooldown_seconds() > 0,
                "{code}"
            );
            let asks_for_a_prompt = matches!(code.next_action(), NextAction::Retry | NextAction::Wait);
            assert!(code.retryable() || !asks_for_a_prompt, "{code}");
        }
    }

    #[test]
    fn an_absurd_result_code_is_cut() {
        let failure = Failure::new(FailureCode::Unknown, Some(&"é".repeat(1000)));
        assert_eq!(failure.result_code.unwrap().chars().count(), MAX_RESULT_CODE);
    }
}
