//! The record of changes, backups, and whether the books are sound.

mod audit;
mod backup;

pub use audit::AuditArgs;
pub use backup::BackupArgs;
