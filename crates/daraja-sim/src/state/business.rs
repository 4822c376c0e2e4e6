//! What an initiator may do with a merchant's account, and the results that tell of it.

use serde_json::to_string;

use crate::clock::{UnixMs, dotted, stamp};
use crate::handset::MAX_BALANCE;
use crate::ids::Ids;
use crate::results::result;
use crate::script::{self, Outcome};
use crate::sms;
use crate::state::State;
use crate::state::money::{LedgerEntry, MoneyKind};

/// One request and the result that belongs to it.
pub(crate) struct Conversation {
    pub(crate) originator: String,
    /// `ConversationID`.
    pub(crate) id: String,
    pub(crate) at: UnixMs,
}

/// What a status query asks about.
pub(crate) enum Subject {
    Receipt(String),
    /// `OriginatorConversationID` of B2C, or `MerchantRequestID` of a push.
    Conversation(String),
}

/// Money for a person.
pub(crate) struct Payout {
    pub(crate) shortcode: usize,
    pub(crate) msisdn: String,
    pub(crate) amount: i64,
    pub(crate) at: UnixMs,
}

/// Money back to its payer.
pub(crate) struct Reversal {
    pub(crate) shortcode: usize,
    pub(crate) receipt: String,
    pub(crate) amount: i64,
    pub(crate) at: UnixMs,
}

impl Conversation {
    /// A result without `ResultParameters`, with a placeholder for a transaction.
    pub(crate) fn failure(&self, code: &'static str) -> String {
        let text = match code {
            "1" => "The balance is insufficient for the transaction.",
            "R000001" => "The transaction has already been reversed.",
            "R000002" => "The OriginalTransactionID is invalid.",
            other => result(other).callback,
        };
        let code = if code.bytes().all(|b| b.is_ascii_digit()) {
            code.to_owned()
        } else {
            format!("\"{code}\"")
        };
        self.result(&code, text, &Ids::placeholder_receipt(self.at), "")
    }

    /// A success with these parameters, each already JSON.
    fn success(&self, transaction: &str, parameters: &[(&str, String)]) -> String {
        let items: Vec<String> = parameters
            .iter()
            .map(|(key, value)| format!(r#"{{"Key":"{key}"{value}}}"#))
            .collect();
        // One element comes as a bare object: what XML turned into JSON has no lists of one.
        let items = if items.len() == 1 {
            items.concat()
        } else {
            format!("[{}]", items.join(","))
        };
        let parameters = format!(r#","ResultParameters":{{"ResultParameter":{items}}}"#);
        self.result("0", result("0").callback, transaction, &parameters)
    }

    fn result(&self, code: &str, text: &str, transaction: &str, parameters: &str) -> String {
        format!(
            concat!(
                r#"{{"Result":{{"ResultType":0,"ResultCode":{},"ResultDesc":{},"OriginatorConversationID":{},"#,
                r#""ConversationID":"{}","TransactionID":"{}"{},"ReferenceData":{{"ReferenceItem":{{"#,
                r#""Key":"QueueTimeoutURL","Value":"https://internalsandbox.safaricom.co.ke/mpesa/results/v1/submit"}}}}}}}}"#
            ),
            code,
            quoted(text),
            quoted(&self.originator),
            self.id,
            transaction,
            parameters,
        )
    }
}

fn quoted(text: &str) -> String {
    to_string(text).expect("a string is always JSON")
}

/// `,"Value":"…"`.
fn text(value: &str) -> String {
    format!(r#","Value":{}"#, quoted(value))
}

/// `,"Value":…`.
fn raw(value: impl std::fmt::Display) -> String {
    format!(r#","Value":{value}"#)
}

/// An item without a `Value`.
fn bare() -> String {
    String::new()
}

impl State {
    /// Money to a person, unless the number is one of the script's.
    pub(crate) fn pay_out(&mut self, talk: &Conversation, payout: &Payout) -> String {
        if let Some(Outcome::NotPaid(code)) = script::by_msisdn(&payout.msisdn).map(|row| row.plan.outcome) {
            return talk.failure(code);
        }
        let number = self.shortcode(payout.shortcode).number.clone();
        if self.org_balance(&number) < payout.amount {
            return talk.failure("1");
        }
        if self.handset(&payout.msisdn).balance + payout.amount > MAX_BALANCE {
            return talk.failure("8");
        }
        let receipt = self.ids.receipt(payout.at);
        let entry = self.give_back(
            payout.shortcode,
            &payout.msisdn,
            payout.amount,
            &receipt,
            payout.at,
        );
        self.ledger.push(LedgerEntry {
            kind: MoneyKind::B2c,
            ..entry
        });
        self.conversations
            .insert(talk.originator.clone(), Some(receipt.clone()));
        let owner = self.handset(&payout.msisdn).owner.clone();
        talk.success(
            &receipt,
            &[
                ("TransactionAmount", raw(payout.amount)),
                ("TransactionReceipt", text(&receipt)),
                (
                    "ReceiverPartyPublicName",
                    text(&format!("{} - {owner}", payout.msisdn)),
                ),
                ("TransactionCompletedDateTime", text(&dotted(payout.at))),
                (
                    "B2CUtilityAccountAvailableFunds",
                    raw(format_args!("{}.00", self.org_balance(&number))),
                ),
                ("B2CWorkingAccountAvailableFunds", raw("0.00")),
                ("B2CRecipientIsRegisteredCustomer", text("Y")),
                ("B2CChargesPaidAccountAvailableFunds", raw("-1980.00")),
            ],
        )
    }

    /// From the merchant to a person, with the message; the caller writes the ledger.
    fn give_back(
        &mut self,
        shortcode: usize,
        msisdn: &str,
        amount: i64,
        receipt: &str,
        at: UnixMs,
    ) -> LedgerEntry {
        let merchant = self.shortcode(shortcode).clone();
        *self.org_account(&merchant.number) -= amount;
        let phone = self.handset(msisdn);
        phone.balance += amount;
        let message = sms::received(receipt, amount, &merchant.name, at, phone.balance);
        phone.receive_sms(message, at);
        self.touch();
        LedgerEntry {
            receipt: receipt.to_owned(),
            shortcode: merchant.number,
            amount,
            account: String::new(),
            msisdn: msisdn.to_owned(),
            at,
            kind: MoneyKind::Reversal,
        }
    }

    /// All or a part of a payment back to its payer, once.
    pub(crate) fn reverse(&mut self, talk: &Conversation, reversal: &Reversal) -> String {
        let number = self.shortcode(reversal.shortcode).number.clone();
        let reversed = |entry: &&LedgerEntry| {
            entry.kind == MoneyKind::Reversal
                && entry.account == reversal.receipt
                && entry.shortcode == number
        };
        if self.ledger.iter().any(|entry| reversed(&entry)) {
            return talk.failure("R000001");
        }
        let original = self.ledger.iter().find(|entry| {
            let inward = !matches!(entry.kind, MoneyKind::B2c | MoneyKind::Reversal);
            inward && entry.receipt == reversal.receipt && entry.shortcode == number
        });
        let Some(original) = original.filter(|entry| reversal.amount <= entry.amount).cloned() else {
            return talk.failure("R000002");
        };
        if self.org_balance(&number) < reversal.amount {
            return talk.failure("1");
        }
        let receipt = self.ids.receipt(reversal.at);
        let entry = self.give_back(
            reversal.shortcode,
            &original.msisdn,
            reversal.amount,
            &receipt,
            reversal.at,
        );
        self.ledger.push(LedgerEntry {
            account: reversal.receipt.clone(),
            ..entry
        });
        self.conversations
            .insert(talk.originator.clone(), Some(receipt.clone()));
        let merchant = self.shortcode(reversal.shortcode).name.clone();
        let balance = self.org_balance(&number);
        talk.success(
            &receipt,
            &[
                (
                    "DebitAccountBalance",
                    text(&format!(
                        "Utility Account|KES|{balance}.00|{balance}.00|0.00|0.00"
                    )),
                ),
                ("Amount", raw(format_args!("{}.00", reversal.amount))),
                ("TransCompletedTime", raw(stamp(reversal.at))),
                ("OriginalTransactionID", text(&reversal.receipt)),
                ("Charge", raw("0.00")),
                (
                    "CreditPartyPublicName",
                    text(&format!("{} - {}", original.msisdn, self.owner(&original.msisdn))),
                ),
                ("DebitPartyPublicName", text(&format!("{number} - {merchant}"))),
            ],
        )
    }

    fn owner(&self, msisdn: &str) -> String {
        self.handsets
            .get(msisdn)
            .map(|phone| phone.owner.clone())
            .unwrap_or_default()
    }

    /// What became of a payment that Safaricom's books know.
    pub(crate) fn tell_status(&self, talk: &Conversation, subject: &Subject) -> String {
        let receipt = match subject {
            Subject::Receipt(receipt) => Some(receipt.clone()),
            Subject::Conversation(id) => self.receipt_of_conversation(id),
        };
        let entry = receipt.and_then(|receipt| self.ledger.iter().find(|entry| entry.receipt == receipt));
        let Some(entry) = entry else {
            return talk.failure("R000002");
        };
        let person = format!("{} - {}", entry.msisdn, self.owner(&entry.msisdn));
        let business = match self.shortcode_of_any(&entry.shortcode) {
            Some(index) => format!("{} - {}", entry.shortcode, self.shortcode(index).name),
            None => entry.shortcode.clone(),
        };
        let outward = matches!(entry.kind, MoneyKind::B2c | MoneyKind::Reversal);
        let (debit, credit) = if outward {
            (business, person)
        } else {
            (person, business)
        };
        talk.success(
            &Ids::placeholder_receipt(talk.at),
            &[
                ("DebitPartyName", text(&debit)),
                ("CreditPartyName", text(&credit)),
                ("OriginatorConversationID", text(&talk.originator)),
                ("InitiatedTime", raw(stamp(entry.at))),
                ("CreditPartyCharges", bare()),
                ("DebitAccountType", text("MMF Account For Customer")),
                ("TransactionReason", bare()),
                ("ReasonType", text("Pay Utility with OD Online")),
                ("TransactionStatus", text("Completed")),
                ("FinalisedTime", raw(stamp(entry.at))),
                ("Amount", raw(format_args!("{}.0", entry.amount))),
                ("ConversationID", text(&talk.id)),
                ("ReceiptNo", text(&entry.receipt)),
            ],
        )
    }

    fn receipt_of_conversation(&self, id: &str) -> Option<String> {
        if let Some(receipt) = self.conversations.get(id) {
            return receipt.clone();
        }
        self.pushes
            .iter()
            .find(|push| push.merchant_id == id)
            .and_then(|push| push.receipt().cloned())
    }

    /// The accounts of a merchant.
    pub(crate) fn tell_balance(&self, talk: &Conversation, shortcode: usize, at: UnixMs) -> String {
        let utility = self.org_balance(&self.shortcode(shortcode).number);
        let line = |name: &str, amount: i64| format!("{name}|KES|{amount}.00|{amount}.00|0.00|0.00");
        let accounts = [
            line("Working Account", 0),
            line("Float Account", 0),
            line("Utility Account", utility),
            line("Charges Paid Account", -1540),
            line("Organization Settlement Account", 0),
        ];
        let transaction = Ids::placeholder_receipt(at);
        let accounts = ("AccountBalance", text(&accounts.join("&")));
        talk.success(&transaction, &[accounts, ("BOCompletedTime", raw(stamp(at)))])
    }
}
