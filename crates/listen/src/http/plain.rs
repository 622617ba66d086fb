//! Answers the requests of the announce listener: GET and HEAD for announces and scrapes, and what to do
//! instead for everything else.
//!
//! It answers pipelined requests in order, and stops where the client is slow to read. Bytes in, bytes out:
//! `epoll.rs` and `tokio.rs` move them.

use std::net::IpAddr;
use std::sync::Arc;

use httparse::EMPTY_HEADER;
use tracker::Now;
use wire::http::{HttpRequest, parse_target};

use crate::bounds::{MAX_HEADERS, MAX_UNSENT_BYTES};
use crate::context::ListenContext;
use crate::forwarded::{ConnectionOrigin, TrustedProxies};
use crate::head::{self, Head, Parsed};
use crate::http::responder::{Responder, TargetKind};

/// Answers requests; each worker has its own.
pub struct PlainHandler {
    shared: Arc<ListenContext>,
    responder: Responder,
    body: Vec<u8>,
}

/// What comes after the requests that are there were answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextStep {
    /// The connection ends once the replies are sent.
    Close,
    /// The same, but the client may be sending still: its bytes are read and dropped for a moment, or the
    /// kernel would drop the replies.
    Drain,
    /// The rest of a request, or another.
    More,
    /// Requests are left: they are answered once the replies are sent.
    Send,
}

impl PlainHandler {
    /// A handler for one worker.
    pub fn new(shared: &Arc<ListenContext>) -> Self {
        let responder = Responder::new(shared);
        Self { shared: Arc::clone(shared), responder, body: Vec::new() }
    }

    /// Appends the answers to the whole requests in `bytes`, which came from `origin`, to `replies`, until
    /// these hold [`MAX_UNSENT_BYTES`]. Returns how many bytes those requests were, and what comes next.
    pub fn answer_all(
        &mut self,
        bytes: &[u8],
        origin: ConnectionOrigin,
        proxies: &TrustedProxies,
        now: Now,
        replies: &mut Vec<u8>,
    ) -> (usize, NextStep) {
        let mut done = 0;
        loop {
            let rest = bytes.get(done..).unwrap_or_default();
            if rest.is_empty() {
                return (done, NextStep::More);
            }
            if replies.len() >= MAX_UNSENT_BYTES {
                return (done, NextStep::Send);
            }
            let (mut few, mut many);
            few = [EMPTY_HEADER; FEW_HEADERS];
            let mut parsed = head::read(rest, &mut few);
            if matches!(parsed, Parsed::TooManyHeaders) {
                many = [EMPTY_HEADER; MAX_HEADERS];
                parsed = head::read(rest, &mut many);
            }
            let head = match parsed {
                Parsed::Head(head) => head,
                Parsed::Partial | Parsed::TooManyHeaders => return (done, NextStep::More),
                Parsed::Refused(refusal) => {
                    let watch = &self.shared.proxy_watch;
                    watch.connection_begins(rest, origin.address, proxies, now.secs);
                    replies.extend_from_slice(refusal.response());
                    return (done, NextStep::Drain);
                }
            };
            self.answer(&head, origin, proxies, now, replies);
            done += head.length;
            if head.has_body {
                // Nobody wants it, and what follows it could be told from it only by reading it.
                return (done, NextStep::Drain);
            }
            if !head.keep_alive {
                return (done, NextStep::Close);
            }
        }
    }

    fn answer(
        &mut self,
        head: &Head<'_, '_>,
        origin: ConnectionOrigin,
        proxies: &TrustedProxies,
        now: Now,
        replies: &mut Vec<u8>,
    ) {
        let Self { shared, responder, body } = self;
        body.clear();
        let is_head = match head.method {
            b"GET" => false,
            b"HEAD" => true,
            b"OPTIONS" => {
                replies.extend_from_slice(OPTIONS);
                return end_head(replies, head);
            }
            _ => {
                body.extend_from_slice(USE_GET);
                return write_reply(replies, METHOD_NOT_ALLOWED, body, head);
            }
        };
        let client = shared.proxy_watch.client(head, origin.address, proxies, now.secs);
        if origin.is_proxy && head.client_header.is_none() {
            note_silent(shared, head, origin.address, now);
        }
        let status = match responder.respond(head.target, client, now, body) {
            TargetKind::Tracker => OK,
            TargetKind::Unknown => {
                body.extend_from_slice(NOTHING_HERE);
                NOT_FOUND
            }
        };
        write_reply(replies, status, body, head);
        if is_head {
            replies.truncate(replies.len().saturating_sub(body.len()));
        }
    }
}

/// Notes that a trusted proxy passed on an announce and does not say for whom: clients differ by their ports.
#[cold]
fn note_silent(shared: &ListenContext, head: &Head<'_, '_>, proxy: IpAddr, now: Now) {
    if let Ok(HttpRequest::Announce(announce)) = parse_target(head.target) {
        shared.proxy_watch.silent(proxy, u32::from(announce.port), now.secs);
    }
}

/// Writes a response; `start` is its head up to the length.
fn write_reply(replies: &mut Vec<u8>, start: &[u8], body: &[u8], head: &Head<'_, '_>) {
    replies.extend_from_slice(start);
    replies.extend_from_slice(itoa::Buffer::new().format(body.len()).as_bytes());
    end_head(replies, head);
    replies.extend_from_slice(body);
}

/// Writes whether the connection stays, and the empty line.
fn end_head(replies: &mut Vec<u8>, head: &Head<'_, '_>) {
    replies.extend_from_slice(match (head.keep_alive && !head.has_body, head.is_old) {
        (false, _) => b"\r\nConnection: close\r\n\r\n",
        (true, true) => b"\r\nConnection: keep-alive\r\n\r\n",
        (true, false) => b"\r\n\r\n",
    });
}

/// As many as clients send, and some more: room for all costs 2 KiB to clear for each request.
const FEW_HEADERS: usize = 8;
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ";
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: ";
const METHOD_NOT_ALLOWED: &[u8] =
    b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, OPTIONS\r\n\
    Content-Type: text/plain\r\nContent-Length: ";
/// Without a length, as a 204 has none (RFC 9110, 8.6).
const OPTIONS: &[u8] = b"HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, OPTIONS";
const NOTHING_HERE: &[u8] = b"nothing here: a tracker's paths are /announce and /scrape\n";
const USE_GET: &[u8] = b"use GET\n";
