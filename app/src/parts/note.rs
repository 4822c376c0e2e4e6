//! A note: what happened, and what to do.

use leptos::prelude::*;

use crate::words::Reason;

/// A headline and what to do, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What happened.
    pub title: String,
    /// What to do.
    pub help: String,
}

impl From<Reason> for Said {
    fn from(reason: Reason) -> Self {
        Self {
            title: reason.title.to_owned(),
            help: reason.help.to_owned(),
        }
    }
}

/// How a note is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It did not work: read at once.
    Alert,
    /// Careful.
    Warn,
    /// Good to know.
    Calm,
}

/// A note.
#[component]
pub fn Note(
    /// How it is meant.
    tone: Tone,
    /// What it says.
    said: Said,
) -> impl IntoView {
    let (class, role) = match tone {
        Tone::Alert => ("note bad", Some("alert")),
        Tone::Warn => ("note warn", None),
        Tone::Calm => ("note", None),
    };
    view! {
        <div class=class role=role>
            <b>{said.title}</b>
            <p>{said.help}</p>
        </div>
    }
}
