//! What a backend and the handler of its datagrams are to each other.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use wire::udp::MAX_REPLY_LEN;

/// Answers datagrams.
pub trait DatagramHandler {
    /// Called before the datagrams of each batch: the moment to read the clock.
    fn begin_batch(&mut self);

    /// Writes the answer to one datagram into `reply` and returns its length; 0 sends nothing.
    fn answer(&mut self, datagram: &[u8], from: SocketAddr, reply: &mut [u8]) -> usize;

    /// Called with the number of replies that the kernel refused to send.
    fn unsent(&mut self, replies: usize);

    /// Called when the socket ran out of buffers for datagrams, which wait in the kernel's queue meanwhile.
    fn overrun(&mut self) {}
}

/// Moves datagrams between a socket and their handler.
///
/// A datagram longer than [`REQUEST_BYTES`] is cut to that length.
pub trait DatagramSocket {
    /// Sends the replies that the last call left, waits at most [`WAIT`] for datagrams, and has each
    /// answered.
    ///
    /// Answers are sent when this is called again or the value is dropped, if not at once.
    ///
    /// # Errors
    ///
    /// Fails where the socket does. A timeout is not an error.
    fn exchange(&mut self, answer: &mut impl DatagramHandler) -> io::Result<()>;

    /// Datagrams that the kernel dropped since the socket was bound, because its queue was full. One system call.
    fn kernel_drops(&self) -> u32;
}

/// How long a worker sleeps in the kernel before it looks whether it should stop.
pub const WAIT: Duration = Duration::from_millis(200);
/// A scrape of 74 hashes takes 1496 bytes, and nothing that a client sends takes more than a frame.
pub const REQUEST_BYTES: usize = 2048;
/// The longest reply.
pub const REPLY_BYTES: usize = MAX_REPLY_LEN;
