//! One source address: its socket, its connection id, and whose turn it is.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use fastrand::Rng;
use socket2::{Domain, Socket, Type};

use super::batch::BUFFER_BYTES;
use super::reply::{self, ReplyBody};
use super::request;
use crate::error::LoadError;
use crate::plan::LoadPlan;
use crate::population::Population;
use crate::script::{self, AnnounceOrder, Ask, Mix};

/// A client machine, as the tracker sees it.
pub(super) struct ClientMachine {
    pub(super) socket: UdpSocket,
    /// The connection id in force.
    pub(super) connection: u64,
    /// How many of its requests are out.
    pub(super) out: usize,
    source: u32,
    order: AnnounceOrder,
    /// When a connection id was last asked for.
    asked: Instant,
}

impl ClientMachine {
    /// Opens a socket and gets it a connection id.
    ///
    /// # Errors
    ///
    /// Fails when the address can't be bound, or the tracker does not answer.
    pub(super) fn open(plan: &LoadPlan, source: u32, now: Instant) -> Result<Self, LoadError> {
        let target = plan.target.address;
        let from = SocketAddr::new(plan.sources.address(source, target.ip()), 0);
        let socket = open(from, target).map_err(|error| LoadError::Socket { from, error })?;
        let connection = connect(&socket).ok_or(LoadError::Silent(target))?;
        let order = plan.order(source);
        Ok(Self { socket, connection, out: 0, source, order, asked: now })
    }

    /// Whether all who announce once have been sent.
    pub(super) fn is_done(&self, all: &Population) -> bool {
        self.order.is_done(all.peers_of(self.source))
    }

    /// The next request and whose it is; a connect where the last is a minute old.
    pub(super) fn ask(
        &mut self,
        all: &Population,
        mix: &Mix,
        now: Instant,
        start: Instant,
        rng: &mut Rng,
    ) -> (Ask, Option<u32>) {
        if now.saturating_duration_since(self.asked) < CONNECT_EVERY {
            let since = now.saturating_duration_since(start);
            let next = script::next(all, mix, self.source, &mut self.order, since, rng);
            if let Some(next) = next {
                return next;
            }
        }
        self.asked = now;
        (Ask::Connect, None)
    }

    /// Writes a request; returns its length.
    pub(super) fn write(&self, out: &mut [u8], transaction: u32, ask: &Ask) -> usize {
        match ask {
            Ask::Announce(said) => request::announce(out, self.connection, transaction, said),
            Ask::Connect => request::connect(out, transaction),
            Ask::Scrape(hashes) => request::scrape(out, self.connection, transaction, hashes),
        }
    }

    /// Takes back a peer whose announce was lost.
    pub(super) fn put_back(&mut self, peer: Option<u32>) {
        if let Some(peer) = peer {
            self.order.put_back(peer);
        }
    }
}

fn open(from: SocketAddr, target: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(target), Type::DGRAM, None)?;
    // What the system does not grant is cut to its limit, and drops are counted.
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    socket.set_send_buffer_size(BUFFER_BYTES)?;
    socket.set_read_timeout(Some(CONNECT_PATIENCE))?;
    socket.bind(&from.into())?;
    socket.connect(&target.into())?;
    Ok(socket.into())
}

/// Asks for a connection id until one comes.
fn connect(socket: &UdpSocket) -> Option<u64> {
    let (mut out, mut reply) = ([0; request::MAX_LEN], [0; 64]);
    (0..CONNECT_TRIES).find_map(|transaction| {
        let len = request::connect(&mut out, transaction);
        socket.send(out.get(..len)?).ok()?;
        let len = socket.recv(&mut reply).ok()?;
        match reply::parse(reply.get(..len)?)?.body {
            ReplyBody::Connect(id) => Some(id),
            _ => None,
        }
    })
}

/// BEP 15 lets a client use an id for a minute.
const CONNECT_EVERY: Duration = Duration::from_secs(55);
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
const CONNECT_TRIES: u32 = 5;
