//! Listening sockets, bound so that every worker has one of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
use nix::sys::socket::{getsockopt, setsockopt};
use nix::{getsockopt_impl, setsockopt_impl, sockopt_impl};
use socket2::{Domain, Protocol, Socket, Type};

/// Binds one socket for each worker to the same address (`SO_REUSEPORT`): the kernel spreads
/// clients over them, each client always to the same one.
///
/// `[::]` takes IPv4 as well; on a host without IPv6 it is taken as `0.0.0.0`. With port 0 the
/// kernel chooses a port once, and all workers share it.
///
/// # Errors
///
/// Fails where the address cannot be bound, as when another program holds it.
pub fn bind(address: SocketAddr, kind: SocketKind, workers: usize) -> io::Result<Vec<Socket>> {
    let first = or_by_v4(address, |address| bind_one(address, kind))?;
    let bound = local_address(&first)?;
    let rest = (1..workers).map(|_| bind_one(bound, kind));
    std::iter::once(Ok(first)).chain(rest).collect()
}

/// Asserts that nobody listens at an address. Sockets that share a port ask nobody whether they may:
/// another daemon of this user would take half of the clients, and say nothing.
///
/// To be asked for all addresses before any is bound.
///
/// # Errors
///
/// Somebody does (`AddrInUse`), or the address cannot be bound at all.
pub fn check_free(address: SocketAddr, kind: SocketKind) -> io::Result<()> {
    if address.port() == 0 {
        return Ok(());
    }
    let (socket_type, protocol) = kind.of_socket();
    let try_one = |address: SocketAddr| {
        let socket = Socket::new(Domain::for_address(address), socket_type, Some(protocol))?;
        if address.is_ipv6() {
            socket.set_only_v6(!is_any_v6(address))?;
        }
        // Connections that ended a moment ago are no listener.
        socket.set_reuse_address(kind == SocketKind::Stream)?;
        socket.bind(&address.into())
    };
    or_by_v4(address, try_one).map(drop)
}

/// The address that a socket is bound to.
///
/// # Errors
///
/// Fails where the kernel does not tell.
pub fn local_address(socket: &Socket) -> io::Result<SocketAddr> {
    let address = socket.local_addr()?.as_socket();
    address.ok_or_else(|| io::Error::other("the socket has no internet address"))
}

/// What listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SocketKind {
    /// TCP, for HTTP.
    Stream,
    /// UDP.
    Datagram,
}

impl SocketKind {
    const fn of_socket(self) -> (Type, Protocol) {
        match self {
            Self::Stream => (Type::STREAM, Protocol::TCP),
            Self::Datagram => (Type::DGRAM, Protocol::UDP),
        }
    }
}

sockopt_impl!(
    /// `TCP_DEFER_ACCEPT`, tcp(7): for so many seconds a connection without data is not accepted.
    DeferAccept, SetOnly, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, u32
);

sockopt_impl!(
    /// `SO_MEMINFO`: `SK_MEMINFO_VARS` numbers of the kernel's `include/uapi/linux/sock_diag.h`.
    MemoryInfo, GetOnly, libc::SOL_SOCKET, libc::SO_MEMINFO, [u32; 9]
);

/// Datagrams that the kernel dropped since a socket was made, because its queue was full. 0 where the kernel does
/// not say.
pub(crate) fn kernel_drops(socket: &Socket) -> u32 {
    getsockopt(socket, MemoryInfo).map_or(0, |[.., drops]| drops)
}

fn bind_one(address: SocketAddr, kind: SocketKind) -> io::Result<Socket> {
    let (socket_type, protocol) = kind.of_socket();
    let socket = Socket::new(Domain::for_address(address), socket_type, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(!is_any_v6(address))?;
    }
    socket.set_reuse_port(true)?;
    match kind {
        SocketKind::Stream => {
            socket.set_reuse_address(true)?;
            // Connections take it over from their listener.
            socket.set_tcp_nodelay(true)?;
            // A reply takes a few KiB: what a client does not read is not kept for it.
            socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
            // The kernel gives up on a client that reads nothing.
            socket.set_tcp_user_timeout(Some(STALLED))?;
            // A reply fits in the first window, so that a cleverer algorithm would only take time for
            // each. A kernel without this one, which there is hardly any, keeps its own.
            let _ = socket.set_tcp_congestion(b"reno");
            // Who connects has something to say: the kernel waits for it before it wakes a worker.
            // One that can't brings connections a moment sooner.
            let _ = setsockopt(&socket, DeferAccept, &DEFER_SECS);
        }
        SocketKind::Datagram => {
            widen(&socket);
            // A host may have many addresses, and a reply must come from the one that was asked
            // (RFC 1123, 4.1.3.5): so the kernel says which it was, and is told in turn.
            if is_any_v6(address) {
                setsockopt(&socket, Ipv6RecvPacketInfo, &true)?;
            } else if address.ip().is_unspecified() {
                setsockopt(&socket, Ipv4PacketInfo, &true)?;
            }
        }
    }
    socket.bind(&address.into())?;
    if kind == SocketKind::Stream {
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
    }
    Ok(socket)
}

/// Takes `[::]` as `0.0.0.0` on a host without IPv6.
fn or_by_v4<T>(address: SocketAddr, f: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    match f(address) {
        Err(error) if is_any_v6(address) && has_no_v6(&error) => {
            f(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
        }
        other => other,
    }
}

/// Asks for room for a burst; the kernel cuts it to `net.core.rmem_max` and `wmem_max`.
fn widen(socket: &Socket) {
    for outcome in
        [socket.set_recv_buffer_size(BUFFER_BYTES), socket.set_send_buffer_size(BUFFER_BYTES)]
    {
        if let Err(error) = outcome {
            tracing::debug!(%error, "the kernel keeps its own socket buffer size");
        }
    }
}

fn is_any_v6(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_unspecified()
}

fn has_no_v6(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}

/// Connections that may wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// What the kernel keeps of replies that a client has not read; it takes twice as much for its own records.
const SEND_BUFFER_BYTES: usize = 32 << 10;
/// A client that takes nothing of what it was sent for so long is cut off: longer than a phone needs to find
/// its network again.
const STALLED: Duration = Duration::from_secs(20);
/// The shortest there is: who says nothing is then counted and timed as any other connection.
const DEFER_SECS: u32 = 1;
/// 8 MiB hold some 4000 datagrams by the kernel's own way of counting: tens of milliseconds.
const BUFFER_BYTES: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_the_port_that_the_kernel_chose() {
        for kind in [SocketKind::Stream, SocketKind::Datagram] {
            let sockets = bind("[::]:0".parse().unwrap(), kind, 3).unwrap();
            let ports: Vec<u16> =
                sockets.iter().map(|socket| local_address(socket).unwrap().port()).collect();
            assert_eq!(ports.len(), 3);
            assert!(ports[0] != 0 && ports.iter().all(|port| *port == ports[0]), "{ports:?}");
        }
    }

    #[test]
    fn an_address_that_somebody_shares_is_not_free() {
        for kind in [SocketKind::Stream, SocketKind::Datagram] {
            let sockets = bind("127.0.0.1:0".parse().unwrap(), kind, 2).unwrap();
            let address = local_address(&sockets[0]).unwrap();
            let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
            for address in [address, any] {
                let error = check_free(address, kind).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::AddrInUse, "{kind:?} {address}");
            }
            drop(sockets);
            assert!(check_free(address, kind).is_ok());
        }
        assert!(check_free("127.0.0.1:0".parse().unwrap(), SocketKind::Stream).is_ok());
    }

    #[test]
    fn an_address_of_nobody_here_is_an_error() {
        assert!(bind("203.0.113.1:0".parse().unwrap(), SocketKind::Datagram, 1).is_err());
    }
}
