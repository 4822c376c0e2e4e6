//! Moments: UTC inside, Africa/Nairobi on the wire to Safaricom and on the page.
//!
//! Kenya has kept UTC+3 without daylight saving since 1960, so an offset is enough and no time zone
//! database is carried.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::macros::{format_description, offset};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

const NAIROBI: UtcOffset = offset!(+3);
const WIRE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day][hour][minute][second]");
const RFC3339: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const PAGE: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none]/[month padding:none]/[year], [hour]:[minute]");

/// A moment, in whole milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` after 1970-01-01 UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 UTC, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// How long after `earlier` this is; nothing where it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-21T10:15:00.000Z`.
    pub fn rfc3339(self) -> String {
        self.utc().format(RFC3339).unwrap_or_default()
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let read = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        Self::from_utc(read)
    }

    /// `YYYYMMDDHHmmss` in Nairobi time, as Daraja writes and reads it.
    /// Source: Daraja "M-Pesa Express" page; the zone is by observation, see `docs/decisions`.
    pub fn daraja(self) -> String {
        self.utc().to_offset(NAIROBI).format(WIRE).unwrap_or_default()
    }

    /// Reads Daraja's `YYYYMMDDHHmmss` as Nairobi time.
    pub fn parse_daraja(text: &str) -> Option<Self> {
        Self::from_utc(PrimitiveDateTime::parse(text, WIRE).ok()?.assume_offset(NAIROBI))
    }

    /// Day, month, year and minute in Nairobi time, as a shopper reads it: `21/11/2026, 13:15`.
    pub fn page(self) -> String {
        self.utc().to_offset(NAIROBI).format(PAGE).unwrap_or_default()
    }

    /// The calendar day in Nairobi as `(year, month 1–12, day 1–31)`.
    pub fn nairobi_day(self) -> (i32, u8, u8) {
        let local = self.utc().to_offset(NAIROBI);
        (local.year(), local.month().into(), local.day())
    }

    fn utc(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    fn from_utc(read: OffsetDateTime) -> Option<Self> {
        i64::try_from(read.unix_timestamp_nanos().div_euclid(1_000_000))
            .ok()
            .map(Self)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_speaks_nairobi_and_the_api_utc() {
        let at = Timestamp::parse_rfc3339("2026-11-21T10:15:00.250Z").unwrap();
        assert_eq!(at.daraja(), "20261121131500");
        assert_eq!(at.rfc3339(), "2026-11-21T10:15:00.250Z");
        assert_eq!(at.page(), "21/11/2026, 13:15");
        assert_eq!(
            Timestamp::parse_daraja("20261121131500"),
            Some(Timestamp::from_millis(at.millis() - 250))
        );
        assert_eq!(Timestamp::parse_rfc3339("2026-11-21T13:15:00.25+03:00"), Some(at));
    }

    #[test]
    fn days_turn_at_nairobi_midnight() {
        let late = Timestamp::parse_rfc3339("2026-11-21T21:00:00Z").unwrap();
        assert_eq!(late.nairobi_day(), (2026, 11, 22));
        assert_eq!(Timestamp::parse_daraja("2025-09-12T14:30:15"), None);
    }
}
