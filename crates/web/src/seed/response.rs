//! What stands in front of the bytes: status and headers of each answer about goods.
//!
//! No `Last-Modified`, because one ETag is enough, and no `Content-Encoding`, because a client that
//! asks for bytes means these.

use std::fmt::{Arguments, Write};

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::file::AuthorizedFile;
use super::range::{RequestedRange, wanted};
use super::web_seed::Denied;

/// What a request says beside its target.
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
    /// Whether it is HEAD: no bytes follow.
    pub head: bool,
    /// Whether the connection stays.
    pub keep_alive: bool,
}

/// An answer: its head, and which bytes of the file follow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResponseHead {
    /// Status line and headers, with the empty line.
    pub head: String,
    /// The first byte of the file that follows.
    pub start: u64,
    /// The one after the last; as `start` where none follows.
    pub end: u64,
}

/// Answers a request that was let in, at a time in Unix seconds.
pub fn respond(file: &AuthorizedFile, asked: &RequestHeaders<'_>, now_unix: u32) -> ResponseHead {
    let (length, etag) = (file.length(), file.etag());
    // Conditions come before ranges (RFC 9110, 13.2.2).
    if asked.if_match.is_some_and(|tags| !names(tags, &etag, false)) {
        let mut head = begin("412 Precondition Failed", Some(0), now_unix);
        finish(&mut head, asked.keep_alive);
        return ResponseHead { head, start: 0, end: 0 };
    }
    if asked.if_none_match.is_some_and(|tags| names(tags, &etag, true)) {
        // Its length would be the file's, and some wait for so many bytes.
        let mut head = begin("304 Not Modified", None, now_unix);
        line(&mut head, format_args!("ETag: \"{etag}\""));
        finish(&mut head, asked.keep_alive);
        return ResponseHead { head, start: 0, end: 0 };
    }
    let (status, range, span) = match wanted(asked.range_in_force(&etag), length) {
        RequestedRange::Part { start, end } => {
            ("206 Partial Content", Some(format!("{start}-{}", end - 1)), (start, end))
        }
        RequestedRange::Unsatisfiable => {
            ("416 Range Not Satisfiable", Some("*".to_owned()), (0, 0))
        }
        RequestedRange::Whole => ("200 OK", None, (0, length)),
    };
    let mut head = begin(status, Some(span.1 - span.0), now_unix);
    let mut line = |text: Arguments<'_>| line(&mut head, text);
    if let Some(range) = range {
        line(format_args!("Content-Range: bytes {range}/{length}"));
    }
    line(format_args!("ETag: \"{etag}\""));
    line(format_args!("Accept-Ranges: bytes"));
    line(format_args!("Content-Type: {}", file.content_type()));
    line(format_args!("X-Content-Type-Options: nosniff"));
    if let Some(name) = file.download_name() {
        let name = percent_encode(name, NON_ALPHANUMERIC);
        line(format_args!("Content-Disposition: attachment; filename*=UTF-8''{name}"));
    }
    finish(&mut head, asked.keep_alive);
    let (start, end) = if asked.head { (0, 0) } else { span };
    ResponseHead { head, start, end }
}

/// Answers one that was not: the same for whatever was wrong with it, but for a right that is over.
/// Empty where nothing should be answered.
pub fn deny(refused: Denied, asked: &RequestHeaders<'_>, now_unix: u32) -> String {
    let (status, body) = match refused {
        Denied::Missing | Denied::Unknown => ("404 Not Found", MISSING),
        Denied::Expired => ("403 Forbidden", OVER),
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
    /// The range, unless it is asked of another edition of the file.
    fn range_in_force(&self, etag: &str) -> Option<&'a [u8]> {
        let is_other = |condition: &[u8]| !is_tag(condition.trim_ascii(), etag);
        if self.if_range.is_some_and(is_other) { None } else { self.range }
    }
}

/// Whether a list of entity tags names this one, or any by `*`. Tags that are not said to be the same byte
/// for byte count where the comparison is weak (RFC 9110, 8.8.3.2).
fn names(tags: &[u8], etag: &str, is_weak: bool) -> bool {
    let is_ours = |tag: &[u8]| {
        is_tag(if is_weak { tag.strip_prefix(b"W/").unwrap_or(tag) } else { tag }, etag)
    };
    // Ours hold no comma.
    tags.trim_ascii() == b"*"
        || tags.split(|byte| *byte == b',').any(|tag| is_ours(tag.trim_ascii()))
}

fn is_tag(tag: &[u8], etag: &str) -> bool {
    let quoted = tag.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    quoted == Some(etag.as_bytes())
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
    // The URL is a secret: no cache may keep what it opens, and no other site hear of it.
    head.push_str("Cache-Control: private, no-store\r\nReferrer-Policy: no-referrer\r\n");
    // Said even where HTTP/1.1 takes it for granted, as HTTP/1.0 does not.
    head.push_str(if keep_alive {
        "Connection: keep-alive\r\n\r\n"
    } else {
        "Connection: close\r\n\r\n"
    });
}

const MISSING: &str = "nothing here\n";
const OVER: &str = "this link opens nothing any more: get a fresh one where you got it\n";
