//! Announce and scrape over UDP (BEP 15): a thread a worker, each with its own socket.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracker::{Now, Scratch, Tracker, Via};
use wire::InfoHash;
use wire::udp::{self, MAX_REPLY_LEN, Malformed, ReplyFamily, TransactionId, UdpRequest};

use crate::clock::Clock;
use crate::limit::RequestLimit;
use crate::udp::connection_id::{ConnectionIds, IdVerdict};
use crate::udp::datagrams::{DatagramHandler, DatagramSocket};

/// What answers the datagrams of one socket.
pub struct UdpWorker {
    tracker: Arc<Tracker>,
    ids: ConnectionIds,
    limit: Arc<RequestLimit>,
    clock: Clock,
    now: Now,
    scratch: Scratch,
}

impl UdpWorker {
    /// Makes a worker; all workers of a daemon share the secret of the connection ids, since a
    /// client may reach another worker after its address translator has changed its port.
    pub fn new(
        tracker: Arc<Tracker>,
        ids: ConnectionIds,
        limit: Arc<RequestLimit>,
        clock: Clock,
    ) -> Self {
        let scratch = tracker.scratch();
        Self { tracker, ids, limit, clock, now: clock.now(), scratch }
    }

    /// Serves a socket until `stop` is set, however often the socket fails meanwhile.
    pub fn run(mut self, mut datagrams: impl DatagramSocket, stop: &AtomicBool) {
        let mut asked_secs = None;
        while !stop.load(Ordering::Relaxed) {
            let now_secs = self.now.secs;
            if asked_secs.replace(now_secs) != Some(now_secs) {
                self.scratch.counters().kernel_dropped(datagrams.kernel_drops());
            }
            if let Err(error) = datagrams.exchange(&mut self) {
                // The kernel reports an unreachable client here, too: go on, but never spin.
                tracing::debug!(%error, "receiving datagrams failed");
                std::thread::sleep(PAUSE_AFTER_ERROR);
            }
        }
    }

    /// A scrape carries no passkey, so it learns nothing of swarms that are for members alone.
    fn scrape(
        &self,
        info_hashes: &[[u8; InfoHash::LEN]],
        transaction_id: TransactionId,
        reply: &mut [u8],
    ) -> usize {
        self.scratch.counters().scraped(Via::Udp);
        let open = |hash: &[u8; InfoHash::LEN]| self.tracker.scrape_open(&InfoHash(*hash));
        let stats = info_hashes.iter().map(|hash| open(hash).unwrap_or_default());
        udp::write_scrape(reply, transaction_id, stats)
    }

    /// Answers what needs a connection id, once it is verified.
    fn verified(
        &mut self,
        request: &UdpRequest<'_>,
        from: IpAddr,
        transaction_id: TransactionId,
        reply: &mut [u8],
    ) -> usize {
        if !self.limit.allow(from, self.now.secs) {
            self.scratch.counters().limited();
            return udp::write_error(reply, transaction_id, TOO_MANY);
        }
        match request {
            UdpRequest::Connect { .. } => 0,
            UdpRequest::Scrape { info_hashes, .. } => {
                self.scrape(info_hashes, transaction_id, reply)
            }
            UdpRequest::Announce { announce, .. } => {
                let Self { tracker, scratch, now, clock, .. } = self;
                let begun = scratch.is_sample(*now).then(|| clock.nanos());
                let written = match tracker.announce(announce, from, Via::Udp, *now, scratch) {
                    Ok(answer) => udp::write_announce(reply, transaction_id, &answer, family(from)),
                    Err(failure) => udp::write_error(reply, transaction_id, failure.reason),
                };
                if let Some(begun) = begun {
                    scratch.counters().took(Via::Udp, clock.nanos().saturating_sub(begun));
                }
                written
            }
        }
    }
}

impl DatagramHandler for UdpWorker {
    fn begin_batch(&mut self) {
        self.now = self.clock.now();
    }

    fn answer(&mut self, datagram: &[u8], from: SocketAddr, reply: &mut [u8]) -> usize {
        let written = self.reply(datagram, from, reply);
        if written > 0 {
            self.scratch.counters().replied();
        }
        written
    }

    fn unsent(&mut self, replies: usize) {
        self.scratch.counters().unsent(replies);
    }

    fn overrun(&mut self) {
        self.scratch.counters().ring_overrun();
    }
}

impl UdpWorker {
    /// Writes the reply to a datagram.
    fn reply(&mut self, datagram: &[u8], from: SocketAddr, reply: &mut [u8]) -> usize {
        let (from, now_secs) = (from.ip(), self.now.secs);
        let counters = self.scratch.counters();
        let (connection_id, transaction_id, request) = match udp::parse(datagram) {
            Ok(UdpRequest::Connect { transaction_id }) => {
                counters.connected();
                return udp::write_connect(reply, transaction_id, self.ids.issue(from, now_secs));
            }
            Ok(
                request @ (UdpRequest::Announce { connection_id, transaction_id, .. }
                | UdpRequest::Scrape { connection_id, transaction_id, .. }),
            ) => (connection_id, transaction_id, Ok(request)),
            Err(Malformed::Answer { connection_id, transaction_id, reason }) => {
                counters.malformed(Via::Udp);
                (connection_id, transaction_id, Err(reason))
            }
            Err(Malformed::Silent) => {
                counters.malformed(Via::Udp);
                return 0;
            }
        };
        match (self.ids.check(connection_id, from, now_secs), request) {
            (IdVerdict::Valid, Ok(request)) => self.verified(&request, from, transaction_id, reply),
            (IdVerdict::Valid, Err(reason)) => udp::write_error(reply, transaction_id, reason),
            (IdVerdict::Expired, _) => {
                counters.unverified();
                // Its owner may be told, but not in more bytes than were sent.
                let brief = reply.get_mut(..datagram.len().min(MAX_REPLY_LEN));
                udp::write_error(brief.unwrap_or_default(), transaction_id, EXPIRED)
            }
            (IdVerdict::Forged, _) => {
                counters.unverified();
                0
            }
        }
    }
}

const fn family(ip: IpAddr) -> ReplyFamily {
    match ip {
        IpAddr::V4(_) => ReplyFamily::V4,
        IpAddr::V6(_) => ReplyFamily::V6,
    }
}

const EXPIRED: &str = "connection id expired: connect again";
const TOO_MANY: &str = "too many requests from your network: slow down";
const PAUSE_AFTER_ERROR: std::time::Duration = std::time::Duration::from_millis(1);
