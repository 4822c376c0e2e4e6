//! Secret keys: who calls, and what they may do.

use crate::store::case::Loaded;
use kaunta_domain::id::MerchantId;
use std::fmt;
use zeroize::Zeroize;

/// A text that is shown to its owner and to no log.
#[derive(Clone, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct SecretText(String);

impl SecretText {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to be handed to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// What a key may do. Source: CONTRACT of the merchant API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Make sessions, prompts and links.
    SessionsWrite,
    /// Read sessions, payments, events and balances.
    PaymentsRead,
    /// Give money back.
    RefundsWrite,
    /// Send money.
    PayoutsWrite,
    /// Set webhook endpoints.
    WebhooksWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [
        Self::SessionsWrite,
        Self::PaymentsRead,
        Self::RefundsWrite,
        Self::PayoutsWrite,
        Self::WebhooksWrite,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsWrite => "sessions:write",
            Self::PaymentsRead => "payments:read",
            Self::RefundsWrite => "refunds:write",
            Self::PayoutsWrite => "payouts:write",
            Self::WebhooksWrite => "webhooks:write",
        }
    }
}

/// The scopes of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// All of them.
    pub fn all() -> Self {
        Self(Scope::ALL.to_vec())
    }

    /// Reads a list of names separated by blanks or commas. The error is the name that is none.
    pub fn parse(list: &str) -> Result<Self, String> {
        let names = list.split([' ', ',']).filter(|name| !name.is_empty());
        let scopes = names.map(|name| {
            Scope::ALL
                .into_iter()
                .find(|scope| scope.as_str() == name)
                .ok_or_else(|| name.to_owned())
        });
        Ok(Self(scopes.collect::<Result<_, _>>()?))
    }

    /// Whether `scope` is among them.
    pub fn allows(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub(super) fn text(&self) -> String {
        self.0
            .iter()
            .map(|scope| scope.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Who calls the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The merchant.
    pub merchant: MerchantId,
    /// Whether its key is for real money.
    pub livemode: bool,
    /// What its key may do.
    pub scopes: Scopes,
}

impl Caller {
    pub(crate) fn owns(&self, loaded: &Loaded) -> bool {
        loaded.merchant == self.merchant && loaded.livemode == self.livemode
    }
}
