//! Datagrams in and out in batches: what every backend does, and who answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use wire::udp::MAX_REPLY_LEN;

/// Whoever answers datagrams.
pub trait Answer {
    /// A batch has come in: the moment to look at the clock.
    fn begin(&mut self);

    /// Answers one datagram into `reply`; returns how many bytes, 0 for silence.
    fn answer(&mut self, datagram: &[u8], from: SocketAddr, reply: &mut [u8]) -> usize;

    /// The kernel refused that many replies.
    fn unsent(&mut self, replies: usize);
}

/// A way to move datagrams between a socket and whoever answers them.
///
/// A datagram of more than [`REQUEST_BYTES`] is cut to that.
pub trait Datagrams {
    /// Sends what the last call left, waits for datagrams, at most [`WAIT`], and has each answered.
    ///
    /// Answers are sent when this is called again or the value is dropped, if not at once.
    ///
    /// # Errors
    ///
    /// Fails where the socket does; running out of time is none.
    fn exchange(&mut self, answer: &mut impl Answer) -> io::Result<()>;
}

/// How long a worker sleeps in the kernel before it looks whether it should stop.
pub const WAIT: Duration = Duration::from_millis(200);
/// A scrape of 74 hashes takes 1496 bytes, and nothing that a client sends takes more than a frame.
pub const REQUEST_BYTES: usize = 2048;
/// The longest reply.
pub const REPLY_BYTES: usize = MAX_REPLY_LEN;
