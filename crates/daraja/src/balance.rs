//! Account Balance: what the merchant's M-Pesa accounts hold.

use kaunta_domain::time::Timestamp;
use serde::Serialize;

use crate::app::AppKeys;
use crate::client::Daraja;
use crate::error::{Error, Twice};
use crate::http::Call;
use crate::request::{Accepted, Initiator, Party, ReplyTo, accepted, remarks};
use crate::result::ResultMessage;
use crate::values::{cents, java_map_cents};

const PATH: &str = "/mpesa/accountbalance/v1/query";

/// A question for all accounts of a shortcode.
#[derive(Debug, Clone)]
pub struct BalanceQuery {
    /// Who asks.
    pub initiator: Initiator,
    /// Whose accounts.
    pub party: Party,
    /// A few words.
    pub remarks: String,
    /// Where the answer is posted.
    pub reply_to: ReplyTo,
}

/// One account. Amounts are cents, because balances have them and go below nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `Working Account`, `Utility Account`, `Charges Paid Account` … Some answers leave out the word `Account`.
    pub name: String,
    /// `KES`.
    pub currency: String,
    /// What it holds.
    pub current_cents: i64,
    /// What may be used of it.
    pub available_cents: Option<i64>,
    /// What is held back. The older documents name this third; others swap it with the fourth.
    pub reserved_cents: Option<i64>,
    /// What has not arrived yet.
    pub uncleared_cents: Option<i64>,
}

/// What a result tells of the accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balances {
    /// The accounts that could be read.
    pub accounts: Vec<Account>,
    /// When they held this.
    pub at: Option<Timestamp>,
}

impl Daraja {
    /// Asks for the balances; the answer comes to the result URL.
    pub async fn account_balance(&self, app: &AppKeys, request: &BalanceQuery) -> Result<Accepted, Error> {
        let body = Body {
            initiator: &request.initiator.name,
            security_credential: request.initiator.credential.expose(),
            command_id: "AccountBalance",
            party_a: request.party.number(),
            identifier_type: request.party.identifier_type(),
            remarks: remarks(&request.remarks),
            queue_time_out_url: request.reply_to.timeout_url.as_str(),
            result_url: request.reply_to.result_url.as_str(),
        };
        self.call(app, &Call::new(PATH, &body, Twice::IsHarmless), |answer| {
            accepted(answer, Twice::IsHarmless)
        })
        .await
    }
}

impl Balances {
    /// Reads the parameters of a balance result.
    pub fn of(result: &ResultMessage) -> Self {
        let texts = result.parameters.all("AccountBalance");
        Self {
            accounts: texts
                .flat_map(|text| text.split('&'))
                .filter_map(account)
                .collect(),
            at: result.parameters.moment(&["BOCompletedTime"]),
        }
    }

    /// The account of that name, with or without the word `Account`.
    pub fn named(&self, name: &str) -> Option<&Account> {
        let short = |name: &str| {
            name.trim()
                .trim_end_matches("Account")
                .trim()
                .to_ascii_lowercase()
        };
        self.accounts
            .iter()
            .find(|account| short(&account.name) == short(name))
    }
}

/// `Working Account|KES|481000.00|481000.00|0.00|0.00`. Source: "Account Balance" page of Daraja 2.0.
pub(crate) fn account(text: &str) -> Option<Account> {
    let mut parts = text.split('|').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let currency = parts.next()?.to_owned();
    let mut amount = || {
        parts
            .next()
            .and_then(|text| cents(text).or_else(|| java_map_cents(text)))
    };
    Some(Account {
        name,
        currency,
        current_cents: amount()?,
        available_cents: amount(),
        reserved_cents: amount(),
        uncleared_cents: amount(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    initiator: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: &'a str,
    party_a: &'a str,
    identifier_type: &'a str,
    remarks: String,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: &'a str,
    #[serde(rename = "ResultURL")]
    result_url: &'a str,
}
