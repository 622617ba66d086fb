//! Times as people type them: a day, a moment, or a span from now.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use thiserror::Error;

/// A time in the future.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// A moment.
    At(Timestamp),
    /// A span from now.
    In(Span),
}

impl When {
    /// The moment, in whole seconds.
    ///
    /// # Errors
    ///
    /// Fails where it is not after `now`, or beyond the last moment that usher can store.
    pub fn after(self, now: Timestamp) -> Result<Timestamp, WhenError> {
        let moment = match self {
            Self::At(moment) => moment,
            Self::In(span) => {
                let later = now.to_zoned(TimeZone::UTC).checked_add(span);
                later.map_err(|_| WhenError::TooFar)?.timestamp()
            }
        };
        if moment <= now {
            return Err(WhenError::Past(moment));
        }
        if moment.as_second() >= i64::from(u32::MAX) {
            return Err(WhenError::TooFar);
        }
        Timestamp::from_second(moment.as_second()).map_err(|_| WhenError::TooFar)
    }
}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::At(moment));
        }
        // A date with a time of day needs an offset from UTC.
        if text.len() == "2027-01-31".len()
            && let Ok(date) = text.parse::<Date>()
        {
            let end = date.at(23, 59, 59, 0).to_zoned(TimeZone::UTC);
            return end.map(|end| Self::At(end.timestamp())).map_err(|_| WhenError::TooFar);
        }
        text.parse().map(Self::In).map_err(|_| WhenError::Unreadable)
    }
}

/// Why a text is not a time in the future.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum WhenError {
    /// It is in the past.
    #[error("{0} is in the past: expected a time in the future")]
    Past(Timestamp),
    /// It is beyond the year 2105.
    #[error("expected a time before the year 2106; leave it out for ever")]
    TooFar,
    /// It cannot be read.
    #[error(
        "expected a date (2027-01-31), a moment (2027-01-31T18:00:00Z) or a time from now (30d)"
    )]
    Unreadable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_to_its_end() {
        reads("2027-01-31", "2027-01-31T23:59:59Z");
        reads("2026-11-22", "2026-11-22T23:59:59Z");
    }

    #[test]
    fn a_moment_says_its_offset() {
        reads("2027-01-31T18:00:00Z", "2027-01-31T18:00:00Z");
        reads("2027-01-31T18:00:00.9+02:00", "2027-01-31T16:00:00Z");
        refuses("2027-01-31T18:00:00", WhenError::Unreadable);
    }

    #[test]
    fn a_span_starts_now() {
        reads("30d", "2026-12-22T12:00:00Z");
        reads("1mo", "2026-12-22T12:00:00Z");
        reads("1y 12h", "2027-11-23T00:00:00Z");
        reads("90s", "2026-11-22T12:01:30Z");
    }

    #[test]
    fn a_past_or_unreadable_time_is_refused() {
        refuses("2026-11-21", WhenError::Past("2026-11-21T23:59:59Z".parse().unwrap()));
        refuses("0d", WhenError::Past(NOW.parse().unwrap()));
        refuses("-1d", WhenError::Past("2026-11-21T12:00:00Z".parse().unwrap()));
        refuses("2107-01-01", WhenError::TooFar);
        refuses("9000y", WhenError::TooFar);
        for text in ["", "soon", "30", "2027-02-30", "31.01.2027"] {
            refuses(text, WhenError::Unreadable);
        }
    }

    #[track_caller]
    fn reads(text: &str, expected: &str) {
        assert_eq!(moment(text), Ok(expected.parse().unwrap()), "{text}");
    }

    #[track_caller]
    fn refuses(text: &str, expected: WhenError) {
        assert_eq!(moment(text), Err(expected), "{text}");
    }

    fn moment(text: &str) -> Result<Timestamp, WhenError> {
        text.parse::<When>()?.after(NOW.parse().unwrap())
    }

    const NOW: &str = "2026-11-22T12:00:00Z";
}
