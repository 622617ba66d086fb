//! Replies, written into the caller's buffer.
//!
//! Each writer returns how many bytes it wrote: never more than the buffer holds, and none where
//! not even the fixed part fits.

use super::{ConnectionId, TransactionId, action};
use crate::{AnnounceReply, ScrapeStats, compact::pack};

/// The longest reply that no IPv6 path will fragment, in bytes: room for 202 IPv4 peers, 67 IPv6
/// peers, or any scrape.
pub const MAX_REPLY_LEN: usize = 1280 - 40 - 8;

/// The family of the packet that is answered, which decides the width of a peer.
///
/// An IPv4 client on a dual-stack socket is of [`V4`](Self::V4).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ReplyFamily {
    /// 6 bytes a peer.
    V4,
    /// 18 bytes a peer.
    V6,
}

/// Writes the answer to a connect: 16 bytes, as long as the request.
pub fn write_connect(
    out: &mut [u8],
    transaction_id: TransactionId,
    connection_id: ConnectionId,
) -> usize {
    let Some((fixed, rest)) = header(out, [action::CONNECT, transaction_id.0]) else { return 0 };
    let Some(id) = rest.first_chunk_mut() else { return 0 };
    *id = connection_id.0.to_be_bytes();
    fixed + id.len()
}

/// Writes the answer to an announce: 20 bytes and the peers of one family, as many as fit.
pub fn write_announce(
    out: &mut [u8],
    transaction_id: TransactionId,
    reply: &AnnounceReply<'_>,
    family: ReplyFamily,
) -> usize {
    let fields =
        [action::ANNOUNCE, transaction_id.0, reply.interval_secs, reply.incomplete, reply.complete];
    let Some((fixed, rest)) = header(out, fields) else { return 0 };
    fixed
        + match family {
            ReplyFamily::V4 => pack(rest, reply.peers.iter().map(|peer| peer.0)),
            ReplyFamily::V6 => pack(rest, reply.peers6.iter().map(|peer| peer.0)),
        }
}

/// Writes the answer to a scrape: 8 bytes and 12 a swarm, as many as fit.
///
/// Swarms stand in the order of the request, one for each info hash: zeros for one that is not
/// known.
pub fn write_scrape(
    out: &mut [u8],
    transaction_id: TransactionId,
    swarms: impl Iterator<Item = ScrapeStats>,
) -> usize {
    let Some((fixed, rest)) = header(out, [action::SCRAPE, transaction_id.0]) else { return 0 };
    let entries = swarms.map(|stats| {
        let mut entry = [0; 12];
        let numbers = [stats.complete, stats.downloaded, stats.incomplete];
        pack(&mut entry, numbers.map(u32::to_be_bytes).into_iter());
        entry
    });
    fixed + pack(rest, entries)
}

/// Writes an error: 8 bytes and as much of the reason as fits, whole characters.
pub fn write_error(out: &mut [u8], transaction_id: TransactionId, reason: &str) -> usize {
    let Some((fixed, rest)) = header(out, [action::ERROR, transaction_id.0]) else { return 0 };
    let (reason, _) = reason.split_at(reason.floor_char_boundary(rest.len()));
    fixed + pack(rest, reason.bytes().map(|byte| [byte]))
}

/// Writes the fixed part of a reply; returns its length and what is left of the buffer.
fn header<const N: usize>(out: &mut [u8], fields: [u32; N]) -> Option<(usize, &mut [u8])> {
    let (head, rest) = out.split_at_mut_checked(N * size_of::<u32>())?;
    Some((pack(head, fields.map(u32::to_be_bytes).into_iter()), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CompactV4, CompactV6};

    const ID: TransactionId = TransactionId(9);

    #[test]
    fn a_buffer_too_short_for_the_fixed_part_gets_nothing() {
        for room in 0..16 {
            assert_eq!(write_connect(&mut vec![0; room], ID, ConnectionId(7)), 0, "{room}");
        }
        let reply = AnnounceReply::default();
        for room in 0..20 {
            assert_eq!(
                write_announce(&mut vec![0; room], ID, &reply, ReplyFamily::V4),
                0,
                "{room}"
            );
        }
        for room in 0..8 {
            assert_eq!(write_error(&mut vec![0; room], ID, "no"), 0, "{room}");
            let swarms = std::iter::repeat_n(ScrapeStats::default(), 1);
            assert_eq!(write_scrape(&mut vec![0; room], ID, swarms), 0, "{room}");
        }
    }

    #[test]
    fn peers_and_swarms_are_cut_to_whole_ones() {
        let (v4, v6) = ([CompactV4([1; 6]); 3], [CompactV6([1; 18]); 3]);
        let reply = AnnounceReply { peers: &v4, peers6: &v6, ..AnnounceReply::default() };
        for room in 20..100 {
            let check = |family, stride: usize| {
                let expected = 20 + ((room - 20) / stride).min(3) * stride;
                let written = write_announce(&mut vec![0; room], ID, &reply, family);
                assert_eq!(written, expected, "{family:?} in {room}");
            };
            check(ReplyFamily::V4, 6);
            check(ReplyFamily::V6, 18);
            let swarms = std::iter::repeat_n(ScrapeStats::default(), 3);
            let expected = 8 + ((room - 8) / 12).min(3) * 12;
            assert_eq!(write_scrape(&mut vec![0; room], ID, swarms), expected, "{room}");
        }
    }

    #[test]
    fn a_reason_is_cut_to_whole_characters() {
        let check = |room, expected: &str| {
            let mut out = vec![0; room];
            let written = write_error(&mut out, ID, "né");
            assert_eq!(&out[8..written], expected.as_bytes(), "{room}");
        };
        check(8, "");
        check(9, "n");
        check(10, "n");
        check(11, "né");
        check(100, "né");
    }

    #[test]
    fn the_longest_reply_holds_202_or_67_peers_and_any_scrape() {
        let mut out = [0; MAX_REPLY_LEN];
        let (v4, v6) = ([CompactV4([1; 6]); 300], [CompactV6([1; 18]); 300]);
        let reply = AnnounceReply { peers: &v4, peers6: &v6, ..AnnounceReply::default() };
        assert_eq!(write_announce(&mut out, ID, &reply, ReplyFamily::V4), 20 + 202 * 6);
        assert_eq!(write_announce(&mut out, ID, &reply, ReplyFamily::V6), 20 + 67 * 18);
        let swarms = std::iter::repeat_n(ScrapeStats::default(), 74);
        assert_eq!(write_scrape(&mut out, ID, swarms), 8 + 74 * 12);
    }
}
