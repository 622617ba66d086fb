//! Durations that may be named in days and weeks: `7d`, `1d 12h`, `36h`. A day is 24 hours.

use std::str::FromStr;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer};

use super::word::{self, Unit, UnitError};

/// For `#[serde(with = "…")]` on a `Duration`.
pub(super) mod required {
    pub(in crate::config) use jiff::fmt::serde::unsigned_duration::friendly::compact::required::serialize;

    use super::*;

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        Ok(Days::deserialize(deserializer)?.0)
    }
}

/// The same on an `Option<Duration>`.
pub(super) mod optional {
    pub(in crate::config) use jiff::fmt::serde::unsigned_duration::friendly::compact::optional::serialize;

    use super::*;

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Days>::deserialize(deserializer)?.map(|days| days.0))
    }
}

/// A length of time. It is refused while it is read, so that the message names its key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Days(Duration);

impl FromStr for Days {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let refused = || UnitError::new::<Self>(text);
        let span: Span = text.parse().map_err(|_| refused())?;
        let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| refused())?;
        Duration::try_from(exact).map(Self).map_err(|_| refused())
    }
}

impl Unit for Days {
    const EXPECTED: &'static str = "a duration such as 7d, 36h or 30m";
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word::read(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_24_hours() {
        for (text, hours) in [("7d", 168), ("1d 12h", 36), ("36h", 36), ("1w", 168), ("0s", 0)] {
            assert_eq!(text.parse(), Ok(Days(Duration::from_secs(hours * 3600))), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in ["", "7", "soon", "-3d", "1mo"] {
            let refused = text.parse::<Days>().unwrap_err().to_string();
            assert_eq!(refused, format!("`{text}` is not {}", Days::EXPECTED));
        }
    }
}
