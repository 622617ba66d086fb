//! What a request's headers say about the connection: where the request ends, whether another may follow, and for
//! whom it is made.
//!
//! Whatever is ambiguous is refused (RFC 9112): see [`head`](crate::head), whose tests are this file's too.

use httparse::Header;

use crate::bounds::FORWARDED_FOR;
use crate::forwarded::ClientHeader;
use crate::head_refusal::HeadRefusal;

/// What headers say about where a request ends, and which of them names a client.
pub(crate) struct Framing {
    /// Whether the client keeps the connection open.
    pub(crate) keep_alive: bool,
    /// Whether bytes of a body follow.
    pub(crate) has_body: bool,
    /// Which header names a client for whom a proxy asks.
    pub(crate) client_header: Option<ClientHeader>,
}

impl Framing {
    /// Reads them, in one pass.
    pub(crate) fn of(headers: &[Header<'_>], is_old: bool) -> Result<Self, HeadRefusal> {
        let (mut hosts, mut keep_alive, mut closes) = (0, !is_old, false);
        let (mut length, mut coding, mut client_header) = (None, None, None);
        for Header { name, value } in headers {
            // Most headers are of another length, and so are compared with none.
            match name.len() {
                4 if name.eq_ignore_ascii_case("host") => {
                    hosts += 1;
                    if !value.iter().all(is_of_host) {
                        return Err(HeadRefusal::Malformed);
                    }
                }
                9 if name.eq_ignore_ascii_case("x-real-ip") => {
                    client_header = client_header.max(Some(ClientHeader::RealIp));
                }
                9 if name.eq_ignore_ascii_case("forwarded") => {
                    client_header = client_header.max(Some(ClientHeader::Forwarded));
                }
                10 if name.eq_ignore_ascii_case("connection") => {
                    for option in value.split(|byte| *byte == b',') {
                        let option = option.trim_ascii();
                        closes |= option.eq_ignore_ascii_case(b"close");
                        keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                    }
                }
                14 if name.eq_ignore_ascii_case("content-length") => {
                    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
                    if !is_number || length.replace(*value).is_some() {
                        return Err(HeadRefusal::Malformed);
                    }
                }
                15 if name.eq_ignore_ascii_case(FORWARDED_FOR) => {
                    client_header = Some(ClientHeader::ForwardedFor);
                }
                17 if name.eq_ignore_ascii_case("transfer-encoding")
                    && coding.replace(*value).is_some() =>
                {
                    return Err(HeadRefusal::Malformed);
                }
                _ => {}
            }
        }
        if hosts > 1 || (hosts == 0 && !is_old) {
            return Err(HeadRefusal::Malformed);
        }
        if let Some(coding) = coding {
            if length.is_some() || is_old {
                return Err(HeadRefusal::Malformed);
            }
            if !coding.eq_ignore_ascii_case(b"chunked") {
                return Err(HeadRefusal::UnknownCoding);
            }
        }
        let is_empty = length.is_none_or(|length| length.iter().all(|digit| *digit == b'0'));
        Ok(Self {
            keep_alive: keep_alive && !closes,
            has_body: coding.is_some() || !is_empty,
            client_header,
        })
    }
}

/// Whether a byte may be in a host with its port (RFC 3986, 3.2.2).
pub(crate) fn is_of_host(byte: &u8) -> bool {
    matches!(
        byte,
        b'0'..=b';' // digits, colon and semicolon
            | b'A'..=b'Z'
            | b'a'..=b'z'
            | b'%'..=b'.' // percent sign, ampersand, quote, brackets, asterisk, plus, comma, minus, dot
            | b'!' | b'$' | b'=' | b'[' | b']' | b'_' | b'~'
    )
}
