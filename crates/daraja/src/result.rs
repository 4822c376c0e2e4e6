//! Results: what Safaricom posts to a result URL for payouts, reversals, balances and transaction status.
//!
//! One envelope with many dents: `ResultParameter` is an array, an object where there is one, or missing while
//! `ResultParameters` is the array itself; items are `Key`/`Value` or `Name`/`Value`, may lack the value, and may come
//! twice under one key; the outer `Result` was missing once.

use std::fmt;

use kaunta_domain::time::Timestamp;

use crate::codes::ResultCode;
use crate::loose::{Loose, Object, Unreadable, decode, trimmed};
use crate::values::{self, Amount, Hidden};

/// A result as it reads; [`ResultMessage::outcome`] says what it comes to.
#[derive(Clone, PartialEq, Eq)]
pub struct ResultMessage {
    /// Whether this is the last word.
    pub kind: Kind,
    /// How it ended.
    pub code: Option<ResultCode>,
    /// The code in words.
    pub description: Option<String>,
    /// The asker's name for the conversation. None where it is empty: that must match nothing.
    pub originator_conversation_id: Option<String>,
    /// M-Pesa's name for it. None where it is empty.
    pub conversation_id: Option<String>,
    /// The receipt of what was done, where it is one. For a query it is the query's own, and so a placeholder.
    pub transaction_id: Option<String>,
    /// `ResultParameters`.
    pub parameters: Parameters,
    /// `ReferenceData`: what the request said of itself.
    pub references: Parameters,
}

/// `ResultType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 0, and what has no type.
    Final,
    /// Anything else: more is to come, or the queue gave up waiting.
    NotFinal,
}

/// What a result comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It was done.
    Done,
    /// It was refused.
    Failed(&'a ResultCode),
    /// It says neither: not final, without a code, or a failure's code with a success's words (which the documents
    /// themselves show for a reversal, code `21`).
    Unknown,
}

impl ResultMessage {
    /// What this comes to.
    pub fn outcome(&self) -> Outcome<'_> {
        let Some(code) = self.code.as_ref().filter(|code| !code.is_pending()) else {
            return Outcome::Unknown;
        };
        if self.kind != Kind::Final {
            return Outcome::Unknown;
        }
        if code.is_success() {
            return Outcome::Done;
        }
        let words = self
            .description
            .as_deref()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if words.contains("processed successfully") {
            return Outcome::Unknown;
        }
        Outcome::Failed(code)
    }
}

/// Named values in their order, doubles and all.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, Option<String>)>);

impl Parameters {
    /// The first value under that name, in any letter case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values under that name: `DebitPartyName` comes twice in one of the documents' samples.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = move |(key, _): &&(String, Option<String>)| key.eq_ignore_ascii_case(name);
        self.0
            .iter()
            .filter(named)
            .filter_map(|(_, value)| value.as_deref())
    }

    /// The first of several names that has a value.
    pub(crate) fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Every name with its value, in order; items without a value too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_deref()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn moment(&self, names: &[&str]) -> Option<Timestamp> {
        self.any(names).and_then(values::moment)
    }

    pub(crate) fn amount(&self, names: &[&str]) -> Option<Amount> {
        self.any(names).map(Amount::parse)
    }
}

/// Reads a result, and also the envelope that comes to a timeout URL. Whatever came to a timeout URL is an unknown
/// outcome, whatever it says.
pub fn read_result(body: &[u8]) -> Result<ResultMessage, Unreadable> {
    let text = decode(body);
    let root = Loose::parse(&text)?
        .object()
        .ok_or(Unreadable::Missing("Result"))?;
    let result = envelope(root)?;
    Ok(ResultMessage {
        kind: kind(&result),
        code: ResultCode::read(result.get("ResultCode"))?,
        description: result.text("ResultDesc"),
        originator_conversation_id: result.any_text(&["OriginatorConversationID", "OriginatorCoversationID"]),
        conversation_id: result.text("ConversationID"),
        transaction_id: result.text("TransactionID").filter(|id| values::is_receipt(id)),
        parameters: parameters(result.get("ResultParameters"), "ResultParameter"),
        references: parameters(result.get("ReferenceData"), "ReferenceItem"),
    })
}

/// The object in `Result`, or the root where it is that object: it then names its conversation and its code.
fn envelope(root: Object<'_>) -> Result<Object<'_>, Unreadable> {
    if root.get("Result").is_some() {
        return root.object("Result");
    }
    let flat = root.get("ResultCode").is_some()
        && root
            .any_text(&[
                "ConversationID",
                "OriginatorConversationID",
                "OriginatorCoversationID",
            ])
            .is_some();
    if flat {
        Ok(root)
    } else {
        Err(Unreadable::Missing("Result"))
    }
}

fn kind(result: &Object<'_>) -> Kind {
    match result.text("ResultType").as_deref() {
        None | Some("0") => Kind::Final,
        Some(_) => Kind::NotFinal,
    }
}

fn parameters(holder: Option<Loose<'_>>, item: &str) -> Parameters {
    let Some(holder) = holder else {
        return Parameters::default();
    };
    let list = match holder.object() {
        Some(object) => object.get(item).map(Loose::items).unwrap_or_default(),
        None => holder.items(),
    };
    let pair = |item: Loose<'_>| {
        let item = item.object()?;
        let key = item.any(&["Key", "Name"]).and_then(trimmed)?;
        Some((key, item.get("Value").and_then(trimmed)))
    };
    Parameters(list.into_iter().filter_map(pair).collect())
}

/// Which conversation a body at a timeout URL is about. Its form is documented nowhere, so the ids are taken from
/// wherever they are, and nothing else is believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimedOut {
    /// The asker's name for the conversation.
    pub originator_conversation_id: Option<String>,
    /// M-Pesa's name for it.
    pub conversation_id: Option<String>,
}

/// Reads what came to a timeout URL; a body that says nothing is not an error there.
pub fn read_timeout(body: &[u8]) -> TimedOut {
    let text = decode(body);
    let root = Loose::parse(&text).ok().and_then(Loose::object);
    let Some(root) = root else {
        return TimedOut::default();
    };
    let inner = root.get("Result").and_then(Loose::object);
    let object = inner.as_ref().unwrap_or(&root);
    TimedOut {
        originator_conversation_id: object.any_text(&["OriginatorConversationID", "OriginatorCoversationID"]),
        conversation_id: object.text("ConversationID"),
    }
}

/// A party as results name it: `254712345678 - JANE DOE`, `600999 - ACME`, `000000– Biller`.
#[derive(Clone, PartialEq, Eq)]
pub struct PartyName {
    /// The phone or the shortcode.
    pub number: String,
    /// The registered name.
    pub name: Option<String>,
}

impl PartyName {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (number, name) = text.split_once(['-', '\u{2013}']).unwrap_or((text, ""));
        let number = number.trim();
        let name = name.trim();
        let is_number = !number.is_empty()
            && number
                .bytes()
                .all(|b| b.is_ascii_digit() || b == b'*' || b == b' ');
        is_number.then(|| Self {
            number: number.to_owned(),
            name: (!name.is_empty()).then(|| name.to_owned()),
        })
    }
}

impl fmt::Debug for PartyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartyName([hidden])")
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

impl fmt::Debug for ResultMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultMessage")
            .field("kind", &self.kind)
            .field("code", &self.code)
            .field("originator_conversation_id", &self.originator_conversation_id)
            .field("conversation_id", &self.conversation_id)
            .field("transaction_id", &self.transaction_id)
            .field("description", &Hidden(&self.description))
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}
