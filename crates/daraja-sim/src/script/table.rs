//! The rows themselves.

use super::{Answering, Asking, Outcome, PAID, Plan, Row, Shape, Telling, Trouble};

const fn fails(xx: u8, name: &'static str, code: &'static str, meaning: &'static str) -> Row {
    Row {
        xx,
        name,
        meaning,
        plan: Plan {
            outcome: Outcome::NotPaid(code),
            ..PAID
        },
    }
}

const fn told(xx: u8, name: &'static str, telling: Telling, meaning: &'static str) -> Row {
    Row {
        xx,
        name,
        meaning,
        plan: Plan { telling, ..PAID },
    }
}

const fn shaped(xx: u8, name: &'static str, shape: Shape, meaning: &'static str) -> Row {
    Row {
        xx,
        name,
        meaning,
        plan: Plan { shape, ..PAID },
    }
}

const fn answered(xx: u8, name: &'static str, answering: Answering, meaning: &'static str) -> Row {
    Row {
        xx,
        name,
        meaning,
        plan: Plan { answering, ..PAID },
    }
}

const fn refused(xx: u8, name: &'static str, trouble: Trouble, meaning: &'static str) -> Row {
    answered(xx, name, Answering::Instead(trouble), meaning)
}

/// Every row, by number.
pub const TABLE: &[Row] = &[
    Row {
        xx: 0,
        name: "paid",
        meaning: "0: paid, one callback",
        plan: PAID,
    },
    fails(1, "insufficient", "1", "1: the balance is insufficient"),
    fails(2, "below_minimum", "2", "2: below the minimum"),
    fails(3, "above_maximum", "3", "3: above the maximum per payment"),
    fails(4, "daily_limit", "4", "4: the payer's daily limit"),
    fails(8, "receiver_limit", "8", "8: the merchant's account is full"),
    fails(
        10,
        "line_busy",
        "1001",
        "1001: another session is open on the phone",
    ),
    fails(
        17,
        "rule_limited",
        "17",
        "17: the same amount again within two minutes",
    ),
    fails(19, "expired", "1019", "1019: the transaction has expired"),
    fails(20, "wrong_pin", "2001", "2001: wrong PIN"),
    fails(25, "push_error", "1025", "1025: the prompt could not be sent"),
    fails(26, "system_busy", "26", "26: M-Pesa is overloaded"),
    fails(
        28,
        "not_permitted",
        "2028",
        "2028: not permitted by product assignment",
    ),
    fails(32, "cancelled", "1032", "1032: cancelled by the payer"),
    fails(36, "smsc_timeout", "1036", "1036: the network's answer was lost"),
    fails(
        37,
        "unreachable",
        "1037",
        "1037: no response, worded differently by the query",
    ),
    fails(
        38,
        "bad_debt",
        "E3008",
        "E3008: a code with a letter, as the sandbox gave it",
    ),
    fails(
        43,
        "no_operator",
        "SFC_IC0003",
        "SFC_IC0003: the operator does not exist",
    ),
    told(
        50,
        "callback_lost",
        Telling::Lost,
        "paid; no callback ever (a C2B confirmation comes, where URLs are registered)",
    ),
    told(
        51,
        "callback_late",
        Telling::Late,
        "paid; the callback comes 95 s late",
    ),
    told(
        52,
        "callback_twice",
        Telling::Twice,
        "paid; the callback comes twice",
    ),
    told(
        53,
        "callback_first",
        Telling::BeforeAnswer,
        "paid; the callback is there before the push is answered",
    ),
    answered(
        54,
        "answer_lost",
        Answering::After(Trouble::Silence),
        "paid; the connection is cut before the answer",
    ),
    Row {
        xx: 55,
        name: "all_lost",
        meaning: "paid; neither answer nor callback nor C2B confirmation arrives",
        plan: Plan {
            telling: Telling::AllLost,
            answering: Answering::After(Trouble::Silence),
            ..PAID
        },
    },
    Row {
        xx: 56,
        name: "query_fails_first",
        meaning: "paid; queries say 1037 while the prompt is out",
        plan: Plan {
            asking: Asking::FailureTooEarly,
            ..PAID
        },
    },
    Row {
        xx: 57,
        name: "forged",
        meaning: "cancelled; a success callback with another amount and an unknown receipt comes first",
        plan: Plan {
            outcome: Outcome::NotPaid("1032"),
            telling: Telling::Forged,
            ..PAID
        },
    },
    told(
        58,
        "failure_first",
        Telling::FailureFirst,
        "paid; a 1037 callback comes first, the success after it",
    ),
    shaped(
        59,
        "balance_bare",
        Shape::BareBalance,
        "paid; `Balance` without a `Value`",
    ),
    shaped(
        60,
        "balance_java",
        Shape::JavaBalance,
        "paid; `Balance` as `{Amount={BasicAmount=…}}`",
    ),
    shaped(
        61,
        "shuffled",
        Shape::Shuffled,
        "paid; the items in another order",
    ),
    shaped(
        62,
        "no_metadata",
        Shape::NoMetadata,
        "paid; the callback has no `CallbackMetadata`",
    ),
    shaped(
        63,
        "unreadable",
        Shape::Unreadable,
        "paid; the callback's body is cut in the middle",
    ),
    answered(
        64,
        "answer_cut",
        Answering::After(Trouble::CutBody),
        "paid; the answer is cut in the middle",
    ),
    answered(
        65,
        "gateway_timeout",
        Answering::After(Trouble::GatewayTimeout),
        "paid; the gateway answers 504",
    ),
    answered(
        66,
        "html_after",
        Answering::After(Trouble::HtmlPage),
        "paid; the answer is 200 with an HTML page",
    ),
    Row {
        xx: 67,
        name: "cancel_lost",
        meaning: "1032; no callback ever",
        plan: Plan {
            outcome: Outcome::NotPaid("1032"),
            telling: Telling::Lost,
            ..PAID
        },
    },
    Row {
        xx: 68,
        name: "stuck",
        meaning: "undecided for ever; no callback, queries say 4999",
        plan: Plan {
            outcome: Outcome::Stuck,
            ..PAID
        },
    },
    refused(
        80,
        "locked",
        Trouble::Locked,
        "refused: 500.001.1001, the subscriber is locked",
    ),
    refused(
        81,
        "no_sim",
        Trouble::MissingIccid,
        "refused: 500.001.1001, Missing ICCID",
    ),
    refused(
        82,
        "bad_number",
        Trouble::InvalidPhone,
        "refused: 400.002.02, Invalid PhoneNumber",
    ),
    refused(
        83,
        "server_error",
        Trouble::ServerError,
        "refused: 500.003.1001, Internal Server Error",
    ),
    refused(
        84,
        "spike_arrest",
        Trouble::SpikeArrest,
        "refused: 429 with Apigee's spike arrest",
    ),
    refused(85, "busy", Trouble::Busy, "refused: 500.003.02, System is busy"),
    fails(86, "pin_locked", "8006", "8006: the payer's PIN is locked"),
    refused(
        87,
        "quota",
        Trouble::Quota,
        "refused: 500.003.03, Quota Violation",
    ),
    refused(
        88,
        "firewall",
        Trouble::Incapsula,
        "refused: 403 with the firewall's HTML",
    ),
    refused(
        89,
        "html_page",
        Trouble::HtmlPage,
        "refused: 200 with an HTML page, nothing sent",
    ),
    fails(98, "internal", "9999", "9999: internal error"),
    fails(99, "unknown", "7421", "7421: a code that no table has"),
];
