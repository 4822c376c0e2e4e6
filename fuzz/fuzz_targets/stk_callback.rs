//! Any body at the URL of an STK callback: read without a panic, and paid only with a receipt and a readable amount.
//!
//! `cargo +nightly fuzz run stk_callback fuzz/corpus/stk_callback crates/daraja/tests/fixtures/stk`

#![no_main]

use kaunta_daraja::callback::{Verdict, read_stk};
use kaunta_daraja::is_receipt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(callback) = read_stk(body) else { return };
    let _ = format!("{callback:?}");
    if let Verdict::Paid { receipt, paid } = callback.verdict() {
        assert!(is_receipt(receipt));
        assert!(
            paid.amount
                .as_ref()
                .is_none_or(kaunta_daraja::Amount::is_readable)
        );
        assert!(
            callback
                .code
                .as_ref()
                .is_some_and(kaunta_daraja::ResultCode::is_success)
        );
    }
});
