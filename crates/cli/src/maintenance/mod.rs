//! Admins, the record of changes, backups, mail and webhooks.

mod admin;
mod audit;
mod backup;
mod mail;
mod token;
mod webhook;

pub(crate) use admin::ADMIN;
pub use admin::{AdminCommand, RoleName};
pub use audit::AuditArgs;
pub use backup::BackupArgs;
pub(crate) use mail::MAIL;
pub use mail::{MailCommand, MailFilter};
pub(crate) use token::TOKEN;
pub use token::{AddTokenArgs, TokenCommand};
pub(crate) use webhook::WEBHOOK;
pub use webhook::WebhookCommand;
