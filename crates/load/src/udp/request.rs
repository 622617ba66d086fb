//! Requests, written into the caller's buffer.
//!
//! Each writer returns how many bytes it wrote; none where the buffer is too small.

use arrayvec::ArrayVec;
use wire::{Announce, AnnounceEvent, InfoHash};

use super::reply::{ACTION_ANNOUNCE, ACTION_CONNECT, ACTION_SCRAPE};

/// The longest request, in bytes: an announce whose URL names a passkey, or a scrape of ten.
pub(super) const MAX_LEN: usize = 256;

/// Asks for a connection id.
pub(super) fn connect(out: &mut [u8], transaction: u32) -> usize {
    let mut bytes = header(PROTOCOL_ID, ACTION_CONNECT, transaction);
    finish(&mut bytes, out)
}

/// Reports a peer; its passkey goes into an announce URL behind the rest (BEP 41).
pub(super) fn announce(
    out: &mut [u8],
    connection: u64,
    transaction: u32,
    announce: &Announce,
) -> usize {
    let mut bytes = header(connection, ACTION_ANNOUNCE, transaction);
    let numwant = announce.numwant.and_then(|n| i32::try_from(n).ok()).unwrap_or(-1);
    let key = announce.key.map_or(0, |key| key.0);
    for field in [
        &announce.info_hash.0[..],
        &announce.peer_id.0,
        &announce.downloaded.to_be_bytes(),
        &announce.left.to_be_bytes(),
        &announce.uploaded.to_be_bytes(),
        &event(announce.event).to_be_bytes(),
        &[0; 4],
        &key.to_be_bytes(),
        &numwant.to_be_bytes(),
        &announce.port.to_be_bytes(),
    ] {
        push(&mut bytes, field);
    }
    if let Some(passkey) = announce.passkey {
        let len = ANNOUNCE_PATH.len() + passkey.expose().len();
        push(&mut bytes, &[URL_DATA, u8::try_from(len).unwrap_or_default()]);
        push(&mut bytes, ANNOUNCE_PATH);
        push(&mut bytes, passkey.expose());
    }
    finish(&mut bytes, out)
}

/// Asks for numbers.
pub(super) fn scrape(
    out: &mut [u8],
    connection: u64,
    transaction: u32,
    info_hashes: &[InfoHash],
) -> usize {
    let mut bytes = header(connection, ACTION_SCRAPE, transaction);
    for info_hash in info_hashes {
        push(&mut bytes, &info_hash.0);
    }
    finish(&mut bytes, out)
}

fn header(connection: u64, action: u32, transaction: u32) -> ArrayVec<u8, MAX_LEN> {
    let mut bytes = ArrayVec::new();
    push(&mut bytes, &connection.to_be_bytes());
    push(&mut bytes, &action.to_be_bytes());
    push(&mut bytes, &transaction.to_be_bytes());
    bytes
}

/// Appends a field; [`MAX_LEN`] has room for every request there is.
fn push(bytes: &mut ArrayVec<u8, MAX_LEN>, field: &[u8]) {
    let fits = bytes.try_extend_from_slice(field);
    debug_assert!(fits.is_ok(), "a request is longer than the longest");
}

fn finish(bytes: &mut ArrayVec<u8, MAX_LEN>, out: &mut [u8]) -> usize {
    let Some(place) = out.get_mut(..bytes.len()) else { return 0 };
    place.copy_from_slice(bytes);
    bytes.len()
}

const fn event(event: AnnounceEvent) -> u32 {
    match event {
        AnnounceEvent::None => 0,
        AnnounceEvent::Completed => 1,
        AnnounceEvent::Started => 2,
        AnnounceEvent::Stopped => 3,
        AnnounceEvent::Paused => 4,
    }
}

const PROTOCOL_ID: u64 = 0x0417_2710_1980;
const URL_DATA: u8 = 2;
const ANNOUNCE_PATH: &[u8] = b"/announce/";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fastrand::Rng;
    use wire::Passkey;
    use wire::udp::{ConnectionId, TransactionId, UdpRequest, parse};

    use super::*;
    use crate::population::{Population, tests::population};
    use crate::script::{self, Mix};

    #[test]
    fn a_tracker_reads_what_was_announced() {
        let longest = Passkey::new(&[b'k'; Passkey::MAX_LEN]).unwrap();
        let all = Population { passkeys: vec![longest], ..population() };
        let (mix, mut rng) =
            (Mix { redraw: true, numwant: Some(30), ..Mix::default() }, Rng::new());
        for peer in 0..all.peers {
            let said = script::announce(&all, &mix, peer, Duration::from_secs(9), &mut rng);
            let mut out = [0; MAX_LEN];
            let len = announce(&mut out, 7, 9, &said);
            let read = parse(&out[..len]).unwrap();
            let expected = UdpRequest::Announce {
                connection_id: ConnectionId(7),
                transaction_id: TransactionId(9),
                announce: said,
            };
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn a_tracker_reads_connects_and_scrapes() {
        let mut out = [0; MAX_LEN];
        let len = connect(&mut out, 9);
        let connect = UdpRequest::Connect { transaction_id: TransactionId(9) };
        assert_eq!(parse(&out[..len]), Ok(connect));

        let asked: Vec<_> = population().info_hashes().collect();
        let len = scrape(&mut out, 7, 9, &asked);
        let Ok(UdpRequest::Scrape { info_hashes, .. }) = parse(&out[..len]) else {
            panic!("{out:?}")
        };
        assert!(info_hashes.iter().eq(asked.iter().map(|hash| &hash.0)));
    }

    #[test]
    fn a_buffer_too_small_takes_nothing() {
        assert_eq!(connect(&mut [0; 15], 9), 0);
    }
}
