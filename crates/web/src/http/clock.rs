//! The clock that handlers read.

use tracker::Now;

/// Tells the time.
pub type TimeSource = Box<dyn Fn() -> Now + Send + Sync>;
