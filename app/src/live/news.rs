//! Waiting for news: one long request after another, patient when the line is bad.

use std::cell::Cell;

use gloo_timers::future::TimeoutFuture;
use leptos::server_fn::ServerFn;
use leptos::task::spawn_local;

use super::aloud::Aloud;
use super::net::Lost;
use super::{dom, net, place};
use crate::calls::{News, Status};

/// The server answers within 25 s; what takes longer than this is a dead line. In milliseconds.
const PATIENCE: u32 = 35_000;

/// The least time between two questions, in milliseconds: a server that answers at once is not to be flooded.
const SPACING: i64 = 500;

/// The longest pause after failures, in milliseconds.
const LONGEST_PAUSE: u32 = 16_000;

thread_local! {
    /// Which watch is the living one. A new one begins when the reader comes back, since the request of the old one
    /// may hang on a connection that died while the phone slept.
    static ROUND: Cell<u32> = const { Cell::new(0) };
    /// When the living watch last asked, in milliseconds of uptime.
    static ASKED: Cell<i64> = const { Cell::new(0) };
}

/// Begins to watch; a watch that is under way ends.
pub(super) fn begin(aloud: Aloud) {
    let round = ROUND.get().wrapping_add(1);
    ROUND.set(round);
    spawn_local(watch(aloud, round));
}

/// Begins anew where the last question is not fresh.
pub(super) fn begin_if_stale(aloud: Aloud) {
    if dom::uptime() - ASKED.get() > 3_000 {
        begin(aloud);
    }
}

async fn watch(aloud: Aloud, round: u32) {
    let mut failures = 0;
    while ROUND.get() == round && dom::stage("data-final").is_none() {
        let began = dom::uptime();
        ASKED.set(began);
        match step(aloud, round).await {
            Ok(()) => {
                failures = 0;
                aloud.connection_is_back();
            }
            Err(Lost::Refused(404)) => return,
            Err(lost) => {
                failures += 1;
                // One lost request is the daily life of a phone; two are worth a word. A server that says no is there.
                if matches!(lost, Lost::Unanswered) && (failures > 1 || !dom::window().navigator().on_line())
                {
                    aloud.connection_is_lost();
                }
                TimeoutFuture::new(pause(failures)).await;
            }
        }
        let early = SPACING - (dom::uptime() - began);
        if let Ok(early @ 1..) = u32::try_from(early) {
            TimeoutFuture::new(early).await;
        }
    }
}

async fn step(aloud: Aloud, round: u32) -> Result<(), Lost> {
    let session = dom::stage("data-session").unwrap_or_default();
    let seen = dom::version();
    let url = [Status::PATH, "?session=", &session, "&seen=", &seen.to_string()].concat();
    let answer = net::get(&url, PATIENCE).await?;
    let news = News::read(&answer).ok_or(Lost::Unanswered)?;
    if ROUND.get() == round && news.version > dom::version() {
        place::refresh(aloud).await?;
    }
    Ok(())
}

/// 1, 2, 4 … seconds, each up to half as long again by chance, so that pages do not come back in step.
fn pause(failures: u32) -> u32 {
    let pause = (500_u32 << failures.min(6)).min(LONGEST_PAUSE);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::float_arithmetic,
        reason = "chance is a float between 0 and 1 in the browser; no money is near"
    )]
    let chance = (js_sys::Math::random() * 500.0) as u32;
    pause + pause * chance / 1000
}
