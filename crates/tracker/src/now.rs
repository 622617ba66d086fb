//! The moment, passed in by whoever has a clock.

/// A moment, told twice: by a clock that never jumps, and by the calendar.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Now {
    /// Seconds since the daemon started; ages are reckoned by these.
    pub secs: u32,
    /// Unix seconds; rights end by these.
    pub unix: u32,
}

/// The transport an announce came over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Via {
    /// HTTP or HTTPS.
    Http,
    /// UDP.
    Udp,
}
