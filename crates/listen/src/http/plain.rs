//! A thin HTTP/1.1 for what nearly every request is: a GET for announce or scrape, without a body.
//!
//! It takes targets with any bytes in them, as clients send, and answers pipelined requests in order.
//! Anything else it leaves to hyper. Bytes in, bytes out: who moves them is `epoll.rs` or `tokio.rs`.

use std::net::IpAddr;

use httparse::{EMPTY_HEADER, Error, Header, Status};
use tracker::Now;

use crate::bounds::{FORWARDED_FOR, MAX_HEADERS, MAX_REQUEST_BYTES};
use crate::forwarded::TrustedProxies;
use crate::http::responder::{Responder, TargetKind};

/// What answers plain requests; each worker has its own.
pub struct PlainHandler {
    responder: Responder,
    body: Vec<u8>,
}

/// What comes after the requests that are there were answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextStep {
    /// The client wants no more.
    Close,
    /// What came is no request: it was told so.
    Refuse,
    /// The first request that is left is not a plain one.
    HandOver,
    /// The rest of a request, or another.
    More,
}

impl PlainHandler {
    /// A handler that answers by `responder`.
    pub fn new(responder: Responder) -> Self {
        Self { responder, body: Vec::new() }
    }

    /// What answers requests that are not plain.
    pub fn responder(&mut self) -> &mut Responder {
        &mut self.responder
    }

    /// Appends the answers to all whole requests in `bytes`, which came from `source`, to
    /// `replies`. Returns how many bytes those requests were, and what comes next.
    pub fn answer_all(
        &mut self,
        bytes: &[u8],
        source: IpAddr,
        proxies: &TrustedProxies,
        now: Now,
        replies: &mut Vec<u8>,
    ) -> (usize, NextStep) {
        let Self { responder, body } = self;
        let mut done = 0;
        loop {
            let rest = bytes.get(done..).unwrap_or_default();
            if rest.is_empty() {
                return (done, NextStep::More);
            }
            let (mut few, mut many);
            few = [EMPTY_HEADER; FEW_HEADERS];
            let mut request = read(rest, &mut few);
            if matches!(request, Parsed::TooManyHeaders) {
                many = [EMPTY_HEADER; MAX_HEADERS];
                request = read(rest, &mut many);
            }
            let plain = match request {
                // However its packets fall: one that came at once is not longer than one in parts.
                Parsed::Plain(plain) if plain.length <= MAX_REQUEST_BYTES => plain,
                Parsed::NotPlain => return (done, NextStep::HandOver),
                Parsed::Partial if rest.len() < MAX_REQUEST_BYTES => return (done, NextStep::More),
                Parsed::Plain(_) | Parsed::Partial | Parsed::Malformed | Parsed::TooManyHeaders => {
                    replies.extend_from_slice(BAD_REQUEST);
                    return (done, NextStep::Refuse);
                }
            };
            let client = proxies.client(source, plain.hops());
            body.clear();
            if responder.respond(plain.target, client, now, body) == TargetKind::Unknown {
                return (done, NextStep::HandOver);
            }
            write_reply(replies, body, &plain);
            done += plain.length;
            if !plain.keep_alive {
                return (done, NextStep::Close);
            }
        }
    }
}

/// One plain request.
#[derive(Clone, Copy)]
struct PlainRequest<'h, 'a> {
    target: &'a [u8],
    is_old: bool,
    keep_alive: bool,
    headers: &'h [Header<'a>],
    /// Bytes of the whole request.
    length: usize,
}

impl<'h, 'a> PlainRequest<'h, 'a> {
    /// What proxies say of the client, in the order of the headers.
    fn hops(&self) -> impl DoubleEndedIterator<Item = &'a [u8]> + use<'h, 'a> {
        let forwarded = |header: &&Header<'a>| header.name.eq_ignore_ascii_case(FORWARDED_FOR);
        self.headers.iter().filter(forwarded).map(|header| header.value)
    }
}

/// What the beginning of a buffer is.
enum Parsed<'h, 'a> {
    Plain(PlainRequest<'h, 'a>),
    /// More headers than there is room for.
    TooManyHeaders,
    Malformed,
    /// A request, but not a plain one.
    NotPlain,
    Partial,
}

/// Reads the first request. Its line is read here, because a target may hold any byte that is no
/// space or control character: an info hash need not be percent-coded, and then is no text.
fn read<'h, 'a>(bytes: &'a [u8], room: &'h mut [Header<'a>]) -> Parsed<'h, 'a> {
    let Some(end) = memchr::memchr(b'\n', bytes) else { return Parsed::Partial };
    let (line, rest) = bytes.split_at(end + 1);
    let Some(line) = line.strip_suffix(b"\r\n") else { return Parsed::NotPlain };
    let Some(line) = line.strip_prefix(b"GET ") else {
        return if line == HTTP_2 { Parsed::Malformed } else { Parsed::NotPlain };
    };
    let (target, is_old) = match line.split_last_chunk() {
        Some((target, b" HTTP/1.1")) => (target, false),
        Some((target, b" HTTP/1.0")) => (target, true),
        _ => return Parsed::NotPlain,
    };
    if has_space_or_control(target) {
        return Parsed::Malformed;
    }
    let (head, headers) = match httparse::parse_headers(rest, room) {
        Ok(Status::Complete((head, headers))) => (head, headers),
        Ok(Status::Partial) => return Parsed::Partial,
        Err(Error::TooManyHeaders) => return Parsed::TooManyHeaders,
        Err(_) => return Parsed::Malformed,
    };
    let (mut keep_alive, mut closes) = (!is_old, false);
    for Header { name, value } in headers {
        if name.eq_ignore_ascii_case("connection") {
            match value {
                value if value.eq_ignore_ascii_case(b"close") => closes = true,
                value if value.eq_ignore_ascii_case(b"keep-alive") => keep_alive = true,
                _ => return Parsed::NotPlain,
            }
        } else if NOT_PLAIN.iter().any(|other| name.eq_ignore_ascii_case(other)) {
            return Parsed::NotPlain;
        }
    }
    keep_alive &= !closes;
    Parsed::Plain(PlainRequest { target, is_old, keep_alive, headers, length: end + 1 + head })
}

/// Looks at every byte, and so at many at once: a search that ends early takes them one by one.
fn has_space_or_control(target: &[u8]) -> bool {
    target.iter().fold(false, |found, byte| found | (*byte <= b' ') | (*byte == 0x7f))
}

fn write_reply(replies: &mut Vec<u8>, body: &[u8], plain: &PlainRequest<'_, '_>) {
    replies.extend_from_slice(HEAD);
    replies.extend_from_slice(itoa::Buffer::new().format(body.len()).as_bytes());
    replies.extend_from_slice(match (plain.keep_alive, plain.is_old) {
        (false, _) => b"\r\nConnection: close\r\n\r\n",
        (true, true) => b"\r\nConnection: keep-alive\r\n\r\n",
        (true, false) => b"\r\n\r\n",
    });
    replies.extend_from_slice(body);
}

/// As many as clients send, and some more: room for all costs 2 KiB to clear for each request.
const FEW_HEADERS: usize = 8;
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ";
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Content-Length: 75\r\nConnection: close\r\n\r\n\
    this is no HTTP/1.1 request of at most 8 KiB and 32 headers: send GET /...\n";
/// How a client of HTTP/2 begins who did not ask first (RFC 9113, 3.4).
const HTTP_2: &[u8] = b"PRI * HTTP/2.0";
/// With these a request has a body, or wants another protocol.
const NOT_PLAIN: [&str; 4] = ["content-length", "expect", "transfer-encoding", "upgrade"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_request_is_read_whole() {
        let bytes = b"GET /announce?info_hash=\xff\xfe%00&port=1 HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 1.2.3.4\r\n\r\nGET";
        let mut room = [EMPTY_HEADER; MAX_HEADERS];
        let Parsed::Plain(plain) = read(bytes, &mut room) else { panic!("not plain") };
        assert_eq!(plain.target, b"/announce?info_hash=\xff\xfe%00&port=1");
        assert_eq!((plain.length, plain.keep_alive), (bytes.len() - 3, true));
        assert_eq!(plain.hops().collect::<Vec<_>>(), [b"1.2.3.4"]);
    }

    #[test]
    fn every_prefix_is_partial() {
        let bytes = b"GET /announce HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
        for length in 0..bytes.len() {
            let mut room = [EMPTY_HEADER; MAX_HEADERS];
            assert!(matches!(read(&bytes[..length], &mut room), Parsed::Partial), "{length} bytes");
        }
        let mut room = [EMPTY_HEADER; MAX_HEADERS];
        let read = read(bytes, &mut room);
        assert!(matches!(read, Parsed::Plain(PlainRequest { keep_alive: false, .. })));
    }

    #[test]
    fn a_refusal_is_as_long_as_it_says_and_names_the_bounds() {
        let text = str::from_utf8(BAD_REQUEST).unwrap();
        let (kib, headers) = (MAX_REQUEST_BYTES >> 10, MAX_HEADERS);
        assert!(text.contains(&format!("at most {kib} KiB and {headers} headers")), "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{}", body.len());
    }

    #[test]
    fn connections_are_kept_as_each_version_has_it() {
        check("GET / HTTP/1.0\r\n\r\n", Some(false));
        check("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n", Some(true));
        check("GET / HTTP/1.1\r\n\r\n", Some(true));
        check("GET / HTTP/1.1\r\nCONNECTION: CLOSE\r\n\r\n", Some(false));
        for (first, second) in [("close", "keep-alive"), ("keep-alive", "close")] {
            let both = format!("Connection: {first}\r\nConnection: {second}\r\n\r\n");
            check(&format!("GET / HTTP/1.1\r\n{both}"), Some(false));
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_others() {
        for line in ["HEAD / HTTP/1.1", "POST / HTTP/1.1", "GET / HTTP/2.0", "OPTIONS * HTTP/1.1"] {
            check(&format!("{line}\r\n\r\n"), None);
        }
        for header in ["Content-Length: 5", "Transfer-Encoding: chunked", "Upgrade: h2c"] {
            check(&format!("GET / HTTP/1.1\r\n{header}\r\n\r\n"), None);
        }
        check("GET / HTTP/1.1\r\nConnection: keep-alive, te\r\n\r\n", None);
        check("GET / HTTP/1.1\n\n", None);
    }

    #[test]
    fn as_many_headers_are_read_as_hyper_reads() {
        let request = |headers| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(headers));
        let read_with = |headers: usize, room: usize| {
            let request = request(headers);
            match read(request.as_bytes(), &mut vec![EMPTY_HEADER; room]) {
                Parsed::Plain(plain) => Some(plain.headers.len()),
                Parsed::TooManyHeaders => None,
                _ => panic!("{headers} headers: not plain"),
            }
        };
        assert_eq!(read_with(FEW_HEADERS, FEW_HEADERS), Some(FEW_HEADERS));
        assert_eq!(read_with(FEW_HEADERS + 1, FEW_HEADERS), None);
        assert_eq!(read_with(MAX_HEADERS, MAX_HEADERS), Some(MAX_HEADERS));
        assert_eq!(read_with(MAX_HEADERS + 1, MAX_HEADERS), None);
    }

    #[test]
    fn a_malformed_request_is_told_from_another() {
        for bytes in [
            &b"GET /a b HTTP/1.1\r\n\r\n"[..],
            b"GET /\x01 HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
            b"GET / HTTP/1.1\r\n: empty\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            let mut room = [EMPTY_HEADER; MAX_HEADERS];
            assert!(
                matches!(read(bytes, &mut room), Parsed::Malformed),
                "{}",
                bytes.escape_ascii()
            );
        }
    }

    #[track_caller]
    fn check(request: &str, keep_alive: Option<bool>) {
        let mut room = [EMPTY_HEADER; MAX_HEADERS];
        let read = match read(request.as_bytes(), &mut room) {
            Parsed::Plain(plain) => Some(plain.keep_alive),
            Parsed::NotPlain => None,
            _ => panic!("{request:?} is malformed, partial or long"),
        };
        assert_eq!(read, keep_alive, "{request:?}");
    }
}
