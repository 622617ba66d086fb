//! The bytes that swarms and sessions take together, and their maximum.

use std::sync::atomic::{AtomicU64, Ordering};

/// A budget of bytes, shared by all that counts into it.
///
/// What is counted are the tables themselves, without what the allocator adds. Counted is whatever
/// changes size, which is never a known peer's announce.
#[derive(Debug, Default)]
pub struct MemoryBudget {
    used: AtomicU64,
    max: AtomicU64,
    refused: AtomicU64,
}

impl MemoryBudget {
    /// A budget of which nothing is used; 0 means no limit.
    pub const fn new(max_bytes: u64) -> Self {
        Self { used: AtomicU64::new(0), max: AtomicU64::new(max_bytes), refused: AtomicU64::new(0) }
    }

    /// Bytes taken.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// The maximum in bytes; 0 means no limit.
    pub fn max(&self) -> u64 {
        self.max.load(Ordering::Relaxed)
    }

    /// Times that something was not let grow.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Changes the maximum. What is there stays.
    pub fn set_max(&self, max_bytes: u64) {
        self.max.store(max_bytes, Ordering::Relaxed);
    }

    /// Whether something may grow; counted where not. What is `is_reserved` may go an eighth beyond the maximum, so that
    /// strangers who use all of it leave room to members.
    pub fn may_grow(&self, is_reserved: bool) -> bool {
        let max = self.max();
        let reserve = if is_reserved { max / 8 } else { 0 };
        let may_grow = max == 0 || self.used() < max.saturating_add(reserve);
        if !may_grow {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        may_grow
    }

    /// Counts what took `before` bytes and takes `after` now.
    pub fn resize(&self, before: usize, after: usize) {
        let bytes = u64::try_from(after.abs_diff(before)).unwrap_or_default();
        if after > before {
            self.used.fetch_add(bytes, Ordering::Relaxed);
        } else if after < before {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_full_grows_by_its_reserve_alone() {
        let budget = MemoryBudget::new(800);
        check(&budget, 799, [true, true]);
        check(&budget, 800, [false, true]);
        check(&budget, 899, [false, true]);
        check(&budget, 900, [false, false]);
        assert_eq!(budget.refused(), 4);
        budget.set_max(0);
        assert!(budget.may_grow(false));
    }

    #[track_caller]
    fn check(budget: &MemoryBudget, used: usize, expected: [bool; 2]) {
        budget.resize(0, used);
        assert_eq!([false, true].map(|is_reserved| budget.may_grow(is_reserved)), expected);
        budget.resize(used, 0);
        assert_eq!(budget.used(), 0);
    }
}
