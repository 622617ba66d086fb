//! UDP trackers as a client sees them (BEP 15, BEP 41).

mod batch;
mod client;
mod echo;
mod machine;
mod pending;
mod reply;
mod request;

pub(crate) use client::UdpClient;
pub use echo::{MAX_ECHO, echo, listen};
