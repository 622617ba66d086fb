//! One client's connection: opened, asked, answered, and asked again or opened anew.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use socket2::{Domain, Socket, Type};

use super::response::{self, ResponseHead};

/// A place for one connection after the other.
pub(super) struct ClientConnection {
    pub(super) source: u32,
    from: SocketAddr,
    stream: Option<TcpStream>,
    request: Vec<u8>,
    written: usize,
    answer: Vec<u8>,
    head: Option<ResponseHead>,
    asked: Option<SentRequest>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct SentRequest {
    /// When the request was meant to be sent.
    pub(super) intended: Instant,
    /// When it was sent.
    pub(super) sent: Instant,
    /// The peer, where it announces.
    pub(super) peer: Option<u32>,
    /// Whether it is a scrape.
    pub(super) scrapes: bool,
}

/// How a request ended.
#[derive(Debug)]
pub(super) enum ResponseEnd<'a> {
    /// With these bytes, of which the head takes so many.
    Answered(&'a [u8], ResponseHead),
    /// With a broken connection.
    Lost,
}

impl ClientConnection {
    pub(super) fn new(source: u32, from: SocketAddr) -> Self {
        let (request, answer) = (Vec::with_capacity(1024), Vec::with_capacity(MAX_READ));
        Self { source, from, stream: None, request, written: 0, answer, head: None, asked: None }
    }

    /// Whether an answer is waited for.
    pub(super) const fn asked(&self) -> Option<SentRequest> {
        self.asked
    }

    /// Asks what `write` writes, over a new connection if there is none; `token` is what `epoll`
    /// shall call it.
    ///
    /// # Errors
    ///
    /// Fails when no connection can be opened.
    pub(super) fn ask(
        &mut self,
        asked: SentRequest,
        target: SocketAddr,
        (epoll, token): (&Epoll, u64),
        write: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        write(&mut self.request);
        (self.written, self.head, self.asked) = (0, None, Some(asked));
        self.answer.clear();
        if self.stream.is_none() {
            let stream = open(self.from, target)?;
            let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
            epoll.add(stream.as_fd(), EpollEvent::new(flags, token))?;
            self.stream = Some(stream);
        }
        self.send();
        Ok(())
    }

    /// Goes on with what the socket is ready for; says how the request ended, if it did.
    pub(super) fn go_on(&mut self) -> Option<ResponseEnd<'_>> {
        self.send();
        let Some(stream) = &mut self.stream else { return None };
        let ended = loop {
            if self.head.is_none() {
                match response::parse(&self.answer) {
                    Ok(head) => self.head = head,
                    Err(_) => break true,
                }
            }
            // One that the tracker ends is read to its end, so that it is always the tracker who
            // closes first.
            let head = self.head.filter(|head| !head.closes);
            let expected = head.and_then(|head| Some(head.len + head.body?));
            if expected.is_some_and(|expected| self.answer.len() >= expected) {
                break false;
            }
            let held = self.answer.len();
            self.answer.resize(held + MAX_READ, 0);
            let read = stream.read(self.answer.get_mut(held..).unwrap_or_default());
            self.answer.truncate(held + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => break true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break true,
            }
        };
        if ended {
            self.stream = None;
        }
        self.asked.take()?;
        let whole =
            |head: &ResponseHead| self.answer.len() >= head.len + head.body.unwrap_or_default();
        Some(match self.head.filter(whole) {
            Some(head) if !ended || head.closes || head.body.is_none() => {
                ResponseEnd::Answered(&self.answer, head)
            }
            _ => ResponseEnd::Lost,
        })
    }

    /// Ends the connection, and the waiting.
    pub(super) fn close(&mut self) {
        (self.stream, self.asked) = (None, None);
    }

    /// Writes what is left of the request; a socket that is not connected yet takes it later, a
    /// broken one is found to be so when it is read.
    fn send(&mut self) {
        let (Some(stream), Some(rest)) = (&mut self.stream, self.request.get(self.written..))
        else {
            return;
        };
        if !rest.is_empty() {
            self.written += stream.write(rest).unwrap_or_default();
        }
    }
}

/// Starts connecting, and does not wait for it.
fn open(from: SocketAddr, target: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    // The port is chosen when the target is known, so that one port serves many connections.
    setsockopt(&socket, IpBindAddressNoPort, &true)?;
    socket.bind(&from.into())?;
    match socket.connect(&target.into()) {
        Err(error) if error.raw_os_error() != Some(nix::libc::EINPROGRESS) => Err(error),
        _ => Ok(socket.into()),
    }
}

/// What is read at a time, in bytes.
const MAX_READ: usize = 8192;
