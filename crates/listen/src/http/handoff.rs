//! A connection on its way from a worker's epoll to its runtime.

use std::net::IpAddr;

use crate::budget::Permit;
use crate::limit::CountedConnection;

/// A connection that somebody else goes on with.
pub struct HandedOffConnection {
    /// The connection, not blocking.
    pub stream: std::net::TcpStream,
    /// Where it comes from.
    pub source: IpAddr,
    /// Its place among all connections.
    pub permit: Permit,
    /// Its place in the count; `None` where a proxy may yet say whose it is.
    pub counted: Option<CountedConnection>,
    /// What was read and not answered.
    pub request: Vec<u8>,
    /// What was answered and not sent.
    pub replies: Vec<u8>,
    /// Whether it ends once that is sent.
    pub ends: bool,
}
