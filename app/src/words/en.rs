//! English. The texts that browser tests rely on are fixed by the public surface.

#[cfg(feature = "ssr")]
use kaunta_domain::failure::FailureCode;
use kaunta_domain::msisdn::PhoneError;
#[cfg(feature = "ssr")]
use kaunta_domain::sms::NotAClaim;

use super::Live;
#[cfg(feature = "ssr")]
use super::{ByHandWords, Checking, Closed, Form, Frame, Notices, Paid, Prompt, Reason, Trouble, Way, Words};

pub(super) static LIVE: Live = Live {
    busy: "Sending…",
    copied: "Copied",
    copy_by_hand: "Press and hold",
    offline: "You are offline. Nothing is lost: this page goes on by itself when the connection is back.",
    unanswered: "The connection broke, so we do not know whether the prompt went out. Look at your phone before you press again.",
    steps_opened: "Steps to pay from the M-Pesa menu are now shown below.",
    button_is_back: "You can try again now.",
    seconds_left: |seconds| [seconds, " seconds left to enter your PIN"].concat(),
    sends_to: |number| ["Goes to ", number].concat(),
    other_operator: |operator| {
        [
            "This looks like an ",
            operator,
            " number. The prompt only reaches Safaricom lines with M-Pesa; go on if this one moved to Safaricom.",
        ]
        .concat()
    },
    phone: |error| match error {
        PhoneError::Empty => "Enter the M-Pesa phone number, such as 0712 345 678.",
        PhoneError::TooShort => "Some digits of the phone number are missing. It is like 0712 345 678.",
        PhoneError::TooLong => "The phone number has too many digits. It is like 0712 345 678.",
        PhoneError::Landline => "This is a landline. Enter a mobile number, such as 0712 345 678.",
        PhoneError::Foreign => "M-Pesa needs a Kenyan phone number, such as 0712 345 678.",
        PhoneError::Letters => "The phone number holds letters. Enter digits only, such as 0712 345 678.",
        PhoneError::Extra => "Enter one phone number only, such as 0712 345 678.",
        PhoneError::NotMobile => "No Kenyan mobile number starts like this. Look at the first digits again.",
        PhoneError::Unreadable => {
            "The phone number holds a sign that does not belong there. Enter digits only."
        }
    },
};

#[cfg(feature = "ssr")]
pub(super) static WORDS: Words = Words {
    live: &LIVE,
    frame: Frame {
        you_pay: "You are paying",
        title: |shop| format!("Pay {shop}"),
        test: "Test mode: no real money moves",
        foot: |shop| {
            format!(
                "Your money goes straight to {shop}. You enter your PIN on your own phone only, never here."
            )
        },
        back_to: |shop| format!("Back to {shop}"),
        things: |count| {
            if count == "1" {
                "1 item".to_owned()
            } else {
                format!("{count} items")
            }
        },
        copy: "Copy",
        look_again: "Look again",
    },
    form: Form {
        label: "M-Pesa phone number",
        hint: "This phone gets a prompt to enter the M-Pesa PIN. It can also be the phone of someone who pays for you.",
        hint_known: |masked| format!("Leave it empty to use {masked}."),
        pay: |amount| format!("Pay KES {amount}"),
        failed: "Payment not completed",
        again: "Try again",
        ready_in: |seconds| format!("Ready in {seconds} s"),
        sending: "One moment",
        sending_to: |masked| format!("Asking M-Pesa to send the prompt to {masked}"),
    },
    prompt: Prompt {
        title: "Check your phone",
        status: "Waiting for your M-Pesa PIN",
        sent_to: |masked| format!("Sent to {masked}"),
        left: |seconds| format!("{seconds} s left"),
        find: "Unlock your phone and find the M-Pesa message.",
        see: "See that it asks for",
        and: "for",
        enter: "Enter your M-Pesa PIN. This page turns by itself.",
        none: "No message on the phone?",
        tips: &[
            "Is the phone on, unlocked and in reach? Turn airplane mode off.",
            "Close any other M-Pesa or *334# menu on it.",
            "If prompts never come to this phone, dial *234# once to update the M-Pesa menu of its SIM card.",
        ],
    },
    checking: Checking {
        title: "We are checking with M-Pesa",
        status: "Please do not pay again yet",
        help: "Your phone may have paid already, and M-Pesa has not told us yet. We keep asking: you can close this page and come back.",
        next: |seconds| format!("We ask again in {seconds} seconds."),
        asked: |times| format!("Asked at {times}: no answer yet."),
        another: "No SMS from M-Pesa? Send another prompt",
    },
    paid: Paid {
        title: |amount| format!("KES {amount} paid"),
        status: "Payment received",
        has_it: |shop| format!("{shop} has your money. Thank you!"),
        code: "M-Pesa code",
        code_follows: "The M-Pesa code is in the SMS on your phone.",
        by: "Paid by",
        amount: "Amount",
        when: "When",
        keep: "Keep the SMS from M-Pesa: its code is your receipt.",
        partly_title: |missing| format!("KES {missing} left to pay"),
        partly: |received| format!("KES {received} received"),
        partly_help: "Thank you! A part has come. Pay the rest here and you are done.",
        over: |difference| format!("That is KES {difference} more than was asked"),
        over_help: |shop| {
            format!("{shop} has been told and can send the difference back. Keep the M-Pesa code.")
        },
        late_title: "Your payment came late",
        late_help: |shop| {
            format!(
                "It came after this request had closed. Nothing is lost: {shop} has been told. Show them the M-Pesa code."
            )
        },
        refunded_title: "Money returned",
        refunded: "This payment was sent back",
        refunded_help: |shop| {
            format!("{shop} returned it to the phone that paid. M-Pesa confirms that by SMS.")
        },
    },
    closed: Closed {
        expired: "This request has expired",
        canceled: "This request was closed",
        status: "Nothing more can be paid here",
        help: |shop| format!("If you still want to pay, ask {shop} for a new one."),
        paid_all_the_same: "Did you pay all the same? Then your money is not lost.",
    },
    by_hand: ByHandWords {
        paybill: Way {
            instead: "Pay with paybill instead",
            title: "Pay with paybill",
            menu: &["M-Pesa", "Lipa na M-Pesa", "Pay Bill"],
            dial: "No M-Pesa app? Dial *334# and choose the same.",
            last: "Enter the three below, then your PIN",
        },
        till: Way {
            instead: "Pay to the till instead",
            title: "Pay to the till",
            menu: &["M-Pesa", "Lipa na M-Pesa", "Buy Goods and Services"],
            dial: "No M-Pesa app? Dial *334# and choose the same.",
            last: "Enter the two below, then your PIN",
        },
        business: "Business number",
        account: "Account number",
        till_number: "Till number",
        amount: "Amount",
        prompt_instead: "Send a prompt to my phone instead",
        once: "Pay once only: if the prompt still comes, cancel it.",
        unsure: "Only if no SMS from M-Pesa has come: with an SMS, your money is on its way already.",
        watching: "We are watching for your payment",
        watching_help: "This page turns to paid by itself, most often within seconds.",
        already: "paid already?",
        claim: "M-Pesa message or code",
        claim_hint: "Only needed where this page has not turned a minute after the SMS.",
        find: "Find my payment",
    },
    notice: Notices {
        in_progress: Reason {
            title: "A prompt is on its way already",
            help: "Look at the phone. When that prompt has ended, you can send another.",
        },
        too_many: Reason {
            title: "That was the last prompt for this request",
            help: "Nothing was taken. Pay from the M-Pesa menu by the steps below, or ask the shop for a new request.",
        },
        cooling: "M-Pesa needs a moment before the next prompt",
        cooling_help: |seconds| format!("Nothing was taken. Try again in {seconds} seconds."),
        unavailable: Reason {
            title: "M-Pesa does not answer right now",
            help: "No prompt was sent and nothing was taken. Try again in a moment, or pay from the M-Pesa menu.",
        },
        refused: Reason {
            title: "M-Pesa does not take this number",
            help: "Nothing was sent. Check the number, and that it is a Safaricom line with M-Pesa.",
        },
        shop_closed: Reason {
            title: "This shop cannot take M-Pesa right now",
            help: "Nothing was sent, and it is not your phone. Please tell the shop.",
        },
        busy: Reason {
            title: "Very many people are paying right now",
            help: "Nothing was sent, and this page keeps your place. Try again in a few seconds.",
        },
        broken: Reason {
            title: "Something broke on our side",
            help: "We do not know yet whether the prompt went out. Look at your phone before you press again.",
        },
        claim_checking: Reason {
            title: "We have not found this payment yet",
            help: "Compare the code with the SMS. If it is right, wait a minute: this page turns by itself when the money comes.",
        },
        claim_elsewhere: Reason {
            title: "This code belongs to another payment",
            help: "It has already been counted for something else. Look for the SMS of this payment.",
        },
        claim_too_many: Reason {
            title: "Too many codes were tried",
            help: "Nothing is lost. Show the shop your SMS from M-Pesa: they find the payment by its code.",
        },
        claim: |error| match error {
            NotAClaim::Empty => "Paste the SMS from M-Pesa here, or only its code, such as UKL52PAWR9.",
            NotAClaim::TooLong => "Paste only the one SMS about this payment, or its code.",
            NotAClaim::NoCode => {
                "There is no M-Pesa code in this. Paste the whole SMS that begins with a code such as UKL52PAWR9."
            }
            NotAClaim::SeveralCodes => {
                "There is more than one M-Pesa code in this. Paste only that of this payment."
            }
            NotAClaim::Received => {
                "This SMS is about money that came to you. Paste the one that says “paid to” or “sent to”."
            }
            NotAClaim::NotMade => "M-Pesa did not make this payment. Paste the SMS that says “Confirmed”.",
        },
    },
    trouble: Trouble {
        unknown: Reason {
            title: "There is no such payment request",
            help: "The link may be cut short or mistyped. Open it again from the shop, or ask them for a new one. Nothing was taken.",
        },
        busy: Reason {
            title: "Very many people are paying right now",
            help: "Your request is safe. This page tries again by itself in a few seconds.",
        },
        broken: Reason {
            title: "Something broke on our side",
            help: "Your request is safe, and what you paid is not lost. Please look again in a moment.",
        },
        again: "Look again",
    },
    failure: reason,
};

#[cfg(feature = "ssr")]
fn reason(code: FailureCode) -> Reason {
    let (title, help) = match code {
        FailureCode::InsufficientFunds => (
            "There is not enough money in M-Pesa",
            "Nothing was taken. Top up or use Fuliza, then try again. Or someone else pays: enter their number.",
        ),
        FailureCode::BelowMinimum => (
            "The amount is too small for M-Pesa",
            "Nothing was taken. Please tell the shop: M-Pesa moves KES 1 or more.",
        ),
        FailureCode::AboveMaximum => (
            "The amount is more than M-Pesa moves at once",
            "Nothing was taken. KES 250,000 is the most in one payment: ask the shop to split the bill.",
        ),
        FailureCode::DailyLimit => (
            "This line has reached its M-Pesa limit for today",
            "Nothing was taken. Pay from another number now, or from this one tomorrow.",
        ),
        FailureCode::ReceiverLimit => (
            "The shop’s M-Pesa account is full",
            "Nothing was taken, and it is not your phone. Please tell the shop, then try again later.",
        ),
        FailureCode::RepeatedAmount => (
            "M-Pesa takes the same amount only once in two minutes",
            "If your earlier payment went through, this page shows it soon. Otherwise wait: the button comes back by itself.",
        ),
        FailureCode::LineBusy => (
            "Another M-Pesa request is open on this phone",
            "Nothing was taken. Finish or cancel it on the phone, the *334# menu too. The button comes back by itself.",
        ),
        FailureCode::Expired => (
            "M-Pesa ran out of time",
            "Nothing was taken. Try again, and enter your PIN within a minute.",
        ),
        FailureCode::PromptFailed => (
            "The prompt could not reach this phone",
            "Nothing was taken. Try again, or pay from the M-Pesa menu by the steps below.",
        ),
        FailureCode::Canceled => (
            "The payment was canceled on the phone",
            "Nothing was taken. If you did not mean to, try again and enter your PIN.",
        ),
        FailureCode::Unreachable => (
            "The phone did not answer",
            "Nothing was taken. Turn airplane mode off, look for signal and unlock the phone, then try again. If prompts never come, dial *234# to update its SIM card.",
        ),
        FailureCode::WrongPin => (
            "The PIN was not right",
            "Nothing was taken. Try again and enter your PIN slowly: after three wrong tries M-Pesa locks it.",
        ),
        FailureCode::PinLocked => (
            "The M-Pesa PIN is locked",
            "Nothing was taken. Call Safaricom from that line to unlock it, 100 for prepaid or 200 for postpaid. Or pay from another number.",
        ),
        FailureCode::Misconfigured => (
            "This shop cannot take M-Pesa right now",
            "Nothing was taken, and it is not your phone. Please tell the shop.",
        ),
        FailureCode::SystemBusy => (
            "M-Pesa is very busy",
            "Nothing was taken. The button comes back by itself in half a minute.",
        ),
        FailureCode::Unknown => (
            "M-Pesa did not complete the payment",
            "If an SMS from M-Pesa says that you paid, this page shows it soon. Otherwise the button comes back by itself.",
        ),
    };
    Reason { title, help }
}
