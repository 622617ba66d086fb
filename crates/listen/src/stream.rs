//! Streams that were read in part already, and the end of a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use crate::bounds::HEADER_TIMEOUT;

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

/// Sends what is left to say and ends. What else the client sends is read and forgotten for a
/// moment: were the connection closed on it, the kernel would drop what the client has not read yet.
///
/// # Errors
///
/// Fails where the connection does.
pub async fn finish<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    replies: &[u8],
) -> io::Result<()> {
    timeout(HEADER_TIMEOUT, stream.write_all(replies)).await??;
    drain(stream).await
}

/// Ends what is sent, then reads for a moment what else the client sends.
///
/// # Errors
///
/// Fails where the connection does.
pub async fn drain<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    close(stream).await?;
    let mut rest = tokio::io::sink();
    let mut limited = stream.take(MAX_LEFT_BYTES);
    let _ = timeout(HEADER_TIMEOUT, tokio::io::copy(&mut limited, &mut rest)).await;
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
const MAX_LEFT_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_never_reads_is_not_waited_for() {
        let ended = finish(&mut tokio::io::join(tokio::io::empty(), Full), b"").await;
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
