//! One HTTP worker: a thread around epoll that answers plain requests, connection after connection.
//!
//! A runtime's task, timer and wake-up for each request cost as much as the announce itself, so here
//! is none: what is ready is read into the worker's one buffer, answered, and written at once. Who
//! has asked when accepted is answered before epoll hears of the connection. Whatever needs to wait
//! for more than a request (hyper's part, a slow reader, a proxy's header) is handed over.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, Cache};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, acceptfrom_with, recv, send};
use slab::Slab;
use tokio::sync::mpsc::UnboundedSender;
use tracker::Now;

use crate::bounds::{DRAIN, HEADER_TIMEOUT, IDLE_TIMEOUT};
use crate::budget::Seat;
use crate::context::Shared;
use crate::forwarded::TrustedProxies;
use crate::http::handoff::Handed;
use crate::http::plain::{Desk, Next};
use crate::http::responder::Responder;
use crate::limit::Connection;

/// Tells a worker to end.
#[derive(Clone)]
pub struct Stop {
    is_told: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl Stop {
    /// Lets it take no more connections, and end once open requests have.
    pub fn tell(&self) {
        self.is_told.store(true, Ordering::Release);
        // The flag is seen within a second even where the waker fails.
        let _ = self.waker.wake();
    }
}

/// One worker.
pub struct Worker {
    poll: Poll,
    /// `None` once the worker ends.
    listener: Option<TcpListener>,
    /// Connections may wait at the listener that epoll will not speak of again.
    arrivals: Arrivals,
    places: Slab<Place>,
    stop: Stop,
    over: UnboundedSender<Handed>,
    exchange: Exchange,
}

/// What all connections of a worker share.
struct Exchange {
    shared: Arc<Shared>,
    /// As last seen: whether they are still in force is one look.
    proxies: Cache<Arc<ArcSwap<TrustedProxies>>, Arc<TrustedProxies>>,
    desk: Desk,
    read: Box<[u8]>,
    /// What could not be sent at once; empty between two connections.
    replies: Vec<u8>,
}

/// Whether to ask the listener.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Arrivals {
    None,
    Some,
    /// There are, but no room for them: after a moment.
    Later,
}

/// One connection.
struct Place {
    stream: TcpStream,
    source: IpAddr,
    seat: Seat,
    counted: Connection,
    /// The beginning of a request.
    held: Vec<u8>,
    /// Until when its next request must be whole, in seconds since the daemon's start.
    deadline: u32,
}

impl Place {
    /// Whether it has time left: between two requests no more than for one, where others wait.
    fn stays(&self, is_full: bool, now: Now) -> bool {
        let (soon, late) = (whole_secs(HEADER_TIMEOUT), whole_secs(IDLE_TIMEOUT));
        let Some(left) = self.deadline.checked_sub(now.secs) else { return false };
        // One with less left than for a request may be new.
        !is_full || !self.held.is_empty() || left <= soon || left > late - soon
    }
}

/// What becomes of a connection.
enum After {
    Keep,
    /// It has had its turn, and there is more.
    Again,
    Close,
    HandOver {
        ends: bool,
    },
}

impl Worker {
    /// A worker for one listening socket; connections that need more go to `over`.
    ///
    /// # Errors
    ///
    /// Fails where the system has no room for it.
    pub fn new(
        shared: Arc<Shared>,
        listener: std::net::TcpListener,
        over: UnboundedSender<Handed>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::from_std(listener);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        Ok(Self {
            poll,
            listener: Some(listener),
            arrivals: Arrivals::Some,
            places: Slab::new(),
            stop: Stop { is_told: Arc::default(), waker },
            over,
            exchange: Exchange {
                desk: Desk::new(Responder::new(&shared)),
                proxies: Cache::new(Arc::clone(&shared.proxies)),
                shared,
                read: vec![0; READ_BYTES].into(),
                replies: Vec::new(),
            },
        })
    }

    /// What ends it.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Serves until told to stop; then lets open requests end.
    ///
    /// # Errors
    ///
    /// Fails where epoll does; what goes wrong on one connection ends that connection alone.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let clock = self.exchange.shared.clock;
        let mut swept = clock.now().secs;
        let mut ends = None;
        loop {
            match self.poll.poll(&mut events, self.patience()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let now = clock.now();
            for event in &events {
                match event.token() {
                    LISTENER => self.arrivals = Arrivals::Some,
                    WAKER => {}
                    Token(key) => self.go_on(key, event.is_read_closed(), now),
                }
            }
            if self.arrivals != Arrivals::None {
                self.accept(now);
            }
            if swept != now.secs {
                swept = now.secs;
                let is_full = self.exchange.shared.room.is_full();
                self.places.retain(|_, place| place.stays(is_full, now));
            }
            if self.stop.is_told.load(Ordering::Acquire) {
                self.listener = None;
                self.arrivals = Arrivals::None;
                self.places.retain(|_, place| !place.held.is_empty());
                let end = *ends.get_or_insert_with(|| now.secs + whole_secs(DRAIN));
                if self.places.is_empty() || now.secs >= end {
                    return Ok(());
                }
            }
        }
    }

    /// How long to wait for something to happen.
    fn patience(&self) -> Option<Duration> {
        match self.arrivals {
            Arrivals::Some => Some(Duration::ZERO),
            Arrivals::Later => Some(PAUSE_AFTER_ERROR),
            Arrivals::None => Some(TICK),
        }
    }

    /// Takes some of those who wait; the others after who is here has had a turn.
    fn accept(&mut self, now: Now) {
        for _ in 0..ACCEPTS {
            let (Some(listener), shared) = (&self.listener, &self.exchange.shared) else { return };
            if !shared.has_room() {
                self.arrivals = Arrivals::Later;
                return;
            }
            match acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok((stream, from)) => {
                    // Always so on a listener of IPv4 or IPv6.
                    if let Some(Ok(from)) = from.map(SocketAddr::try_from) {
                        self.welcome(TcpStream::from_std(stream.into()), from, now);
                    }
                }
                Err(Errno::AGAIN) => {
                    self.arrivals = Arrivals::None;
                    return;
                }
                // They left while they waited.
                Err(Errno::CONNABORTED | Errno::INTR) => {}
                Err(error) => {
                    shared.tell_short(&error.into());
                    self.arrivals = Arrivals::Later;
                    return;
                }
            }
        }
        self.arrivals = Arrivals::Some;
    }

    /// Begins with a connection, and goes as far as it comes.
    fn welcome(&mut self, stream: TcpStream, from: SocketAddr, now: Now) {
        let Exchange { shared, proxies, .. } = &mut self.exchange;
        let (seat, source) = (shared.room.enter(), from.ip().to_canonical());
        if proxies.load().trusts(source) {
            // It may begin with a header, or speak for many.
            let stream = stream.into();
            let (request, replies) = (Vec::new(), Vec::new());
            let (counted, ends) = (None, false);
            let handed = Handed { stream, source, seat, counted, request, replies, ends };
            let _ = self.over.send(handed);
            return;
        }
        let Some(counted) = shared.connections.enter(source) else { return };
        let deadline = now.secs + whole_secs(HEADER_TIMEOUT);
        let mut place = Place { stream, source, seat, counted, held: Vec::new(), deadline };
        match self.exchange.go_on(&mut place, false, now) {
            // Epoll speaks of what is there when it first hears of a connection.
            After::Keep | After::Again => {
                let entry = self.places.vacant_entry();
                let registry = self.poll.registry();
                let token = Token(entry.key());
                if registry.register(&mut place.stream, token, Interest::READABLE).is_ok() {
                    entry.insert(place);
                }
            }
            After::Close => {}
            After::HandOver { ends } => self.hand_over(place, ends),
        }
    }

    /// Goes on with a connection that something came on; nothing more will where it `ends`.
    fn go_on(&mut self, key: usize, ends: bool, now: Now) {
        // Whoever has gone in this round may have left an event behind.
        let Some(place) = self.places.get_mut(key) else { return };
        match self.exchange.go_on(place, ends, now) {
            After::Keep => {}
            After::Again => {
                let registry = self.poll.registry();
                let token = Token(key);
                if registry.reregister(&mut place.stream, token, Interest::READABLE).is_err() {
                    drop(self.places.remove(key));
                }
            }
            After::Close => drop(self.places.remove(key)),
            After::HandOver { ends } => {
                let mut place = self.places.remove(key);
                if self.poll.registry().deregister(&mut place.stream).is_ok() {
                    self.hand_over(place, ends);
                }
            }
        }
    }

    fn hand_over(&mut self, place: Place, ends: bool) {
        let Place { stream, source, seat, counted, held: request, .. } = place;
        let replies = std::mem::take(&mut self.exchange.replies);
        let (stream, counted) = (stream.into(), Some(counted));
        let handed = Handed { stream, source, seat, counted, request, replies, ends };
        // It fails only where the other thread is gone, and so is its connection then.
        let _ = self.over.send(handed);
    }
}

impl Exchange {
    /// Reads what is there on a connection and answers it. Of an end that was told already epoll
    /// speaks no more, so where it `ends` it is read to there.
    fn go_on(&mut self, place: &mut Place, ends: bool, now: Now) -> After {
        for _ in 0..READS {
            let read = match recv(&place.stream, &mut *self.read, RecvFlags::empty()) {
                Ok((_, 0)) => return After::Close,
                Ok((_, read)) => read,
                Err(Errno::AGAIN) => return After::Keep,
                Err(Errno::INTR) => continue,
                Err(_) => return After::Close,
            };
            let next = self.answer(place, read, now);
            if !self.replies.is_empty() {
                match send(&place.stream, &self.replies, SendFlags::NOSIGNAL) {
                    Ok(sent) if sent == self.replies.len() => self.replies.clear(),
                    Ok(sent) => drop(self.replies.drain(..sent)),
                    Err(Errno::AGAIN) => {}
                    Err(_) => {
                        self.replies.clear();
                        return After::Close;
                    }
                }
            }
            match next {
                Next::Refuse => return After::HandOver { ends: true },
                Next::Close if self.replies.is_empty() => return After::Close,
                Next::Close => return After::HandOver { ends: true },
                Next::HandOver => return After::HandOver { ends: false },
                Next::More if !self.replies.is_empty() => return After::HandOver { ends: false },
                // The kernel had less than there was room for: epoll will tell of what comes.
                Next::More if read < READ_BYTES && !ends => return After::Keep,
                Next::More => {}
            }
        }
        After::Again
    }

    /// Answers what was read, together with what was held; holds what is no whole request.
    fn answer(&mut self, place: &mut Place, read: usize, now: Now) -> Next {
        let Self { desk, proxies, replies, .. } = self;
        let bytes = self.read.get(..read).unwrap_or_default();
        let proxies = proxies.load();
        let had_begun = !place.held.is_empty();
        let next = if had_begun {
            place.held.extend_from_slice(bytes);
            let (done, next) = desk.answer_all(&place.held, place.source, proxies, now, replies);
            if done == place.held.len() {
                place.held = Vec::new();
            } else {
                place.held.drain(..done);
            }
            next
        } else {
            let (done, next) = desk.answer_all(bytes, place.source, proxies, now, replies);
            place.held.extend_from_slice(bytes.get(done..).unwrap_or_default());
            next
        };
        let begins = !place.held.is_empty() && (!had_begun || !replies.is_empty());
        if begins {
            place.deadline = now.secs + whole_secs(HEADER_TIMEOUT);
        } else if !replies.is_empty() {
            place.deadline = now.secs + whole_secs(IDLE_TIMEOUT);
        }
        next
    }
}

/// Whole seconds, the one that has begun not counted.
fn whole_secs(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);
/// Connections with news that are asked for at once.
const EVENTS: usize = 256;
/// Connections taken before those that are here have another turn.
const ACCEPTS: usize = 64;
/// Deadlines are looked at so often; they are of whole seconds.
const TICK: Duration = Duration::from_secs(1);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
/// Reads from one connection before the others have another turn.
const READS: usize = 16;
/// Twice the longest request: several pipelined ones come in one read.
const READ_BYTES: usize = 16 * 1024;
