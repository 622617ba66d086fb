//! How far the hashing of files has come.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How far a job got, and whether it is still wanted.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: AtomicU64,
    pub(super) of: AtomicU64,
    unwanted: AtomicBool,
}

impl Progress {
    /// Bytes hashed, and bytes to hash; both 0 until the files were looked at.
    pub fn bytes(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed))
    }

    /// Ends the job soon.
    pub fn cancel(&self) {
        self.unwanted.store(true, Ordering::Relaxed);
    }

    pub(super) fn watch(&self, bytes: u64) -> ControlFlow<()> {
        self.bytes.fetch_max(bytes, Ordering::Relaxed);
        if self.unwanted.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
