//! When a delivery is tried again.

use std::time::Duration;

use kaunta_domain::time::Timestamp;
use time::PrimitiveDateTime;
use time::macros::format_description;

/// Spread over pauses, in percent of the pause: receivers that went down together do not get everything together.
const JITTER_PERCENT: u32 = 10;

/// The pause before the next attempt after `made` attempts; nothing where the schedule is over.
///
/// A receiver may ask for a longer pause, as far as the schedule goes: what it asks beyond the time at which the last
/// attempt would be made does not count. A pause is never shorter than what was asked for or is scheduled; `chance`
/// spreads it over up to a tenth more.
pub(super) fn pause(
    schedule: &[Duration],
    made: usize,
    asked: Option<Duration>,
    chance: u128,
) -> Option<Duration> {
    let left = schedule.get(made..).filter(|left| !left.is_empty())?;
    let scheduled = left[0];
    let longest = left
        .iter()
        .fold(Duration::ZERO, |sum, step| sum.saturating_add(*step));
    let pause = asked.unwrap_or_default().clamp(scheduled, longest);
    let spread = u32::try_from(chance % 1000).unwrap_or_default();
    Some(pause.saturating_add(pause / 1000 * JITTER_PERCENT / 100 * spread))
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let at = PrimitiveDateTime::parse(text, &format).ok()?.assume_utc();
    let millis = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()?;
    Some(Timestamp::from_millis(millis).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: [Duration; 4] = [
        Duration::ZERO,
        Duration::from_secs(5),
        Duration::from_mins(5),
        Duration::from_mins(30),
    ];

    fn seconds(made: usize, asked: Option<u64>, chance: u128) -> Option<u64> {
        pause(&SCHEDULE, made, asked.map(Duration::from_secs), chance).map(|pause| pause.as_secs())
    }

    #[test]
    fn the_schedule_is_gone_through_and_ends() {
        let pauses: Vec<_> = (0..=4).map(|made| seconds(made, None, 0)).collect();
        assert_eq!(pauses, [Some(0), Some(5), Some(300), Some(1800), None]);
        assert_eq!(seconds(400, None, 0), None);
    }

    #[test]
    fn chance_lengthens_a_pause_by_a_tenth_at_most() {
        for chance in [0, 1, 500, 999, u128::MAX] {
            let pause = pause(&SCHEDULE, 3, None, chance).unwrap();
            assert!((1800..=1980).contains(&pause.as_secs()), "{pause:?}");
        }
        assert_eq!(seconds(3, None, 999), Some(1979));
        assert_eq!(
            seconds(0, None, 999),
            Some(0),
            "the first attempt is made at once"
        );
    }

    #[test]
    fn a_receiver_may_ask_for_more_but_not_beyond_the_schedule() {
        assert_eq!(seconds(1, Some(60), 0), Some(60));
        assert_eq!(seconds(1, Some(2), 0), Some(5), "asking for less hurries nothing");
        assert_eq!(seconds(1, Some(86_400), 0), Some(5 + 300 + 1800));
        assert_eq!(seconds(3, Some(86_400), 0), Some(1800));
        assert_eq!(seconds(4, Some(60), 0), None, "asking makes no further attempt");
        assert_eq!(seconds(1, Some(u64::MAX), 0), Some(2105));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse_rfc3339("2026-11-21T10:00:00Z").unwrap();
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after(" 0 ", now), Some(Duration::ZERO));
        assert_eq!(
            retry_after("Sat, 21 Nov 2026 10:02:00 GMT", now),
            Some(Duration::from_mins(2))
        );
        assert_eq!(
            retry_after("Sat, 21 Nov 2026 09:00:00 GMT", now),
            Some(Duration::ZERO),
            "it is over"
        );
        for wrong in [
            "",
            "soon",
            "-1",
            "1.5",
            "2026-11-21T10:02:00Z",
            "99999999999999999999",
        ] {
            assert_eq!(retry_after(wrong, now), None, "{wrong}");
        }
    }
}
