//! Mail: from the club's queue to the publisher's SMTP server.
//!
//! Deliberately absent: the queue itself, which the club keeps, and the pace, which the daemon sets.

mod letters;
mod mailer;
mod message;
mod server;
pub mod texts;

pub use letters::Letterhead;
pub(crate) use mailer::link_url;
pub use mailer::{DeliveryRound, Mailer, TestError};
pub use server::{MailConnector, MailServer, MailServerError, Security};
