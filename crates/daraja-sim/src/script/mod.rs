//! The table of magic numbers and amounts: what a phone that nobody attends does with a prompt.
//!
//! Row `xx` is chosen by the number `2547000010xx`, by the amount `90xx`, or by name for the next push.
//! `docs/simulator.md` prints this table; a test holds the two together.

mod table;

pub use table::TABLE;

/// What happens to the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It moves.
    Paid,
    /// It does not, with this result code.
    NotPaid(&'static str),
    /// Nothing is ever decided: no callback, and queries say "under processing" for ever.
    Stuck,
}

/// How the merchant's server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// One callback.
    Once,
    /// None; a C2B confirmation may still come.
    Lost,
    /// None, and no C2B confirmation either.
    AllLost,
    /// One, much later.
    Late,
    /// The same one twice.
    Twice,
    /// One, before the answer to the push.
    BeforeAnswer,
    /// A 1037 first, and the truth after it.
    FailureFirst,
    /// A success of another amount with a receipt that no ledger knows, and the truth after it.
    Forged,
}

/// How the body of a callback is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As the documents show it.
    Plain,
    /// With a `Balance` item that has no `Value`.
    BareBalance,
    /// With the `Balance` in the notation of a Java map.
    JavaBalance,
    /// With its items in another order.
    Shuffled,
    /// A success without `CallbackMetadata`.
    NoMetadata,
    /// Cut in the middle.
    Unreadable,
}

/// What becomes of the request itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answering {
    /// It is answered as it should be.
    Plain,
    /// It is carried out, and answered by this trouble.
    After(Trouble),
    /// It is not carried out, and answered by this trouble.
    Instead(Trouble),
}

/// Answers that are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection is cut before a byte is sent.
    Silence,
    /// The connection is cut in the middle of the body.
    CutBody,
    /// 500 with `500.003.1001`.
    ServerError,
    /// 504 from the gateway, as Apigee words it.
    GatewayTimeout,
    /// 200 with a page of HTML.
    HtmlPage,
    /// 429 with Apigee's spike arrest.
    SpikeArrest,
    /// 500 with `500.003.02`.
    Busy,
    /// 500 with `500.003.03`.
    Quota,
    /// 403 with the firewall's page.
    Incapsula,
    /// 500 with `500.001.1001`: the subscriber is locked.
    Locked,
    /// 500 with `500.001.1001`: no such SIM.
    MissingIccid,
    /// 400 with `400.002.02`: the number.
    InvalidPhone,
}

/// What queries say while the prompt is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// One of the four shapes of "not yet".
    NotYet,
    /// 1037, although the payment will still succeed.
    FailureTooEarly,
}

/// Everything that is decided about one push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) outcome: Outcome,
    pub(crate) telling: Telling,
    pub(crate) shape: Shape,
    pub(crate) answering: Answering,
    pub(crate) asking: Asking,
}

/// The plain plan: the phone approves, the callback comes once.
pub(crate) const PAID: Plan = Plan {
    outcome: Outcome::Paid,
    telling: Telling::Once,
    shape: Shape::Plain,
    answering: Answering::Plain,
    asking: Asking::NotYet,
};

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The last two digits of the magic number and of the magic amount.
    pub xx: u8,
    /// The name for [`crate::Sim::script_next`].
    pub name: &'static str,
    /// One line for the reader of the document.
    pub meaning: &'static str,
    pub(crate) plan: Plan,
}

impl Row {
    /// The phone number that chooses this row.
    pub fn msisdn(&self) -> String {
        format!("2547000010{:02}", self.xx)
    }

    /// The amount that chooses this row, in whole shillings.
    pub fn amount(&self) -> i64 {
        9000 + i64::from(self.xx)
    }
}

/// The row that a number chooses.
pub(crate) fn by_msisdn(msisdn: &str) -> Option<&'static Row> {
    let tail = msisdn.strip_prefix("2547000010")?;
    let xx = tail.parse::<u8>().ok()?;
    TABLE.iter().find(|row| row.xx == xx && tail.len() == 2)
}

/// The row that an amount chooses.
pub(crate) fn by_amount(amount: i64) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.amount() == amount)
}

/// The row of a name.
pub(crate) fn by_name(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_number_its_amount_and_its_name() {
        for row in TABLE {
            assert_eq!(by_msisdn(&row.msisdn()).map(|r| r.name), Some(row.name));
            assert_eq!(by_amount(row.amount()).map(|r| r.name), Some(row.name));
            assert_eq!(by_name(row.name).map(|r| r.xx), Some(row.xx));
        }
    }

    #[test]
    fn other_numbers_and_amounts_choose_nothing() {
        assert!(by_msisdn("254708374149").is_none());
        assert!(by_msisdn("2547000010999").is_none());
        assert!(by_amount(1500).is_none());
    }
}
