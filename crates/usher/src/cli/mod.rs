//! The command line: what may be typed, what is asked of the daemon for it, and how the answer
//! looks.
//!
//! Deliberately absent: the database. But for `serve` and `check`, every command asks a running
//! daemon through its admin socket.

mod args;
mod ask;
mod check;
mod client;
mod run;
mod show;
mod table;
mod when;

pub use args::{Args, Command, ItemCommand, MemberCommand};
pub use client::ClientError;
pub use run::{RunError, run};
pub use when::{When, WhenError};
