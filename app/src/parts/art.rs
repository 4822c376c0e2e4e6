//! The pictures, as a few strokes of SVG that take their colours from the sheet. All of them only decorate.

use leptos::prelude::*;

/// A phone that asks for a PIN, in a ring that empties while the prompt lives.
#[component]
pub fn Phone() -> impl IntoView {
    view! {
        <svg class="ring" viewBox="0 0 112 112">
            <circle class="track" cx="56" cy="56" r="50"/>
            <circle class="go" cx="56" cy="56" r="50" transform="rotate(-90 56 56)"/>
            <rect class="case" x="40" y="27" width="32" height="58" rx="7"/>
            <path class="case" d="M52 77h8"/>
            <path class="pin" d="M47 53h18"/>
        </svg>
    }
}

/// A ring that turns while nobody knows how long it takes.
#[component]
pub fn Spinner() -> impl IntoView {
    view! {
        <svg class="ring spin" viewBox="0 0 112 112">
            <circle class="track" cx="56" cy="56" r="50"/>
            <circle class="turn" cx="56" cy="56" r="50"/>
        </svg>
    }
}

/// Done.
#[component]
pub fn Tick() -> impl IntoView {
    view! {
        <svg class="tick" viewBox="0 0 72 72">
            <circle cx="36" cy="36" r="36"/>
            <path d="M22 37l10 10 19-21"/>
        </svg>
    }
}
