//! The head of an HTTP/1.1 request (RFC 9112), read strictly and in one way on every listener.
//!
//! Two readers that disagree about where a request ends are how requests are smuggled past a proxy, so
//! whatever is ambiguous is refused: bare LF, a length beside `Transfer-Encoding`, two lengths, a missing or
//! doubled `Host`. The request line is read here, because a target may hold any byte that is not a space or a
//! control character: an info hash need not be percent-coded, and then is not text.

use httparse::{Error, Header, Status};

use crate::bounds::{MAX_HEADERS, MAX_REQUEST_BYTES};
use crate::forwarded::ClientHeader;
use crate::framing::{Framing, is_of_host};
use crate::head_refusal::HeadRefusal;

/// A whole head.
#[derive(Clone, Copy, Debug)]
pub struct Head<'h, 'a> {
    /// As sent: methods are case-sensitive.
    pub method: &'a [u8],
    /// Path and query, or `*`. The scheme and authority of an absolute form are cut off.
    pub target: &'a [u8],
    /// Whether it is HTTP/1.0.
    pub is_old: bool,
    /// Whether the client keeps the connection open.
    pub keep_alive: bool,
    /// Whether bytes of a body follow.
    pub has_body: bool,
    /// Which header names a client for whom a proxy asks.
    pub client_header: Option<ClientHeader>,
    /// All of them, in order.
    pub headers: &'h [Header<'a>],
    /// Bytes of the head, with the empty line.
    pub length: usize,
}

/// What the beginning of a buffer is.
#[derive(Clone, Copy, Debug)]
pub enum Parsed<'h, 'a> {
    /// A whole head.
    Head(Head<'h, 'a>),
    /// The beginning of one.
    Partial,
    /// Not one that is answered otherwise than by this status.
    Refused(HeadRefusal),
    /// Possibly a head, but with more headers than there is room for.
    TooManyHeaders,
}

/// Reads the head at the beginning of `bytes`, its headers into `room`.
#[inline]
pub fn read<'h, 'a>(bytes: &'a [u8], room: &'h mut [Header<'a>]) -> Parsed<'h, 'a> {
    // An empty line before a request is ignored (RFC 9112, 2.2).
    let skipped = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
    let bytes = bytes.get(skipped..).unwrap_or_default();
    let is_full = bytes.len() >= MAX_REQUEST_BYTES;
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        return if is_full { Parsed::Refused(HeadRefusal::LongTarget) } else { Parsed::Partial };
    };
    let (line, rest) = bytes.split_at(end + 1);
    let RequestLine { method, target, is_old } = match request_line(line) {
        Ok(line) => line,
        Err(refusal) => return Parsed::Refused(refusal),
    };
    if line.len() > MAX_REQUEST_BYTES {
        return Parsed::Refused(HeadRefusal::LongTarget);
    }
    let has_room_for_all = room.len() >= MAX_HEADERS;
    let (length, headers) = match httparse::parse_headers(rest, room) {
        Ok(Status::Complete((length, headers))) => (length, headers),
        Ok(Status::Partial) if is_full => return Parsed::Refused(HeadRefusal::LargeHeaders),
        // Lines that a whole head could not have are refused at once.
        Ok(Status::Partial) if has_bare_lf(rest) => return Parsed::Refused(HeadRefusal::Malformed),
        Ok(Status::Partial) => return Parsed::Partial,
        Err(Error::TooManyHeaders) if has_room_for_all => {
            return Parsed::Refused(HeadRefusal::LargeHeaders);
        }
        Err(Error::TooManyHeaders) => return Parsed::TooManyHeaders,
        Err(_) => return Parsed::Refused(HeadRefusal::Malformed),
    };
    if end + 1 + length > MAX_REQUEST_BYTES {
        return Parsed::Refused(HeadRefusal::LargeHeaders);
    }
    if has_bare_lf(rest.get(..length).unwrap_or_default()) {
        return Parsed::Refused(HeadRefusal::Malformed);
    }
    match Framing::of(headers, is_old) {
        Ok(Framing { keep_alive, has_body, client_header }) => {
            let length = skipped + end + 1 + length;
            Parsed::Head(Head {
                method,
                target,
                is_old,
                keep_alive,
                has_body,
                client_header,
                headers,
                length,
            })
        }
        Err(refusal) => Parsed::Refused(refusal),
    }
}

struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    is_old: bool,
}

/// Reads a request line with its LF.
fn request_line(line: &[u8]) -> Result<RequestLine<'_>, HeadRefusal> {
    let line = line.strip_suffix(b"\r\n").ok_or(HeadRefusal::Malformed)?;
    let (line, is_old) = match line.split_last_chunk() {
        Some((line, b" HTTP/1.1")) => (line, false),
        Some((line, b" HTTP/1.0")) => (line, true),
        Some((line, [b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'])) => {
            (line, false)
        }
        Some((_, [b' ', b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'])) => {
            return Err(HeadRefusal::Version);
        }
        _ => return Err(HeadRefusal::Malformed),
    };
    let (method, target) = match line.strip_prefix(b"GET ") {
        Some(target) => (&b"GET"[..], target),
        None => {
            let end = memchr::memchr(b' ', line).ok_or(HeadRefusal::Malformed)?;
            let (method, target) = line.split_at(end);
            let is_token =
                |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
            if method.is_empty() || !method.iter().all(is_token) {
                return Err(HeadRefusal::Malformed);
            }
            (method, target.get(1..).unwrap_or_default())
        }
    };
    if has_space_or_control(target) {
        return Err(HeadRefusal::Malformed);
    }
    let target = if target.starts_with(b"/") { target } else { other_form(method, target)? };
    Ok(RequestLine { method, target, is_old })
}

/// The target in origin form of one that is in another (RFC 9112, 3.2).
#[cold]
fn other_form<'a>(method: &[u8], target: &'a [u8]) -> Result<&'a [u8], HeadRefusal> {
    if method == b"OPTIONS" && target == b"*" {
        return Ok(target);
    }
    let schemes: [&[u8]; 2] = [b"http://", b"https://"];
    let rest = schemes.iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let rest = rest.ok_or(HeadRefusal::Malformed)?;
    let authority = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority);
    if authority.is_empty() || !authority.iter().all(is_of_host) {
        return Err(HeadRefusal::Malformed);
    }
    Ok(if path.starts_with(b"/") { path } else { b"/" })
}

/// Looks at every byte, and so at many at once: a search that ends early takes them one by one.
fn has_space_or_control(target: &[u8]) -> bool {
    target.iter().fold(false, |found, byte| found | (*byte <= b' ') | (*byte == 0x7f))
}

/// Whether a line ends without CR. Looks at every byte, likewise.
fn has_bare_lf(lines: &[u8]) -> bool {
    let after = lines.get(1..).unwrap_or_default();
    lines.first() == Some(&b'\n')
        || lines
            .iter()
            .zip(after)
            .fold(false, |found, (before, byte)| found | ((*byte == b'\n') & (*before != b'\r')))
}

#[cfg(test)]
mod tests {
    use httparse::EMPTY_HEADER;

    use super::*;

    #[test]
    fn a_plain_request_is_read_whole() {
        let bytes = b"GET /announce?info_hash=\xff\xfe%00&port=1 HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 1.2.3.4\r\n\r\nGET";
        let mut room = [EMPTY_HEADER; MAX_HEADERS];
        let Parsed::Head(head) = read(bytes, &mut room) else { panic!("not a head") };
        assert_eq!(
            (head.method, head.target),
            (&b"GET"[..], &b"/announce?info_hash=\xff\xfe%00&port=1"[..])
        );
        assert_eq!((head.length, head.keep_alive, head.has_body), (bytes.len() - 3, true, false));
        assert_eq!(head.headers.len(), 2);
    }

    #[test]
    fn every_prefix_is_partial() {
        let bytes = b"\r\nPOST /announce HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
        for length in 0..bytes.len() {
            let mut room = [EMPTY_HEADER; MAX_HEADERS];
            assert!(matches!(read(&bytes[..length], &mut room), Parsed::Partial), "{length} bytes");
        }
        assert_eq!(length(bytes), Some(bytes.len()));
    }

    #[test]
    fn connections_are_kept_as_each_version_has_it() {
        let check = |request: &str, expected| {
            let mut room = [EMPTY_HEADER; MAX_HEADERS];
            let Parsed::Head(head) = read(request.as_bytes(), &mut room) else {
                panic!("{request:?}")
            };
            assert_eq!(head.keep_alive, expected, "{request:?}");
        };
        check("GET / HTTP/1.0\r\n\r\n", false);
        check("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n", true);
        check("GET / HTTP/1.1\r\nHost: t\r\n\r\n", true);
        check("GET / HTTP/1.1\r\nHost: t\r\nCONNECTION: te, CLOSE\r\n\r\n", false);
        for (first, second) in [("close", "keep-alive"), ("keep-alive", "close")] {
            let both = format!("Connection: {first}\r\nConnection: {second}\r\n\r\n");
            check(&format!("GET / HTTP/1.1\r\nHost: t\r\n{both}"), false);
        }
    }

    #[test]
    fn a_request_has_one_host() {
        for headers in [
            "",
            "Host: a\r\nHost: a\r\n",
            "Host: a\r\nhost: b\r\n",
            "Host: a/b\r\n",
            "Host: a b\r\n",
            "Host: u@a\r\n",
        ] {
            refuses(&format!("GET / HTTP/1.1\r\n{headers}\r\n"), HeadRefusal::Malformed);
        }
        refuses("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", HeadRefusal::Malformed);
        for host in ["", "t.example.org:6969", "[2001:db8::1]:80", "127.0.0.1"] {
            accepts(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), "/");
        }
        accepts("GET / HTTP/1.0\r\n\r\n", "/");
    }

    #[test]
    fn where_a_request_ends_is_said_once() {
        for headers in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: \r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding : chunked\r\n",
            " folded: x\r\n",
            "no colon\r\n",
            ": empty\r\n",
        ] {
            refuses(
                &format!("POST / HTTP/1.1\r\nHost: t\r\n{headers}\r\n"),
                HeadRefusal::Malformed,
            );
        }
        refuses("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HeadRefusal::Malformed);
        for coding in ["gzip, chunked", "identity", "xchunked", ""] {
            let request =
                format!("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: {coding}\r\n\r\n");
            refuses(&request, HeadRefusal::UnknownCoding);
        }
        for (headers, expected) in [
            ("", false),
            ("Content-Length: 00\r\n", false),
            ("Content-Length: 5\r\n", true),
            ("Transfer-Encoding: Chunked\r\n", true),
        ] {
            let request = format!("POST / HTTP/1.1\r\nHost: t\r\n{headers}\r\n");
            let mut room = [EMPTY_HEADER; MAX_HEADERS];
            let Parsed::Head(head) = read(request.as_bytes(), &mut room) else {
                panic!("{request:?}")
            };
            assert_eq!(head.has_body, expected, "{request:?}");
        }
    }

    #[test]
    fn lines_end_in_cr_and_lf() {
        for request in [
            "GET / HTTP/1.1\nHost: t\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: t\n\r\n",
            "GET / HTTP/1.1\r\nHost: t\r\n\n",
            "GET / HTTP/1.1\r\n\nHost: t\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: t\rA: b\r\n\r\n",
        ] {
            refuses(request, HeadRefusal::Malformed);
        }
    }

    #[test]
    fn targets_may_have_each_form_that_fits_their_method() {
        accepts("GET http://t.example/announce?a HTTP/1.1\r\nHost: t\r\n\r\n", "/announce?a");
        accepts("GET HTTPS://t.example:80/ HTTP/1.1\r\nHost: t\r\n\r\n", "/");
        accepts("GET http://t.example HTTP/1.1\r\nHost: t\r\n\r\n", "/");
        accepts("GET http://t.example?a HTTP/1.1\r\nHost: t\r\n\r\n", "/");
        accepts("OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n", "*");
        for line in [
            "GET *",
            "GET announce",
            "GET ftp://t/",
            "GET http://",
            "GET http:///a",
            "GET http://u@t/",
            "CONNECT t:80",
            "GET ",
            "GET  /",
            "GET /a b",
            "GET /\x01",
            "GET /\x7f",
            " /",
            "G:T /",
            "/ GET",
        ] {
            refuses(&format!("{line} HTTP/1.1\r\nHost: t\r\n\r\n"), HeadRefusal::Malformed);
        }
    }

    #[test]
    fn other_versions_are_told_from_nonsense() {
        accepts("GET / HTTP/1.2\r\nHost: t\r\n\r\n", "/");
        refuses("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadRefusal::Version);
        refuses("GET / HTTP/0.9\r\n\r\n", HeadRefusal::Version);
        for line in ["GET / HTTP/1.10", "GET / http/1.1", "GET / HTTP/1", "GET /", "nonsense"] {
            refuses(&format!("{line}\r\nHost: t\r\n\r\n"), HeadRefusal::Malformed);
        }
    }

    #[test]
    fn a_head_has_at_most_8_kib_and_32_headers() {
        let pad = |bytes: usize| {
            let (start, end) = ("GET / HTTP/1.1\r\nHost: t\r\nPad: ", "\r\n\r\n");
            format!("{start}{}{end}", "x".repeat(bytes - start.len() - end.len()))
        };
        assert_eq!(length(pad(MAX_REQUEST_BYTES).as_bytes()), Some(MAX_REQUEST_BYTES));
        refuses(&pad(MAX_REQUEST_BYTES + 1), HeadRefusal::LargeHeaders);
        refuses(&pad(MAX_REQUEST_BYTES + 1)[..MAX_REQUEST_BYTES], HeadRefusal::LargeHeaders);
        let line = format!("GET /{}", "x".repeat(MAX_REQUEST_BYTES));
        refuses(&line[..MAX_REQUEST_BYTES], HeadRefusal::LongTarget);
        refuses(&format!("{line} HTTP/1.1\r\nHost: t\r\n\r\n"), HeadRefusal::LongTarget);
        assert!(matches!(
            read(&line.as_bytes()[..MAX_REQUEST_BYTES - 1], &mut []),
            Parsed::Partial
        ));
        let headers = |count: usize| {
            format!("GET / HTTP/1.1\r\nHost: t\r\n{}\r\n", "a: b\r\n".repeat(count - 1))
        };
        accepts(&headers(MAX_HEADERS), "/");
        refuses(&headers(MAX_HEADERS + 1), HeadRefusal::LargeHeaders);
        let mut few = [EMPTY_HEADER; 8];
        assert!(matches!(read(headers(9).as_bytes(), &mut few), Parsed::TooManyHeaders));
    }

    #[track_caller]
    fn accepts(request: &str, target: &str) {
        let mut room = [EMPTY_HEADER; MAX_HEADERS];
        match read(request.as_bytes(), &mut room) {
            Parsed::Head(head) => assert_eq!(head.target, target.as_bytes(), "{request:?}"),
            other => panic!("{request:?}: {other:?}"),
        }
    }

    #[track_caller]
    fn refuses(request: &str, expected: HeadRefusal) {
        let mut room = [EMPTY_HEADER; MAX_HEADERS];
        match read(request.as_bytes(), &mut room) {
            Parsed::Refused(refusal) => assert_eq!(refusal, expected, "{request:?}"),
            other => panic!("{request:?}: {other:?}"),
        }
    }

    #[track_caller]
    fn length(bytes: &[u8]) -> Option<usize> {
        let mut room = [EMPTY_HEADER; MAX_HEADERS];
        match read(bytes, &mut room) {
            Parsed::Head(head) => Some(head.length),
            _ => None,
        }
    }
}
