//! The portable way: `recvmmsg` and `sendmmsg`, one system call each for up to `BATCH` datagrams.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use arrayvec::ArrayVec;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, recvmmsg, sendmmsg};
use socket2::Socket;

use crate::front::datagrams::{Answer, Datagrams, REPLY_BYTES, REQUEST_BYTES, WAIT};

/// A socket and the buffers of one batch.
pub struct Batches {
    socket: Socket,
    requests: Box<[[u8; REQUEST_BYTES]; BATCH]>,
    replies: Box<[[u8; REPLY_BYTES]; BATCH]>,
    received: MultiHeaders<SockaddrStorage>,
    sent: MultiHeaders<SockaddrStorage>,
}

/// Where a request came from, and how long it and its answer are.
struct Exchange {
    from: SockaddrStorage,
    request: usize,
    reply: usize,
}

impl Batches {
    /// Takes over a bound socket.
    ///
    /// # Errors
    ///
    /// Fails where the socket takes no time limit.
    pub fn new(socket: Socket) -> io::Result<Self> {
        socket.set_read_timeout(Some(WAIT))?;
        Ok(Self {
            socket,
            requests: Box::new([[0; REQUEST_BYTES]; BATCH]),
            replies: Box::new([[0; REPLY_BYTES]; BATCH]),
            received: MultiHeaders::preallocate(BATCH, None),
            sent: MultiHeaders::preallocate(BATCH, None),
        })
    }

    /// Blocks for the first datagram, then takes what else is there.
    fn receive(&mut self) -> io::Result<ArrayVec<Exchange, BATCH>> {
        let mut buffers = self.requests.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
        let flags = MsgFlags::MSG_WAITFORONE;
        let fd = self.socket.as_raw_fd();
        match recvmmsg(fd, &mut self.received, &mut buffers, flags, None) {
            Ok(messages) => {
                let exchange = |message: RecvMsg<'_, '_, SockaddrStorage>| {
                    Some(Exchange { from: message.address?, request: message.bytes, reply: 0 })
                };
                Ok(messages.filter_map(exchange).collect())
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(ArrayVec::new()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Sends the replies that are not silence; returns how many the kernel refused.
    fn send(&mut self, exchanges: &[Exchange]) -> usize {
        let spoken = || self.replies.iter().zip(exchanges).filter(|(_, one)| one.reply > 0);
        let slices: ArrayVec<[IoSlice<'_>; 1], BATCH> = spoken()
            .map(|(reply, one)| [IoSlice::new(reply.get(..one.reply).unwrap_or_default())])
            .collect();
        let addresses: ArrayVec<Option<SockaddrStorage>, BATCH> =
            spoken().map(|(_, one)| Some(one.from)).collect();
        let fd = self.socket.as_raw_fd();
        let mut done = 0;
        let mut refused = 0;
        while let (Some(slices), Some(addresses)) = (slices.get(done..), addresses.get(done..))
            && !slices.is_empty()
        {
            match sendmmsg(fd, &mut self.sent, slices, addresses, [], MsgFlags::empty()) {
                Ok(sent) => done += sent.count().max(1),
                Err(Errno::EINTR) => {}
                Err(_) => {
                    // The first of the rest is what failed: a full queue, a route that is no more.
                    refused += 1;
                    done += 1;
                }
            }
        }
        refused
    }
}

impl Datagrams for Batches {
    fn exchange(&mut self, answer: &mut impl Answer) -> io::Result<()> {
        let mut exchanges = self.receive()?;
        if exchanges.is_empty() {
            return Ok(());
        }
        answer.begin();
        let buffers = self.requests.iter().zip(self.replies.iter_mut());
        for (one, (request, reply)) in exchanges.iter_mut().zip(buffers) {
            if let (Some(from), Some(request)) =
                (peer_address(&one.from), request.get(..one.request))
            {
                one.reply = answer.answer(request, from, reply);
            }
        }
        let refused = self.send(&exchanges);
        if refused > 0 {
            answer.unsent(refused);
        }
        Ok(())
    }
}

/// The sender, an IPv4 one as IPv4 even where it came through an IPv6 socket.
fn peer_address(from: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = from.as_sockaddr_in() {
        return Some(SocketAddr::new(v4.ip().into(), v4.port()));
    }
    let v6 = from.as_sockaddr_in6()?;
    Some(SocketAddr::new(v6.ip().to_canonical(), v6.port()))
}

/// Datagrams a system call.
const BATCH: usize = 64;
