//! Any answer to any request: the first two bytes are the HTTP status, the rest is the body.
//!
//! `cargo +nightly fuzz run answers`

#![no_main]

use kaunta_daraja::c2b::read_registered;
use kaunta_daraja::request::read_accepted;
use kaunta_daraja::stk::read_push;
use kaunta_daraja::stk_query::read_query;
use kaunta_daraja::{Answer, Reached, Retry};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let answer = Answer::new(100 + status % 500, body.to_vec());
    if let Err(error) = read_push(&answer) {
        // A prompt that may have gone out is never sent again by itself.
        assert!(error.reached != Reached::Maybe || error.retry == Retry::Never);
        let _ = format!("{error} {error:?}");
    }
    let _ = (
        read_query(&answer),
        read_registered(&answer),
        read_accepted(&answer),
    );
});
