//! What to do on the phone, what to do when nothing comes, and what is in the basket.

use kaunta_domain::api::LineItem;
use leptos::prelude::*;

use crate::words::Words;

/// The three steps on the phone.
#[component]
pub fn PromptSteps(
    /// Who is paid.
    shop: String,
    /// How much, without the currency.
    amount: String,
    /// The texts.
    w: &'static Words,
) -> impl IntoView {
    view! {
        <ol class="steps">
            <li>
                <span>{w.prompt.find}</span>
            </li>
            <li>
                <span>
                    {w.prompt.see} " " <b>"KES "{amount}</b> " " {w.prompt.and} " " <b>{shop}</b> "."
                </span>
            </li>
            <li>
                <span>{w.prompt.enter}</span>
            </li>
        </ol>
    }
}

/// What to try when no prompt comes.
#[component]
pub fn Tips(
    /// The texts.
    w: &'static Words,
) -> impl IntoView {
    let tips = w
        .prompt
        .tips
        .iter()
        .map(|tip| view! { <li>{*tip}</li> })
        .collect_view();
    view! {
        <details>
            <summary>{w.prompt.none}</summary>
            <ul>{tips}</ul>
        </details>
    }
}

/// What is in the basket.
#[component]
pub fn Basket(
    /// The things.
    items: Vec<LineItem>,
    /// The texts.
    w: &'static Words,
) -> impl IntoView {
    let count: i64 = items
        .iter()
        .map(|item| item.quantity)
        .fold(0, i64::saturating_add);
    let rows = items.into_iter().map(row).collect_view();
    view! {
        <details class="basket">
            <summary>{(w.frame.things)(&count.to_string())}</summary>
            <ul>{rows}</ul>
        </details>
    }
}

fn row(item: LineItem) -> impl IntoView {
    let price = item.amount.shillings().saturating_mul(item.quantity);
    let price = kaunta_domain::money::Kes::new(price).to_string();
    let times = (item.quantity != 1).then(|| format!("{} × ", item.quantity));
    view! {
        <li>
            <span>{times}{item.name}</span>
            <span>{price}</span>
        </li>
    }
}
