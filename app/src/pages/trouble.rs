//! Pages without a session: a link that leads nowhere, or a server that cannot answer now.

use leptos::prelude::*;

use super::document::{Assets, Outline, shell};
use super::{Shell, document};
use crate::calls::Refused;
use crate::lang::Lang;
use crate::words::{Reason, words};

/// Why there is no session to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What happened.
    pub refused: Refused,
    /// The reader's language.
    pub lang: Lang,
    /// Around what the page is drawn.
    pub shell: Shell,
    /// The address to try again, for what passes.
    pub again: String,
}

/// The page that says so.
pub fn trouble(trouble: &Trouble, assets: &Assets) -> String {
    let w = words(trouble.lang);
    let reason: Reason = match trouble.refused {
        Refused::Unreadable | Refused::NotFound => w.trouble.unknown,
        Refused::Busy => w.trouble.busy,
        Refused::Broken => w.trouble.broken,
    };
    let passes = matches!(trouble.refused, Refused::Busy | Refused::Broken);
    let outline = Outline {
        lang: trouble.lang,
        title: reason.title.to_owned(),
        theme: None,
        rules: String::new(),
        refresh: None,
        shell: trouble.shell,
    };
    let again = passes.then(|| {
        view! {
            <a class="btn" href=trouble.again.clone()>
                {w.trouble.again}
            </a>
        }
    });
    // This page tries again with and without JavaScript, so the header does it and not the document.
    let body = view! {
        <main>
            <h1 id="title">{reason.title}</h1>
            <p>{reason.help}</p>
            {again}
        </main>
    };
    let without_island = Assets {
        js: None,
        ..assets.clone()
    };
    document(|| shell(outline, &without_island, body))
}
