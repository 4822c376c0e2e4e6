//! Whole pages, and the pieces that a live page puts in place.
//!
//! `piece` and `checkout` draw the same slots (`art`, `title`, `stage`, `foot`), so that every state exists once.

mod document;
mod notice;
mod pieces;
mod place;
mod screens;
mod stage;
#[cfg(test)]
mod tests;
mod theme;
mod timing;
mod trouble;

use kaunta_payments::Page;
use leptos::prelude::*;

pub use document::Assets;
pub use notice::Notice;
pub use place::{Place, Shell, Way};
pub use trouble::{Trouble, trouble};

use crate::lang::Lang;
use crate::words::{Words, words};

/// A session, and how it is looked at.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The session.
    pub page: Page,
    /// The address.
    pub place: Place,
    /// What the last form came to.
    pub notice: Option<Notice>,
    /// What stood in the field of that form.
    pub typed: String,
}

impl Seen {
    /// A session looked at without having sent a form.
    pub const fn new(page: Page, place: Place) -> Self {
        Self {
            page,
            place,
            notice: None,
            typed: String::new(),
        }
    }

    /// The same with what a form came to.
    #[must_use]
    pub fn saying(mut self, notice: Notice, typed: &str) -> Self {
        self.notice = Some(notice);
        // What is echoed is bounded: the longest message that is read.
        self.typed = typed
            .chars()
            .take(kaunta_domain::sms::MAX_MESSAGE_BYTES)
            .collect();
        self
    }

    fn words(&self) -> &'static Words {
        words(self.lang())
    }

    /// The reader's choice, else the shop's wish, else English: `Accept-Language` has become a choice before.
    fn lang(&self) -> Lang {
        self.place.lang_for(self.page.locale)
    }
}

/// The whole page of a session.
pub fn checkout(seen: &Seen, assets: &Assets) -> String {
    document(|| document::checkout(seen, assets))
}

/// The parts of the page that change with the session, for a page that is live.
pub fn piece(seen: &Seen) -> String {
    draw(|| stage::slots(seen))
}

/// A document: the view of its root element, behind the line that makes browsers keep to the standard.
fn document<V: IntoView>(view: impl FnOnce() -> V) -> String {
    let mut html = "<!doctype html>".to_owned();
    html.push_str(&draw(view));
    html
}

/// Renders a view outside of any router or request.
fn draw<V: IntoView>(view: impl FnOnce() -> V) -> String {
    Owner::new().with(|| view().into_view().to_html())
}
