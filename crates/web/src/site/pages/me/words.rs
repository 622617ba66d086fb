//! Days and moments as a member's pages write them, in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A day, such as `14 November 2026`.
pub(super) fn day(unix: u32) -> String {
    written(unix, "%-d %B %Y")
}

/// A date and a time, as programs read them.
pub(super) fn moment(unix: u32) -> String {
    Timestamp::from_second(unix.into()).unwrap_or_default().to_string()
}

fn written(unix: u32, format: &str) -> String {
    let moment = Timestamp::from_second(unix.into()).unwrap_or_default();
    moment.to_zoned(TimeZone::UTC).strftime(format).to_string()
}
