//! Durations that may be named in days and weeks: `7d`, `1d 12h`, `36h`. A day is 24 hours.

use std::fmt;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

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

/// Refused while it is read, so that the message names its key.
struct Days(Duration);

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word)
    }
}

struct Word;

impl Visitor<'_> for Word {
    type Value = Days;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as 7d, 36h or 30m")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Days, E> {
        parse(text).map(Days).map_err(E::custom)
    }
}

fn parse(text: &str) -> Result<Duration, String> {
    let is_none = || format!("`{text}` is no duration, such as 7d, 36h or 30m");
    let span: Span = text.parse().map_err(|_| is_none())?;
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| is_none())?;
    Duration::try_from(exact).map_err(|_| is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_24_hours() {
        for (text, hours) in [("7d", 168), ("1d 12h", 36), ("36h", 36), ("1w", 168), ("0s", 0)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(hours * 3600)), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in ["", "7", "soon", "-3d", "1mo"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
