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
    pub(super) offline: RwSignal<&'static str>,
}

impl Aloud {
    /// Says where the payment stands, unless that has been said.
    pub(super) fn say_status(self, text: &str) {
        if self.status.with_untracked(|said| said.trim() != text.trim()) {
            self.status.set(text.to_owned());
        }
    }

    /// Says something in passing.
    pub(super) fn whisper(self, text: impl Into<String>) {
        self.aside.set(text.into());
    }

    /// Shows the note about the connection.
    pub(super) fn connection_is_lost(self) {
        if self.offline.with_untracked(|note| note.is_empty()) {
            self.offline.set(texts().offline);
        }
    }

    /// Takes the note away.
    pub(super) fn connection_is_back(self) {
        if self.offline.with_untracked(|note| !note.is_empty()) {
            self.offline.set("");
        }
    }
}

/// The texts of the page's language.
pub(super) fn texts() -> &'static Live {
    let tag = dom::document()
        .document_element()
        .and_then(|html| html.get_attribute("lang"));
    live(tag.as_deref().and_then(Lang::of_code).unwrap_or(Lang::En))
}
