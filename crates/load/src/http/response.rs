//! Responses, as far as a generator cares: how long, and refused or not.

use httparse::{EMPTY_HEADER, Response, Status};

/// A head that was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ResponseHead {
    /// Bytes of the head.
    pub(super) len: usize,
    /// Bytes of the body; [`None`] where it ends with the connection.
    pub(super) body: Option<usize>,
    /// Whether the status is 200.
    pub(super) good: bool,
    /// Whether the tracker will end the connection.
    pub(super) closes: bool,
}

/// Reads a head; `Ok(None)` where it is not all there yet, `Err` where it is none.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<ResponseHead>, httparse::Error> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut response = Response::new(&mut headers);
    let Status::Complete(len) = response.parse(bytes)? else { return Ok(None) };
    let value = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| str::from_utf8(header.value).ok())
    };
    let connection = value("connection");
    let closes = match response.version {
        Some(0) => !connection.is_some_and(|value| value.eq_ignore_ascii_case("keep-alive")),
        _ => connection.is_some_and(|value| value.eq_ignore_ascii_case("close")),
    };
    Ok(Some(ResponseHead {
        len,
        body: value("content-length").and_then(|value| value.trim().parse().ok()),
        good: response.code == Some(200),
        closes,
    }))
}

/// The text of a failure reason, where a body starts with one (BEP 3).
pub(super) fn failure(body: &[u8]) -> Option<&[u8]> {
    let rest = body.strip_prefix(b"d14:failure reason")?;
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let (len, text) = rest.split_at_checked(colon)?;
    let len: usize = str::from_utf8(len).ok()?.parse().ok()?;
    text.get(1..)?.get(..len)
}

const MAX_HEADERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, expected: (Option<usize>, bool, bool)) {
        let read = parse(head.as_bytes()).unwrap().unwrap();
        assert_eq!(read.len, head.len());
        assert_eq!((read.body, read.good, read.closes), expected);
        for len in 0..head.len() {
            assert_eq!(parse(&head.as_bytes()[..len]), Ok(None), "{len}");
        }
    }

    #[test]
    fn reads_length_status_and_whether_it_closes() {
        check("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", (Some(7), true, false));
        check(
            "HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            (Some(0), false, true),
        );
        check("HTTP/1.0 200 OK\r\n\r\n", (None, true, true));
        check("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", (None, true, false));
    }

    #[test]
    fn what_is_no_response_is_refused() {
        assert!(parse(b"d8:intervali1e").is_err());
    }

    #[test]
    fn reads_why_it_was_refused() {
        let mut body = Vec::new();
        let failure_of =
            wire::FailureReply { reason: "no such torrent", ..wire::FailureReply::default() };
        wire::http::encode_failure(&failure_of, &mut body);
        assert_eq!(failure(&body), Some(&b"no such torrent"[..]));
        assert_eq!(failure(b"d8:intervali1800ee"), None);
        assert_eq!(failure(b"d14:failure reason99:no"), None);
    }
}
