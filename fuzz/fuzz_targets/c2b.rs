//! Any body at the C2B URLs and from the Pull API: what is read as a payment has a receipt and an amount above nothing.
//!
//! `cargo +nightly fuzz run c2b fuzz/corpus/c2b crates/daraja/tests/fixtures/c2b crates/daraja/tests/fixtures/pull`

#![no_main]

use kaunta_daraja::c2b::read_c2b;
use kaunta_daraja::is_receipt;
use kaunta_daraja::other::read_any;
use kaunta_daraja::pull::read_pull;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(payment) = read_c2b(body) {
        assert!(is_receipt(&payment.receipt));
        assert!(payment.amount.shillings() > 0 || payment.cents > 0);
        let _ = format!("{payment:?}");
    }
    if let Ok(page) = read_pull(body) {
        assert!(page.payments.iter().all(|payment| payment.amount.is_readable()));
    }
    let _ = read_any(body);
});
