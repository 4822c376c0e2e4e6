//! The steps of paying through the M-Pesa menu.

use kaunta_payments::ByHand;
use leptos::prelude::*;

use super::facts::{Fact, Facts, Value};
use crate::words::{Way, Words};

/// The steps, with everything that has to be typed.
#[component]
pub fn HandSteps(
    /// Where the money goes.
    to: ByHand,
    /// How much, in whole shillings: as it is shown, and as it is typed.
    amount: (String, String),
    /// What to be careful about.
    care: Option<&'static str>,
    /// Whether the steps are the whole screen, whose heading says already what they are.
    heading: Option<&'static str>,
    /// The texts.
    w: &'static Words,
) -> impl IntoView {
    let way = way(&to, w);
    let heading = heading.map(|text| view! { <h2>{text}</h2> });
    let care = care.map(|text| view! { <p class="care">{text}</p> });
    let path = way
        .menu
        .iter()
        .map(|step| view! { <span>{*step}</span> })
        .collect_view();
    view! {
        <section id="by-hand">
            {heading} {care} <p class="path">{path}</p> <p class="hint">{way.dial}</p>
            <p class="lead">{way.last}":"</p> <Facts facts=facts(to, amount, w) copy=w.frame.copy/>
        </section>
    }
}

/// The words for this kind of receiver.
pub fn way(to: &ByHand, w: &'static Words) -> &'static Way {
    match to {
        ByHand::Paybill { .. } => &w.by_hand.paybill,
        ByHand::Till { .. } => &w.by_hand.till,
    }
}

fn facts(to: ByHand, (shown, typed): (String, String), w: &'static Words) -> Vec<Fact> {
    let plain = |label, text: String| Fact {
        label,
        copy: Some(text.clone()),
        value: Value::Plain(text),
    };
    let mut facts = match to {
        ByHand::Paybill { number, account } => vec![
            plain(w.by_hand.business, number),
            Fact {
                label: w.by_hand.account,
                value: Value::Groups(account.as_str().to_owned()),
                copy: Some(account.as_str().to_owned()),
            },
        ],
        ByHand::Till { number } => vec![plain(w.by_hand.till_number, number)],
    };
    facts.push(Fact {
        label: w.by_hand.amount,
        value: Value::Plain(format!("KES {shown}")),
        copy: Some(typed),
    });
    facts
}
