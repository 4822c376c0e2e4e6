//! Any body at a result or timeout URL, through all typed views.
//!
//! `cargo +nightly fuzz run result fuzz/corpus/result crates/daraja/tests/fixtures/result`

#![no_main]

use kaunta_daraja::b2c::PaidOut;
use kaunta_daraja::balance::Balances;
use kaunta_daraja::result::{Kind, Outcome, read_result, read_timeout};
use kaunta_daraja::reversal::Reversed;
use kaunta_daraja::status::TransactionStatus;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let _ = read_timeout(body);
    let Ok(result) = read_result(body) else { return };
    if result.outcome() == Outcome::Done {
        assert_eq!(result.kind, Kind::Final);
    }
    let views = (
        PaidOut::of(&result),
        Balances::of(&result),
        TransactionStatus::of(&result),
        Reversed::of(&result),
    );
    let _ = format!("{result:?} {views:?}");
});
