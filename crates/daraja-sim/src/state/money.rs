//! Money that moved: the one truth that a checker may compare a merchant's books with.

use serde::Serialize;

use crate::callback::{C2b, c2b};
use crate::clock::UnixMs;
use crate::config::ShortcodeKind;
use crate::outbox::Kind;
use crate::sms;
use crate::state::{Registration, State, millis};

/// By what way money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyKind {
    /// A push that the payer approved.
    Stk,
    /// The menu of the phone, to a paybill.
    PayBill,
    /// The menu of the phone, to a till.
    BuyGoods,
    /// From the merchant to a person.
    B2c,
    /// Back to the payer.
    Reversal,
}

/// One movement of money, as Safaricom's own books have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// Ten characters, never repeated.
    pub receipt: String,
    /// The merchant's paybill or till.
    pub shortcode: String,
    /// Whole shillings, always positive; the kind tells the direction.
    pub amount: i64,
    /// What the payer typed or the push named; empty for a till's menu payment. For a reversal, the receipt
    /// that was reversed.
    pub account: String,
    /// The person.
    pub msisdn: String,
    /// When.
    pub at: UnixMs,
    /// By what way.
    pub kind: MoneyKind,
}

/// Money that a merchant is about to receive.
pub(crate) struct Moved {
    pub(crate) receipt: String,
    pub(crate) shortcode: usize,
    pub(crate) amount: i64,
    pub(crate) account: String,
    pub(crate) msisdn: String,
    pub(crate) at: UnixMs,
    pub(crate) kind: MoneyKind,
}

impl State {
    /// From the payer to the merchant; the payer gets the SMS.
    pub(crate) fn move_money(&mut self, moved: &Moved) {
        let shortcode = self.shortcode(moved.shortcode).clone();
        let account = match shortcode.kind {
            ShortcodeKind::Paybill => moved.account.as_str(),
            ShortcodeKind::Till { .. } => "",
        };
        let phone = self.handset(&moved.msisdn);
        phone.balance -= moved.amount;
        let text = sms::confirmation(&sms::Paid {
            receipt: &moved.receipt,
            amount: moved.amount,
            business: &shortcode.name,
            account,
            at: moved.at,
            balance: phone.balance,
        });
        phone.receive_sms(text, moved.at);
        *self.org_account(&shortcode.number) += moved.amount;
        self.ledger.push(LedgerEntry {
            receipt: moved.receipt.clone(),
            shortcode: shortcode.number,
            amount: moved.amount,
            account: moved.account.clone(),
            msisdn: moved.msisdn.clone(),
            at: moved.at,
            kind: moved.kind,
        });
        self.touch();
    }

    /// The URLs of a merchant.
    pub(crate) fn registration(&self, shortcode: usize) -> Option<&Registration> {
        self.registrations.get(&self.shortcode(shortcode).number)
    }

    /// The body of a validation (without a balance) or a confirmation (with one).
    pub(crate) fn c2b_body(
        &self,
        moved: &Moved,
        org_balance: Option<i64>,
        third_party: &str,
    ) -> Option<String> {
        let registration = self.registration(moved.shortcode)?;
        let shortcode = self.shortcode(moved.shortcode);
        let (transaction_type, account) = match shortcode.kind {
            ShortcodeKind::Paybill => ("Pay Bill", moved.account.as_str()),
            // The documents say `Buy Goods`; live traffic says this.
            ShortcodeKind::Till { .. } => ("Customer Merchant Payment", ""),
        };
        Some(c2b(&C2b {
            transaction_type,
            receipt: &moved.receipt,
            at: moved.at,
            amount: moved.amount,
            shortcode: &shortcode.number,
            account,
            org_balance,
            third_party,
            msisdn: &moved.msisdn,
            first_name: self
                .handsets
                .get(&moved.msisdn)
                .map_or("", |phone| phone.owner.as_str()),
            hiding: registration.hiding,
        }))
    }

    /// Tells the confirmation URL, where one is registered.
    pub(crate) fn confirm_c2b(&mut self, moved: &Moved, third_party: &str) {
        let number = self.shortcode(moved.shortcode).number.clone();
        let balance = Some(self.org_balance(&number));
        let Some(body) = self.c2b_body(moved, balance, third_party) else {
            return;
        };
        let Some(url) = self.registration(moved.shortcode).map(|r| r.confirmation.clone()) else {
            return;
        };
        let due = moved.at + millis(self.config.pace.callback);
        self.post_with_faults(Kind::C2bConfirmation, &url, &number, body, due);
    }
}
