//! Requests as they come in datagrams. A datagram may be longer than its request.

use thiserror::Error;

use super::{action, options};
use crate::{Announce, AnnounceEvent, InfoHash, PeerId, PeerKey};

/// The most info hashes of one scrape: BEP 15 says "about 74", what an Ethernet frame holds.
pub const MAX_SCRAPE_HASHES: usize = 74;

/// Given out by the tracker to show that a client can receive at its address.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ConnectionId(pub u64);

/// Chosen by the client and echoed in the reply.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TransactionId(pub u32);

/// What a datagram asks for. Connection ids are yet to be verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UdpRequest<'a> {
    /// A connection id.
    Connect {
        /// To echo.
        transaction_id: TransactionId,
    },
    /// A peer reports and wants peers.
    Announce {
        /// To verify.
        connection_id: ConnectionId,
        /// To echo.
        transaction_id: TransactionId,
        /// The report; always compact.
        announce: Announce,
    },
    /// Somebody wants numbers.
    Scrape {
        /// To verify.
        connection_id: ConnectionId,
        /// To echo.
        transaction_id: TransactionId,
        /// The swarms asked for, 1 to [`MAX_SCRAPE_HASHES`], to answer in this order.
        info_hashes: &'a [[u8; InfoHash::LEN]],
    },
}

/// Reads one datagram.
///
/// # Errors
///
/// [`Malformed`] says whether an answer is due.
pub fn parse(datagram: &[u8]) -> Result<UdpRequest<'_>, Malformed> {
    let mut header = PacketFields(datagram);
    let (Some(connection_id), Some(action), Some(transaction_id)) =
        (header.u64(), header.u32(), header.u32())
    else {
        return Err(Malformed::Silent);
    };
    let PacketFields(body) = header;
    let transaction_id = TransactionId(transaction_id);
    if action == action::CONNECT {
        return match connection_id {
            PROTOCOL_ID => Ok(UdpRequest::Connect { transaction_id }),
            _ => Err(Malformed::Silent),
        };
    }
    let connection_id = ConnectionId(connection_id);
    let request = match action {
        action::ANNOUNCE => announce(body).map(|announce| UdpRequest::Announce {
            connection_id,
            transaction_id,
            announce,
        }),
        action::SCRAPE => scrape(body).map(|info_hashes| UdpRequest::Scrape {
            connection_id,
            transaction_id,
            info_hashes,
        }),
        _ => Err("unknown action"),
    };
    request.map_err(|reason| Malformed::Answer { connection_id, transaction_id, reason })
}

fn announce(body: &[u8]) -> Result<Announce, &'static str> {
    let (mut announce, options) = report(body).ok_or("announce is cut short")?;
    if !options.is_empty() {
        announce.passkey = options::passkey(options)?;
    }
    Ok(announce)
}

/// Reads the fields in the order of BEP 15, which is not that of HTTP; returns what follows, too.
fn report(body: &[u8]) -> Option<(Announce, &[u8])> {
    // One look at the length for all fields.
    let (fields, options) = body.split_at_checked(REPORT_LEN)?;
    let mut fields = PacketFields(fields);
    let announce = Announce {
        info_hash: InfoHash(fields.bytes()?),
        peer_id: PeerId(fields.bytes()?),
        downloaded: fields.counter()?.unwrap_or(0),
        left: fields.counter()?.unwrap_or(u64::MAX),
        uploaded: fields.counter()?.unwrap_or(0),
        event: event(fields.u32()?),
        key: {
            let _ip: [u8; 4] = fields.bytes()?;
            Some(PeerKey(fields.u32()?))
        },
        numwant: u32::try_from(i32::from_be_bytes(fields.bytes()?)).ok(),
        port: u16::from_be_bytes(fields.bytes()?),
        passkey: None,
        compact: true,
        no_peer_id: false,
    };
    Some((announce, options))
}

fn scrape(body: &[u8]) -> Result<&[[u8; InfoHash::LEN]], &'static str> {
    let (info_hashes, rest) = body.as_chunks();
    if !rest.is_empty() || !(1..=MAX_SCRAPE_HASHES).contains(&info_hashes.len()) {
        return Err("a scrape must name 1 to 74 info hashes of 20 bytes");
    }
    Ok(info_hashes)
}

/// Events by number; 4 is how some clients say that they are partial seeds (BEP 21).
const fn event(number: u32) -> AnnounceEvent {
    match number {
        1 => AnnounceEvent::Completed,
        2 => AnnounceEvent::Started,
        3 => AnnounceEvent::Stopped,
        4 => AnnounceEvent::Paused,
        _ => AnnounceEvent::None,
    }
}

/// Why a datagram is no request, and whether its sender hears of it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Malformed {
    /// To answer with [`write_error`](super::write_error) once the connection id is verified, and
    /// not before.
    #[error("{reason}")]
    Answer {
        /// To verify.
        connection_id: ConnectionId,
        /// To echo.
        transaction_id: TransactionId,
        /// What a person will read in their client.
        reason: &'static str,
    },
    /// Shorter than 16 bytes, or a connect that is not of this protocol: never answered.
    #[error("not of this protocol")]
    Silent,
}

/// What is left of a datagram, read from the front; numbers are in network order.
struct PacketFields<'a>(&'a [u8]);

impl PacketFields<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_be_bytes)
    }

    /// A number of bytes, signed on the wire; `Some(None)` where it is negative.
    fn counter(&mut self) -> Option<Option<u64>> {
        self.bytes().map(|bytes| u64::try_from(i64::from_be_bytes(bytes)).ok())
    }
}

/// What a connect has in place of a connection id.
const PROTOCOL_ID: u64 = 0x0417_2710_1980;

/// An announce without its 16-byte header and its options, in bytes.
const REPORT_LEN: usize = 82;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Passkey;

    #[test]
    fn every_proper_prefix_of_a_connect_is_met_with_silence() {
        let connect = header(PROTOCOL_ID, action::CONNECT);
        assert_eq!(parse(&connect), Ok(UdpRequest::Connect { transaction_id: TransactionId(9) }));
        for len in 0..connect.len() {
            assert_eq!(parse(&connect[..len]), Err(Malformed::Silent), "{len}");
        }
    }

    #[test]
    fn a_connect_without_the_magic_is_met_with_silence() {
        assert_eq!(parse(&header(7, action::CONNECT)), Err(Malformed::Silent));
    }

    #[test]
    fn every_proper_prefix_of_an_announce_is_silence_then_an_error() {
        let announce = announce_with(|_| {}, &[]);
        assert_eq!(announce.len(), 98);
        assert!(parse(&announce).is_ok());
        for len in 0..announce.len() {
            let expected = match len {
                0..16 => Malformed::Silent,
                _ => answer("announce is cut short"),
            };
            assert_eq!(parse(&announce[..len]), Err(expected), "{len}");
        }
    }

    #[test]
    fn every_proper_prefix_of_a_scrape_is_an_error_but_whole_hashes() {
        let scrape = [&header(7, action::SCRAPE)[..], &[0xaa; 40]].concat();
        for len in 0..=scrape.len() {
            let parsed = parse(&scrape[..len]);
            match len {
                0..16 => assert_eq!(parsed, Err(Malformed::Silent), "{len}"),
                36 | 56 => assert!(parsed.is_ok(), "{len}"),
                _ => assert_eq!(parsed, Err(answer(SCRAPE_LENGTH)), "{len}"),
            }
        }
    }

    #[test]
    fn a_scrape_names_74_swarms_and_no_more() {
        let scrape =
            |swarms: usize| [&header(7, action::SCRAPE)[..], &vec![0; 20 * swarms]].concat();
        assert!(parse(&scrape(74)).is_ok());
        assert_eq!(parse(&scrape(75)), Err(answer(SCRAPE_LENGTH)));
    }

    #[test]
    fn a_request_may_be_longer_than_its_fields() {
        let connect = [&header(PROTOCOL_ID, action::CONNECT)[..], &[0xff; 50]].concat();
        assert_eq!(parse(&connect), Ok(UdpRequest::Connect { transaction_id: TransactionId(9) }));
        assert_eq!(report_of(&announce_with(|_| {}, &[0, 0xff, 0xff])).passkey, None);
    }

    #[test]
    fn actions_that_are_no_requests_are_answered() {
        for action in [action::ERROR, 4, 0x0100_0000, u32::MAX] {
            assert_eq!(parse(&header(7, action)), Err(answer("unknown action")), "{action}");
        }
    }

    #[test]
    fn events_count_in_the_order_of_bep_15() {
        let events = [
            AnnounceEvent::None,
            AnnounceEvent::Completed,
            AnnounceEvent::Started,
            AnnounceEvent::Stopped,
            AnnounceEvent::Paused,
        ];
        for (number, event) in events.into_iter().chain([AnnounceEvent::None; 2]).enumerate() {
            let number = u8::try_from(number).unwrap();
            assert_eq!(report_of(&announce_with(|bytes| bytes[83] = number, &[])).event, event);
        }
        assert_eq!(
            report_of(&announce_with(|bytes| bytes[80] = 1, &[])).event,
            AnnounceEvent::None
        );
    }

    #[test]
    fn negative_counters_read_as_over_http() {
        let announce = report_of(&announce_with(|bytes| bytes[56..80].fill(0xff), &[]));
        assert_eq!((announce.downloaded, announce.left, announce.uploaded), (0, u64::MAX, 0));
    }

    #[test]
    fn num_want_is_signed() {
        let check = |num_want: i32, expected: Option<u32>| {
            let want = |bytes: &mut [u8]| bytes[92..96].copy_from_slice(&num_want.to_be_bytes());
            assert_eq!(report_of(&announce_with(want, &[])).numwant, expected, "{num_want}");
        };
        check(-1, None);
        check(i32::MIN, None);
        check(0, Some(0));
        check(i32::MAX, Some(0x7fff_ffff));
    }

    #[test]
    fn the_address_in_the_packet_is_ignored() {
        let elsewhere = announce_with(|bytes| bytes[84..88].fill(0xee), &[]);
        assert_eq!(report_of(&elsewhere), report_of(&announce_with(|_| {}, &[])));
    }

    #[test]
    fn the_passkey_is_in_the_options() {
        let announce = report_of(&announce_with(|_| {}, b"\x02\x0d/announce/ada"));
        assert_eq!(announce.passkey, Passkey::new(b"ada"));
        let bad = announce_with(|_| {}, b"\x02\x0d/announce/a a");
        let reason = "malformed passkey: copy the announce URL again";
        assert_eq!(parse(&bad), Err(answer(reason)));
    }

    /// The first 16 bytes of a request with transaction id 9.
    fn header(connection_id: u64, action: u32) -> Vec<u8> {
        let transaction_id = 9_u32.to_be_bytes();
        [&connection_id.to_be_bytes()[..], &action.to_be_bytes(), &transaction_id].concat()
    }

    /// An announce of zeros that `change` has written to, with connection id 7.
    fn announce_with(change: impl Fn(&mut [u8]), options: &[u8]) -> Vec<u8> {
        let mut bytes = header(7, action::ANNOUNCE);
        bytes.resize(98, 0);
        change(&mut bytes);
        bytes.extend_from_slice(options);
        bytes
    }

    #[track_caller]
    fn report_of(datagram: &[u8]) -> Announce {
        match parse(datagram) {
            Ok(UdpRequest::Announce { announce, .. }) => announce,
            other => panic!("no announce: {other:?}"),
        }
    }

    fn answer(reason: &'static str) -> Malformed {
        let (connection_id, transaction_id) = (ConnectionId(7), TransactionId(9));
        Malformed::Answer { connection_id, transaction_id, reason }
    }

    const SCRAPE_LENGTH: &str = "a scrape must name 1 to 74 info hashes of 20 bytes";
}
