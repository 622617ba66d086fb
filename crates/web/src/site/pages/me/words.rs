//! Days and moments as a member's pages write them, in UTC.

use jiff::Timestamp;

pub(super) use crate::catalog::day;

/// A date and a time, as programs read them.
pub(super) fn moment(unix: u32) -> String {
    Timestamp::from_second(unix.into()).unwrap_or_default().to_string()
}
