//! The clients of a UDP tracker: a socket for each source address, a batch a system call.
//!
//! It spins instead of sleeping: waking a generator up would be charged to the tracker, whose
//! `send` on loopback delivers right into the generator's socket.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use fastrand::Rng;
use nix::sys::socket::MsgFlags;

use super::batch::{Inbox, Outbox};
use super::machine::ClientMachine;
use super::pending::{Pending, PendingRequest};
use super::reply::{self, ReplyBody};
use crate::error::LoadError;
use crate::pace::{LoadPace, LoadPacer};
use crate::plan::LoadPlan;
use crate::pool::ClientPool;
use crate::population::Population;
use crate::script::Mix;
use crate::tally::LoadTally;

/// Some sources of a population, at work.
pub(crate) struct UdpClient<'a> {
    all: &'a Population,
    mix: Mix,
    patience: Duration,
    start: Instant,
    looked: Instant,
    pacer: LoadPacer,
    pending: Pending,
    lines: Vec<ClientMachine>,
    turn: usize,
    inbox: Inbox<()>,
    outbox: Outbox<()>,
    peer_len: usize,
    rng: Rng,
    tally: LoadTally,
}

impl<'a> UdpClient<'a> {
    /// Opens a socket for each of `sources` and gets each a connection id.
    ///
    /// # Errors
    ///
    /// Fails when an address can't be bound, or the tracker does not answer.
    pub(crate) fn open(
        plan: &'a LoadPlan,
        sources: &[u32],
        now: Instant,
    ) -> Result<Self, LoadError> {
        let pace = plan.pace.share(plan.threads);
        let room = match pace {
            LoadPace::Closed(outstanding) => outstanding,
            LoadPace::Open(_) => usize::MAX,
        };
        let lines = sources.iter().map(|source| ClientMachine::open(plan, *source, now));
        Ok(Self {
            all: &plan.population,
            mix: plan.mix,
            patience: plan.patience,
            start: now,
            looked: now,
            pacer: LoadPacer::new(pace, now),
            pending: Pending::new(room),
            lines: lines.collect::<Result<_, _>>()?,
            turn: 0,
            inbox: Inbox::new(),
            outbox: Outbox::new(),
            peer_len: if plan.target.address.is_ipv4() { 6 } else { 18 },
            rng: Rng::with_seed(plan.population.seed),
            tally: LoadTally::new()?,
        })
    }
}

impl ClientPool for UdpClient<'_> {
    fn pass(&mut self, now: Instant, asking: bool) -> bool {
        let received = self.receive(now);
        let sent = if asking { self.send(now) } else { 0 };
        if now.saturating_duration_since(self.looked) > LOOK_EVERY {
            self.looked = now;
            self.give_up(now);
        }
        received + sent > 0
    }

    fn is_done(&self) -> bool {
        self.out() == 0 && self.lines.iter().all(|line| line.is_done(self.all))
    }

    fn out(&self) -> usize {
        self.pending.len()
    }

    fn tally(&mut self) -> &mut LoadTally {
        &mut self.tally
    }

    fn into_tally(self) -> LoadTally {
        self.tally
    }
}

impl UdpClient<'_> {
    fn receive(&mut self, now: Instant) -> usize {
        let Self { lines, inbox, pending, tally, peer_len, .. } = self;
        let mut count = 0;
        for place in 0..lines.len() {
            let Some(line) = lines.get_mut(place).filter(|line| line.out > 0) else { continue };
            let ClientMachine { socket, connection, out, .. } = line;
            // An error is one of an earlier datagram's, which is lost and found to be so in time.
            let received = inbox.receive(socket.as_fd(), MsgFlags::MSG_DONTWAIT, |bytes, _| {
                let Some(reply) = reply::parse(bytes) else { return };
                let Some(waiting) = pending.remove(reply.transaction) else {
                    tally.counts.late += 1;
                    return;
                };
                *out = out.saturating_sub(1);
                tally.answered(bytes.len(), waiting.intended, now);
                match reply.body {
                    ReplyBody::Announce(peers) => {
                        tally.counts.announces += 1;
                        let peers = peers.len() / *peer_len;
                        tally.counts.peers += u64::try_from(peers).unwrap_or_default();
                    }
                    ReplyBody::Connect(id) => {
                        tally.counts.connects += 1;
                        *connection = id;
                    }
                    ReplyBody::Error(reason) => tally.refused(reason),
                    ReplyBody::Scrape => tally.counts.scrapes += 1,
                }
            });
            count += received.unwrap_or_default();
        }
        count
    }

    /// Sends a batch from one line after the other while anything is due.
    fn send(&mut self, now: Instant) -> usize {
        let mut count = 0;
        for _ in 0..self.lines.len() {
            let place = self.turn % self.lines.len();
            let (sent, more) = self.fill_batch(place, now);
            if sent > 0 {
                self.turn = place + 1;
                if let Some(line) = self.lines.get_mut(place) {
                    line.out += sent;
                    // What is not sent is lost, and found to be so in time.
                    let _ = self.outbox.send(line.socket.as_fd());
                }
            }
            count += sent;
            if !more {
                break;
            }
            self.turn = place + 1;
        }
        count
    }

    /// Writes a line's next requests; says how many, and whether another line should follow.
    fn fill_batch(&mut self, place: usize, now: Instant) -> (usize, bool) {
        let Self { all, mix, start, pacer, pending, lines, outbox, rng, tally, .. } = self;
        let Some(line) = lines.get_mut(place) else { return (0, false) };
        let mut count = 0;
        while !outbox.is_full() && !line.is_done(all) {
            if pending.is_full() {
                return (count, false);
            }
            let Some(intended) = pacer.due(now, pending.len()) else { return (count, false) };
            let (ask, peer) = line.ask(all, mix, now, *start, rng);
            let waiting = PendingRequest { intended, sent: now, line: place, peer };
            let Some(transaction) = pending.insert(waiting) else { return (count, false) };
            outbox.push(None, |out| line.write(out, transaction, &ask));
            tally.counts.sent += 1;
            count += 1;
        }
        (count, true)
    }

    fn give_up(&mut self, now: Instant) {
        for waiting in self.pending.expired(now, self.patience) {
            self.tally.counts.lost += 1;
            if let Some(line) = self.lines.get_mut(waiting.line) {
                line.out = line.out.saturating_sub(1);
                line.put_back(waiting.peer);
            }
        }
    }
}

/// How often requests are looked through for those that waited for too long.
const LOOK_EVERY: Duration = Duration::from_millis(50);
