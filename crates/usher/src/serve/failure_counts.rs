//! Failures of the daemon's own work, counted for monitoring.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;

/// Counts since the start, and the present state.
#[derive(Debug, Default)]
pub(crate) struct FailureCounts {
    /// Times that traffic could not be written.
    pub(crate) flush_failures: AtomicU64,
    /// Times that swarms and sessions could not be written.
    pub(crate) snapshot_failures: AtomicU64,
    /// Times that a copy of the club that was due could not be made.
    pub(crate) backup_failures: AtomicU64,
    /// When the last copy on schedule was made, in Unix seconds; 0 where none is known.
    pub(crate) last_backup: AtomicU64,
    /// Times that a changed configuration was not put in force.
    pub(crate) reload_failures: AtomicU64,
    /// Members' clients whose traffic an end in order could not write.
    pub(crate) lost: AtomicU64,
    /// Whether the last flush failed.
    pub(crate) flush_fails: AtomicBool,
    /// Whether changes of other daemons could not be read the last time.
    pub(crate) follow_fails: AtomicBool,
}

impl FailureCounts {
    /// Notes when a copy was made.
    pub(crate) fn backed_up(&self, at: Timestamp) {
        let seconds = u64::try_from(at.as_second()).unwrap_or_default();
        self.last_backup.store(seconds, Ordering::Relaxed);
    }

    /// Whether the database answers and takes what it is given, as far as is known.
    pub(crate) fn database_is_up(&self) -> bool {
        let fails = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        !fails(&self.flush_fails) && !fails(&self.follow_fails)
    }
}

/// Counts one more.
pub(crate) fn count(failures: &AtomicU64) {
    failures.fetch_add(1, Ordering::Relaxed);
}
