//! The one island: what makes the page live.
//!
//! It owns the words that are spoken (the status region, announcements, the note about the connection) as signals.
//! Everything else on the page is the server's HTML; the island listens on the document and puts newer HTML in
//! place. It takes no props: what it needs stands in `data-` attributes, so no JSON reader is in the wasm.

#[cfg(feature = "hydrate")]
mod aloud;
#[cfg(feature = "hydrate")]
mod clock;
#[cfg(feature = "hydrate")]
mod copy;
#[cfg(feature = "hydrate")]
mod dom;
#[cfg(feature = "hydrate")]
mod events;
#[cfg(feature = "hydrate")]
mod forms;
#[cfg(feature = "hydrate")]
mod net;
#[cfg(feature = "hydrate")]
mod news;
#[cfg(feature = "hydrate")]
mod number;
#[cfg(feature = "hydrate")]
mod place;

use leptos::prelude::*;

/// What the status region says when the page arrives; the server puts it into the context.
#[derive(Debug, Clone, Default)]
pub struct FirstStatus(pub String);

/// The spoken parts of the page, and, in a browser, everything that moves.
#[island]
pub fn Live() -> impl IntoView {
    let status = RwSignal::new(first_status());
    let aside = RwSignal::new(String::new());
    let offline = RwSignal::new(String::new());
    #[cfg(feature = "hydrate")]
    events::listen(aloud::Aloud {
        status,
        aside,
        offline,
    });
    view! {
        <p id="status" role="status" class="status">
            {spoken(status)}
        </p>
        <p class="unseen" aria-live="polite">
            {spoken(aside)}
        </p>
        <p class="offline" aria-live="polite">
            {spoken(offline)}
        </p>
    }
}

/// One closure for all three: each further kind would be another copy of its rendering in the wasm.
fn spoken(text: RwSignal<String>) -> impl Fn() -> String + Clone + 'static {
    move || text.get()
}

#[cfg(feature = "hydrate")]
fn first_status() -> String {
    dom::by_id("status")
        .and_then(|region| region.text_content())
        .unwrap_or_default()
}

#[cfg(not(feature = "hydrate"))]
fn first_status() -> String {
    use_context::<FirstStatus>().unwrap_or_default().0
}
