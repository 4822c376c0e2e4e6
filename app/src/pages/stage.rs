//! The slots of a page, which a live page replaces one by one: picture, heading, and the stage with everything else.
//!
//! What the island needs to know stands in `data-` attributes of the stage.

use leptos::prelude::*;

use super::screens::screen;
use super::timing::{Timing, millis};
use super::{Place, Seen};

/// The slots of a piece, as one view.
pub(super) fn slots(seen: &Seen) -> impl IntoView + use<> {
    let screen = screen(seen);
    let stage = stage(seen, screen.status, screen.body);
    view! { {art(screen.art)} {title(screen.title)} {stage} }
}

/// The slots of a whole page, with the status region between heading and stage.
pub(super) fn around<R: FnOnce(&str) -> AnyView>(seen: &Seen, region: R) -> impl IntoView + use<R> {
    let screen = screen(seen);
    let region = region(&screen.status);
    let stage = stage(seen, screen.status, screen.body);
    view! { {art(screen.art)} {title(screen.title)} {region} {stage} }
}

fn art(picture: AnyView) -> impl IntoView {
    view! {
        <div id="art" aria-hidden="true">
            {picture}
        </div>
    }
}

fn title(heading: AnyView) -> impl IntoView {
    view! {
        <h1 id="title" tabindex="-1">
            {heading}
        </h1>
    }
}

fn stage(seen: &Seen, status: String, body: AnyView) -> impl IntoView + use<> {
    let (page, w) = (&seen.page, seen.words());
    let timing = Timing::of(page);
    let fields = |place: &Place| place.fields(seen.lang());
    // Money may come after a request has closed: only what is settled for good stops the questions.
    let settled = page.phase.is_final() && !page.payments.is_empty();
    view! {
        <div
            id="stage"
            data-session=page.session.to_string()
            data-version=page.version
            data-phase=page.phase.name()
            data-place=fields(&seen.place)
            data-title=(w.frame.title)(&page.merchant_name)
            data-status=status
            data-care=timing.is_checking(page.phase).then_some("")
            data-final=settled.then_some("")
            data-left=timing.left.map(millis)
            data-back=timing.back.map(millis)
            data-look=timing.look_millis()
        >
            {body}
        </div>
    }
}
