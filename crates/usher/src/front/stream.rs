//! One connection by a runtime's means: over TLS, from a proxy, or handed over by a worker's epoll.

use std::cell::RefCell;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::clock::Clock;
use crate::front::forwarded::TrustedProxies;
use crate::front::http::{HEADER_TIMEOUT, IDLE_TIMEOUT};
use crate::front::plain::{Desk, Next};

/// What one connection reads into and writes from.
#[derive(Debug, Default)]
pub struct Buffers {
    /// What was read and not answered.
    pub request: Vec<u8>,
    /// What was answered and not sent.
    pub replies: Vec<u8>,
}

impl Buffers {
    /// Makes ready for another connection, keeping what room a usual one needs.
    pub fn reset(&mut self) {
        for buffer in [&mut self.request, &mut self.replies] {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
    }
}

/// How a connection ended, as far as this way of reading it goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// It is over.
    Closed,
    /// The request buffer holds what hyper should read first.
    HandOver,
}

/// Serves plain requests until the connection ends, `stop` changes, or something else is asked for.
///
/// # Errors
///
/// Fails where the connection does.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    buffers: &mut Buffers,
    desk: &Rc<RefCell<Desk>>,
    proxies: &TrustedProxies,
    (source, clock): (IpAddr, Clock),
    stop: &mut watch::Receiver<bool>,
) -> io::Result<End> {
    let mut deadline = Instant::now() + HEADER_TIMEOUT;
    loop {
        let Buffers { request, replies } = buffers;
        let (done, next) =
            desk.borrow_mut().answer_all(request, source, proxies, clock.now(), replies);
        request.drain(..done);
        if !replies.is_empty() {
            timeout(HEADER_TIMEOUT, stream.write_all(replies)).await??;
            replies.clear();
            deadline = Instant::now() + IDLE_TIMEOUT;
        }
        match next {
            Next::Close => {
                close(stream).await?;
                return Ok(End::Closed);
            }
            Next::Refuse => {
                end(stream).await?;
                return Ok(End::Closed);
            }
            Next::HandOver => return Ok(End::HandOver),
            Next::More => {}
        }
        let waits = request.is_empty();
        let read = tokio::select! {
            biased;
            read = timeout_at(deadline, stream.read_buf(request)) => read??,
            _ = stop.changed(), if waits => return Ok(End::Closed),
        };
        if read == 0 {
            return Ok(End::Closed);
        }
        if waits {
            deadline = Instant::now() + HEADER_TIMEOUT;
        }
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
    end(stream).await
}

async fn end<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    close(stream).await?;
    let mut rest = tokio::io::sink();
    let mut limited = stream.take(MAX_LEFT_BYTES);
    let _ = timeout(HEADER_TIMEOUT, tokio::io::copy(&mut limited, &mut rest)).await;
    Ok(())
}

/// Ends what is sent. Over TLS that sends first what was taken from us and not sent, for which the client
/// must read.
async fn close<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    timeout(HEADER_TIMEOUT, stream.shutdown()).await?
}

/// What a client may still send to a connection that has ended.
const MAX_LEFT_BYTES: u64 = 1 << 20;
/// What a usual request or reply takes; buffers that grew larger shrink to this between connections.
const KEPT_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

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
