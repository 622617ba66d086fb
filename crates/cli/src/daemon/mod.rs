//! Asking the daemon.

mod client;
mod context;
mod days;
mod error;
mod key;
mod rows;

pub(crate) use client::AdminRequest;
pub use client::ClientError;
pub use context::CommandContext;
pub use days::DayArgs;
pub use error::CommandError;
pub(crate) use key::given_or_fresh;
pub use rows::RowArgs;
