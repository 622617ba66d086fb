//! One connection's turn on an epoll worker: what has come is read, answered and sent.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Cache};
use mio::net::TcpStream;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use tracker::Now;

use crate::admission::{Activity, Permit};
use crate::bounds::{HEADER_TIMEOUT, IDLE_TIMEOUT};
use crate::context::ListenContext;
use crate::forwarded::{ConnectionOrigin, TrustedProxies};
use crate::http::plain::{NextStep, PlainHandler};

/// What all connections of a worker share.
pub(super) struct TurnProcessor {
    /// What all workers share.
    pub(super) shared: Arc<ListenContext>,
    /// As last seen: whether they are still in force is one look.
    pub(super) proxies: Cache<Arc<ArcSwap<TrustedProxies>>, Arc<TrustedProxies>>,
    handler: PlainHandler,
    read: Box<[u8]>,
    /// What could not be sent at once; empty between two connections.
    pub(super) replies: Vec<u8>,
}

/// One connection.
pub(super) struct EpollConnection {
    pub(super) stream: TcpStream,
    /// Where it comes from.
    pub(super) source: IpAddr,
    /// Its place.
    pub(super) permit: Permit,
    /// Whether a request has begun.
    pub(super) activity: Activity,
    /// The beginning of a request.
    pub(super) held: Vec<u8>,
    /// Until when its next request must be whole, in seconds since the daemon's start.
    pub(super) deadline: u32,
}

/// What becomes of a connection.
pub(super) enum AfterTurn {
    /// It waits for what comes.
    Keep,
    /// It has had its turn, and there is more.
    Again,
    /// It has ended.
    Close,
    /// A runtime goes on with it.
    HandOver {
        /// Whether it ends once its replies are sent.
        ends: bool,
    },
}

impl TurnProcessor {
    /// A processor for one worker.
    pub(super) fn new(shared: Arc<ListenContext>) -> Self {
        Self {
            handler: PlainHandler::new(&shared),
            proxies: Cache::new(Arc::clone(&shared.proxies)),
            shared,
            read: vec![0; READ_BYTES].into(),
            replies: Vec::new(),
        }
    }

    /// Reads what is there on a connection and answers it. Of an end that was told already epoll
    /// speaks no more, so where it `ends` it is read to there.
    pub(super) fn take_turn(
        &mut self,
        connection: &mut EpollConnection,
        ends: bool,
        now: Now,
    ) -> AfterTurn {
        for _ in 0..READS {
            let read = match recv(&connection.stream, &mut *self.read, RecvFlags::empty()) {
                Ok((_, 0)) => return AfterTurn::Close,
                Ok((_, read)) => read,
                Err(Errno::AGAIN) => return AfterTurn::Keep,
                Err(Errno::INTR) => continue,
                Err(_) => return AfterTurn::Close,
            };
            let mut next = self.answer(connection, read, now);
            if !self.send(connection) {
                return AfterTurn::Close;
            }
            while next == NextStep::Send && self.replies.is_empty() {
                next = self.answer(connection, 0, now);
                if !self.send(connection) {
                    return AfterTurn::Close;
                }
            }
            if !connection.permit.hold(connection.held.capacity(), now.secs) {
                self.replies.clear();
                return AfterTurn::Close;
            }
            match next {
                NextStep::Drain => return AfterTurn::HandOver { ends: true },
                NextStep::Close if self.replies.is_empty() => return AfterTurn::Close,
                NextStep::Close => return AfterTurn::HandOver { ends: true },
                NextStep::More | NextStep::Send if !self.replies.is_empty() => {
                    return AfterTurn::HandOver { ends: false };
                }
                // The kernel had less than there was room for: epoll will tell of what comes.
                NextStep::More if read < READ_BYTES && !ends => return AfterTurn::Keep,
                NextStep::More | NextStep::Send => {}
            }
        }
        AfterTurn::Again
    }

    /// Sends replies as far as the kernel takes them; false where the connection has ended.
    fn send(&mut self, connection: &EpollConnection) -> bool {
        if self.replies.is_empty() {
            return true;
        }
        match send(&connection.stream, &self.replies, SendFlags::NOSIGNAL) {
            Ok(sent) if sent == self.replies.len() => self.replies.clear(),
            Ok(sent) => drop(self.replies.drain(..sent)),
            Err(Errno::AGAIN) => {}
            Err(_) => {
                self.replies.clear();
                return false;
            }
        }
        true
    }

    /// Answers what was read, together with what was held; holds what is no whole request.
    fn answer(&mut self, connection: &mut EpollConnection, read: usize, now: Now) -> NextStep {
        let Self { handler, proxies, replies, .. } = self;
        let bytes = self.read.get(..read).unwrap_or_default();
        let proxies = proxies.load();
        // Connections of trusted proxies are handed over.
        let origin = ConnectionOrigin { address: connection.source, is_proxy: false };
        let had_begun = !connection.held.is_empty();
        let next = if had_begun {
            connection.held.extend_from_slice(bytes);
            let (done, next) = handler.answer_all(&connection.held, origin, proxies, now, replies);
            if done == connection.held.len() {
                connection.held = Vec::new();
            } else {
                connection.held.drain(..done);
            }
            next
        } else {
            let (done, next) = handler.answer_all(bytes, origin, proxies, now, replies);
            connection.held.extend_from_slice(bytes.get(done..).unwrap_or_default());
            next
        };
        let begins = !connection.held.is_empty() && (!had_begun || !replies.is_empty());
        if begins {
            connection.activity = Activity::Busy;
            connection.deadline = now.secs + whole_secs(HEADER_TIMEOUT);
        } else if !replies.is_empty() {
            connection.activity = Activity::Waiting;
            connection.deadline = now.secs + whole_secs(IDLE_TIMEOUT);
        }
        next
    }
}

/// Whole seconds, the one that has begun not counted.
pub(super) fn whole_secs(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// Maximum reads from one connection before the others have another turn.
const READS: usize = 16;
/// Twice the longest request: several pipelined ones come in one read.
const READ_BYTES: usize = 16 * 1024;
