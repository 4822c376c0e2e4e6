//! What Safaricom posts, byte for byte as the load scripts write it.

use kaunta_payments::bench_seed::{amount, checkout_request_id, merchant_request_id, phone};

/// The callback that says that the prompt of row `number` was paid. `load/callbacks.lua` writes the same.
pub(crate) fn paid(number: u32) -> String {
    let (merchant, checkout) = (merchant_request_id(number), checkout_request_id(number));
    let (amount, phone) = (amount(number), phone(number));
    format!(
        "{{\"Body\":{{\"stkCallback\":{{\"MerchantRequestID\":\"{merchant}\",\"CheckoutRequestID\":\"{checkout}\",\
         \"ResultCode\":0,\"ResultDesc\":\"The service request is processed successfully.\",\"CallbackMetadata\":\
         {{\"Item\":[{{\"Name\":\"Amount\",\"Value\":{amount}.00}},{{\"Name\":\"MpesaReceiptNumber\",\"Value\":\
         \"UKL5{number:06}\"}},{{\"Name\":\"TransactionDate\",\"Value\":20261121101500}},{{\"Name\":\"PhoneNumber\",\
         \"Value\":{phone}}}]}}}}}}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaunta_payments::bench_seed::session;

    #[test]
    fn a_callback_is_json_and_names_its_row() {
        let callback: serde_json::Value = serde_json::from_str(&paid(42)).unwrap();
        let told = &callback["Body"]["stkCallback"];
        assert_eq!(told["CheckoutRequestID"], checkout_request_id(42));
        assert_eq!(told["CallbackMetadata"]["Item"][0]["Value"], 52.0);
        assert_eq!(told["CallbackMetadata"]["Item"][1]["Value"], "UKL5000042");
    }

    /// `load/status.lua` holds the first 22 of these letters and counts on in the last four, 0 to z without i, l, o, u.
    #[test]
    fn sessions_are_named_as_the_load_scripts_name_them() {
        let script = include_str!("../load/status.lua");
        for (number, last) in [(0, "0000"), (31, "000z"), (199_999, "639z")] {
            let name = session(number).to_string();
            let (first, counted) = name.split_at(name.len() - 4);
            assert_eq!(counted, last);
            assert!(script.contains(&format!("\"{first}\"")), "{first}");
        }
    }
}
