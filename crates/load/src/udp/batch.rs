//! Datagrams, many a system call.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd};

use arrayvec::ArrayVec;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrLike, recvmmsg, sendmmsg};

/// The most datagrams of one system call.
pub(super) const BATCH: usize = 64;

/// Room for a batch of datagrams to come, and their senders `S` (`()` where nobody asks).
pub(super) struct Inbox<S> {
    headers: MultiHeaders<S>,
    buffers: Box<[[u8; MAX_IN]; BATCH]>,
}

impl<S: SockaddrLike + Copy> Inbox<S> {
    pub(super) fn new() -> Self {
        Self {
            headers: MultiHeaders::preallocate(BATCH, None),
            buffers: Box::new([[0; MAX_IN]; BATCH]),
        }
    }

    /// Takes what has come, and hands out each; returns how many there were.
    ///
    /// # Errors
    ///
    /// `EAGAIN` where nothing has come and `flags` say not to wait.
    pub(super) fn receive(
        &mut self,
        socket: BorrowedFd<'_>,
        flags: MsgFlags,
        mut each: impl FnMut(&[u8], Option<S>),
    ) -> Result<usize, Errno> {
        let mut slices = self.buffers.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
        let messages =
            recvmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter_mut(), flags, None)?;
        let mut count = 0;
        for message in messages {
            let bytes = message.iovs().next().unwrap_or_default();
            each(bytes, message.address);
            count += 1;
        }
        Ok(count)
    }
}

/// A batch of datagrams to go.
pub(super) struct Outbox<S> {
    headers: MultiHeaders<S>,
    buffers: Box<[[u8; MAX_OUT]; BATCH]>,
    lens: ArrayVec<usize, BATCH>,
    to: [Option<S>; BATCH],
}

impl<S: SockaddrLike + Copy> Outbox<S> {
    pub(super) fn new() -> Self {
        Self {
            headers: MultiHeaders::preallocate(BATCH, None),
            buffers: Box::new([[0; MAX_OUT]; BATCH]),
            lens: ArrayVec::new(),
            to: [None; BATCH],
        }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.lens.is_full()
    }

    /// Adds a datagram for `to`, or for the peer of a connected socket; `write` returns its length.
    pub(super) fn push(&mut self, to: Option<S>, write: impl FnOnce(&mut [u8]) -> usize) {
        let place = self.lens.len();
        if let (Some(buffer), Some(address)) = (self.buffers.get_mut(place), self.to.get_mut(place))
        {
            *address = to;
            self.lens.push(write(buffer));
        }
    }

    /// Sends all, waiting for room where there is none; the rest is dropped on an error.
    ///
    /// # Errors
    ///
    /// As `sendmmsg` has them: on a connected socket that of an earlier datagram, too.
    pub(super) fn send(&mut self, socket: BorrowedFd<'_>) -> Result<(), Errno> {
        let slices: ArrayVec<[IoSlice<'_>; 1], BATCH> = self
            .buffers
            .iter()
            .zip(&self.lens)
            .map(|(buffer, len)| [IoSlice::new(buffer.get(..*len).unwrap_or_default())])
            .collect();
        let (mut slices, mut to) = (slices.as_slice(), self.to.as_slice());
        let mut result = Ok(());
        while !slices.is_empty() && result.is_ok() {
            let flags = MsgFlags::empty();
            let sent =
                sendmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter(), to, [], flags);
            match sent {
                Ok(sent) => {
                    let sent = sent.count();
                    slices = slices.get(sent..).unwrap_or_default();
                    to = to.get(sent..).unwrap_or_default();
                }
                Err(Errno::EINTR) => {}
                Err(error) => result = Err(error),
            }
        }
        self.lens.clear();
        result
    }
}

/// Longer replies are cut: an Ethernet frame's worth is more than any tracker sends.
const MAX_IN: usize = 2048;
/// Longer than any request, and than the reply of an echo.
pub(super) const MAX_OUT: usize = 1472;
/// What a socket's buffers may hold, in bytes, so that a burst is not lost.
pub(super) const BUFFER_BYTES: usize = 4 << 20;
