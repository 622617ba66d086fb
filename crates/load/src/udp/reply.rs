//! Replies as they come in datagrams.

/// What a tracker says, and to which request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct UdpReply<'a> {
    pub(super) transaction: u32,
    pub(super) body: ReplyBody<'a>,
}

/// What it says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ReplyBody<'a> {
    /// Peers, packed: 6 bytes each, or 18 where the datagram is of IPv6.
    Announce(&'a [u8]),
    /// A connection id.
    Connect(u64),
    /// Why not.
    Error(&'a [u8]),
    /// Numbers, 12 bytes a torrent.
    Scrape,
}

/// Reads a datagram; none where it is no reply.
pub(super) fn parse(datagram: &[u8]) -> Option<UdpReply<'_>> {
    let (action, rest) = datagram.split_first_chunk()?;
    let (transaction, rest) = rest.split_first_chunk()?;
    let body = match u32::from_be_bytes(*action) {
        ACTION_CONNECT => ReplyBody::Connect(u64::from_be_bytes(*rest.first_chunk()?)),
        ACTION_ANNOUNCE => ReplyBody::Announce(rest.get(12..)?),
        ACTION_SCRAPE => ReplyBody::Scrape,
        ACTION_ERROR => ReplyBody::Error(rest),
        _ => return None,
    };
    Some(UdpReply { transaction: u32::from_be_bytes(*transaction), body })
}

pub(super) const ACTION_CONNECT: u32 = 0;
pub(super) const ACTION_ANNOUNCE: u32 = 1;
pub(super) const ACTION_SCRAPE: u32 = 2;
const ACTION_ERROR: u32 = 3;

#[cfg(test)]
mod tests {
    use wire::udp::{
        ConnectionId, ReplyFamily, TransactionId, write_announce, write_connect, write_error,
        write_scrape,
    };
    use wire::{AnnounceReply, CompactV4, ScrapeStats};

    use super::*;

    #[test]
    fn reads_what_a_tracker_writes() {
        let (id, mut out) = (TransactionId(9), [0; 64]);
        let read = |out: &[u8], len| parse(&out[..len]).map(|reply| format!("{reply:?}"));

        let len = write_connect(&mut out, id, ConnectionId(7));
        let connect = UdpReply { transaction: 9, body: ReplyBody::Connect(7) };
        assert_eq!(read(&out, len), Some(format!("{connect:?}")));

        let peer = CompactV4([1, 2, 3, 4, 5, 6]);
        let reply = AnnounceReply { peers: &[peer], ..AnnounceReply::default() };
        let len = write_announce(&mut out, id, &reply, ReplyFamily::V4);
        let announce = UdpReply { transaction: 9, body: ReplyBody::Announce(&peer.0) };
        assert_eq!(read(&out, len), Some(format!("{announce:?}")));

        let len = write_scrape(&mut out, id, [ScrapeStats::default()].into_iter());
        let scrape = UdpReply { transaction: 9, body: ReplyBody::Scrape };
        assert_eq!(read(&out, len), Some(format!("{scrape:?}")));

        let len = write_error(&mut out, id, "no");
        let error = UdpReply { transaction: 9, body: ReplyBody::Error(b"no") };
        assert_eq!(read(&out, len), Some(format!("{error:?}")));
    }

    #[test]
    fn what_is_too_short_is_no_reply() {
        let whole = [[0, 0, 0, ACTION_ANNOUNCE.to_be_bytes()[3]], [0; 4], [0; 4], [0; 4], [0; 4]];
        let whole = whole.concat();
        assert!(parse(&whole).is_some());
        for len in 0..whole.len() {
            assert_eq!(parse(&whole[..len]), None, "{len}");
        }
        assert_eq!(parse(&[0, 0, 0, 9, 0, 0, 0, 0]), None);
    }
}
