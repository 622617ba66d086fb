//! What the kernel asks for a request in and a response out over TCP: a loop around epoll that
//! parses by httparse and always answers the same.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;

use httparse::{EMPTY_HEADER, Request, Status};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// Answers each request with `bytes` bytes, head and body, and keeps the connection unless asked
/// to close it. Doesn't return but on an error.
///
/// # Errors
///
/// As the listener and epoll have them.
pub fn bare(listener: &TcpListener, bytes: usize) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    let responses = ResponseCounts::new(bytes);
    let (mut places, mut free) = (Vec::<Option<BareConnection>>::new(), Vec::<usize>::new());
    let mut events = [EpollEvent::empty(); 256];
    loop {
        let ready = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => 0,
            ready => ready?,
        };
        for event in events.iter().take(ready) {
            if event.data() == LISTENER {
                accept(listener, &epoll, &responses, &mut places, &mut free)?;
                continue;
            }
            let Ok(token) = usize::try_from(event.data()) else { continue };
            let Some(place) = places.get_mut(token) else { continue };
            if place.as_mut().is_some_and(|place| !place.go_on(&responses)) {
                *place = None;
                free.push(token);
            }
        }
    }
}

/// Takes all who wait; who has asked already is answered at once.
fn accept(
    listener: &TcpListener,
    epoll: &Epoll,
    responses: &ResponseCounts,
    places: &mut Vec<Option<BareConnection>>,
    free: &mut Vec<usize>,
) -> io::Result<()> {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(_) => continue,
        };
        stream.set_nonblocking(true)?;
        let mut place = BareConnection { stream, held: Vec::with_capacity(MAX_REQUEST) };
        if !place.go_on(responses) {
            continue;
        }
        let token = free.pop().unwrap_or_else(|| {
            places.push(None);
            places.len() - 1
        });
        let data = u64::try_from(token).unwrap_or(LISTENER);
        epoll.add(place.stream.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, data))?;
        if let Some(slot) = places.get_mut(token) {
            *slot = Some(place);
        }
    }
}

/// One connection, and what it has sent of a request.
struct BareConnection {
    stream: TcpStream,
    held: Vec<u8>,
}

impl BareConnection {
    /// Reads once and answers a whole request; says whether the connection is to be kept.
    fn go_on(&mut self, responses: &ResponseCounts) -> bool {
        let held = self.held.len();
        self.held.resize(MAX_REQUEST, 0);
        let read = self.stream.read(self.held.get_mut(held..).unwrap_or_default());
        self.held.truncate(held + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
        let mut headers = [EMPTY_HEADER; 16];
        let mut request = Request::new(&mut headers);
        match request.parse(&self.held) {
            Ok(Status::Complete(_)) => {}
            Ok(Status::Partial) => return self.held.len() < MAX_REQUEST,
            Err(_) => return false,
        }
        let closes = request.headers.iter().any(|header| {
            header.name.eq_ignore_ascii_case("connection")
                && header.value.eq_ignore_ascii_case(b"close")
        });
        let response = if closes { &responses.closing } else { &responses.keeping };
        let sent = self.stream.write_all(response);
        self.held.clear();
        sent.is_ok() && !closes
    }
}

/// What is answered.
struct ResponseCounts {
    keeping: Vec<u8>,
    closing: Vec<u8>,
}

impl ResponseCounts {
    fn new(bytes: usize) -> Self {
        let keeping = response("", bytes);
        Self { keeping, closing: response("Connection: close\r\n", bytes) }
    }
}

/// A response of `bytes` bytes, or of its head alone where that is longer.
fn response(connection: &str, bytes: usize) -> Vec<u8> {
    let head = |body| format!("HTTP/1.1 200 OK\r\n{connection}Content-Length: {body}\r\n\r\n");
    // The digits of the length count, too: what one is too long by another is too short.
    let shorter = bytes.saturating_sub(head(bytes).len());
    let body = bytes.saturating_sub(head(shorter).len());
    let mut response = head(body).into_bytes();
    response.resize(response.len() + body, b'.');
    response
}

const LISTENER: u64 = u64::MAX;
/// The longest request, in bytes.
const MAX_REQUEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_as_long_as_asked_for() {
        for bytes in [60, 137, 138, 330, 1037, 1038, 2000] {
            assert_eq!(response("", bytes).len(), bytes);
        }
        assert_eq!(response("", 0), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
}
