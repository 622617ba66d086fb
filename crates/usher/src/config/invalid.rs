//! A setting that is refused, and the checks that every section makes.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// A setting that is refused, and why.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{key}: {why}")]
pub struct Invalid {
    key: String,
    why: String,
}

impl Invalid {
    pub(super) fn new(key: impl Into<String>, why: impl Into<String>) -> Self {
        Self { key: key.into(), why: why.into() }
    }
}

/// A name that can stand in a command, a path and a metric's label.
pub(super) fn name(key: String, name: &str) -> Result<(), Invalid> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if (1..=32).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    Err(Invalid::new(key, format!("`{name}` is not 1 to 32 of a-z, 0-9, `-` and `_`")))
}

/// The seconds of a duration that has no smaller part.
pub(super) fn whole_seconds(
    key: impl Into<String>,
    value: Duration,
    range: &RangeInclusive<Duration>,
) -> Result<u32, Invalid> {
    if value.subsec_nanos() == 0
        && range.contains(&value)
        && let Ok(seconds) = u32::try_from(value.as_secs())
    {
        return Ok(seconds);
    }
    let (least, most) = (range.start(), range.end());
    Err(Invalid::new(key, format!("whole seconds from {least:?} to {most:?}, not {value:?}")))
}

/// The path, taken from `folder` where it is relative.
pub(super) fn within(folder: &Path, path: Option<PathBuf>) -> Option<PathBuf> {
    path.map(|path| folder.join(path))
}
