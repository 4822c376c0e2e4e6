//! One screen for every phase of a session.

use kaunta_domain::case::Phase;
use kaunta_domain::failure::FailureCode;
use kaunta_domain::money::Kes;
use leptos::prelude::*;

use super::pieces::{
    Context, about, about_amount, asked_phone, back_to_shop, claim_form, clock, hand, hand_is_open,
    look_again, notice, phone_form, receipts, status_with_codes, steps, switch, way_out,
};
use super::timing::seconds;
use super::{Notice, Seen, Way};
use crate::parts::{Note, Phone, PromptSteps, Said, Spinner, Tick, Tips, Tone, countdown, way};

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

/// The screen of a session as it is now.
pub(super) fn screen(seen: &Seen) -> Screen {
    let context = Context::of(seen);
    match context.page.phase {
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
    let next = c
        .timing
        .ask
        .map(|wait| (c.w.checking.next)(&seconds(wait).to_string()));
    let asked = c
        .page
        .attempt
        .as_ref()
        .map(|attempt| &attempt.asked_at)
        .filter(|asked| !asked.is_empty());
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
    // An SMS from M-Pesa settles the question; with the steps by hand open, its field stands there already.
    let who_has_an_sms = (!hand_is_open(c)).then(|| {
        view! {
            <p class="or">{c.w.by_hand.already}</p>
            {claim_form(c)}
        }
    });
    Screen {
        art: view! { <Spinner/> }.into_any(),
        title: c.w.checking.title.into_any(),
        status: c.w.checking.status.to_owned(),
        body: view! {
            <p>{c.w.checking.help}</p>
            <p class="hint">{asked} " " {next}</p>
            {notice(c)} {look_again(c)} {who_has_an_sms} {another} {hand(c)}
        }
        .into_any(),
    }
}

fn failed(c: &Context<'_>, code: FailureCode) -> Screen {
    // What the form came to is newer than why the last prompt failed; that nothing was sent is said by both.
    let newer = c
        .seen
        .notice
        .as_ref()
        .filter(|notice| !matches!(notice, Notice::Unavailable));
    let alert = newer
        .and_then(|notice| notice.said(c.w))
        .unwrap_or_else(|| (c.w.failure)(code).into());
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
    received(
        c,
        c.page.received,
        view! { <Note tone=Tone::Warn said=said/> }.into_any(),
    )
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
            {notice(c)} <p class="lead">{c.w.closed.paid_all_the_same}</p> {claim_form(c)} {way_out(c)}
        }
        .into_any(),
    }
}
