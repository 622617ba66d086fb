//! The response to a request for a file: status, headers, and which bytes of the file follow.
//!
//! Deliberately absent: `Last-Modified`, because one ETag is enough, and `Content-Encoding`, because a client that
//! asks for bytes means these.

use std::fmt::{Arguments, Write};
use std::ops::Range;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::file::AuthorizedFile;
use super::range::{RequestedRange, requested};
use super::web_seed::Denied;
use crate::http::EntityTag;

/// The parts of a request that matter here, apart from its target.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestHeaders<'a> {
    /// The value of `If-Match`.
    pub if_match: Option<&'a [u8]>,
    /// The value of `If-None-Match`.
    pub if_none_match: Option<&'a [u8]>,
    /// The value of `Range`.
    pub range: Option<&'a [u8]>,
    /// The value of `If-Range`.
    pub if_range: Option<&'a [u8]>,
    /// Whether the method is HEAD: no bytes follow.
    pub head: bool,
    /// Whether the connection stays open.
    pub keep_alive: bool,
}

/// A response: its head, the parts that follow, and what follows them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FileResponse {
    /// Status line and headers, with the empty line.
    pub head: String,
    /// Parts of the file, to be sent in this order.
    pub parts: Vec<FilePart>,
    /// What ends several parts; empty otherwise.
    pub end: String,
}

/// A part of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FilePart {
    /// What precedes the bytes of one of several parts; empty otherwise.
    pub head: String,
    /// The bytes.
    pub bytes: Range<u64>,
}

/// Responds to an authorized request at a time in Unix seconds.
pub fn respond(file: &AuthorizedFile, asked: &RequestHeaders<'_>, now_unix: u32) -> FileResponse {
    let etag = file.etag();
    // Conditions come before ranges (RFC 9110, 13.2.2).
    if asked.if_match.is_some_and(|tags| !etag.is_in(tags)) {
        let mut head = begin("412 Precondition Failed", Some(0), now_unix);
        finish(&mut head, asked.keep_alive);
        return FileResponse { head, ..FileResponse::default() };
    }
    if asked.if_none_match.is_some_and(|tags| etag.is_weakly_in(tags)) {
        // Its length would be the file's, and some clients wait for that many bytes.
        let mut head = begin("304 Not Modified", None, now_unix);
        line(&mut head, format_args!("ETag: {etag}"));
        finish(&mut head, asked.keep_alive);
        return FileResponse { head, ..FileResponse::default() };
    }
    let PartsBody { status, headers, mut parts, end } = body(file, asked, &etag);
    let framing: usize = parts.iter().map(|part| part.head.len()).sum::<usize>() + end.len();
    let bytes = parts.iter().map(|part| part.bytes.end - part.bytes.start);
    let length = bytes.fold(0u64, u64::saturating_add);
    let length = length.saturating_add(u64::try_from(framing).unwrap_or(u64::MAX));
    let mut head = begin(status, Some(length), now_unix) + &headers;
    line(&mut head, format_args!("ETag: {etag}"));
    line(&mut head, format_args!("Accept-Ranges: bytes"));
    line(&mut head, format_args!("X-Content-Type-Options: nosniff"));
    if let Some(name) = file.download_name() {
        let name = percent_encode(name, NON_ALPHANUMERIC);
        line(&mut head, format_args!("Content-Disposition: attachment; filename*=UTF-8''{name}"));
    }
    finish(&mut head, asked.keep_alive);
    if asked.head {
        parts.clear();
    }
    FileResponse { head, parts, end }
}

/// What a response that is not conditional consists of.
struct PartsBody {
    status: &'static str,
    headers: String,
    parts: Vec<FilePart>,
    end: String,
}

fn body(file: &AuthorizedFile, asked: &RequestHeaders<'_>, etag: &EntityTag) -> PartsBody {
    let (length, kind) = (file.length(), file.content_type());
    let mut headers = String::new();
    let part = |bytes| FilePart { head: String::new(), bytes };
    let (status, parts) = match requested(asked.range_in_force(etag), length) {
        RequestedRange::Parts(parts) if parts.len() > 1 => {
            return several(&parts, length, kind.as_ref(), &file.boundary());
        }
        RequestedRange::Parts(parts) => {
            let lines = parts.iter().map(|part| content_range(part, length));
            headers.extend(lines);
            ("206 Partial Content", parts.into_iter().map(part).collect())
        }
        RequestedRange::Unsatisfiable => {
            line(&mut headers, format_args!("Content-Range: bytes */{length}"));
            ("416 Range Not Satisfiable", Vec::new())
        }
        RequestedRange::Whole if length == 0 => ("200 OK", Vec::new()),
        RequestedRange::Whole => ("200 OK", vec![part(0..length)]),
    };
    line(&mut headers, format_args!("Content-Type: {kind}"));
    PartsBody { status, headers, parts, end: String::new() }
}

/// Several parts in one body (RFC 9110, 14.6).
fn several(parts: &[Range<u64>], length: u64, kind: &str, boundary: &str) -> PartsBody {
    let part = |bytes: &Range<u64>| {
        let range = content_range(bytes, length);
        let head = format!("\r\n--{boundary}\r\nContent-Type: {kind}\r\n{range}\r\n");
        FilePart { head, bytes: bytes.clone() }
    };
    PartsBody {
        status: "206 Partial Content",
        headers: format!("Content-Type: multipart/byteranges; boundary={boundary}\r\n"),
        parts: parts.iter().map(part).collect(),
        end: format!("\r\n--{boundary}--\r\n"),
    }
}

fn content_range(part: &Range<u64>, length: u64) -> String {
    format!("Content-Range: bytes {}-{}/{length}\r\n", part.start, part.end.saturating_sub(1))
}

/// Responds to a request that is denied: the same for whatever was wrong with it, except for a right that has
/// ended. Empty if nothing should be sent.
pub fn deny(denied: Denied, asked: &RequestHeaders<'_>, now_unix: u32) -> String {
    let (status, body) = match denied {
        Denied::Missing | Denied::Unknown => ("404 Not Found", MISSING),
        Denied::Expired => ("403 Forbidden", EXPIRED),
        Denied::Unavailable => return String::new(),
    };
    let length = u64::try_from(body.len()).unwrap_or(0);
    let mut head = begin(status, Some(length), now_unix);
    head.push_str("Content-Type: text/plain; charset=utf-8\r\n");
    finish(&mut head, asked.keep_alive);
    if !asked.head {
        head.push_str(body);
    }
    head
}

impl<'a> RequestHeaders<'a> {
    /// The range, if it counts: it is defined for GET alone (RFC 9110, 14.2), and may be asked of another edition
    /// of the file.
    fn range_in_force(&self, etag: &EntityTag) -> Option<&'a [u8]> {
        let is_other = |condition: &[u8]| !etag.is(condition.trim_ascii());
        self.range.filter(|_| !self.head && !self.if_range.is_some_and(is_other))
    }
}

fn begin(status: &str, length: Option<u64>, now_unix: u32) -> String {
    let now = Timestamp::from_second(now_unix.into()).unwrap_or_default();
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let mut head = format!("HTTP/1.1 {status}\r\nDate: {date}\r\n");
    if let Some(length) = length {
        line(&mut head, format_args!("Content-Length: {length}"));
    }
    head
}

fn line(head: &mut String, text: Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = write!(head, "{text}\r\n");
}

fn finish(head: &mut String, keep_alive: bool) {
    // The URL is a secret: no cache may keep what it opens, and no other site may learn it.
    head.push_str("Cache-Control: private, no-store\r\nReferrer-Policy: no-referrer\r\n");
    // Sent even to HTTP/1.1 clients, which take it for granted, because HTTP/1.0 clients do not.
    head.push_str(if keep_alive {
        "Connection: keep-alive\r\n\r\n"
    } else {
        "Connection: close\r\n\r\n"
    });
}

const MISSING: &str = "nothing here\n";
const EXPIRED: &str = "this link opens nothing any more: get a fresh one where you got it\n";
