//! The bytes that are held for clients: what they sent and was not answered, what was answered and not sent.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A limit on the bytes that all connections of all listeners hold together.
///
/// Buffers that are limited one by one add up to whatever a stranger likes: this limits their sum.
#[derive(Debug)]
pub struct ByteBudget {
    total: AtomicUsize,
    used: AtomicUsize,
    cut_offs: AtomicU64,
}

impl ByteBudget {
    /// A budget of `total` bytes; 0 means no limit.
    pub fn new(total: usize) -> Self {
        let budget = Self {
            total: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
            cut_offs: AtomicU64::new(0),
        };
        budget.set(total);
        budget
    }

    /// Changes the limit, as a reload of the configuration does.
    pub fn set(&self, total: usize) {
        self.total.store(if total == 0 { usize::MAX } else { total }, Ordering::Relaxed);
    }

    /// Bytes held now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The limit; 0 means none.
    pub fn max(&self) -> usize {
        match self.total() {
            usize::MAX => 0,
            total => total,
        }
    }

    /// Connections that ended, or were refused an answer, because the limit or their network's share of it was
    /// reached.
    pub fn cut_offs(&self) -> u64 {
        self.cut_offs.load(Ordering::Relaxed)
    }

    pub(super) fn count_cut_off(&self) {
        self.cut_offs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// Takes bytes; false where that many are not left.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let fits = used <= self.total();
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_can_be_taken_and_not_one_byte_more() {
        let budget = ByteBudget::new(100);
        assert!(budget.take(60) && budget.take(40) && !budget.take(1));
        budget.give_back(40);
        assert!(!budget.take(41) && budget.take(40));
        assert_eq!((budget.used(), budget.max()), (100, 100));
        budget.set(0);
        assert_eq!(budget.max(), 0);
        assert!(budget.take(1 << 40));
    }
}
