//! One screen for every phase of a session.

use kaunta_domain::case::Phase;
use kaunta_domain::failure::FailureCode;
use kaunta_domain::money::Kes;
use kaunta_payments::{Page, PagePayment};
use leptos::prelude::*;

use super::timing::{Timing, seconds};
use super::{Notice, Seen, Way};
use crate::parts::{
    Basket, ClaimForm, Fact, Facts, HandSteps, Note, Phone, PhoneForm, PromptSteps, Ready, Said, Spinner, Switch,
    Tick, Tips, Tone, Value, countdown, way,
};
use crate::words::Words;

/// What fills the slots of a page.
pub(super) struct Screen {
    /// The picture.
    pub(super) art: AnyView,
    /// The heading.
    pub(super) title: AnyView,
    /// What the status region says.
    pub(super) status: String,
    /// Everything else.
    pub(super) body: AnyView,
}

/// What the functions below look at.
struct Context<'a> {
    seen: &'a Seen,
    page: &'a Page,
    timing: Timing,
    w: &'static Words,
}

/// The screen of a session as it is now.
pub(super) fn screen(seen: &Seen) -> Screen {
    let page = &seen.page;
    let context = Context {
        seen,
        page,
        timing: Timing::of(page),
        w: seen.words(),
    };
    match page.phase {
        phase if context.timing.is_checking(phase) => checking(&context),
        Phase::Open | Phase::PartlyPaid if seen.place.way == Way::ByHand => by_hand(&context),
        Phase::Open => open(&context),
        Phase::PartlyPaid => partly_paid(&context),
        Phase::Sending => sending(&context),
        Phase::Waiting | Phase::Checking => waiting(&context),
        Phase::Failed(code) => failed(&context, code),
        Phase::Paid => paid(&context),
        Phase::Overpaid => overpaid(&context),
        Phase::Late => late(&context),
        Phase::Refunded => refunded(&context),
        Phase::Expired => closed(&context, context.w.closed.expired),
        Phase::Canceled => closed(&context, context.w.closed.canceled),
    }
}

fn open(c: &Context<'_>) -> Screen {
    let amount = c.page.due.to_string();
    Screen {
        art: ().into_any(),
        title: view! { <span class="amount"><small>"KES"</small> " " {amount.clone()}</span> }.into_any(),
        status: String::new(),
        body: view! {
            {about(c)} {notice(c)} {phone_form(c, (c.w.form.pay)(&amount))} {hand(c)} {way_out(c)}
        }
        .into_any(),
    }
}

fn partly_paid(c: &Context<'_>) -> Screen {
    let due = c.page.due.to_string();
    Screen {
        art: ().into_any(),
        title: (c.w.paid.partly_title)(&due).into_any(),
        status: (c.w.paid.partly)(&c.page.received.to_string()),
        body: view! {
            <p>{c.w.paid.partly_help}</p>
            {notice(c)} {phone_form(c, (c.w.form.pay)(&due))} {hand(c)} {receipts(c)}
        }
        .into_any(),
    }
}

fn by_hand(c: &Context<'_>) -> Screen {
    Screen {
        art: ().into_any(),
        title: way(&c.page.by_hand, c.w).title.into_any(),
        status: c.w.by_hand.watching.to_owned(),
        body: view! {
            <p class="hint">{c.w.by_hand.watching_help}</p>
            {notice(c)} {steps(c, None, None)} <p class="or">{c.w.by_hand.already}</p> {claim_form(c)}
            {switch(c, Way::Prompt, c.w.by_hand.prompt_instead)}
        }
        .into_any(),
    }
}

fn sending(c: &Context<'_>) -> Screen {
    Screen {
        art: view! { <Spinner/> }.into_any(),
        title: c.w.form.sending.into_any(),
        status: (c.w.form.sending_to)(&asked_phone(c)),
        body: look_again(c).into_any(),
    }
}

fn waiting(c: &Context<'_>) -> Screen {
    let left = c.timing.left.map(|left| {
        view! { " · " {countdown("left-in", "left", c.w.prompt.left, seconds(left))} }
    });
    let amount = c.page.due.to_string();
    Screen {
        art: view! { <Phone/> }.into_any(),
        title: c.w.prompt.title.into_any(),
        status: c.w.prompt.status.to_owned(),
        body: view! {
            <p class="hint mid">{(c.w.prompt.sent_to)(&asked_phone(c))} {left}</p>
            {notice(c)}
            <PromptSteps shop=c.page.merchant_name.clone() amount=amount w=c.w/>
            {look_again(c)}
            <Tips w=c.w/>
            {hand(c)}
        }
        .into_any(),
    }
}

fn checking(c: &Context<'_>) -> Screen {
    let next = c.timing.ask.map(|wait| (c.w.checking.next)(&seconds(wait).to_string()));
    let asked = c.page.attempt.as_ref().map(|attempt| &attempt.asked_at).filter(|asked| !asked.is_empty());
    let asked = asked.map(|asked| {
        let times: Vec<String> = asked.iter().map(|at| clock(*at)).collect();
        (c.w.checking.asked)(&times.join(", "))
    });
    let another = c.timing.another.then(|| {
        view! {
            <details>
                <summary>{c.w.checking.another}</summary>
                <p class="care">{c.w.by_hand.unsure}</p>
                {phone_form(c, c.w.form.again.to_owned())}
            </details>
        }
    });
    Screen {
        art: view! { <Spinner/> }.into_any(),
        title: c.w.checking.title.into_any(),
        status: c.w.checking.status.to_owned(),
        body: view! {
            <p>{c.w.checking.help}</p>
            <p class="hint">{asked} " " {next}</p>
            {notice(c)} {look_again(c)} {another} {hand(c)}
        }
        .into_any(),
    }
}

fn failed(c: &Context<'_>, code: FailureCode) -> Screen {
    // What the form came to is newer than why the last prompt failed; that nothing was sent is said by both.
    let newer = c.seen.notice.as_ref().filter(|notice| !matches!(notice, Notice::Unavailable));
    let alert = newer.and_then(|notice| notice.said(c.w)).unwrap_or_else(|| (c.w.failure)(code).into());
    Screen {
        art: ().into_any(),
        title: c.w.form.failed.into_any(),
        status: String::new(),
        body: view! {
            {about_amount(c)}
            <Note tone=Tone::Alert said=alert/>
            {phone_form(c, c.w.form.again.to_owned())}
            {hand(c)}
            {way_out(c)}
        }
        .into_any(),
    }
}

fn paid(c: &Context<'_>) -> Screen {
    received(c, c.page.received, ().into_any())
}

fn overpaid(c: &Context<'_>) -> Screen {
    let over = c.page.received.less(c.page.amount).to_string();
    let said = Said {
        title: (c.w.paid.over)(&over),
        help: (c.w.paid.over_help)(&c.page.merchant_name),
    };
    received(c, c.page.received, view! { <Note tone=Tone::Warn said=said/> }.into_any())
}

fn received(c: &Context<'_>, amount: Kes, note: AnyView) -> Screen {
    Screen {
        art: view! { <Tick/> }.into_any(),
        title: (c.w.paid.title)(&amount.to_string()).into_any(),
        status: status_with_codes(c),
        body: view! {
            <p class="mid">{(c.w.paid.has_it)(&c.page.merchant_name)}</p>
            {note} {receipts(c)} <p class="hint">{c.w.paid.keep}</p> {back_to_shop(c)}
        }
        .into_any(),
    }
}

fn late(c: &Context<'_>) -> Screen {
    Screen {
        art: ().into_any(),
        title: c.w.paid.late_title.into_any(),
        status: status_with_codes(c),
        body: view! {
            <p>{(c.w.paid.late_help)(&c.page.merchant_name)}</p>
            {receipts(c)} {way_out(c)}
        }
        .into_any(),
    }
}

fn refunded(c: &Context<'_>) -> Screen {
    Screen {
        art: ().into_any(),
        title: c.w.paid.refunded_title.into_any(),
        status: c.w.paid.refunded.to_owned(),
        body: view! {
            <p>{(c.w.paid.refunded_help)(&c.page.merchant_name)}</p>
            {receipts(c)} {way_out(c)}
        }
        .into_any(),
    }
}

fn closed(c: &Context<'_>, title: &'static str) -> Screen {
    Screen {
        art: ().into_any(),
        title: title.into_any(),
        status: c.w.closed.status.to_owned(),
        body: view! {
            <p>{(c.w.closed.help)(&c.page.merchant_name)}</p>
            {notice(c)} <p class="or">{c.w.closed.paid_all_the_same}</p> {claim_form(c)} {way_out(c)}
        }
        .into_any(),
    }
}

/// What is bought, below the amount.
fn about(c: &Context<'_>) -> impl IntoView + use<> {
    let what = c.page.description.clone().map(|text| view! { <p class="what">{text}</p> });
    let items = c.page.line_items.clone();
    let basket = (!items.is_empty()).then(|| view! { <Basket items=items w=c.w/> });
    view! { {what} {basket} }
}

/// The amount and what it is for, where the heading says something else.
fn about_amount(c: &Context<'_>) -> impl IntoView + use<> {
    let what = c.page.description.clone().map(|text| format!(" · {text}"));
    view! { <p class="what"><b>"KES " {c.page.due.to_string()}</b> {what}</p> }
}

/// What the form came to. That a prompt is out needs no word where the page shows it.
fn notice(c: &Context<'_>) -> Option<impl IntoView + use<>> {
    let notice = c.seen.notice.as_ref().filter(|notice| {
        !(**notice == Notice::InProgress && matches!(c.page.phase, Phase::Sending | Phase::Waiting))
    })?;
    let tone = if notice.status() == 200 { Tone::Calm } else { Tone::Alert };
    Some(view! { <Note tone=tone said=notice.said(c.w)?/> })
}

fn phone_form(c: &Context<'_>, button: String) -> impl IntoView + use<> {
    let error = c.seen.notice.as_ref().and_then(|notice| notice.phone_error(c.w));
    let typed = if error.is_some() { c.seen.typed.clone() } else { String::new() };
    view! {
        <PhoneForm
            action=c.seen.place.post("pay")
            button=button
            ready=c.timing.back.map_or(Ready::Now, |wait| Ready::In(seconds(wait)))
            known=c.page.phone_hint.clone()
            typed=typed
            error=error
            w=c.w
        />
    }
}

fn claim_form(c: &Context<'_>) -> impl IntoView + use<> {
    let error = c.seen.notice.as_ref().and_then(|notice| notice.claim_error(c.w));
    let typed = if error.is_some() { c.seen.typed.clone() } else { String::new() };
    view! { <ClaimForm action=c.seen.place.post("claim") typed=typed error=error w=c.w/> }
}

/// Paying by hand: the steps where they are due or asked for, else the button that opens them.
fn hand(c: &Context<'_>) -> AnyView {
    let words = way(&c.page.by_hand, c.w);
    if c.seen.place.way == Way::Prompt && !c.timing.by_hand {
        return switch(c, Way::ByHand, words.instead).into_any();
    }
    let care = match c.page.phase {
        phase if c.timing.is_checking(phase) => Some(c.w.by_hand.unsure),
        Phase::Sending | Phase::Waiting => Some(c.w.by_hand.once),
        _ => None,
    };
    view! { {steps(c, care, Some(words.title))} <p class="or">{c.w.by_hand.already}</p> {claim_form(c)} }.into_any()
}

fn steps(c: &Context<'_>, care: Option<&'static str>, heading: Option<&'static str>) -> impl IntoView + use<> {
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
}

fn switch(c: &Context<'_>, to: Way, label: &'static str) -> impl IntoView + use<> {
    let fields = c.seen.place.by(to).fields(c.seen.lang());
    view! { <Switch place=c.seen.place.clone() to=to label=label fields=fields/> }
}

/// For readers without JavaScript, beside the page's own refresh.
fn look_again(c: &Context<'_>) -> impl IntoView + use<> {
    view! {
        <noscript>
            <a class="btn quiet" href=c.seen.place.url()>
                {c.w.frame.look_again}
            </a>
        </noscript>
    }
}

fn asked_phone(c: &Context<'_>) -> String {
    c.page.attempt.as_ref().map(|attempt| attempt.phone_local_masked.clone()).unwrap_or_default()
}

/// `Payment received · UKL52PAWR9`, with every code that is known.
fn status_with_codes(c: &Context<'_>) -> String {
    let codes = c.page.payments.iter().filter_map(|payment| payment.receipt.as_deref());
    std::iter::once(c.w.paid.status).chain(codes).collect::<Vec<_>>().join(" · ")
}

fn receipts(c: &Context<'_>) -> impl IntoView + use<> {
    let several = c.page.payments.len() > 1;
    let lists = c.page.payments.iter().map(|payment| {
        let facts = receipt(payment, several.then_some(c.w.paid.amount), c.w);
        view! { <Facts facts=facts copy=c.w.frame.copy/> }
    });
    lists.collect_view()
}

fn receipt(payment: &PagePayment, amount: Option<&'static str>, w: &'static Words) -> Vec<Fact> {
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
    facts.extend(payment.payer_masked.as_deref().map(|payer| plain(w.paid.by, local(payer))));
    facts.push(plain(w.paid.when, payment.paid_at.page()));
    facts
}

/// `2547****5678` as people in Kenya read it: `07•• ••• 678`.
fn local(masked: &str) -> String {
    let digits: Vec<char> = masked.strip_prefix("254").unwrap_or_default().chars().collect();
    let [first, .., a, b, c] = digits[..] else { return masked.to_owned() };
    format!("0{first}•• ••• {a}{b}{c}")
}

/// The time of day in Nairobi, to the second: `10:42:05`.
fn clock(at: kaunta_domain::time::Timestamp) -> String {
    let text = at.daraja();
    match (text.get(8..10), text.get(10..12), text.get(12..14)) {
        (Some(hours), Some(minutes), Some(seconds)) => format!("{hours}:{minutes}:{seconds}"),
        _ => text,
    }
}

/// After paying.
fn back_to_shop(c: &Context<'_>) -> Option<impl IntoView + use<>> {
    Some(link_out(c, c.page.success_url.clone()?, "btn"))
}

/// Without paying.
fn way_out(c: &Context<'_>) -> Option<impl IntoView + use<>> {
    Some(link_out(c, c.page.cancel_url.clone()?, "out"))
}

fn link_out(c: &Context<'_>, url: String, class: &'static str) -> impl IntoView + use<> {
    let target = (c.seen.place.shell == super::Shell::Framed).then_some("_top");
    view! {
        <a class=class href=url target=target>
            {(c.w.frame.back_to)(&c.page.merchant_name)}
        </a>
    }
}
