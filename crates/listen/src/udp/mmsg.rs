//! The portable backend: `recvmmsg` and `sendmmsg`, one system call each for up to `BATCH` datagrams.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};

use arrayvec::ArrayVec;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage,
    recvmmsg, sendmmsg,
};
use socket2::Socket;

use crate::socket::{kernel_drops, local_address};
use crate::udp::datagrams::{DatagramHandler, DatagramSocket, REPLY_BYTES, REQUEST_BYTES, WAIT};

/// A socket and the buffers of one batch.
pub struct MmsgSocket {
    socket: Socket,
    requests: Box<[[u8; REQUEST_BYTES]; BATCH]>,
    replies: Box<[[u8; REPLY_BYTES]; BATCH]>,
    received: MultiHeaders<SockaddrStorage>,
    sent: MultiHeaders<SockaddrStorage>,
}

/// Where a request came from and went to, and how long it and its answer are.
struct BatchEntry {
    from: SockaddrStorage,
    /// Which address of ours was asked; `None` on a socket that has one alone.
    to: Option<IpAddr>,
    request: usize,
    reply: usize,
}

impl MmsgSocket {
    /// Takes over a bound socket.
    ///
    /// # Errors
    ///
    /// Fails where the socket takes no time limit.
    pub fn new(socket: Socket) -> io::Result<Self> {
        socket.set_read_timeout(Some(WAIT))?;
        let room = || match local_address(&socket) {
            Ok(SocketAddr::V4(own)) if own.ip().is_unspecified() => Some(cmsg_space!(in_pktinfo)),
            Ok(SocketAddr::V6(own)) if own.ip().is_unspecified() => Some(cmsg_space!(in6_pktinfo)),
            _ => None,
        };
        let (received, sent) = (room(), room());
        Ok(Self {
            socket,
            requests: Box::new([[0; REQUEST_BYTES]; BATCH]),
            replies: Box::new([[0; REPLY_BYTES]; BATCH]),
            received: MultiHeaders::preallocate(BATCH, received),
            sent: MultiHeaders::preallocate(BATCH, sent),
        })
    }

    /// Blocks for the first datagram, then takes what else is there.
    fn receive(&mut self) -> io::Result<ArrayVec<BatchEntry, BATCH>> {
        let mut buffers = self.requests.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
        let flags = MsgFlags::MSG_WAITFORONE;
        let fd = self.socket.as_raw_fd();
        match recvmmsg(fd, &mut self.received, &mut buffers, flags, None) {
            Ok(messages) => {
                let exchange = |message: RecvMsg<'_, '_, SockaddrStorage>| {
                    let (from, to) = (message.address?, asked_address(&message));
                    Some(BatchEntry { from, to, request: message.bytes, reply: 0 })
                };
                Ok(messages.filter_map(exchange).collect())
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(ArrayVec::new()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Sends the replies that are not silence; returns how many the kernel refused.
    fn send(&mut self, exchanges: &[BatchEntry]) -> usize {
        let Self { socket, replies, sent, .. } = self;
        let mut rest: ArrayVec<(&[u8], &BatchEntry), BATCH> = replies
            .iter()
            .zip(exchanges)
            .map(|(reply, one)| (reply.get(..one.reply).unwrap_or_default(), one))
            .filter(|(reply, _)| !reply.is_empty())
            .collect();
        let mut refused = 0;
        while let Some((_, first)) = rest.first() {
            let asked = first.to;
            let own = rest.iter().filter(|(_, one)| one.to == asked);
            let slices: ArrayVec<[IoSlice<'_>; 1], BATCH> =
                own.clone().map(|(reply, _)| [IoSlice::new(reply)]).collect();
            let addresses: ArrayVec<Option<SockaddrStorage>, BATCH> =
                own.map(|(_, one)| Some(one.from)).collect();
            refused += send_from(asked, socket.as_raw_fd(), sent, &slices, &addresses);
            rest.retain(|(_, one)| one.to != asked);
        }
        refused
    }
}

/// Sends replies from one address of ours; returns how many the kernel refused.
fn send_from(
    own: Option<IpAddr>,
    fd: RawFd,
    sent: &mut MultiHeaders<SockaddrStorage>,
    slices: &[[IoSlice<'_>; 1]],
    addresses: &[Option<SockaddrStorage>],
) -> usize {
    let (v4, v6);
    let from = match own {
        None => None,
        Some(IpAddr::V4(ip)) => {
            let own = in_addr { s_addr: u32::from_ne_bytes(ip.octets()) };
            v4 = in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: own, ipi_addr: in_addr { s_addr: 0 } };
            Some(ControlMessage::Ipv4PacketInfo(&v4))
        }
        Some(IpAddr::V6(ip)) => {
            v6 = in6_pktinfo { ipi6_addr: in6_addr { s6_addr: ip.octets() }, ipi6_ifindex: 0 };
            Some(ControlMessage::Ipv6PacketInfo(&v6))
        }
    };
    let mut done = 0;
    let mut refused = 0;
    while let (Some(slices), Some(addresses)) = (slices.get(done..), addresses.get(done..))
        && !slices.is_empty()
    {
        match sendmmsg(fd, sent, slices, addresses, from.as_slice(), MsgFlags::empty()) {
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

/// Which address of ours a datagram went to, an IPv4 one as the socket's family has it.
fn asked_address(message: &RecvMsg<'_, '_, SockaddrStorage>) -> Option<IpAddr> {
    message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(IpAddr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::from(info.ipi6_addr.s6_addr)),
        _ => None,
    })
}

impl DatagramSocket for MmsgSocket {
    fn exchange(&mut self, answer: &mut impl DatagramHandler) -> io::Result<()> {
        let mut exchanges = self.receive()?;
        if exchanges.is_empty() {
            return Ok(());
        }
        answer.begin_batch();
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

    fn kernel_drops(&self) -> u32 {
        kernel_drops(&self.socket)
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

/// DatagramSocket a system call.
const BATCH: usize = 64;
