//! HTTP trackers as a client sees them (BEP 3, BEP 23, BEP 48).

mod bare;
mod client;
mod connection;
mod request;
mod response;

pub use bare::bare;
pub(crate) use client::HttpClient;
