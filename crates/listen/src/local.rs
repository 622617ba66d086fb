//! Listeners of this machine alone: the admin socket, and metrics and health. Their places are their own, so
//! that nobody from outside can take them, and few, so that no local program takes the daemon's files.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::admission::{Activity, ConnectionLimits, Permit};
use crate::clock::Clock;

/// A listener with a maximum of connections; at the maximum one that waits is ended for the next.
pub struct LocalListener<L> {
    listener: L,
    places: ConnectionLimits,
    clock: Clock,
    while_busy: Activity,
}

impl<L: Listener> LocalListener<L> {
    /// `while_busy` says whether a connection may be ended for another while it has an open request.
    pub fn new(listener: L, places: ConnectionLimits, clock: Clock, while_busy: Activity) -> Self {
        Self { listener, places, clock, while_busy }
    }
}

impl<L: Listener> Listener for LocalListener<L> {
    type Io = LocalStream<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.listener.accept().await;
            let now_secs = self.clock.now().secs;
            // One that gets no place is closed.
            let Ok(mut permit) = self.places.admit_uncounted(now_secs) else { continue };
            permit.keep_task(Activity::Busy, now_secs);
            let permit = Arc::new(permit);
            let evicted = Arc::clone(&permit);
            let evicted = Box::pin(async move { evicted.evicted().await });
            let Self { clock, while_busy, .. } = *self;
            return (LocalStream { stream, permit, evicted, clock, while_busy }, from);
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when its place is given to another.
pub struct LocalStream<S> {
    stream: S,
    permit: Arc<Permit>,
    evicted: Pin<Box<dyn Future<Output = ()> + Send>>,
    clock: Clock,
    while_busy: Activity,
}

impl<S: AsyncRead + Unpin> AsyncRead for LocalStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.evicted.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        std::task::ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.permit.touch(self.while_busy, self.clock.now().secs);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LocalStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        // An answer: the request is over, or nearly so.
        self.permit.touch(Activity::Waiting, self.clock.now().secs);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::admission::ByteBudget;

    #[tokio::test]
    async fn a_connection_that_waits_is_ended_for_the_next() {
        let (mut listener, address) = listener(Activity::Pinned).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let (mut served, _) = listener.accept().await;
        first.write_all(b"?").await.unwrap();
        served.read_exact(&mut [0]).await.unwrap();
        served.write_all(b"!").await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        let (_other, _) = listener.accept().await;
        let ended = served.read(&mut [0]).await.unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::ConnectionAborted);
        second.write_all(b"?").await.unwrap();
    }

    #[tokio::test]
    async fn one_with_an_open_request_is_not() {
        let (mut listener, address) = listener(Activity::Pinned).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let (mut served, _) = listener.accept().await;
        first.write_all(b"?").await.unwrap();
        served.read_exact(&mut [0]).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        let accepting = tokio::spawn(async move { listener.accept().await });
        assert_eq!(second.read(&mut [0]).await.unwrap(), 0);
        served.write_all(b"!").await.unwrap();
        let _third = TcpStream::connect(address).await.unwrap();
        accepting.await.unwrap();
    }

    /// With one place.
    async fn listener(while_busy: Activity) -> (LocalListener<TcpListener>, std::net::SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let places = ConnectionLimits::new(1, 0, Arc::new(ByteBudget::new(0)), 1);
        (LocalListener::new(listener, places, Clock::start(), while_busy), address)
    }
}
