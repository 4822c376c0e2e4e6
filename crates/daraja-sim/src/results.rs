//! The result codes of a push, with the words that the callback and the query put to them.
//!
//! The two differ for 1037: both texts were seen in the same minute.

/// One outcome of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResultText {
    /// As the query writes it, always a string.
    pub(crate) code: &'static str,
    /// `ResultDesc` of the callback.
    pub(crate) callback: &'static str,
    /// `ResultDesc` of the query.
    pub(crate) query: &'static str,
}

const fn same(code: &'static str, text: &'static str) -> ResultText {
    ResultText {
        code,
        callback: text,
        query: text,
    }
}

const RESULTS: &[ResultText] = &[
    same("0", "The service request is processed successfully."),
    same("1", "The balance is insufficient for the transaction."),
    same("2", "Declined due to limit rule"),
    same(
        "3",
        "Declined due to limit rule: greater than the maximum transaction amount.",
    ),
    same(
        "4",
        "Declined due to limit rule: would exceed daily transfer limit.",
    ),
    same(
        "8",
        "Declined due to limit rule: would exceed the maximum balance.",
    ),
    same("17", "Rule limited."),
    same("26", "System busy. The service request is rejected."),
    same(
        "1001",
        "Unable to lock subscriber, a transaction is already in process for the current subscriber",
    ),
    same("1019", "Transaction has expired."),
    same("1025", "An error occurred while sending a push request."),
    ResultText {
        code: "1032",
        callback: "Request cancelled by user",
        query: "[STK_CB - ]Request cancelled by user",
    },
    same("1036", "SMSC ACK timeout."),
    ResultText {
        code: "1037",
        callback: "No response from user.",
        query: "DS timeout user cannot be reached.",
    },
    same("2001", "The initiator information is invalid."),
    same("2026", "The channel session ID has expired."),
    same(
        "2028",
        "The request is not permitted according to product assignment.",
    ),
    same("8006", "The security credential is locked."),
    same("9999", "Internal error"),
    same("SFC_IC0003", "The operator does not exist."),
    same("E3008", "Error, the user has a bad debt contract."),
];

/// The texts of a code; a code that no table has gets words of its own.
pub(crate) fn result(code: &'static str) -> ResultText {
    let known = RESULTS.iter().find(|r| r.code == code);
    known
        .copied()
        .unwrap_or(same(code, "The service request could not be completed."))
}
