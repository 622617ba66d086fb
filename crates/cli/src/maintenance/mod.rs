//! The record of changes, backups, and whether the books are sound.

mod audit;
mod backup;
mod mail;

pub use audit::AuditArgs;
pub use backup::BackupArgs;
pub(crate) use mail::MAIL;
pub use mail::{MailCommand, MailFilter};
