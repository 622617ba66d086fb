//! The answers to requests that are refused before anybody looks at their target.

/// Why a request is refused before anybody looks at its target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeadRefusal {
    /// 400: it is malformed or ambiguous.
    Malformed,
    /// 414: its line alone is longer than a whole request may be.
    LongTarget,
    /// 431: its headers are too long or too many.
    LargeHeaders,
    /// 501: its body comes in a coding that is not known.
    UnknownCoding,
    /// 505: it is of another major version.
    Version,
}

impl HeadRefusal {
    /// The whole response, after which the connection ends.
    pub const fn response(self) -> &'static [u8] {
        match self {
            Self::Malformed => MALFORMED,
            Self::LongTarget => LONG_TARGET,
            Self::LargeHeaders => LARGE_HEADERS,
            Self::UnknownCoding => UNKNOWN_CODING,
            Self::Version => VERSION,
        }
    }
}

const MALFORMED: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Content-Length: 78\r\nConnection: close\r\n\r\n\
    this is not an HTTP/1.1 request: send GET /... HTTP/1.1, Host: and CRLF lines\n";
const LONG_TARGET: &[u8] = b"HTTP/1.1 414 URI Too Long\r\nContent-Type: text/plain\r\n\
    Content-Length: 50\r\nConnection: close\r\n\r\n\
    a request line and its headers have at most 8 KiB\n";
const LARGE_HEADERS: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain\r\n\
    Content-Length: 66\r\nConnection: close\r\n\r\n\
    a request has at most 32 headers, and with its line at most 8 KiB\n";
const UNKNOWN_CODING: &[u8] = b"HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain\r\n\
    Content-Length: 52\r\nConnection: close\r\n\r\n\
    the only transfer coding that is known is \"chunked\"\n";
const VERSION: &[u8] = b"HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain\r\n\
    Content-Length: 24\r\nConnection: close\r\n\r\n\
    HTTP/1.1 is spoken here\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::{MAX_HEADERS, MAX_REQUEST_BYTES};

    #[test]
    fn refusals_are_as_long_as_they_say_and_name_the_bounds() {
        for refusal in [
            HeadRefusal::Malformed,
            HeadRefusal::LongTarget,
            HeadRefusal::LargeHeaders,
            HeadRefusal::UnknownCoding,
            HeadRefusal::Version,
        ] {
            let text = str::from_utf8(refusal.response()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(
                head.contains(&format!("Content-Length: {}\r\n", body.len())),
                "{head}: {}",
                body.len()
            );
        }
        let text = str::from_utf8(LARGE_HEADERS).unwrap();
        assert!(text.contains(&format!("at most {MAX_HEADERS} headers")), "{text}");
        assert!(text.contains(&format!("at most {} KiB", MAX_REQUEST_BYTES >> 10)), "{text}");
    }
}
