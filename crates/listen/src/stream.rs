//! Streams that were read in part already or whose bytes are counted, and the end of a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use crate::admission::Permit;
use crate::bounds::HEADER_TIMEOUT;
use crate::clock::Clock;

/// A stream with bytes put back in front.
#[derive(Debug)]
pub struct Rewound<S> {
    front: Vec<u8>,
    stream: S,
}

impl<S> Rewound<S> {
    /// Puts bytes back in front of a stream.
    pub fn new(front: Vec<u8>, stream: S) -> Self {
        Self { front, stream }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.front.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let taken = self.front.len().min(buffer.remaining());
        buffer.put_slice(self.front.get(..taken).unwrap_or_default());
        self.front.drain(..taken);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A stream whose connection holds what was read from it, until [`Permit::hold`] says otherwise: what a TLS
/// session keeps of a record that is not whole is held by nobody else's account.
#[derive(Debug)]
pub struct Metered<'p, S> {
    stream: S,
    permit: &'p Permit,
    clock: Clock,
    holds: bool,
}

impl<'p, S> Metered<'p, S> {
    /// Holds what is read from a stream for a connection, and notes when something moved.
    pub fn new(stream: S, permit: &'p Permit, clock: Clock) -> Self {
        Self { stream, permit, clock, holds: true }
    }

    /// Only notes when something moved.
    pub fn watched(stream: S, permit: &'p Permit, clock: Clock) -> Self {
        Self { stream, permit, clock, holds: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        let now_secs = self.clock.now().secs;
        self.permit.touch_bytes(now_secs);
        if !self.holds || self.permit.hold_more(read, now_secs) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()))
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.permit.touch_bytes(self.clock.now().secs);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Sends the last replies and ends. What else the client sends is read and dropped for a moment: were the
/// connection closed on it, the kernel would drop what the client has not read yet.
///
/// # Errors
///
/// Fails where the connection does.
pub async fn finish<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    replies: &[u8],
    permit: &Permit,
) -> io::Result<()> {
    timeout(HEADER_TIMEOUT, stream.write_all(replies)).await??;
    drain(stream, permit).await
}

/// Ends what is sent, then reads and drops for a moment what else the client sends.
///
/// # Errors
///
/// Fails where the connection does.
pub async fn drain<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    permit: &Permit,
) -> io::Result<()> {
    permit.release();
    close(stream).await?;
    let rest = async {
        let (mut dropped, mut left) = ([0; 1024], MAX_LEFT_BYTES);
        while left > 0 {
            let read = stream.read(&mut dropped).await?;
            permit.release();
            left = if read == 0 { 0 } else { left.saturating_sub(read) };
        }
        Ok::<_, io::Error>(())
    };
    let _ = timeout(HEADER_TIMEOUT, rest).await;
    Ok(())
}

/// Ends what is sent. Over TLS that sends first what was taken from us and not sent, for which the client
/// must read.
///
/// # Errors
///
/// Fails where the connection does.
pub async fn close<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    timeout(HEADER_TIMEOUT, stream.shutdown()).await?
}

/// What a client may still send to a connection that has ended.
const MAX_LEFT_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::admission::{ByteBudget, ConnectionLimits};

    #[tokio::test]
    async fn a_client_that_never_reads_is_not_waited_for() {
        let places = ConnectionLimits::new(1, 0, Arc::new(ByteBudget::new(0)), 1);
        let permit = places.admit_uncounted(0).unwrap();
        let ended = finish(&mut tokio::io::join(tokio::io::empty(), Full), b"", &permit).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    /// Takes nothing more, as TLS where the socket's buffer is full.
    struct Full;

    impl AsyncWrite for Full {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }
}
