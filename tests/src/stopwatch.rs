//! How long something took, for what must be no faster or no slower.

use std::time::{Duration, Instant};

/// Time since it was started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    #[expect(clippy::disallowed_methods, reason = "a daemon's pace is measured from outside")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since then.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
