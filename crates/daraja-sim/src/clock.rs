//! The hour: where it comes from, and how Safaricom writes it.
//!
//! Inside, a moment is milliseconds since 1970 in UTC. On the wire it is Nairobi time, which has been UTC+3
//! without summer time since 1960.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMs = i64;

/// Where the simulator reads the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Clock {
    /// The machine's clock: prompts expire and callbacks leave by themselves.
    #[default]
    Real,
    /// Stands at this moment until [`crate::Sim::set_now`] or [`crate::Sim::advance`] moves it.
    Fixed(UnixMs),
}

/// The machine's clock, read in this one place.
pub(crate) fn machine_now() -> UnixMs {
    let now = OffsetDateTime::now_utc();
    now.unix_timestamp() * 1000 + i64::from(now.millisecond())
}

fn nairobi(at: UnixMs) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(at) + Duration::hours(3)
}

/// `yyyyMMddHHmmss` in Nairobi, as in `TransTime` and `TransactionDate`.
pub fn stamp(at: UnixMs) -> String {
    let t = nairobi(at);
    let (date, time) = (t.date(), t.time());
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// `ddMMyyyyHHmmss` in Nairobi and the milliseconds, as in a CheckoutRequestID.
pub(crate) fn day_first(at: UnixMs) -> (String, u16) {
    let s = stamp(at);
    (
        format!("{}{}{}{}", &s[6..8], &s[4..6], &s[..4], &s[8..]),
        nairobi(at).millisecond(),
    )
}

/// `dd.MM.yyyy HH:mm:ss` in Nairobi: only B2C results write a moment so.
pub(crate) fn dotted(at: UnixMs) -> String {
    let s = stamp(at);
    format!(
        "{}.{}.{} {}:{}:{}",
        &s[6..8],
        &s[4..6],
        &s[..4],
        &s[8..10],
        &s[10..12],
        &s[12..]
    )
}

/// `yyyy-MM-ddTHH:mm:ssZ`, with the hour of Nairobi all the same: the Pull API writes a moment so.
pub(crate) fn pull_date(at: UnixMs) -> String {
    let s = stamp(at);
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        &s[..4],
        &s[4..6],
        &s[6..8],
        &s[8..10],
        &s[10..12],
        &s[12..]
    )
}

/// Year, month and day in Nairobi: what the first three characters of a receipt tell.
pub(crate) fn civil_date(at: UnixMs) -> (i32, u8, u8) {
    let date = nairobi(at).date();
    (date.year(), u8::from(date.month()), date.day())
}

/// `2/10/26 at 6:11 PM`: the form of the payer's SMS.
pub(crate) fn sms_moment(at: UnixMs) -> String {
    let t = nairobi(at);
    let (hour, half) = match t.hour() {
        0 => (12, "AM"),
        h @ 1..=11 => (h, "AM"),
        12 => (12, "PM"),
        h => (h - 12, "PM"),
    };
    let (year, month, day) = civil_date(at);
    format!(
        "{day}/{month}/{:02} at {hour}:{:02} {half}",
        year % 100,
        t.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-10-02 18:11:05.250 in Nairobi.
    const EVENING: UnixMs = 1_790_953_865_250;

    #[test]
    fn the_hour_is_written_as_in_nairobi() {
        assert_eq!(stamp(EVENING), "20261002181105");
        assert_eq!(day_first(EVENING), ("02102026181105".to_owned(), 250));
        assert_eq!(dotted(EVENING), "02.10.2026 18:11:05");
        assert_eq!(sms_moment(EVENING), "2/10/26 at 6:11 PM");
    }

    #[test]
    fn noon_and_midnight_are_twelve() {
        assert_eq!(
            sms_moment(EVENING - (6 * 60 + 11) * 60_000),
            "2/10/26 at 12:00 PM"
        );
        assert_eq!(
            sms_moment(EVENING - (18 * 60 + 11) * 60_000),
            "2/10/26 at 12:00 AM"
        );
    }
}
