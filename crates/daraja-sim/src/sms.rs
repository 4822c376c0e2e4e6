//! What M-Pesa writes to the payer, in the wording that was observed.

use crate::clock::{UnixMs, sms_moment};

/// `KSH1,500.00`.
pub(crate) fn money(amount: i64) -> String {
    let digits = amount.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("KSH{grouped}.00")
}

/// What one message is about.
pub(crate) struct Paid<'a> {
    pub(crate) receipt: &'a str,
    pub(crate) amount: i64,
    pub(crate) business: &'a str,
    /// Empty for a till.
    pub(crate) account: &'a str,
    pub(crate) at: UnixMs,
    pub(crate) balance: i64,
}

/// The confirmation of a payment to a paybill or a till.
pub(crate) fn confirmation(paid: &Paid<'_>) -> String {
    let Paid {
        receipt,
        amount,
        business,
        account,
        at,
        balance,
    } = paid;
    let (amount, balance, moment) = (money(*amount), money(*balance), sms_moment(*at));
    let what = if account.is_empty() {
        format!("paid to {business}")
    } else {
        format!("sent to {business} for account {account}")
    };
    format!("{receipt} Confirmed. {amount} {what} on {moment} New M-PESA balance is {balance}.")
}

/// What a payer reads when M-Pesa could not move the money; `None` where no message is sent.
pub(crate) fn failure(code: &str, amount: i64, balance: i64) -> Option<String> {
    let (amount, balance) = (money(amount), money(balance));
    match code {
        "1" => Some(format!(
            "Failed. You do not have enough money in your M-PESA account to pay {amount}. Your M-PESA balance is {balance}."
        )),
        "2001" => Some("Failed. You have entered the wrong PIN. Please try again.".to_owned()),
        "8006" => Some("Your M-PESA PIN is locked. Call 100 or 200 for help.".to_owned()),
        _ => None,
    }
}

/// Money that came in: a refund or a payout.
pub(crate) fn received(receipt: &str, amount: i64, from: &str, at: UnixMs, balance: i64) -> String {
    let (amount, balance, moment) = (money(amount), money(balance), sms_moment(at));
    format!(
        "{receipt} Confirmed. You have received {amount} from {from} on {moment} New M-PESA balance is {balance}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_confirmation_reads_as_safaricom_writes_it() {
        let text = confirmation(&Paid {
            receipt: "UJ22T8IYOU",
            amount: 1,
            business: "Daraja-Sandbox",
            account: "nkap-live-1",
            at: 1_790_953_865_250,
            balance: 9,
        });
        let observed = "UJ22T8IYOU Confirmed. KSH1.00 sent to Daraja-Sandbox for account nkap-live-1 on 2/10/26 at 6:11 PM New M-PESA balance is KSH9.00.";
        assert_eq!(text, observed);
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!(money(250_000), "KSH250,000.00");
        assert_eq!(money(1_234_567), "KSH1,234,567.00");
        assert_eq!(money(999), "KSH999.00");
    }
}
