//! The clients of an HTTP tracker: so many connections, each with one request at a time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollTimeout};

use super::connection::{ClientConnection, ResponseEnd, SentRequest};
use super::{request, response};
use crate::error::LoadError;
use crate::pace::LoadPacer;
use crate::plan::LoadPlan;
use crate::pool::ClientPool;
use crate::script::{self, AnnounceOrder, Ask};
use crate::tally::LoadTally;

/// Some connections, at work.
pub(crate) struct HttpClient<'a> {
    plan: &'a LoadPlan,
    start: Instant,
    looked: Instant,
    pacer: LoadPacer,
    epoll: Epoll,
    connections: Vec<ClientConnection>,
    /// Those without a request.
    idle: Vec<usize>,
    /// Whose turn it is at each source.
    orders: Vec<(u32, AnnounceOrder)>,
    /// How many requests are out.
    out: usize,
    events: [EpollEvent; MAX_EVENTS],
    rng: Rng,
    tally: LoadTally,
}

impl<'a> HttpClient<'a> {
    /// Prepares the connections, which are opened when they are needed.
    ///
    /// # Errors
    ///
    /// Fails when the system has no epoll to give.
    pub(crate) fn open(
        plan: &'a LoadPlan,
        sources: &[u32],
        now: Instant,
    ) -> Result<Self, LoadError> {
        let target = plan.target.address;
        let count = plan.connections.div_ceil(plan.threads).max(1);
        let connections: Vec<_> = (0..count)
            .zip(sources.iter().cycle())
            .map(|(_, source)| {
                let address = plan.sources.address(*source, target.ip());
                ClientConnection::new(*source, SocketAddr::new(address, 0))
            })
            .collect();
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map_err(|error| LoadError::Socket { from: target, error: error.into() })?;
        Ok(Self {
            plan,
            start: now,
            looked: now,
            pacer: LoadPacer::new(plan.pace.share(plan.threads), now),
            epoll,
            idle: (0..connections.len()).rev().collect(),
            connections,
            orders: sources.iter().map(|source| (*source, plan.order(*source))).collect(),
            out: 0,
            events: [EpollEvent::empty(); MAX_EVENTS],
            rng: Rng::with_seed(plan.population.seed),
            tally: LoadTally::new()?,
        })
    }
}

impl ClientPool for HttpClient<'_> {
    fn pass(&mut self, now: Instant, asking: bool) -> bool {
        let received = self.receive(now);
        let sent = asking && self.send(now);
        if now.saturating_duration_since(self.looked) > LOOK_EVERY {
            self.looked = now;
            self.give_up(now);
        }
        received || sent
    }

    fn is_done(&self) -> bool {
        let all = &self.plan.population;
        self.out == 0
            && self.orders.iter().all(|(source, order)| order.is_done(all.peers_of(*source)))
    }

    fn out(&self) -> usize {
        self.out
    }

    fn tally(&mut self) -> &mut LoadTally {
        &mut self.tally
    }

    fn into_tally(self) -> LoadTally {
        self.tally
    }
}

impl HttpClient<'_> {
    fn receive(&mut self, now: Instant) -> bool {
        let ready = self.epoll.wait(&mut self.events, EpollTimeout::ZERO).unwrap_or_default();
        for event in 0..ready {
            let token = self.events.get(event).map(EpollEvent::data);
            if let Some(place) = token.and_then(|token| usize::try_from(token).ok()) {
                self.go_on(place, now);
            }
        }
        ready > 0
    }

    fn go_on(&mut self, place: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        let Some(asked) = connection.asked() else { return };
        match connection.go_on() {
            None => return,
            Some(ResponseEnd::Answered(bytes, head)) => {
                self.tally.answered(bytes.len(), asked.intended, now);
                let body = bytes.get(head.len..).unwrap_or_default();
                match response::failure(body) {
                    Some(reason) => self.tally.refused(reason),
                    None if !head.good => self.tally.refused(bytes),
                    None if asked.scrapes => self.tally.counts.scrapes += 1,
                    None => self.tally.counts.announces += 1,
                }
                if self.plan.close {
                    connection.close();
                }
            }
            Some(ResponseEnd::Lost) => self.lose(place, asked),
        }
        self.out = self.out.saturating_sub(1);
        self.idle.push(place);
    }

    fn send(&mut self, now: Instant) -> bool {
        let mut sent = false;
        while let Some(place) = self.idle.pop() {
            let Self { plan, connections, orders, rng, epoll, .. } = self;
            let all = &plan.population;
            let Some(connection) = connections.get_mut(place) else { continue };
            let order = orders.iter_mut().find(|(source, _)| *source == connection.source);
            let Some((source, order)) = order else { continue };
            if order.is_done(all.peers_of(*source)) {
                continue;
            }
            let Some(intended) = self.pacer.due(now, self.out) else {
                self.idle.push(place);
                break;
            };
            let since = now.saturating_duration_since(self.start);
            let next = script::next(all, &plan.mix, *source, order, since, rng);
            let Some((ask, peer)) = next else { continue };
            let scrapes = matches!(ask, Ask::Scrape(_));
            let asked = SentRequest { intended, sent: now, peer, scrapes };
            let token = u64::try_from(place).unwrap_or(u64::MAX);
            let result = connection.ask(asked, plan.target.address, (epoll, token), |out| {
                request::write(out, &ask, plan.target.address, plan.close);
            });
            self.tally.counts.sent += 1;
            self.out += 1;
            sent = true;
            if result.is_err() {
                self.lose(place, asked);
                self.out = self.out.saturating_sub(1);
                self.idle.push(place);
                break;
            }
        }
        sent
    }

    fn give_up(&mut self, now: Instant) {
        for place in 0..self.connections.len() {
            let asked = self.connections.get(place).and_then(ClientConnection::asked);
            let Some(asked) = asked else { continue };
            if now.saturating_duration_since(asked.sent) > self.plan.patience {
                self.lose(place, asked);
                self.out = self.out.saturating_sub(1);
                self.idle.push(place);
            }
        }
    }

    /// Counts a request as lost, and lets its peer have another turn.
    fn lose(&mut self, place: usize, asked: SentRequest) {
        self.tally.counts.lost += 1;
        let Some(connection) = self.connections.get_mut(place) else { return };
        connection.close();
        let order = self.orders.iter_mut().find(|(source, _)| *source == connection.source);
        if let (Some((_, order)), Some(peer)) = (order, asked.peer) {
            order.put_back(peer);
        }
    }
}

const MAX_EVENTS: usize = 256;
/// How often connections are looked through for those that waited for too long.
const LOOK_EVERY: Duration = Duration::from_millis(50);
