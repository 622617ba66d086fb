//! The fast backend: `io_uring`, one system call for all the replies of a batch and the next batch.
//!
//! One receive stays armed and fills buffers from a ring that the kernel and this file share
//! ("multishot", "provided buffers"); replies go out as entries of the same submission. Needs Linux
//! 6.1. Deliberately absent: registered or zero-copy sends, which cost more than they save at a few
//! hundred bytes.
#![expect(unsafe_code, reason = "io_uring is handed memory by address; nothing else here needs it")]

use std::cell::UnsafeCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use io_uring::types::{CancelBuilder, Fixed, RecvMsgOut, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use socket2::Socket;

use crate::socket::{kernel_drops, local_address};
use crate::udp::datagrams::{DatagramHandler, DatagramSocket, REPLY_BYTES, REQUEST_BYTES, WAIT};

/// A socket and the rings it is served by. Stays on the thread that made it, as the kernel asks.
pub struct RingSocket {
    ring: IoUring,
    /// Only asked for its drops: the ring has it registered.
    socket: Socket,
    requests: ReceiveBuffers,
    /// Written while the submission queue is empty, and read by the kernel while it is not.
    replies: Box<[RingReply]>,
    /// Tells the kernel how much room a sender's address has, and which address of ours it asked,
    /// on a socket that has many. Its pointers keep [`RingSocket`] from other threads.
    header: Box<libc::msghdr>,
    /// Whether the receive is armed.
    armed: bool,
}

/// An answer, and where it goes.
struct RingReply {
    /// A socket address, as the kernel wrote it.
    to: [u8; ADDRESS_BYTES],
    bytes: [u8; REPLY_BYTES],
    /// Which address of ours it goes out from, as the kernel wrote it; unused where there is one.
    from: [u8; CONTROL_BYTES],
    slice: libc::iovec,
    header: libc::msghdr,
}

impl RingSocket {
    /// Takes over a bound socket.
    ///
    /// # Errors
    ///
    /// Fails where the kernel is older than 6.1, has `io_uring` turned off, or is out of memory.
    pub fn new(socket: Socket) -> io::Result<Self> {
        let ring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_submit_all()
            .setup_cqsize(COMPLETIONS)
            .build(SUBMISSIONS)?;
        ring.submitter().register_files(&[socket.as_raw_fd()])?;
        let own = local_address(&socket)?.ip();
        let control = if own.is_unspecified() { CONTROL_BYTES } else { 0 };
        let requests = ReceiveBuffers::new(control)?;
        // SAFETY: the entries are as many as is said, and outlive the ring: `drop` waits until the
        // kernel has let go of them.
        unsafe { requests.register(&ring)? };
        // SAFETY: a message header is numbers and pointers, for which zero is a value.
        let mut header: Box<libc::msghdr> = Box::new(unsafe { std::mem::zeroed() });
        header.msg_namelen = ADDRESS_LEN;
        header.msg_controllen = control;
        let replies = std::iter::repeat_with(RingReply::new).take(BUFFERS).collect();
        Ok(Self { ring, socket, requests, replies, header, armed: false })
    }

    /// Tries everything once, with a datagram to oneself.
    ///
    /// # Errors
    ///
    /// Fails where the kernel refuses a part of it.
    pub fn probe() -> io::Result<()> {
        let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        client.set_read_timeout(Some(WAIT))?;
        client.send_to(b"?", server.local_addr()?)?;
        let mut ring = Self::new(server.into())?;
        ring.exchange(&mut ProbeEcho)?;
        drop(ring);
        client.recv(&mut [0]).map(drop)
    }

    /// Hands the kernel what is queued, and waits for something to be done.
    fn enter(&mut self) -> io::Result<()> {
        if !self.armed {
            let header: *const libc::msghdr = &raw const *self.header;
            let receive = opcode::RecvMsgMulti::new(SOCKET, header, GROUP).build();
            // SAFETY: the header lives as long as the ring does, and so do the buffers of `GROUP`.
            let pushed = unsafe { self.ring.submission().push(&receive.user_data(RECEIVE)) };
            self.armed = pushed.is_ok();
        }
        let wait = Timespec::from(WAIT);
        match self.ring.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&wait)) {
            Err(error) if !matches!(error.raw_os_error(), Some(libc::EINTR | libc::ETIME)) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }
}

impl DatagramSocket for RingSocket {
    fn exchange(&mut self, answer: &mut impl DatagramHandler) -> io::Result<()> {
        self.enter()?;
        let Self { ring, requests, replies, header, armed, .. } = self;
        let (_, mut queue, completions) = ring.split();
        if !queue.is_empty() {
            // The kernel was out of memory and still has to read replies: they are not touched.
            return Ok(());
        }
        answer.begin_batch();
        let mut replies = replies.iter_mut();
        let mut reply = replies.next();
        let mut unsent = 0;
        let mut outcome = Ok(());
        for done in completions {
            if done.user_data() == REPLY {
                unsent += 1;
                continue;
            }
            *armed &= cqueue::more(done.flags());
            let (Ok(len), Some(id)) =
                (usize::try_from(done.result()), cqueue::buffer_select(done.flags()))
            else {
                // Out of buffers: the datagrams wait in the socket until the receive is armed again.
                if done.result() == -libc::ENOBUFS {
                    answer.overrun();
                } else {
                    outcome = Err(io::Error::from_raw_os_error(done.result().saturating_neg()));
                }
                continue;
            };
            // SAFETY: the kernel has just handed this buffer over.
            let buffer = unsafe { requests.read(id, len) };
            if let Some(reply_now) = &mut reply
                && let Ok(message) = RecvMsgOut::parse(buffer, header)
                && let Some(send) = reply_now.fill(&message, answer)
            {
                // SAFETY: the reply stays where it is, untouched until the queue is empty; by then
                // the kernel is done with it, since it may not wait.
                if unsafe { queue.push(&send) }.is_ok() {
                    reply = replies.next();
                } else {
                    unsent += 1;
                }
            }
            requests.give_back(id);
        }
        requests.publish();
        if unsent > 0 {
            answer.unsent(unsent);
        }
        outcome
    }

    fn kernel_drops(&self) -> u32 {
        kernel_drops(&self.socket)
    }
}

impl Drop for RingSocket {
    /// Sends what is queued, and takes every buffer back before it is freed.
    fn drop(&mut self) {
        let _ = self.ring.submit();
        let submitter = self.ring.submitter();
        let _ = submitter.register_sync_cancel(None, CancelBuilder::any());
        let _ = submitter.unregister_buf_ring(GROUP);
        let _ = submitter.unregister_files();
    }
}

impl RingReply {
    fn new() -> Self {
        Self {
            to: [0; ADDRESS_BYTES],
            bytes: [0; REPLY_BYTES],
            from: [0; CONTROL_BYTES],
            slice: libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 },
            // SAFETY: as above.
            header: unsafe { std::mem::zeroed() },
        }
    }

    /// Has a datagram answered; returns what sends the answer, if there is one.
    fn fill(
        &mut self,
        message: &RecvMsgOut<'_>,
        answer: &mut impl DatagramHandler,
    ) -> Option<squeue::Entry> {
        let name = message.name_data();
        let from = peer_address(name)?;
        let len = answer.answer(message.payload_data(), from, &mut self.bytes);
        if !(1..=REPLY_BYTES).contains(&len) {
            return None;
        }
        self.to.get_mut(..name.len())?.copy_from_slice(name);
        let name_len = u32::try_from(name.len()).ok()?;
        let send = if message.control_data().is_empty() {
            opcode::Send::new(SOCKET, self.bytes.as_ptr(), u32::try_from(len).ok()?)
                .flags(libc::MSG_DONTWAIT)
                .dest_addr(self.to.as_ptr().cast())
                .dest_addr_len(name_len)
                .build()
        } else {
            let header: *const libc::msghdr = self.header(name_len, len, message.control_data())?;
            opcode::SendMsg::new(SOCKET, header).flags(SEND_FLAGS).build()
        };
        Some(send.flags(squeue::Flags::SKIP_SUCCESS).user_data(REPLY))
    }

    /// The header of a message from the address that was asked.
    fn header(&mut self, name_len: u32, len: usize, asked: &[u8]) -> Option<&libc::msghdr> {
        let from = self.from.get_mut(..asked.len())?;
        from.copy_from_slice(asked);
        // Which interface is for the routes to say.
        from.get_mut(interface_of(asked)?)?.fill(0);
        self.slice.iov_base = self.bytes.as_mut_ptr().cast();
        self.slice.iov_len = len;
        self.header.msg_name = self.to.as_mut_ptr().cast();
        self.header.msg_namelen = name_len;
        self.header.msg_iov = &raw mut self.slice;
        self.header.msg_iovlen = 1;
        self.header.msg_control = self.from.as_mut_ptr().cast();
        self.header.msg_controllen = asked.len();
        Some(&self.header)
    }
}

/// The buffers that datagrams come in, and the ring by which they go to the kernel and back.
struct ReceiveBuffers {
    buffers: Box<[UnsafeCell<[u8; BUFFER_BYTES]>]>,
    /// How much of each the kernel may fill.
    len: u32,
    free: Box<BufferRing>,
    tail: u16,
}

/// `io_uring_buf_ring`. Pages have at most 64 KiB, and it must begin with one.
#[repr(C, align(65536))]
struct BufferRing([BufferSlot; BUFFERS]);

/// `io_uring_buf`, written here and read by the kernel.
#[derive(Default)]
#[repr(C)]
struct BufferSlot {
    address: AtomicU64,
    len: AtomicU32,
    id: AtomicU16,
    /// In the first slot how many buffers were ever given; no other slot has a use for it.
    tail: AtomicU16,
}

impl ReceiveBuffers {
    /// With room for so many bytes of control messages beside each datagram.
    fn new(control: usize) -> io::Result<Self> {
        let len = BUFFER_BYTES - CONTROL_BYTES + control;
        let buffer = || UnsafeCell::new([0; BUFFER_BYTES]);
        let mut requests = Self {
            buffers: std::iter::repeat_with(buffer).take(BUFFERS).collect(),
            len: u32::try_from(len).map_err(io::Error::other)?,
            free: Box::new(BufferRing(std::array::from_fn(|_| BufferSlot::default()))),
            tail: 0,
        };
        for id in 0..BUFFER_COUNT {
            requests.give_back(id);
        }
        requests.publish();
        Ok(requests)
    }

    /// Tells the kernel where the buffers are.
    ///
    /// # Safety
    ///
    /// `self` must not be dropped before the ring or its registration is gone.
    unsafe fn register(&self, ring: &IoUring) -> io::Result<()> {
        let slots = address(&raw const *self.free);
        // SAFETY: there are so many slots, and our caller keeps them.
        unsafe { ring.submitter().register_buf_ring_with_flags(slots, BUFFER_COUNT, GROUP, 0) }
    }

    /// The first `len` bytes of a buffer, none where there is no such buffer.
    ///
    /// # Safety
    ///
    /// The kernel must have handed the buffer over, and [`give_back`](Self::give_back) not been
    /// called for it since.
    unsafe fn read(&self, id: u16, len: usize) -> &[u8] {
        let Some(buffer) = self.buffers.get(usize::from(id)) else { return &[] };
        // SAFETY: nobody writes to it while it is ours.
        let bytes: &[u8] = unsafe { &*buffer.get() };
        bytes.get(..len).unwrap_or_default()
    }

    /// Queues a buffer for the kernel to fill.
    fn give_back(&mut self, id: u16) {
        let at = usize::from(self.tail) % BUFFERS;
        if let (Some(buffer), Some(slot)) = (self.buffers.get(usize::from(id)), self.free.0.get(at))
        {
            slot.address.store(address(buffer.get()), Ordering::Relaxed);
            slot.len.store(self.len, Ordering::Relaxed);
            slot.id.store(id, Ordering::Relaxed);
            self.tail = self.tail.wrapping_add(1);
        }
    }

    /// Lets the kernel see what was queued.
    fn publish(&self) {
        let [first, ..] = &self.free.0;
        // Release pairs with the kernel's acquire of the tail: it sees the slots before that.
        first.tail.store(self.tail, Ordering::Release);
    }
}

/// Answers the probe.
struct ProbeEcho;

impl DatagramHandler for ProbeEcho {
    fn begin_batch(&mut self) {}

    fn answer(&mut self, datagram: &[u8], _: SocketAddr, reply: &mut [u8]) -> usize {
        let len = datagram.len().min(reply.len());
        if let (Some(reply), Some(datagram)) = (reply.get_mut(..len), datagram.get(..len)) {
            reply.copy_from_slice(datagram);
        }
        len
    }

    fn unsent(&mut self, _: usize) {}
}

/// The sender in a `sockaddr_in` or `sockaddr_in6`, an IPv4 one as IPv4 in either.
fn peer_address(name: &[u8]) -> Option<SocketAddr> {
    let family = i32::from(u16::from_ne_bytes(*name.first_chunk()?));
    let port = u16::from_be_bytes(*name.get(2..)?.first_chunk()?);
    let ip = match family {
        libc::AF_INET => (*name.get(4..)?.first_chunk::<4>()?).into(),
        libc::AF_INET6 => (*name.get(8..)?.first_chunk::<16>()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(std::net::IpAddr::to_canonical(&ip), port))
}

/// Where in an `IP_PKTINFO` or `IPV6_PKTINFO` the interface stands; `None` in what is neither.
fn interface_of(control: &[u8]) -> Option<std::ops::Range<usize>> {
    let level = size_of::<usize>();
    let words = [level, level + 4].map(|at| control.get(at..)?.first_chunk::<4>().copied());
    match words.map(|word| word.map(i32::from_ne_bytes)) {
        [Some(libc::IPPROTO_IP), Some(libc::IP_PKTINFO)] => Some(level + 8..level + 12),
        [Some(libc::IPPROTO_IPV6), Some(libc::IPV6_PKTINFO)] => Some(level + 24..level + 28),
        _ => None,
    }
}

fn address<T>(pointer: *const T) -> u64 {
    // Lossless: no address has more than 64 bits.
    u64::try_from(pointer.expose_provenance()).unwrap_or_default()
}

/// The registered socket.
const SOCKET: Fixed = Fixed(0);
/// The group of the receive buffers.
const GROUP: u16 = 0;
/// Marks completions of the receive.
const RECEIVE: u64 = 0;
/// Marks completions of replies, of which there are none but failures.
const REPLY: u64 = 1;
/// DatagramSocket received at once, a power of two. Few enough that they stay in the core's cache.
const BUFFERS: usize = 128;
/// The same, as the kernel counts.
const BUFFER_COUNT: u16 = 128;
/// A `sockaddr_in6`, the longer of the two.
const ADDRESS_BYTES: usize = size_of::<libc::sockaddr_in6>();
const ADDRESS_LEN: libc::socklen_t = 28;
/// A control message with an `in6_pktinfo`, which is longer than one with an `in_pktinfo`.
const CONTROL_BYTES: usize = size_of::<libc::cmsghdr>() + 24;
/// A datagram with `io_uring_recvmsg_out`, its sender and which address it asked before it.
const BUFFER_BYTES: usize = 16 + ADDRESS_BYTES + CONTROL_BYTES + REQUEST_BYTES;
/// No reply waits for room in the socket: it is lost, as it may be.
const SEND_FLAGS: u32 = 0x40;
const _: () = assert!(libc::MSG_DONTWAIT == 0x40);
/// A reply for each buffer, and the receive.
const SUBMISSIONS: u32 = 256;
/// A completion for each buffer and each refused reply, and room to spare.
const COMPLETIONS: u32 = 512;
