//! What was counted in each minute, hour and day, for the tracker and for items in which something happened.

pub(crate) mod keep;
pub(crate) mod packed;
pub(crate) mod point;
pub(crate) mod room;
