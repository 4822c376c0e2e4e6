//! Around every screen: who is paid, in which language, and what the shopper can rely on.

use leptos::prelude::*;

use crate::lang::Lang;
use crate::pages::{Place, Way};
use crate::words::Words;

/// Who is paid, and the language switch.
#[component]
pub fn Head(
    /// Who is paid.
    shop: String,
    /// Where the page is.
    place: Place,
    /// The language of the page.
    lang: Lang,
    /// What is said in test mode.
    test: Option<&'static str>,
    /// The texts.
    w: &'static Words,
) -> impl IntoView {
    let initial: String = shop
        .chars()
        .find(|letter| letter.is_alphanumeric())
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let other = lang.other();
    let by = (place.way == Way::ByHand).then(|| view! { <input type="hidden" name="by" value="hand"/> });
    let test = test.map(|text| view! { <p class="test">{text}</p> });
    view! {
        {test}
        <header>
            <span class="logo" aria-hidden="true">
                {initial}
            </span>
            <p>{w.frame.you_pay} " " <strong>{shop}</strong></p>
            <form method="get" action=place.path()>
                {by}
                <button class="lang" name="lang" value=other.code() lang=other.tag()>
                    {other.own_name()}
                </button>
            </form>
        </header>
    }
}

/// What the shopper can rely on.
#[component]
pub fn Foot(
    /// Who is paid.
    shop: String,
    /// The texts.
    w: &'static Words,
) -> impl IntoView {
    view! { <footer>{(w.frame.foot)(&shop)}</footer> }
}
