//! Lipa na M-PESA from the phone's own menu: Pay Bill and Buy Goods.

use serde::{Deserialize, Serialize};

use crate::config::{ShortcodeKind, Validation};
use crate::handset::PinCheck;
use crate::state::money::{MoneyKind, Moved};
use crate::state::push::MAX_AMOUNT;
use crate::state::{Registration, State};

/// The longest account number that the menu takes.
const MAX_ACCOUNT_CHARS: usize = 20;

/// What a person types into the menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Payment {
    /// Lipa na M-PESA > Pay Bill.
    PayBill {
        /// Business number.
        business: String,
        /// Account number, as typed.
        account: String,
        /// Whole shillings.
        amount: i64,
        /// Four digits.
        pin: String,
    },
    /// Lipa na M-PESA > Buy Goods and Services.
    BuyGoods {
        /// Till number.
        till: String,
        /// Whole shillings.
        amount: i64,
        /// Four digits.
        pin: String,
    },
}

/// What the payer has in hand afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Ten characters.
    pub receipt: String,
    /// The message on the phone.
    pub sms: String,
    /// Whole shillings left.
    pub balance: i64,
}

/// Why no money moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Decline {
    /// The phone is out of reach.
    NoNetwork,
    /// No such paybill or till.
    UnknownBusiness,
    /// Below 1 or above 250,000.
    InvalidAmount,
    /// Empty or longer than 20 characters.
    InvalidAccount,
    /// The PIN was wrong.
    WrongPin,
    /// The PIN is locked.
    PinLocked,
    /// The balance is too low.
    Insufficient,
    /// The merchant's validation URL said no.
    Refused {
        /// `C2B00012` and the like; it picks the message that the payer gets.
        result_code: String,
    },
    /// The validation URL did not answer in time, and the merchant registered `Cancelled`.
    Cancelled,
}

impl Decline {
    /// What the phone says.
    pub fn message(&self) -> &'static str {
        match self {
            Self::NoNetwork => "No network. Try again when the phone has signal.",
            Self::UnknownBusiness => "Failed. The business number or till does not exist.",
            Self::InvalidAmount => "Failed. Enter an amount from KSH1 to KSH250,000.",
            Self::InvalidAccount => "Failed. Enter an account number of at most 20 characters.",
            Self::WrongPin => "Failed. You have entered the wrong PIN.",
            Self::PinLocked => "Your M-PESA PIN is locked. Call 100 or 200 for help.",
            Self::Insufficient => "Failed. You do not have enough money in your M-PESA account.",
            Self::Refused { result_code } => match result_code.as_str() {
                "C2B00011" => "Failed. The business does not accept payments from this number.",
                "C2B00012" => "Failed. You have entered an invalid account number.",
                "C2B00013" => "Failed. You have entered an invalid amount.",
                "C2B00014" => "Failed. Your details could not be confirmed.",
                "C2B00015" => "Failed. The business number is not valid.",
                _ => "Failed. The business did not accept the payment.",
            },
            Self::Cancelled => "Failed. The business could not be reached. No money was taken.",
        }
    }
}

impl std::fmt::Display for Decline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Decline {}

/// Money that may move unless the merchant says no.
pub(crate) struct Prepared {
    pub(crate) moved: Moved,
    /// Where to ask first, and with what.
    pub(crate) validation: Option<(Registration, String)>,
}

/// A payment without its PIN, as the simulate endpoint makes one too.
pub(crate) struct Order {
    pub(crate) kind: MoneyKind,
    pub(crate) number: String,
    pub(crate) account: String,
    pub(crate) amount: i64,
}

impl Payment {
    pub(crate) fn split(self) -> (Order, String) {
        match self {
            Self::PayBill {
                business,
                account,
                amount,
                pin,
            } => {
                let account = account.trim().to_owned();
                (
                    Order {
                        kind: MoneyKind::PayBill,
                        number: business.trim().to_owned(),
                        account,
                        amount,
                    },
                    pin,
                )
            }
            Self::BuyGoods { till, amount, pin } => {
                let number = till.trim().to_owned();
                (
                    Order {
                        kind: MoneyKind::BuyGoods,
                        number,
                        account: String::new(),
                        amount,
                    },
                    pin,
                )
            }
        }
    }
}

impl State {
    /// Checks what the phone and M-Pesa check by themselves, in the order in which a person meets it.
    pub(crate) fn prepare_menu(
        &mut self,
        msisdn: &str,
        order: Order,
        pin: Option<&str>,
    ) -> Result<Prepared, Decline> {
        let at = self.now();
        if !self.handset(msisdn).reachable {
            return Err(Decline::NoNetwork);
        }
        let shortcode = self.menu_shortcode(&order).ok_or(Decline::UnknownBusiness)?;
        if !(1..=MAX_AMOUNT).contains(&order.amount) {
            return Err(Decline::InvalidAmount);
        }
        let length = order.account.chars().count();
        if order.kind == MoneyKind::PayBill && !(1..=MAX_ACCOUNT_CHARS).contains(&length) {
            return Err(Decline::InvalidAccount);
        }
        let phone = self.handset(msisdn);
        match pin.map(|pin| phone.check_pin(pin)) {
            Some(PinCheck::Wrong) => return Err(Decline::WrongPin),
            Some(PinCheck::Locked) => return Err(Decline::PinLocked),
            Some(PinCheck::Right) if phone.balance < order.amount => return Err(Decline::Insufficient),
            Some(PinCheck::Right) | None => {}
        }
        let receipt = self.ids.receipt(at);
        let Order {
            kind,
            account,
            amount,
            ..
        } = order;
        let moved = Moved {
            receipt,
            shortcode,
            amount,
            account,
            msisdn: msisdn.to_owned(),
            at,
            kind,
        };
        let validation = self.validation(&moved);
        Ok(Prepared { moved, validation })
    }

    /// A paybill is paid by its number, a till by the till's.
    fn menu_shortcode(&self, order: &Order) -> Option<usize> {
        self.config.shortcodes.iter().position(|shortcode| {
            let right_menu = match shortcode.kind {
                ShortcodeKind::Paybill => order.kind == MoneyKind::PayBill,
                ShortcodeKind::Till { .. } => order.kind == MoneyKind::BuyGoods,
            };
            right_menu && shortcode.number == order.number
        })
    }

    fn validation(&self, moved: &Moved) -> Option<(Registration, String)> {
        if self.shortcode(moved.shortcode).validation == Validation::Off {
            return None;
        }
        let registration = self.registration(moved.shortcode)?.clone();
        let body = self.c2b_body(moved, None, "")?;
        Some((registration, body))
    }

    /// Moves the money that was prepared.
    pub(crate) fn complete_menu(&mut self, prepared: &mut Prepared, third_party: &str) -> Receipt {
        let moved = &mut prepared.moved;
        moved.at = moved.at.max(self.now());
        let phone = self.handset(&moved.msisdn);
        if phone.balance < moved.amount {
            // Only the simulate endpoint gets here: it asks no phone whether it can pay.
            phone.balance = crate::handset::MAX_BALANCE;
        }
        self.move_money(moved);
        self.confirm_c2b(moved, third_party);
        let phone = self.handset(&moved.msisdn);
        let sms = phone
            .messages
            .last()
            .map(|sms| sms.text.clone())
            .unwrap_or_default();
        Receipt {
            receipt: moved.receipt.clone(),
            sms,
            balance: phone.balance,
        }
    }
}
