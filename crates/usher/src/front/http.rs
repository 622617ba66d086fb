//! Announce and scrape over HTTP/1.1, as far as it needs a runtime: TLS, proxies, and what a worker's
//! epoll hands over. A current-thread runtime each.

use std::cell::RefCell;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};
use tracker::Tracker;

use crate::clock::Clock;
use crate::front::forwarded::TrustedProxies;
use crate::front::handover::Rewound;
use crate::front::limit::{ConnectionLimit, RequestLimit};
use crate::front::plain::Desk;
use crate::front::poll::Handed;
use crate::front::respond::Responder;
use crate::front::room::{Room, Seat, Shortage};
use crate::front::stream::{self, Buffers, End};
use crate::front::tls::Tls;
use crate::front::{full, proxy};

/// What every HTTP worker shares.
pub struct Shared {
    /// The one line from announce to reply.
    pub tracker: Arc<Tracker>,
    /// Whose word on a client's address is taken.
    pub proxies: Arc<ArcSwap<TrustedProxies>>,
    /// Requests a second from one network.
    pub requests: Arc<RequestLimit>,
    /// Connections at once from one network.
    pub connections: ConnectionLimit,
    /// The same, to the site.
    pub site_connections: ConnectionLimit,
    /// Connections at once to the announce listeners, from everybody together.
    pub room: Room,
    /// Whether it was said that files are short.
    pub shortage: Shortage,
    /// The certificate, where the listener speaks TLS.
    pub tls: Option<Tls>,
    /// Where time comes from.
    pub clock: Clock,
}

/// Where connections come from.
pub enum Arrivals {
    /// From a listening socket.
    Listener(std::net::TcpListener),
    /// From a worker's epoll.
    Handed(UnboundedReceiver<Handed>),
}

/// What connections share, on one thread.
#[derive(Clone)]
struct Worker {
    shared: Arc<Shared>,
    desk: Rc<RefCell<Desk>>,
    /// Buffers of connections that have ended, for those to come.
    spare: Rc<RefCell<Vec<Buffers>>>,
    stop: watch::Receiver<bool>,
}

/// Serves connections until `stop` changes, then lets open requests end.
///
/// # Errors
///
/// Fails where the socket cannot be given to the runtime; what goes wrong on one connection ends
/// that connection alone.
pub async fn serve(
    shared: Arc<Shared>,
    arrivals: Arrivals,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let desk = Rc::new(RefCell::new(Desk::new(Responder::new(&shared))));
    let worker = Worker { shared, desk, spare: Rc::default(), stop };
    let connections = LocalSet::new();
    match arrivals {
        Arrivals::Listener(listener) => {
            let listener = TcpListener::from_std(listener)?;
            connections.run_until(worker.accept(listener)).await;
        }
        Arrivals::Handed(handed) => connections.run_until(worker.take_over(handed)).await,
    }
    // Whoever does not finish in time is cut off.
    let _ = timeout(DRAIN, connections).await;
    Ok(())
}

impl Shared {
    /// Says that a connection could not be taken.
    pub fn tell_short(&self, error: &io::Error) {
        if self.shortage.is_news(self.clock.now().secs) {
            tracing::warn!(%error, "accepting a connection failed: too many open files? raise LimitNOFILE=");
        }
    }

    /// Whether the announce listeners may take another connection. Says so where it must wait.
    pub fn has_room(&self) -> bool {
        let is_full = self.room.is_full();
        if is_full && self.shortage.is_news(self.clock.now().secs) {
            tracing::warn!(
                "announces wait: the limit of open files leaves room for no more connections; \
                raise LimitNOFILE="
            );
        }
        !is_full
    }
}

impl Worker {
    /// Takes connections until told to stop.
    async fn accept(self, listener: TcpListener) {
        let mut stopped = self.stop.clone();
        loop {
            let shared = &self.shared;
            if !shared.has_room() {
                tokio::select! {
                    () = sleep(PAUSE_AFTER_ERROR) => continue,
                    _ = stopped.changed() => break,
                }
            }
            tokio::select! {
                biased;
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        let (seat, source) = (shared.room.enter(), from.ip().to_canonical());
                        tokio::task::spawn_local(self.clone().connect(stream, source, seat));
                    }
                    Err(error) => {
                        shared.tell_short(&error);
                        sleep(PAUSE_AFTER_ERROR).await;
                    }
                },
                _ = stopped.changed() => break,
            }
        }
    }

    /// Goes on with connections until the worker that hands them over has ended.
    async fn take_over(self, mut handed: UnboundedReceiver<Handed>) {
        while let Some(handed) = handed.recv().await {
            tokio::task::spawn_local(self.clone().go_on(handed));
        }
    }

    /// One connection from its first byte to its last.
    async fn connect(self, mut stream: TcpStream, mut source: IpAddr, _seat: Seat) {
        if self.shared.proxies.load().trusts(source) {
            match timeout(HEADER_TIMEOUT, proxy::read_header(&mut stream)).await {
                Ok(Ok(client)) => source = client.unwrap_or(source),
                Ok(Err(_)) | Err(_) => return,
            }
        }
        // A proxy of ours speaks for many, and its connections are not one network's.
        let is_proxy = self.shared.proxies.load().trusts(source);
        let counted = if is_proxy { None } else { self.shared.connections.enter(source) };
        if counted.is_none() && !is_proxy {
            return;
        }
        match &self.shared.tls {
            None => self.exchange(stream, source, None).await,
            Some(tls) => {
                let accepted = timeout(HEADER_TIMEOUT, tls.acceptor().accept(stream)).await;
                if let Ok(Ok(stream)) = accepted {
                    self.exchange(stream, source, None).await;
                }
            }
        }
    }

    /// One connection from where it was handed over.
    async fn go_on(self, handed: Handed) {
        let Handed { stream, source, seat, counted, request, replies, ends } = handed;
        let Ok(mut stream) = TcpStream::from_std(stream) else { return };
        let Some(_counted) = counted else { return self.connect(stream, source, seat).await };
        if ends {
            // What goes wrong now is nobody else's matter.
            let _ = stream::finish(&mut stream, &replies).await;
        } else {
            self.exchange(stream, source, Some(Buffers { request, replies })).await;
        }
    }

    /// Requests and replies: the thin way as far as it goes, then hyper's.
    async fn exchange(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        source: IpAddr,
        begun: Option<Buffers>,
    ) {
        let Self { shared, desk, spare, stop } = self;
        let proxies = shared.proxies.load_full();
        let mut stop = stop.clone();
        let spared = || spare.borrow_mut().pop().unwrap_or_default();
        let mut buffers = begun.unwrap_or_else(spared);
        let from = (source, shared.clock);
        let end = stream::serve(&mut stream, &mut buffers, desk, &proxies, from, &mut stop).await;
        let read = std::mem::take(&mut buffers.request);
        buffers.reset();
        if spare.borrow().len() < MAX_SPARE {
            spare.borrow_mut().push(buffers);
        }
        if let Ok(End::HandOver) = end {
            let stream = Rewound::new(read, stream);
            full::serve(stream, Rc::clone(desk), &proxies, from, stop).await;
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
/// How long a connection may say nothing between two requests.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long open requests may take once the daemon is told to stop.
pub const DRAIN: Duration = Duration::from_secs(5);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
/// Connections whose buffers are kept for others: 12 MiB a worker at most.
const MAX_SPARE: usize = 1024;
