//! Moments and amounts as the dashboard writes them. Times are in UTC.

use jiff::Timestamp;

/// A moment, to the minute.
pub(super) fn moment(unix: u32) -> String {
    Timestamp::from_second(unix.into())
        .map(|at| at.strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}
