//! UDP trackers as a client sees them (BEP 15, BEP 41).

mod batch;
mod client;
mod echo;
mod line;
mod pending;
mod reply;
mod request;

pub(crate) use client::Client;
pub use echo::{MAX_ECHO, echo, listen};
