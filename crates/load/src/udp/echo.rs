//! What the kernel asks for a datagram in and a datagram out: a tracker that does nothing else.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, SockaddrIn, SockaddrIn6, SockaddrLike};
use socket2::{Domain, Socket, Type};

use super::batch::{BUFFER_BYTES, Inbox, MAX_OUT, Outbox};

/// The longest reply of [`echo`], in bytes.
pub const MAX_ECHO: usize = MAX_OUT;

/// A socket for [`echo`], with room for a burst.
///
/// # Errors
///
/// As the system has them.
pub fn listen(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    socket.set_send_buffer_size(BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Answers each datagram with one of `bytes` bytes that passes for a reply to it: by `recvmmsg` and
/// `sendmmsg`, as many at a time as there are. Doesn't return but on an error.
///
/// # Errors
///
/// As the socket has them.
pub fn echo(socket: &UdpSocket, bytes: usize) -> Result<(), Errno> {
    match socket.local_addr() {
        Ok(address) if address.is_ipv6() => echo_to::<SockaddrIn6>(socket, bytes),
        _ => echo_to::<SockaddrIn>(socket, bytes),
    }
}

fn echo_to<S: SockaddrLike + Copy>(socket: &UdpSocket, bytes: usize) -> Result<(), Errno> {
    let (mut inbox, mut outbox) = (Inbox::<S>::new(), Outbox::<S>::new());
    loop {
        let received = inbox.receive(socket.as_fd(), MsgFlags::MSG_WAITFORONE, |request, from| {
            outbox.push(from, |out| reply(request, out, bytes));
        });
        match received {
            Ok(_) => outbox.send(socket.as_fd())?,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Puts the request's action and transaction id where a reply has them; the rest is what an
/// earlier one left there. A connect gets its 16 bytes.
fn reply(request: &[u8], out: &mut [u8], bytes: usize) -> usize {
    let (Some(head), Some(place)) = (request.get(8..16), out.get_mut(..8)) else { return 0 };
    place.copy_from_slice(head);
    if request.len() == CONNECT_LEN { CONNECT_LEN } else { bytes.clamp(20, MAX_ECHO) }
}

const CONNECT_LEN: usize = 16;
