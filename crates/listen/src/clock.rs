//! The one place that reads the clock.

use std::time::{Duration, Instant, SystemTime};

use tracker::Now;

/// Time since the daemon started, which never jumps, and the date, which may.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting.
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Now, in whole seconds.
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    pub fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now {
            secs: u32::try_from(self.start.elapsed().as_secs()).unwrap_or(u32::MAX),
            unix: u32::try_from(unix.as_secs()).unwrap_or(u32::MAX),
        }
    }
    /// Time since the daemon started, for measuring how long something takes.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The same in nanoseconds.
    pub fn nanos(&self) -> u64 {
        u64::try_from(self.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
