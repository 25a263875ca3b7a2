//! `xsd:dateTime`.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time as servers write it: `2026-11-22T10:15:30.123456Z`, microseconds at the finest.
///
/// A time without a zone is taken as UTC, which is what servers mean. Comparison is by the point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    micros: i64,
}

impl DateTime {
    /// The point in time, in microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.micros
    }
}

impl From<SystemTime> for DateTime {
    fn from(time: SystemTime) -> Self {
        let micros = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Self { micros }
    }
}

impl From<DateTime> for SystemTime {
    fn from(time: DateTime) -> Self {
        let distance = Duration::from_micros(time.micros.unsigned_abs());
        let moved =
            if time.micros < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
        moved.unwrap_or(UNIX_EPOCH)
    }
}

/// A text that is not an `xsd:dateTime`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDateTimeError(pub(crate) String);

impl fmt::Display for ParseDateTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a time: expected one such as 2026-11-22T10:15:30Z", self.0)
    }
}

impl std::error::Error for ParseDateTimeError {}

impl FromStr for DateTime {
    type Err = ParseDateTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim().as_bytes())
            .map(|micros| Self { micros })
            .ok_or_else(|| ParseDateTimeError(text.to_owned()))
    }
}

fn digits(bytes: &[u8], from: usize, to: usize) -> Option<i64> {
    let mut value = 0;
    for byte in bytes.get(from..to)? {
        value = value * 10 + i64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
    }
    Some(value)
}

fn parse(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // Years have four digits, or more without a leading zero.
    let year_len = text.iter().position(|byte| *byte == b'-').filter(|len| (4..=6).contains(len))?;
    let year = digits(text, 0, year_len)? * if negative { -1 } else { 1 };
    let rest = &text[year_len..];
    let (month, day) = (digits(rest, 1, 3)?, digits(rest, 4, 6)?);
    let (hour, minute, second) = (digits(rest, 7, 9)?, digits(rest, 10, 12)?, digits(rest, 13, 15)?);
    let separators = [(0, b'-'), (3, b'-'), (6, b'T'), (9, b':'), (12, b':')];
    if separators.iter().any(|(at, byte)| rest[*at] != *byte)
        || !(1..=12).contains(&month)
        || day < 1
        || day > days_in(year, month)
        || minute > 59
        || second > 60
        || hour > 24
        || (hour == 24 && (minute, second) != (0, 0))
    {
        return None;
    }
    let mut rest = &rest[15..];
    let mut micros = 0;
    if let [b'.', fraction @ ..] = rest {
        let len = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if len == 0 {
            return None;
        }
        let kept = len.min(6);
        micros = digits(fraction, 0, kept)? * 10_i64.pow(6 - kept as u32);
        rest = &fraction[len..];
    }
    let offset = match rest {
        [] | [b'Z'] => 0,
        [sign @ (b'+' | b'-'), zone @ ..] if zone.len() == 5 && zone[2] == b':' => {
            let (hours, minutes) = (digits(zone, 0, 2)?, digits(zone, 3, 5)?);
            if hours > 14 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -60 } else { 60 }
        }
        _ => return None,
    };
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that leap days come last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.micros.div_euclid(1_000_000), self.micros.rem_euclid(1_000_000));
        let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
        let sign = if year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}", year.abs())?;
        if micros != 0 {
            let fraction = format!("{micros:06}");
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use super::DateTime;
    use proptest::prelude::*;

    #[test]
    fn reads_what_servers_write() {
        for (text, written) in [
            ("2026-11-22T10:15:30.123456Z", "2026-11-22T10:15:30.123456Z"),
            ("2026-11-22T10:15:30.123456789Z", "2026-11-22T10:15:30.123456Z"),
            ("2026-11-22T10:15:30", "2026-11-22T10:15:30Z"),
            ("2026-11-22T12:15:30+02:00", "2026-11-22T10:15:30Z"),
            ("1970-01-01T00:00:00-05:30", "1970-01-01T05:30:00Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"),
            ("2024-02-29T24:00:00Z", "2024-03-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(
                text.parse::<DateTime>().map(|time| time.to_string()).as_deref(),
                Ok(written),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2026",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T25:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+99:00",
            "2026-01-01T00:00:00ZZ",
            "20é6-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<DateTime>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_and_read_is_the_same(micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let time = DateTime::from_unix_micros(micros);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }

        #[test]
        fn any_text_is_an_error_and_no_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<DateTime>();
        }
    }
}
