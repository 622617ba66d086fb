//! Admins, the record of changes, backups, and whether the books are sound.

mod admin;
mod audit;
mod backup;
mod mail;

pub(crate) use admin::ADMIN;
pub use admin::{AdminCommand, RoleName};
pub use audit::AuditArgs;
pub use backup::BackupArgs;
pub(crate) use mail::MAIL;
pub use mail::{MailCommand, MailFilter};
