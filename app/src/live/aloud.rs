//! What is said aloud: the live regions as signals, and the texts of the page's language.

use leptos::prelude::*;

use super::dom;
use crate::lang::Lang;
use crate::words::{Live, live};

/// The live regions. Assistive technology reads each once, when it changes.
#[derive(Clone, Copy)]
pub(super) struct Aloud {
    /// Where the payment stands.
    pub(super) status: RwSignal<String>,
    /// What is worth hearing, yet not worth seeing.
    pub(super) aside: RwSignal<String>,
    /// The note about the connection; empty while there is one.
    pub(super) offline: RwSignal<String>,
}

impl Aloud {
    /// Says where the payment stands.
    pub(super) fn say_status(self, text: &str) {
        say(self.status, text);
    }

    /// Says something in passing.
    pub(super) fn whisper(self, text: &str) {
        say(self.aside, text);
    }

    /// Shows the note about the connection.
    pub(super) fn connection_is_lost(self) {
        say(self.offline, texts().offline);
    }

    /// Takes the note away.
    pub(super) fn connection_is_back(self) {
        say(self.offline, "");
    }
}

/// Writes into a live region, unless that stands there already: what is written again is spoken again.
fn say(region: RwSignal<String>, text: &str) {
    if region.with_untracked(|said| said.trim() != text) {
        region.set(text.to_owned());
    }
}

/// The texts of the page's language.
pub(super) fn texts() -> &'static Live {
    let tag = dom::document()
        .document_element()
        .and_then(|html| html.get_attribute("lang"));
    live(tag.as_deref().and_then(Lang::of_code).unwrap_or(Lang::En))
}
