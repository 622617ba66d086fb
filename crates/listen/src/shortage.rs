//! How often the log says that files are short.

use std::sync::atomic::{AtomicU32, Ordering};

/// Says that files are short, once a minute: who is short of them is so many times a second.
#[derive(Debug, Default)]
pub struct Shortage {
    /// Nothing is said before, in seconds since the daemon's start.
    quiet_until: AtomicU32,
}

impl Shortage {
    /// Whether to say it now, which counts as said.
    pub fn is_news(&self, now_secs: u32) -> bool {
        let until = self.quiet_until.load(Ordering::Relaxed);
        let next = now_secs.saturating_add(QUIET_SECS);
        let say =
            || self.quiet_until.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed);
        now_secs >= until && say().is_ok()
    }
}

const QUIET_SECS: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_news_once_a_minute() {
        let shortage = Shortage::default();
        let said: Vec<u32> = (0..150).filter(|now| shortage.is_news(*now)).collect();
        assert_eq!(said, [0, 60, 120]);
    }
}
