//! The pieces that several screens share.

use kaunta_domain::case::Phase;
use kaunta_payments::{Page, PagePayment};
use leptos::prelude::*;

use super::timing::{Timing, seconds};
use super::{Notice, Seen, Shell, Way};
use crate::parts::{
    Basket, ClaimForm, Fact, Facts, HandSteps, Note, PhoneForm, Ready, Switch, Tone, Value, way,
};
use crate::words::Words;

/// What screens look at.
pub(super) struct Context<'a> {
    /// How the session is looked at.
    pub(super) seen: &'a Seen,
    /// The session.
    pub(super) page: &'a Page,
    /// What moves.
    pub(super) timing: Timing,
    /// The texts.
    pub(super) w: &'static Words,
}

impl<'a> Context<'a> {
    pub(super) fn of(seen: &'a Seen) -> Self {
        Self {
            seen,
            page: &seen.page,
            timing: Timing::of(&seen.page),
            w: seen.words(),
        }
    }
}

/// What is bought, below the amount.
pub(super) fn about(c: &Context<'_>) -> AnyView {
    let what = c
        .page
        .description
        .clone()
        .map(|text| view! { <p class="what">{text}</p> });
    let items = c.page.line_items.clone();
    // One thing by itself is what the description says.
    let basket = (items.len() > 1 || c.page.description.is_none() && !items.is_empty())
        .then(|| view! { <Basket items=items w=c.w/> });
    view! { {what} {basket} }.into_any()
}

/// The amount and what it is for, where the heading says something else.
pub(super) fn about_amount(c: &Context<'_>) -> AnyView {
    let what = c.page.description.clone().map(|text| format!(" · {text}"));
    view! { <p class="what"><b>"KES " {c.page.due.to_string()}</b> {what}</p> }.into_any()
}

/// What the form came to. That a prompt is out needs no word where the page shows it.
pub(super) fn notice(c: &Context<'_>) -> Option<AnyView> {
    let notice = c.seen.notice.as_ref().filter(|notice| {
        !(**notice == Notice::InProgress && matches!(c.page.phase, Phase::Sending | Phase::Waiting))
    })?;
    let tone = if notice.status() == 200 {
        Tone::Calm
    } else {
        Tone::Alert
    };
    Some(view! { <Note tone=tone said=notice.said(c.w)?/> }.into_any())
}

pub(super) fn phone_form(c: &Context<'_>, button: String) -> AnyView {
    let error = c.seen.notice.as_ref().and_then(|notice| notice.phone_error(c.w));
    let typed = if error.is_some() {
        c.seen.typed.clone()
    } else {
        String::new()
    };
    view! {
        <PhoneForm
            action=c.seen.place.post("pay")
            button=button
            ready=c.timing.back.map_or(Ready::Now, |wait| Ready::In(seconds(wait)))
            known=c.page.phone_hint.as_deref().map(unbroken)
            typed=typed
            error=error
            w=c.w
        />
    }
    .into_any()
}

pub(super) fn claim_form(c: &Context<'_>) -> AnyView {
    let error = c.seen.notice.as_ref().and_then(|notice| notice.claim_error(c.w));
    let typed = if error.is_some() {
        c.seen.typed.clone()
    } else {
        String::new()
    };
    view! { <ClaimForm action=c.seen.place.post("claim") typed=typed error=error w=c.w/> }.into_any()
}

/// Whether the steps of paying by hand are shown.
pub(super) fn hand_is_open(c: &Context<'_>) -> bool {
    c.seen.place.way == Way::ByHand || c.timing.by_hand
}

/// Paying by hand: the steps where they are due or asked for, else the button that opens them.
pub(super) fn hand(c: &Context<'_>) -> AnyView {
    let words = way(&c.page.by_hand, c.w);
    if !hand_is_open(c) {
        return switch(c, Way::ByHand, words.instead).into_any();
    }
    let care = match c.page.phase {
        phase if c.timing.is_checking(phase) => Some(c.w.by_hand.unsure),
        Phase::Sending | Phase::Waiting => Some(c.w.by_hand.once),
        _ => None,
    };
    view! { {steps(c, care, Some(words.title))} <p class="or">{c.w.by_hand.already}</p> {claim_form(c)} }
        .into_any()
}

pub(super) fn steps(c: &Context<'_>, care: Option<&'static str>, heading: Option<&'static str>) -> AnyView {
    let due = c.page.due;
    view! {
        <HandSteps
            to=c.page.by_hand.clone()
            amount=(due.to_string(), due.shillings().to_string())
            care=care
            heading=heading
            w=c.w
        />
    }
    .into_any()
}

pub(super) fn switch(c: &Context<'_>, to: Way, label: &'static str) -> AnyView {
    let fields = c.seen.place.by(to).fields(c.seen.lang());
    view! { <Switch place=c.seen.place.clone() to=to label=label fields=fields/> }.into_any()
}

/// For readers without JavaScript, beside the page's own refresh.
pub(super) fn look_again(c: &Context<'_>) -> AnyView {
    view! {
        <noscript>
            <a class="btn quiet" href=c.seen.place.url()>
                {c.w.frame.look_again}
            </a>
        </noscript>
    }
    .into_any()
}

pub(super) fn asked_phone(c: &Context<'_>) -> String {
    c.page
        .attempt
        .as_ref()
        .map(|attempt| unbroken(&attempt.phone_local_masked))
        .unwrap_or_default()
}

/// A phone number that no line is broken in.
fn unbroken(number: &str) -> String {
    number.replace(' ', "\u{a0}")
}

/// `Payment received · UKL52PAWR9`, with every code that is known.
pub(super) fn status_with_codes(c: &Context<'_>) -> String {
    let codes = c
        .page
        .payments
        .iter()
        .filter_map(|payment| payment.receipt.as_deref());
    std::iter::once(c.w.paid.status)
        .chain(codes)
        .collect::<Vec<_>>()
        .join(" · ")
}

pub(super) fn receipts(c: &Context<'_>) -> AnyView {
    let several = c.page.payments.len() > 1;
    let lists = c.page.payments.iter().map(|payment| {
        let facts = receipt(payment, several.then_some(c.w.paid.amount), c.w);
        view! { <Facts facts=facts copy=c.w.frame.copy/> }
    });
    lists.collect_view().into_any()
}

pub(super) fn receipt(payment: &PagePayment, amount: Option<&'static str>, w: &'static Words) -> Vec<Fact> {
    let plain = |label, text| Fact {
        label,
        value: Value::Plain(text),
        copy: None,
    };
    let mut facts = Vec::new();
    facts.push(match &payment.receipt {
        Some(code) => Fact {
            label: w.paid.code,
            value: Value::Code(code.clone()),
            copy: Some(code.clone()),
        },
        None => plain(w.paid.code, w.paid.code_follows.to_owned()),
    });
    facts.extend(amount.map(|label| plain(label, format!("KES {}", payment.amount))));
    facts.extend(
        payment
            .payer_masked
            .as_deref()
            .map(|payer| plain(w.paid.by, unbroken(&local(payer)))),
    );
    facts.push(plain(w.paid.when, payment.paid_at.page()));
    facts
}

/// `2547****5678` as people in Kenya read it: `07•• ••• 678`.
pub(super) fn local(masked: &str) -> String {
    let digits: Vec<char> = masked.strip_prefix("254").unwrap_or_default().chars().collect();
    let [first, .., a, b, c] = digits[..] else {
        return masked.to_owned();
    };
    format!("0{first}•• ••• {a}{b}{c}")
}

/// The time of day in Nairobi, to the second: `10:42:05`.
pub(super) fn clock(at: kaunta_domain::time::Timestamp) -> String {
    let text = at.daraja();
    match (text.get(8..10), text.get(10..12), text.get(12..14)) {
        (Some(hours), Some(minutes), Some(seconds)) => format!("{hours}:{minutes}:{seconds}"),
        _ => text,
    }
}

/// After paying.
pub(super) fn back_to_shop(c: &Context<'_>) -> Option<AnyView> {
    Some(link_out(c, c.page.success_url.clone()?, "btn"))
}

/// Without paying.
pub(super) fn way_out(c: &Context<'_>) -> Option<AnyView> {
    Some(link_out(c, c.page.cancel_url.clone()?, "out"))
}

pub(super) fn link_out(c: &Context<'_>, url: String, class: &'static str) -> AnyView {
    let target = (c.seen.place.shell == Shell::Framed).then_some("_top");
    view! {
        <a class=class href=url target=target>
            {(c.w.frame.back_to)(&c.page.merchant_name)}
        </a>
    }
    .into_any()
}
