//! The command line: what may be typed, what is asked of the daemon for it, and how the answer
//! looks.
//!
//! But for `serve`, `check`, `restore` and a `verify` with nobody to ask, every command asks a
//! running daemon through its admin socket.

mod args;
mod ask;
mod check;
mod client;
mod event;
mod order;
mod run;
mod show;
mod table;
mod upkeep;
mod when;

pub use args::{Args, Command, ItemCommand, MemberCommand};
pub use client::ClientError;
pub use event::EventsCommand;
pub use order::{CheckoutArgs, OrdersCommand};
pub use run::{RunError, run};
pub use upkeep::UpkeepError;
pub use when::{When, WhenError};
