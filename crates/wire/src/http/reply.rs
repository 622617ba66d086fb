//! Replies as canonical bencode: each key once, in order of its bytes (BEP 3).

use std::{fmt::Write, net::IpAddr};

use arrayvec::{ArrayString, ArrayVec};

use super::MAX_SCRAPE_HASHES;
use crate::{AnnounceReply, FailureReply, InfoHash, PeerId, RetryIn, ScrapeStats, compact::pack};

/// Appends a reply with compact peers (BEP 7, 23, 24).
///
/// `peers` is there even when empty, as some clients insist on it; `peers6` only where there are
/// any, since clients read it as an addition.
pub fn encode_announce(reply: &AnnounceReply<'_>, out: &mut Vec<u8>) {
    let packed_len = size_of_val(reply.peers) + size_of_val(reply.peers6);
    out.reserve(packed_len + ROOM_WITHOUT_PEERS);
    before_peers(reply, out);
    packed(b"5:peers", reply.peers.iter().map(|peer| peer.0), out);
    if !reply.peers6.is_empty() {
        packed(b"6:peers6", reply.peers6.iter().map(|peer| peer.0), out);
    }
    after_peers(reply, out);
}

/// Appends a reply to a client that wants no compact peers: a list of dictionaries, IPv4 and IPv6
/// in one (BEP 3).
///
/// `peer_id_of` gives the peer id at an address; `None` leaves it out, for one peer or, with
/// `no_peer_id`, for all. Addresses are formatted: such clients are few.
pub fn encode_announce_dicts(
    reply: &AnnounceReply<'_>,
    peer_id_of: impl Fn(IpAddr, u16) -> Option<PeerId>,
    out: &mut Vec<u8>,
) {
    let v4 = reply.peers.iter().map(|peer| (IpAddr::V4(peer.ip()), peer.port()));
    let v6 = reply.peers6.iter().map(|peer| (IpAddr::V6(peer.ip()), peer.port()));
    before_peers(reply, out);
    out.extend_from_slice(b"5:peersl");
    for (ip, port) in v4.chain(v6) {
        out.push(b'd');
        bytes(b"2:ip", text_of(ip).as_bytes(), out);
        if let Some(peer_id) = peer_id_of(ip, port) {
            bytes(b"7:peer id", &peer_id.0, out);
        }
        integer(b"4:port", port, out);
        out.push(b'e');
    }
    out.push(b'e');
    after_peers(reply, out);
}

/// Appends a refusal (BEP 3, BEP 31).
pub fn encode_failure(failure: &FailureReply<'_>, out: &mut Vec<u8>) {
    out.push(b'd');
    bytes(b"14:failure reason", failure.reason.as_bytes(), out);
    if let Some(secs) = failure.interval_secs {
        integer(b"8:interval", secs, out);
    }
    if let Some(secs) = failure.min_interval_secs {
        integer(b"12:min interval", secs, out);
    }
    match failure.retry_in {
        Some(RetryIn::Minutes(minutes)) => integer(b"8:retry in", minutes, out),
        Some(RetryIn::Never) => bytes(b"8:retry in", b"never", out),
        None => {}
    }
    out.push(b'e');
}

/// Appends the numbers of swarms (BEP 48), sorted by info hash, each swarm once, and `downloaders`
/// (BEP 21) where they are not all that is `incomplete`: some clients know no such key.
///
///  `files` counts up to
/// [`MAX_SCRAPE_HASHES`]. The interval, in seconds, goes into `flags`, where clients look for it.
pub fn encode_scrape(
    files: impl Iterator<Item = (InfoHash, ScrapeStats)>,
    min_request_interval_secs: Option<u32>,
    out: &mut Vec<u8>,
) {
    let mut files: ArrayVec<_, MAX_SCRAPE_HASHES> = files.take(MAX_SCRAPE_HASHES).collect();
    files.sort_unstable_by_key(|(info_hash, _)| *info_hash);
    out.extend_from_slice(b"d5:filesd");
    let swarms = files.chunk_by(|(one, _), (next, _)| one == next).filter_map(<[_]>::first);
    for (info_hash, stats) in swarms {
        out.extend_from_slice(b"20:");
        out.extend_from_slice(&info_hash.0);
        out.push(b'd');
        integer(b"8:complete", stats.complete, out);
        integer(b"10:downloaded", stats.downloaded, out);
        if stats.downloaders != stats.incomplete {
            integer(b"11:downloaders", stats.downloaders, out);
        }
        integer(b"10:incomplete", stats.incomplete, out);
        out.push(b'e');
    }
    out.push(b'e');
    if let Some(secs) = min_request_interval_secs {
        out.extend_from_slice(b"5:flagsd");
        integer(b"20:min_request_interval", secs, out);
        out.push(b'e');
    }
    out.push(b'e');
}

/// The opening of an announce reply, up to `min interval`.
fn before_peers(reply: &AnnounceReply<'_>, out: &mut Vec<u8>) {
    out.push(b'd');
    integer(b"8:complete", reply.complete, out);
    integer(b"10:downloaded", reply.downloaded, out);
    match reply.external_ip {
        Some(IpAddr::V4(ip)) => bytes(b"11:external ip", &ip.octets(), out),
        Some(IpAddr::V6(ip)) => bytes(b"11:external ip", &ip.octets(), out),
        None => {}
    }
    integer(b"10:incomplete", reply.incomplete, out);
    integer(b"8:interval", reply.interval_secs, out);
    if let Some(secs) = reply.min_interval_secs {
        integer(b"12:min interval", secs, out);
    }
}

/// The rest of an announce reply, from `warning message`.
fn after_peers(reply: &AnnounceReply<'_>, out: &mut Vec<u8>) {
    if let Some(warning) = reply.warning {
        bytes(b"15:warning message", warning.as_bytes(), out);
    }
    out.push(b'e');
}

/// Appends entries back to back under a key, which comes bencoded, as all keys here do.
fn packed<const N: usize>(
    key: &[u8],
    entries: impl ExactSizeIterator<Item = [u8; N]>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(key);
    length(entries.len() * N, out);
    let start = out.len();
    out.resize(start + entries.len() * N, 0);
    pack(out.get_mut(start..).unwrap_or_default(), entries);
}

// Where a key is known when compiled, it is one or two stores: half the time of an announce reply.
#[inline(always)]
fn bytes(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    length(value.len(), out);
    out.extend_from_slice(value);
}

#[inline(always)]
fn length(len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(len).as_bytes());
    out.push(b':');
}

#[inline(always)]
fn integer(key: &[u8], value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    out.push(b'i');
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    out.push(b'e');
}

fn text_of(ip: IpAddr) -> ArrayString<LONGEST_IP> {
    let mut text = ArrayString::new();
    // An address is never longer, so this can't fail.
    let _ = write!(text, "{ip}");
    text
}

/// Eight groups of four digits and the colons between them.
const LONGEST_IP: usize = 39;

/// What a reply takes besides its peers and texts, rounded up; more is only one allocation more.
const ROOM_WITHOUT_PEERS: usize = 256;
