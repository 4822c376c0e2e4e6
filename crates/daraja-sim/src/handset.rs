//! The phones: what each knows, and what a person can do to it.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;

/// The PIN of every phone here.
pub const PIN: &str = "1234";

/// Wrong PINs in a row that lock the account.
pub(crate) const WRONG_PINS_TO_LOCK: u8 = 3;

/// What a phone starts with, in whole shillings.
const STARTING_BALANCE: i64 = 25_000;

/// The most that an M-Pesa account may hold, in whole shillings.
pub(crate) const MAX_BALANCE: i64 = 500_000;

const NAMES: &[&str] = &[
    "WANJIKU", "OTIENO", "ACHIENG", "KAMAU", "NJERI", "MUTISO", "CHEBET", "HASSAN", "AKINYI", "KIPTOO",
];

/// One message on a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sms {
    /// What it says.
    pub text: String,
    /// When it came.
    pub at: UnixMs,
}

/// A phone with its M-Pesa account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handset {
    /// 12 digits.
    pub msisdn: String,
    /// The first name, as confirmations show it.
    pub owner: String,
    /// Off, or out of coverage: prompts do not arrive.
    pub reachable: bool,
    /// Whole shillings.
    pub balance: i64,
    /// Whether someone said what the balance is. Otherwise an unattended phone is topped up when it must pay.
    #[serde(skip)]
    pub(crate) balance_fixed: bool,
    /// Three wrong PINs were entered.
    pub pin_locked: bool,
    /// Wrong PINs in a row.
    pub wrong_pins: u8,
    /// Newest last.
    pub messages: Vec<Sms>,
    #[serde(skip)]
    pub(crate) attended_until: UnixMs,
}

/// Changes to a handset; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandsetSettings {
    /// Whether prompts arrive.
    pub reachable: Option<bool>,
    /// Whole shillings.
    pub balance: Option<i64>,
    /// Whether the PIN is locked; `false` also forgets wrong PINs.
    pub pin_locked: Option<bool>,
}

/// A prompt on a screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prompt {
    /// Names it in [`crate::Sim::enter_pin`] and the like.
    pub id: u64,
    /// Whose phone.
    pub msisdn: String,
    /// Who asks.
    pub business_name: String,
    /// Whole shillings.
    pub amount: i64,
    /// `AccountReference` of the push.
    pub account: String,
    /// The sentence on the screen.
    pub text: String,
    /// `CheckoutRequestID` of the push.
    pub checkout_request_id: String,
    /// When it appeared.
    pub shown_at: UnixMs,
    /// When it goes away by itself.
    pub expires_at: UnixMs,
}

/// What became of a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PinResult {
    /// The money moved.
    Paid,
    /// 2001: try with another push.
    WrongPin,
    /// 8006: three wrong ones, now or before.
    Locked,
    /// 1: the balance is too low.
    Insufficient,
}

/// No such prompt, or it has gone from the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchPrompt;

impl std::fmt::Display for NoSuchPrompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no such prompt is on a screen")
    }
}

impl std::error::Error for NoSuchPrompt {}

/// Whether a PIN was the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinCheck {
    Right,
    Wrong,
    Locked,
}

impl Handset {
    pub(crate) fn new(msisdn: &str) -> Self {
        let digits: usize = msisdn.bytes().map(usize::from).sum();
        Self {
            msisdn: msisdn.to_owned(),
            owner: NAMES[digits % NAMES.len()].to_owned(),
            reachable: true,
            balance: STARTING_BALANCE,
            balance_fixed: false,
            pin_locked: false,
            wrong_pins: 0,
            messages: Vec::new(),
            attended_until: UnixMs::MIN,
        }
    }

    pub(crate) fn apply(&mut self, settings: HandsetSettings) {
        if let Some(reachable) = settings.reachable {
            self.reachable = reachable;
        }
        if let Some(balance) = settings.balance {
            self.balance = balance.clamp(0, MAX_BALANCE);
            self.balance_fixed = true;
        }
        if let Some(locked) = settings.pin_locked {
            self.pin_locked = locked;
            self.wrong_pins = 0;
        }
    }

    /// Counts wrong PINs and locks at the third.
    pub(crate) fn check_pin(&mut self, pin: &str) -> PinCheck {
        if self.pin_locked {
            return PinCheck::Locked;
        }
        if pin == PIN {
            self.wrong_pins = 0;
            return PinCheck::Right;
        }
        self.wrong_pins += 1;
        if self.wrong_pins < WRONG_PINS_TO_LOCK {
            return PinCheck::Wrong;
        }
        self.pin_locked = true;
        PinCheck::Locked
    }

    pub(crate) fn receive_sms(&mut self, text: String, at: UnixMs) {
        // A phone that pays all day in a benchmark must not grow without end.
        const KEPT: usize = 50;
        if self.messages.len() == KEPT {
            self.messages.remove(0);
        }
        self.messages.push(Sms { text, at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_wrong_pins_in_a_row_lock() {
        let mut phone = Handset::new("254708374149");
        assert_eq!(phone.check_pin("0000"), PinCheck::Wrong);
        assert_eq!(phone.check_pin("1111"), PinCheck::Wrong);
        assert_eq!(phone.check_pin(PIN), PinCheck::Right);
        assert_eq!(phone.check_pin("0000"), PinCheck::Wrong);
        assert_eq!(phone.check_pin("0000"), PinCheck::Wrong);
        assert_eq!(phone.check_pin("0000"), PinCheck::Locked);
        assert_eq!(phone.check_pin(PIN), PinCheck::Locked);
    }
}
