//! Labelled values, each with a button that copies it where copying helps.

use leptos::prelude::*;

/// How a value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// As it is.
    Plain(String),
    /// Letter by letter.
    Code(String),
    /// Letter by letter in groups of four. The gaps are drawn and not in the text, so that a selection copies the code.
    Groups(String),
}

/// A labelled value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// What is shown.
    pub value: Value,
    /// What the copy button copies; no button without it.
    pub copy: Option<String>,
}

/// A list of labelled values.
#[component]
pub fn Facts(
    /// The values, in order.
    facts: Vec<Fact>,
    /// What the copy buttons say.
    copy: &'static str,
) -> impl IntoView {
    let rows = facts.into_iter().map(|fact| row(fact, copy)).collect_view();
    view! { <dl class="facts">{rows}</dl> }
}

fn row(fact: Fact, copy: &'static str) -> impl IntoView {
    let button = fact.copy.map(|text| {
        view! {
            <button type="button" class="copy" data-copy=text aria-label=format!("{copy} {}", fact.label)>
                {copy}
            </button>
        }
    });
    view! {
        <div class="fact">
            <dt>{fact.label}</dt>
            <dd>{value(fact.value)} {button}</dd>
        </div>
    }
}

fn value(value: Value) -> AnyView {
    match value {
        Value::Plain(text) => view! { <span class="value">{text}</span> }.into_any(),
        Value::Code(code) => view! { <span class="value code">{code}</span> }.into_any(),
        Value::Groups(code) => {
            let letters: Vec<char> = code.chars().collect();
            let groups = letters
                .chunks(4)
                .map(|group| view! { <span>{group.iter().collect::<String>()}</span> })
                .collect_view();
            view! { <span class="value code">{groups}</span> }.into_any()
        }
    }
}
