//! What the listeners do about the limit of open files: hold no more connections than leave some for
//! the rest of the daemon, and say seldom that there is no room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many connections all announce listeners hold at once; more wait in the kernel's queue.
pub struct ConnectionBudget {
    /// One handle here, and one for each connection.
    seats: Arc<()>,
    most: usize,
}

/// A connection's place, until it is dropped.
pub struct Permit {
    _counted: Arc<()>,
}

impl ConnectionBudget {
    /// A budget of `most` connections.
    pub fn new(most: usize) -> Self {
        Self { seats: Arc::default(), most }
    }

    /// Whether another connection should wait. Workers that look at once each see room for the same
    /// one, so that there may be one more for each of them.
    pub fn is_full(&self) -> bool {
        Arc::strong_count(&self.seats) > self.most
    }

    /// Counts a connection.
    pub fn enter(&self) -> Permit {
        Permit { _counted: Arc::clone(&self.seats) }
    }
}

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
    fn a_room_is_full_until_a_connection_ends() {
        let room = ConnectionBudget::new(2);
        let (first, _second) = (room.enter(), room.enter());
        assert!(room.is_full());
        drop(first);
        assert!(!room.is_full());
        assert!(ConnectionBudget::new(0).is_full());
    }

    #[test]
    fn a_shortage_is_news_once_a_minute() {
        let shortage = Shortage::default();
        let said: Vec<u32> = (0..150).filter(|now| shortage.is_news(*now)).collect();
        assert_eq!(said, [0, 60, 120]);
    }
}
