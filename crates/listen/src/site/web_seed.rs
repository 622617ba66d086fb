//! The files on a connection: requests are read here, and the kernel moves the bytes.
//!
//! Answers GET and HEAD below the paths of files; every other request is left, with all that was read and not
//! answered, to hyper. It exists because hyper reads a file into the daemon and writes it out again;
//! `sendfile` hands the kernel's own pages to the socket, so that a stream costs neither a copy nor a buffer.
//!
//! A slow client costs a task and some hundred bytes. One that takes nothing for long is cut.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use httparse::{EMPTY_HEADER, Header};
use socket2::SockRef;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{consume_budget, spawn_blocking};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracker::Now;
use web::seed::{
    AuthorizedFile, Denied, FileError, FileResponse, NextPiece, RequestHeaders, ServiceLevel,
    WebSeed, deny, is_of_goods, respond,
};

use crate::admission::{Activity, Permit};
use crate::bounds::{HEADER_TIMEOUT, IDLE_TIMEOUT, MAX_HEADERS};
use crate::clock::Clock;
use crate::forwarded::TrustedProxies;
use crate::head::{self, Head, Parsed};
use crate::head_refusal::HeadRefusal;
use crate::limit::RequestLimit;
use crate::proxy_watch::{ProxyWatch, is_own_network};
use crate::shortage::Shortage;
use crate::stream::finish;

/// What a connection needs to serve files.
#[derive(Debug)]
pub(super) struct WebSeedConnection<'a> {
    /// Decides.
    pub(super) web_seed: &'a WebSeed,
    /// Where the date comes from.
    pub(super) clock: Clock,
    /// When the listener began: paces count from there.
    pub(super) start: Instant,
    /// Whose word on a client's address is taken.
    pub(super) proxies: &'a TrustedProxies,
    /// Notices proxies that are set up wrong.
    pub(super) proxy_watch: &'a ProxyWatch,
    /// Who is connected.
    pub(super) source: IpAddr,
    /// Its place.
    pub(super) permit: &'a Permit,
    /// How many wrong tokens a network may send.
    pub(super) guesses: &'a RequestLimit,
    /// Whether it was said that files are short.
    pub(super) shortage: &'a Shortage,
}

/// How a connection ended, as far as files go.
#[derive(Debug)]
pub(super) enum WebSeedEnd {
    /// It is over.
    Closed,
    /// Something else is asked for.
    HandOver {
        /// What was read and not answered.
        read: Vec<u8>,
        /// Whether the request has a body.
        has_body: bool,
    },
}

impl WebSeedConnection<'_> {
    /// Serves a connection until it ends, `stop` changes between two requests, or something else
    /// than a file is asked for.
    ///
    /// # Errors
    ///
    /// Fails where the connection does.
    pub(super) async fn serve(
        &self,
        stream: &mut TcpStream,
        stop: &mut watch::Receiver<bool>,
    ) -> io::Result<WebSeedEnd> {
        let mut bytes = Vec::new();
        let mut deadline = Instant::now() + HEADER_TIMEOUT;
        loop {
            let mut headers = [EMPTY_HEADER; MAX_HEADERS];
            match self.read(&bytes, &mut headers) {
                Request::File(request) => {
                    let (length, keep_alive) = (request.length, request.asked.keep_alive);
                    let stays = self.answer(stream, &request).await? && keep_alive;
                    if !stays {
                        let _ = stream.shutdown().await;
                        return Ok(WebSeedEnd::Closed);
                    }
                    bytes.drain(..length);
                    self.end_request();
                    deadline = Instant::now() + IDLE_TIMEOUT;
                    continue;
                }
                Request::Other { has_body } => {
                    return Ok(WebSeedEnd::HandOver { read: bytes, has_body });
                }
                Request::Ended(answer) => {
                    finish(stream, answer, self.permit).await?;
                    return Ok(WebSeedEnd::Closed);
                }
                Request::Partial => {}
            }
            let waits = bytes.is_empty();
            if waits {
                // Nothing is held for a connection that waits.
                bytes = Vec::new();
            }
            if !self.permit.hold(bytes.capacity(), self.clock.now().secs) {
                return Ok(WebSeedEnd::Closed);
            }
            tokio::select! {
                biased;
                readable = timeout_at(deadline, stream.readable()) => readable??,
                _ = stop.changed(), if waits => return Ok(WebSeedEnd::Closed),
            }
            bytes.reserve(LEAST_READ_BYTES);
            match stream.try_read_buf(&mut bytes) {
                Ok(0) => return Ok(WebSeedEnd::Closed),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            self.permit.touch(Activity::Busy, self.clock.now().secs);
            if waits {
                deadline = Instant::now() + HEADER_TIMEOUT;
            }
        }
    }

    /// Counts the connection for nobody but its own network until the next request.
    fn end_request(&self) {
        let now_secs = self.clock.now().secs;
        self.permit.touch(Activity::Waiting, now_secs);
        self.permit.leave_member();
        if self.proxies.trusts(self.source) {
            self.permit.leave_groups();
        }
    }

    /// Whether the connection may hold its place for a request; it ends where not, as it would have if its
    /// client had connected itself.
    fn may_stay(&self, client: IpAddr, now_secs: u32) -> bool {
        let is_counted = !self.proxies.trusts(self.source)
            || self.proxies.trusts(client)
            || self.permit.attribute(client, now_secs).is_ok();
        is_counted && self.permit.settle(now_secs).is_ok()
    }

    /// Answers one request; false where the connection can't go on after it.
    async fn answer(&self, stream: &TcpStream, request: &WebSeedRequest<'_>) -> io::Result<bool> {
        let Now { secs: now_secs, unix: now_unix } = self.clock.now();
        if !self.may_stay(request.client, now_secs) {
            return Ok(false);
        }
        let opened = match self.web_seed.authorize(request.target, request.client).await {
            Ok(authorized) => self.open(authorized).await,
            Err(refused) => Err(refused),
        };
        match opened {
            Ok((authorized, file)) => {
                let member = authorized.member();
                if member.is_some_and(|id| self.permit.attribute_member(id, now_secs).is_err()) {
                    return Ok(false);
                }
                if let Some(member) = member
                    && !request.is_named
                    && self.proxies.trusts(self.source)
                {
                    self.proxy_watch.silent(self.source, member.value(), now_secs);
                }
                let FileResponse { head, parts, end } =
                    respond(&authorized, &request.asked, now_unix);
                send_text(stream, &head, !parts.is_empty()).await?;
                let (authorized, file) = (&authorized, &file);
                let transfer = FileTransfer { connection: self, stream, authorized, file };
                for part in parts {
                    send_text(stream, &part.head, true).await?;
                    if !transfer.run(part.bytes.start, part.bytes.end).await? {
                        return Ok(false);
                    }
                }
                send_text(stream, &end, false).await?;
                Ok(true)
            }
            Err(refused) => {
                if refused == Denied::Unknown
                    && !self.guesses.allow(request.client, self.clock.now().secs)
                {
                    // Who guesses gets no answer, and not soon.
                    sleep(GUESS_PAUSE).await;
                    return Ok(false);
                }
                let answer = deny(refused, &request.asked, now_unix);
                send_text(stream, &answer, false).await?;
                Ok(!answer.is_empty())
            }
        }
    }

    /// Opens the file, where no disk can hold up other streams.
    async fn open(
        &self,
        authorized: AuthorizedFile,
    ) -> Result<(Arc<AuthorizedFile>, File), Denied> {
        let authorized = Arc::new(authorized);
        let opening = Arc::clone(&authorized);
        match spawn_blocking(move || opening.open()).await {
            Ok(Ok(file)) => Ok((authorized, file)),
            Ok(Err(error)) if error.is_ours() => {
                if self.shortage.is_news(self.clock.now().secs) {
                    tracing::error!(%error, "goods cannot be opened: raise LimitNOFILE=");
                }
                Err(Denied::Unavailable)
            }
            Ok(Err(error)) => Err(self.web_seed.report(&authorized, &error).await),
            Err(_) => Err(Denied::Unavailable),
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// One file on its way.
struct FileTransfer<'a> {
    connection: &'a WebSeedConnection<'a>,
    stream: &'a TcpStream,
    authorized: &'a AuthorizedFile,
    file: &'a File,
}

impl FileTransfer<'_> {
    /// Sends the bytes from `start` to before `end`; false where it had to stop before.
    async fn run(&self, start: u64, end: u64) -> io::Result<bool> {
        let Self { connection, authorized, .. } = self;
        let mut pace = authorized.stream(connection.web_seed, connection.now());
        let (mut at, mut piece) = (start, 0);
        let (mut looked, mut took) = (connection.now(), connection.now());
        while at < end {
            consume_budget().await;
            let now = connection.now();
            if now.saturating_sub(looked) >= LOOK_AGAIN {
                match connection.web_seed.recheck(authorized).await {
                    Ok(ServiceLevel { place, terms }) => pace.set_terms(place, terms),
                    Err(_) => return Ok(self.cut_off()),
                }
                looked = now;
            }
            if piece == 0 {
                match pace.ask(end - at, now) {
                    NextPiece::Send(bytes) => piece = bytes,
                    NextPiece::Wait(wait) => {
                        sleep(wait).await;
                        // Whoever is made to wait does not stall.
                        took = connection.now();
                        continue;
                    }
                }
            }
            match self.send(at, piece) {
                Ok(0) => {
                    let why = format!("it ends after {at} bytes");
                    connection.web_seed.mark_broken(authorized, &why).await;
                    return Ok(false);
                }
                Ok(sent) => {
                    connection.web_seed.served_bytes.add(
                        authorized.item(),
                        authorized.member(),
                        sent,
                    );
                    connection.permit.touch_bytes(connection.clock.now().secs);
                    (at, piece, took) = (at + sent, piece.saturating_sub(sent), now);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if now.saturating_sub(took) >= STALLED {
                        return Ok(self.cut_off());
                    }
                    if let Ok(writable) = timeout(LOOK_AGAIN, self.stream.writable()).await {
                        writable?;
                    }
                }
                Err(error) if FileError::is_of_the_disk(&error) => {
                    connection.web_seed.report(authorized, &FileError::Unreadable(error)).await;
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Lets the kernel move bytes, as many as fit into the socket's buffer.
    fn send(&self, at: u64, bytes: u64) -> io::Result<u64> {
        let mut offset = i64::try_from(at).map_err(io::Error::other)?;
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let sent = self.stream.try_io(Interest::WRITABLE, || {
            Ok(nix::sys::sendfile::sendfile64(self.stream, self.file, Some(&mut offset), bytes)?)
        })?;
        u64::try_from(sent).map_err(io::Error::other)
    }

    /// Drops what the kernel has not sent yet as well.
    fn cut_off(&self) -> bool {
        let _ = SockRef::from(self.stream).set_linger(Some(Duration::ZERO));
        false
    }
}

/// Sends a head or what frames a part. If there is more, the kernel may wait for it before it sends a small packet.
async fn send_text(stream: &TcpStream, text: &str, more: bool) -> io::Result<()> {
    let flags = if more { libc::MSG_MORE | libc::MSG_NOSIGNAL } else { libc::MSG_NOSIGNAL };
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let send = || SockRef::from(stream).send_with_flags(rest, flags);
        let sent = timeout(STALLED, stream.async_io(Interest::WRITABLE, send)).await??;
        rest = rest.get(sent..).unwrap_or_default();
    }
    Ok(())
}

/// A request for a file.
struct WebSeedRequest<'a> {
    target: &'a [u8],
    client: IpAddr,
    /// Whether a header names the client.
    is_named: bool,
    asked: RequestHeaders<'a>,
    /// Bytes of the whole request.
    length: usize,
}

/// What the beginning of a buffer asks for.
enum Request<'a> {
    /// It is answered by this, and the connection ends.
    Ended(&'static [u8]),
    File(WebSeedRequest<'a>),
    /// A request, but not for a file.
    Other {
        has_body: bool,
    },
    Partial,
}

impl WebSeedConnection<'_> {
    /// Reads the first request.
    fn read<'a>(&self, bytes: &'a [u8], room: &mut [Header<'a>; MAX_HEADERS]) -> Request<'a> {
        let head = match head::read(bytes, room) {
            Parsed::Head(head) => head,
            Parsed::Partial | Parsed::TooManyHeaders => return Request::Partial,
            Parsed::Refused(refusal) => {
                if self.is_watched() {
                    let now_secs = self.clock.now().secs;
                    self.proxy_watch.connection_begins(bytes, self.source, self.proxies, now_secs);
                }
                return Request::Ended(refusal.response());
            }
        };
        let Head { method, target, .. } = head;
        let client = self.client(&head);
        if target == b"*" {
            return Request::Ended(SERVER_OPTIONS);
        }
        if !is_of_goods(target) || !matches!(method, b"GET" | b"HEAD") {
            return Request::Other { has_body: head.has_body };
        }
        if head.has_body {
            // A body has no meaning here, and nobody reads it.
            return Request::Ended(HeadRefusal::Malformed.response());
        }
        let is_head = method == b"HEAD";
        let keep_alive = head.keep_alive;
        let mut asked = RequestHeaders { head: is_head, keep_alive, ..RequestHeaders::default() };
        for Header { name, value } in head.headers {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            if is("if-match") {
                asked.if_match = Some(value);
            } else if is("if-none-match") {
                asked.if_none_match = Some(value);
            } else if is("range") && !is_head {
                // Of GET alone (RFC 9110, 14.2).
                asked.range = Some(value);
            } else if is("if-range") {
                asked.if_range = Some(value);
            }
        }
        let is_named = head.client_header.is_some();
        Request::File(WebSeedRequest { target, client, is_named, asked, length: head.length })
    }

    /// The client behind a request.
    fn client(&self, head: &Head<'_, '_>) -> IpAddr {
        if self.is_watched() {
            let now_secs = self.clock.now().secs;
            self.proxy_watch.client(head, self.source, self.proxies, now_secs)
        } else {
            self.source
        }
    }

    /// Whether a header that names a client says anything: from the internet, anybody may send one to a page.
    fn is_watched(&self) -> bool {
        self.proxies.trusts(self.source) || is_own_network(self.source)
    }
}

/// Answers `OPTIONS *`.
const SERVER_OPTIONS: &[u8] =
    b"HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, POST, OPTIONS\r\nConnection: close\r\n\r\n";
/// Room to read into: as much as usual requests have.
const LEAST_READ_BYTES: usize = 1024;
/// How often a stream's right is looked at: a revocation ends it within five seconds.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How long a connection is held that sent one wrong token too many.
const GUESS_PAUSE: Duration = Duration::from_secs(1);
/// A client that takes nothing for so long is cut off.
pub(super) const STALLED: Duration = Duration::from_secs(60);
