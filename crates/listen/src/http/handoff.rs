//! A connection on its way from a worker's epoll to its runtime.

use std::net::IpAddr;

use crate::admission::Permit;

/// A connection that a runtime continues.
pub struct HandedOffConnection {
    /// The connection, not blocking.
    pub stream: std::net::TcpStream,
    /// Where it comes from.
    pub source: IpAddr,
    /// Its place.
    pub permit: Permit,
    /// What remains to be done.
    pub stage: HandoffStage,
}

/// What remains to be done on a connection.
pub enum HandoffStage {
    /// Everything: it comes from a trusted proxy and may begin with a header that names a client.
    Begin,
    /// Replies wait to be sent, and requests may be left.
    Continue {
        /// What was read and not answered.
        request: Vec<u8>,
        /// What was answered and not sent.
        replies: Vec<u8>,
    },
    /// These replies wait to be sent, then it ends.
    End {
        /// What was answered and not sent.
        replies: Vec<u8>,
    },
}
