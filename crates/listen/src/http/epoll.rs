//! One HTTP worker: a thread around epoll that answers plain requests, connection after connection.
//!
//! A runtime's task, timer and wake-up for each request cost as much as the announce itself, so here
//! is none: what is ready is read into the worker's one buffer, answered, and written at once. Who
//! has asked when accepted is answered before epoll hears of the connection. Whatever needs to wait
//! for more than a request (hyper's part, a slow reader, a proxy's header) is handed over.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with};
use slab::Slab;
use tokio::sync::mpsc::UnboundedSender;
use tracker::Now;

use crate::admission::{Activity, Evict, NoPlace};
use crate::bounds::{DRAIN, HEADER_TIMEOUT};
use crate::context::ListenContext;
use crate::http::handoff::{HandedOffConnection, HandoffStage};
use crate::http::turn::{AfterTurn, EpollConnection, TurnProcessor, whole_secs};

/// Tells a worker to end.
#[derive(Clone)]
pub struct EpollStop {
    is_told: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl EpollStop {
    /// Lets it take no more connections, and end once open requests have.
    pub fn tell(&self) {
        self.is_told.store(true, Ordering::Release);
        // The flag is seen within a second even where the waker fails.
        let _ = self.waker.wake();
    }
}

/// Connections of a worker that must end for others, by their keys.
struct Evictions {
    keys: Mutex<Vec<usize>>,
    is_any: AtomicBool,
    waker: Arc<Waker>,
}

impl Evict for Evictions {
    fn evict(&self, key: usize) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        // Release pairs with the worker's acquire: it finds the key.
        self.is_any.store(true, Ordering::Release);
        let _ = self.waker.wake();
    }
}

/// One worker.
pub struct EpollWorker {
    poll: Poll,
    /// `None` once the worker ends.
    listener: Option<TcpListener>,
    /// Whether connections may wait at the listener for which epoll sends no further event.
    accept_state: AcceptState,
    connections: Slab<EpollConnection>,
    evictions: Arc<Evictions>,
    stop: EpollStop,
    over: UnboundedSender<HandedOffConnection>,
    processor: TurnProcessor,
}

/// Whether to ask the listener.
#[derive(Clone, Copy, Eq, PartialEq)]
enum AcceptState {
    None,
    Some,
    /// There are, but no room for them: after a moment.
    Later,
}

impl EpollWorker {
    /// A worker for one listening socket; connections that need more go to `over`.
    ///
    /// # Errors
    ///
    /// Fails where the system has no room for it.
    pub fn new(
        shared: Arc<ListenContext>,
        listener: std::net::TcpListener,
        over: UnboundedSender<HandedOffConnection>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::from_std(listener);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        Ok(Self {
            poll,
            listener: Some(listener),
            accept_state: AcceptState::Some,
            connections: Slab::new(),
            evictions: Arc::new(Evictions {
                keys: Mutex::default(),
                is_any: AtomicBool::new(false),
                waker: Arc::clone(&waker),
            }),
            stop: EpollStop { is_told: Arc::default(), waker },
            over,
            processor: TurnProcessor::new(shared),
        })
    }

    /// What ends it.
    pub fn stop(&self) -> EpollStop {
        self.stop.clone()
    }

    /// Serves until told to stop; then lets open requests end.
    ///
    /// # Errors
    ///
    /// Fails where epoll does; what goes wrong on one connection ends that connection alone.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let clock = self.processor.shared.clock;
        let mut swept = clock.now().secs;
        let mut ends = None;
        loop {
            match self.poll.poll(&mut events, self.poll_timeout()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let now = clock.now();
            for event in &events {
                match event.token() {
                    LISTENER => self.accept_state = AcceptState::Some,
                    WAKER => {}
                    Token(key) => self.serve_ready(key, event.is_read_closed(), now),
                }
            }
            self.end_evicted();
            if self.accept_state != AcceptState::None {
                self.accept(now);
            }
            if swept != now.secs {
                swept = now.secs;
                self.connections.retain(|_, connection| connection.deadline >= now.secs);
            }
            if self.stop.is_told.load(Ordering::Acquire) {
                self.listener = None;
                self.accept_state = AcceptState::None;
                self.connections.retain(|_, connection| !connection.held.is_empty());
                let end = *ends.get_or_insert_with(|| now.secs + whole_secs(DRAIN));
                if self.connections.is_empty() || now.secs >= end {
                    return Ok(());
                }
            }
        }
    }

    /// How long to wait for something to happen.
    fn poll_timeout(&self) -> Option<Duration> {
        match self.accept_state {
            AcceptState::Some => Some(Duration::ZERO),
            AcceptState::Later => Some(PAUSE_AFTER_ERROR),
            AcceptState::None => Some(TICK),
        }
    }

    /// Takes some of those who wait; the others after who is here has had a turn.
    fn accept(&mut self, now: Now) {
        self.accept_state = AcceptState::Some;
        for _ in 0..ACCEPTS {
            let (Some(listener), shared) = (&self.listener, &self.processor.shared) else { return };
            if !shared.announces.may_accept() {
                self.accept_state = AcceptState::Later;
                return;
            }
            match acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok((stream, from)) => {
                    // Always so on a listener of IPv4 or IPv6.
                    if let Some(Ok(from)) = from.map(SocketAddr::try_from) {
                        self.begin(TcpStream::from_std(stream.into()), from, now);
                        self.end_evicted();
                        if self.accept_state == AcceptState::Later {
                            return;
                        }
                    }
                }
                Err(Errno::AGAIN) => {
                    self.accept_state = AcceptState::None;
                    return;
                }
                // They left while they waited.
                Err(Errno::CONNABORTED | Errno::INTR) => {}
                Err(error) => {
                    shared.tell_short(&error.into());
                    self.accept_state = AcceptState::Later;
                    return;
                }
            }
        }
    }

    /// Ends the connections whose places others get.
    fn end_evicted(&mut self) {
        // Acquire pairs with the release of whoever put a key there.
        if !self.evictions.is_any.swap(false, Ordering::Acquire) {
            return;
        }
        // Not under the lock: whoever evicts holds the registry, which an end takes, too.
        let keys = std::mem::take(
            &mut *self.evictions.keys.lock().unwrap_or_else(PoisonError::into_inner),
        );
        for key in keys {
            // The key may be another connection's by now.
            if self.connections.get(key).is_some_and(|connection| connection.permit.is_evicted()) {
                drop(self.connections.remove(key));
            }
        }
    }

    /// Begins with a connection, and goes as far as it comes.
    fn begin(&mut self, stream: TcpStream, from: SocketAddr, now: Now) {
        let TurnProcessor { shared, proxies, .. } = &mut self.processor;
        let source = from.ip().to_canonical();
        let is_proxy = proxies.load().trusts(source);
        let permit = match shared.admit(&shared.announces, source, is_proxy, now.secs) {
            Ok(permit) => permit,
            Err(NoPlace::Full) => {
                self.accept_state = AcceptState::Later;
                return;
            }
            Err(NoPlace::Share) => return,
        };
        if is_proxy {
            // It may begin with a header, or speak for many.
            let stage = HandoffStage::Begin;
            let handed = HandedOffConnection { stream: stream.into(), source, permit, stage };
            let _ = self.over.send(handed);
            return;
        }
        let deadline = now.secs + whole_secs(HEADER_TIMEOUT);
        let (activity, held) = (Activity::Busy, Vec::new());
        let mut connection = EpollConnection { stream, source, permit, activity, held, deadline };
        match self.processor.take_turn(&mut connection, false, now) {
            // Epoll speaks of what is there when it first hears of a connection.
            AfterTurn::Keep | AfterTurn::Again => {
                let entry = self.connections.vacant_entry();
                let registry = self.poll.registry();
                let token = Token(entry.key());
                if registry.register(&mut connection.stream, token, Interest::READABLE).is_ok() {
                    let worker = Arc::clone(&self.evictions);
                    let EpollConnection { permit, activity, .. } = &mut connection;
                    permit.keep(worker, entry.key(), *activity, now.secs);
                    entry.insert(connection);
                }
            }
            AfterTurn::Close => {}
            AfterTurn::HandOver { ends } => self.hand_over(connection, ends, now),
        }
    }

    /// Goes on with a connection that something came on; nothing more will where it `ends`.
    fn serve_ready(&mut self, key: usize, ends: bool, now: Now) {
        // Whoever has gone in this round may have left an event behind.
        let Some(connection) = self.connections.get_mut(key) else { return };
        match self.processor.take_turn(connection, ends, now) {
            AfterTurn::Keep => connection.permit.touch(connection.activity, now.secs),
            AfterTurn::Again => {
                connection.permit.touch(connection.activity, now.secs);
                let registry = self.poll.registry();
                let token = Token(key);
                if registry.reregister(&mut connection.stream, token, Interest::READABLE).is_err() {
                    drop(self.connections.remove(key));
                }
            }
            AfterTurn::Close => drop(self.connections.remove(key)),
            AfterTurn::HandOver { ends } => {
                let mut connection = self.connections.remove(key);
                if self.poll.registry().deregister(&mut connection.stream).is_ok() {
                    self.hand_over(connection, ends, now);
                }
            }
        }
    }

    fn hand_over(&mut self, connection: EpollConnection, ends: bool, now: Now) {
        let EpollConnection { stream, source, permit, held: request, .. } = connection;
        // The worker's own buffer may have grown for others.
        let replies = self.processor.replies.to_vec();
        self.processor.replies.clear();
        // Without the memory for what its client does not read it ends here.
        if permit.hold(request.capacity() + replies.capacity(), now.secs) {
            let stage = if ends {
                HandoffStage::End { replies }
            } else {
                HandoffStage::Continue { request, replies }
            };
            let handed = HandedOffConnection { stream: stream.into(), source, permit, stage };
            // It fails only where the other thread is gone, and so is its connection then.
            let _ = self.over.send(handed);
        }
    }
}

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);
/// Maximum events fetched at once.
const EVENTS: usize = 256;
/// Maximum connections accepted before the open ones have another turn.
const ACCEPTS: usize = 64;
/// Deadlines are looked at so often; they are of whole seconds.
const TICK: Duration = Duration::from_secs(1);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
