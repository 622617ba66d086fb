//! Announce and scrape over HTTP/1.1: a current-thread runtime a worker, each with its own socket.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::timeout;
use tracker::Tracker;

use crate::clock::Clock;
use crate::front::forwarded::TrustedProxies;
use crate::front::handover::Rewound;
use crate::front::limit::{ConnectionLimit, RequestLimit};
use crate::front::plain::{self, Buffers, End};
use crate::front::respond::Responder;
use crate::front::tls::Tls;
use crate::front::{full, proxy};

/// What every HTTP worker shares.
pub struct Shared {
    /// The one line from announce to reply.
    pub tracker: Arc<Tracker>,
    /// Whose word on a client's address is taken.
    pub proxies: ArcSwap<TrustedProxies>,
    /// Requests a second from one network.
    pub requests: Arc<RequestLimit>,
    /// Connections at once from one network.
    pub connections: ConnectionLimit,
    /// The certificate, where the listener speaks TLS.
    pub tls: Option<Tls>,
    /// Where time comes from.
    pub clock: Clock,
}

/// One worker: what its connections share, on one thread.
#[derive(Clone)]
struct Worker {
    shared: Arc<Shared>,
    responder: Rc<RefCell<Responder>>,
    /// Buffers of connections that have ended, for those to come.
    spare: Rc<RefCell<Vec<Buffers>>>,
    stop: watch::Receiver<bool>,
}

/// Serves one listening socket until `stop` changes, then lets open requests end.
///
/// # Errors
///
/// Fails where the socket cannot be given to the runtime; what goes wrong on one connection ends
/// that connection alone.
pub async fn serve(
    shared: Arc<Shared>,
    listener: std::net::TcpListener,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let responder = Rc::new(RefCell::new(Responder::new(&shared)));
    let mut stopped = stop.clone();
    let worker = Worker { shared, responder, spare: Rc::default(), stop };
    let connections = LocalSet::new();
    let accepting = async {
        loop {
            tokio::select! {
                biased;
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        tokio::task::spawn_local(worker.clone().connect(stream, from));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "accepting a connection failed: too many open files?");
                        tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    }
                },
                _ = stopped.changed() => break,
            }
        }
    };
    connections.run_until(accepting).await;
    drop(listener);
    // Whoever does not finish in time is cut off.
    let _ = timeout(DRAIN, connections).await;
    Ok(())
}

impl Worker {
    /// One connection from its first byte to its last.
    async fn connect(self, mut stream: TcpStream, from: SocketAddr) {
        let mut source = from.ip().to_canonical();
        if self.shared.proxies.load().trusts(source) {
            match timeout(HEADER_TIMEOUT, proxy::read_header(&mut stream)).await {
                Ok(Ok(client)) => source = client.unwrap_or(source),
                Ok(Err(_)) | Err(_) => return,
            }
        }
        let Some(_counted) = self.shared.connections.enter(source) else { return };
        let _ = stream.set_nodelay(true);
        match &self.shared.tls {
            None => self.exchange(stream, source).await,
            Some(tls) => {
                let accepted = timeout(HEADER_TIMEOUT, tls.acceptor().accept(stream)).await;
                if let Ok(Ok(stream)) = accepted {
                    self.exchange(stream, source).await;
                }
            }
        }
    }

    /// Requests and replies: the thin way as far as it goes, then hyper's.
    async fn exchange(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        source: IpAddr,
    ) {
        let Self { shared, responder, spare, stop } = self;
        let proxies = shared.proxies.load_full();
        let mut stop = stop.clone();
        let mut buffers = spare.borrow_mut().pop().unwrap_or_default();
        let end =
            plain::serve(&mut stream, &mut buffers, responder, &proxies, source, &mut stop).await;
        let read = buffers.take_request();
        buffers.reset();
        if spare.borrow().len() < MAX_SPARE {
            spare.borrow_mut().push(buffers);
        }
        if let Ok(End::HandOver) = end {
            let stream = Rewound::new(read, stream);
            full::serve(stream, Rc::clone(responder), &proxies, source, stop).await;
        }
    }
}

/// The header in which proxies say whom they speak for.
pub const FORWARDED_FOR: &str = "x-forwarded-for";
/// A client that has not sent its whole request by then is cut off; so is a TLS handshake.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// The least that hyper takes. A scrape of 74 hashes, each byte percent-coded, stays under it.
pub const MAX_REQUEST_BYTES: usize = 8192;
/// Headers of one request.
pub const MAX_HEADERS: usize = 32;
/// How long open requests may take once the daemon is told to stop.
const DRAIN: Duration = Duration::from_secs(5);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
/// Connections whose buffers are kept for others: 12 MiB a worker at most.
const MAX_SPARE: usize = 1024;
