//! Every word that a shopper reads, in every language.
//!
//! A language is a value of [`Words`]: a text that is missing in one of them does not compile. What needs a name, an
//! amount or a number is a function, so that each language orders its own sentence. [`Live`] holds the few texts
//! that the browser needs before it can ask the server; only those travel in the wasm.

mod en;
mod sw;

#[cfg(feature = "ssr")]
use kaunta_domain::failure::FailureCode;
use kaunta_domain::msisdn::PhoneError;
#[cfg(feature = "ssr")]
use kaunta_domain::sms::NotAClaim;

use crate::lang::Lang;

/// A sentence that names one thing.
pub type About = fn(&str) -> String;

/// What is said while the page is live, without asking the server.
pub struct Live {
    /// The button while a request is under way.
    pub busy: &'static str,
    /// The copy button after it has copied.
    pub copied: &'static str,
    /// Where copying is not possible.
    pub copy_by_hand: &'static str,
    /// While there is no connection.
    pub offline: &'static str,
    /// After a request that got no answer.
    pub unanswered: &'static str,
    /// Spoken when the steps to pay by hand open by themselves.
    pub steps_opened: &'static str,
    /// Spoken when the button comes back after a cooldown.
    pub button_is_back: &'static str,
    /// Spoken twice while the prompt runs out.
    pub seconds_left: About,
    /// The number that was understood, while it is typed.
    pub sends_to: About,
    /// A number in the range of another operator.
    pub other_operator: About,
    /// What is wrong with a phone number.
    pub phone: fn(PhoneError) -> &'static str,
}

/// What is said on the server's pages.
#[cfg(feature = "ssr")]
pub struct Words {
    /// What the browser needs by itself.
    pub live: &'static Live,
    /// Around every state.
    pub frame: Frame,
    /// The form for a prompt.
    pub form: Form,
    /// While a prompt is out.
    pub prompt: Prompt,
    /// While nobody knows.
    pub checking: Checking,
    /// When money came.
    pub paid: Paid,
    /// When no more is to be done here.
    pub closed: Closed,
    /// Paying through the M-Pesa menu.
    pub by_hand: ByHandWords,
    /// What the server refused, and what a claim came to.
    pub notice: Notices,
    /// Pages without a session.
    pub trouble: Trouble,
    /// Why a prompt brought no money, and what to do next.
    pub failure: fn(FailureCode) -> Reason,
}

/// A headline and what to do.
#[derive(Debug, Clone, Copy)]
pub struct Reason {
    /// What happened.
    pub title: &'static str,
    /// What follows, and the next step.
    pub help: &'static str,
}

/// Around every state.
#[cfg(feature = "ssr")]
pub struct Frame {
    /// Above the shop's name.
    pub you_pay: &'static str,
    /// The title of the document: takes the shop's name.
    pub title: About,
    /// In test mode.
    pub test: &'static str,
    /// Below: takes the shop's name.
    pub foot: About,
    /// The link out: takes the shop's name.
    pub back_to: About,
    /// Above the basket: takes the number of things.
    pub things: About,
    /// The copy button.
    pub copy: &'static str,
    /// Without JavaScript, on pages that wait.
    pub look_again: &'static str,
}

/// The form for a prompt.
#[cfg(feature = "ssr")]
pub struct Form {
    /// The field.
    pub label: &'static str,
    /// Below the field.
    pub hint: &'static str,
    /// Below the field, where a number is known: takes it masked.
    pub hint_known: About,
    /// The button: takes the amount.
    pub pay: About,
    /// After a failure: the heading.
    pub failed: &'static str,
    /// The button after a failure.
    pub again: &'static str,
    /// Beside the button that is not ready: takes the seconds.
    pub ready_in: About,
    /// Under way to M-Pesa: the heading.
    pub sending: &'static str,
    /// Under way to M-Pesa: the status, with the number masked.
    pub sending_to: About,
}

/// While a prompt is out.
#[cfg(feature = "ssr")]
pub struct Prompt {
    /// The heading.
    pub title: &'static str,
    /// The status.
    pub status: &'static str,
    /// Takes the number masked.
    pub sent_to: About,
    /// Takes the seconds.
    pub left: About,
    /// First step.
    pub find: &'static str,
    /// Second step, before the amount.
    pub see: &'static str,
    /// Between the amount and the shop's name.
    pub and: &'static str,
    /// Third step.
    pub enter: &'static str,
    /// Opens the help.
    pub none: &'static str,
    /// The help.
    pub tips: &'static [&'static str],
}

/// While nobody knows.
#[cfg(feature = "ssr")]
pub struct Checking {
    /// The heading.
    pub title: &'static str,
    /// The status.
    pub status: &'static str,
    /// What to know.
    pub help: &'static str,
    /// Takes the seconds.
    pub next: About,
    /// Takes the times.
    pub asked: About,
    /// Opens the form again, after a long silence.
    pub another: &'static str,
}

/// When money came.
#[cfg(feature = "ssr")]
pub struct Paid {
    /// The heading: takes the amount.
    pub title: About,
    /// The status.
    pub status: &'static str,
    /// Takes the shop's name.
    pub has_it: About,
    /// Before the M-Pesa code.
    pub code: &'static str,
    /// Where the code is not known yet.
    pub code_follows: &'static str,
    /// Before the payer's number.
    pub by: &'static str,
    /// Before the amount.
    pub amount: &'static str,
    /// Before the time.
    pub when: &'static str,
    /// Keep the code.
    pub keep: &'static str,
    /// Some came: the heading, with what is missing.
    pub partly_title: About,
    /// Some came: the status, with what came.
    pub partly: About,
    /// Some came: what to do.
    pub partly_help: &'static str,
    /// Too much came: takes the difference.
    pub over: About,
    /// Too much came: takes the shop's name.
    pub over_help: About,
    /// It came late: the heading.
    pub late_title: &'static str,
    /// It came late: what to do; takes the shop's name.
    pub late_help: About,
    /// It was given back: the heading.
    pub refunded_title: &'static str,
    /// It was given back: the status.
    pub refunded: &'static str,
    /// It was given back: takes the shop's name.
    pub refunded_help: About,
}

/// When no more is to be done here.
#[cfg(feature = "ssr")]
pub struct Closed {
    /// Time ran out: the heading.
    pub expired: &'static str,
    /// The shop took it back: the heading.
    pub canceled: &'static str,
    /// The status.
    pub status: &'static str,
    /// Takes the shop's name.
    pub help: About,
    /// Who paid all the same.
    pub paid_all_the_same: &'static str,
}

/// Paying through the M-Pesa menu.
#[cfg(feature = "ssr")]
pub struct ByHandWords {
    /// To a paybill.
    pub paybill: Way,
    /// To a till.
    pub till: Way,
    /// Before the paybill.
    pub business: &'static str,
    /// Before the account.
    pub account: &'static str,
    /// Before the till.
    pub till_number: &'static str,
    /// Before the amount.
    pub amount: &'static str,
    /// Back to the form.
    pub prompt_instead: &'static str,
    /// While a prompt may still be answered.
    pub once: &'static str,
    /// While nobody knows whether an earlier prompt was paid.
    pub unsure: &'static str,
    /// The promise.
    pub watching: &'static str,
    /// How long it takes.
    pub watching_help: &'static str,
    /// Between the steps and the claim.
    pub already: &'static str,
    /// The field.
    pub claim: &'static str,
    /// Below the field.
    pub claim_hint: &'static str,
    /// The button.
    pub find: &'static str,
}

/// One way through the M-Pesa menu.
#[cfg(feature = "ssr")]
pub struct Way {
    /// The button that opens the steps.
    pub instead: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The way through the menu, step by step.
    pub menu: &'static [&'static str],
    /// For phones without the app.
    pub dial: &'static str,
    /// The last step.
    pub last: &'static str,
}

/// What the server refused, and what a claim came to.
#[cfg(feature = "ssr")]
pub struct Notices {
    /// A prompt is out already.
    pub in_progress: Reason,
    /// Too many prompts.
    pub too_many: Reason,
    /// Too soon: takes the seconds.
    pub cooling: &'static str,
    /// Too soon: what to do.
    pub cooling_help: About,
    /// M-Pesa cannot be asked.
    pub unavailable: Reason,
    /// M-Pesa does not take the number.
    pub refused: Reason,
    /// The shop has no channel.
    pub shop_closed: Reason,
    /// Our server has too much to do.
    pub busy: Reason,
    /// Something of ours broke.
    pub broken: Reason,
    /// A claim of money that is not known yet.
    pub claim_checking: Reason,
    /// A claim that belongs to another session.
    pub claim_elsewhere: Reason,
    /// Too many codes were tried.
    pub claim_too_many: Reason,
    /// What is wrong with a pasted text.
    pub claim: fn(NotAClaim) -> &'static str,
}

/// Pages without a session.
#[cfg(feature = "ssr")]
pub struct Trouble {
    /// No such session.
    pub unknown: Reason,
    /// Too much to do.
    pub busy: Reason,
    /// Something of ours broke.
    pub broken: Reason,
    /// Leads to the same page.
    pub again: &'static str,
}

/// The texts that the browser needs by itself.
pub fn live(lang: Lang) -> &'static Live {
    match lang {
        Lang::En => &en::LIVE,
        Lang::Sw => &sw::LIVE,
    }
}

/// All texts of a language.
#[cfg(feature = "ssr")]
pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::En => &en::WORDS,
        Lang::Sw => &sw::WORDS,
    }
}
