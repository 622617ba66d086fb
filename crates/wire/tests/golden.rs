//! The bytes of every request and reply, as the BEPs draw them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wire::{
    Announce, AnnounceEvent, AnnounceReply, CompactV4, CompactV6, FailureReply, InfoHash, Passkey,
    PeerId, PeerKey, RetryIn, ScrapeStats, http,
    udp::{self, ConnectionId, Malformed, ReplyFamily, TransactionId},
};

const HASH: InfoHash = InfoHash(*b"abcdefghijklmnopqrst");
const PEER: PeerId = PeerId(*b"-LT2110-(!8Wa~bXz2.q");
const ADA: CompactV4 = CompactV4([203, 0, 113, 7, 0x1a, 0xe1]);
const BOB: CompactV4 = CompactV4([198, 51, 100, 2, 0x00, 0x50]);
const EVE: CompactV6 =
    CompactV6([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x05, 0x1a, 0xe1]);

/// BEP 3 and the parameters that clients add to it, as libtorrent codes them.
#[test]
fn http_announce_request() {
    let target = b"/announce/mzxw6?info_hash=%00%ff%25%26%2b%3b%3d-_.!~*()'abcd\
        &peer_id=-LT2110-(!8Wa%7ebXz2.q&port=6881&uploaded=1&downloaded=2&left=3&corrupt=0\
        &key=81639C1C&event=started&numwant=200&compact=0&no_peer_id=1&supportcrypto=1&redundant=0";
    let expected = Announce {
        info_hash: InfoHash(*b"\0\xff%&+;=-_.!~*()'abcd"),
        peer_id: PEER,
        port: 6881,
        uploaded: 1,
        downloaded: 2,
        left: 3,
        event: AnnounceEvent::Started,
        numwant: Some(200),
        key: Some(PeerKey(0x8163_9c1c)),
        passkey: Passkey::new(b"mzxw6"),
        compact: false,
        no_peer_id: true,
    };
    assert_eq!(http::parse_target(target), Ok(http::HttpRequest::Announce(expected)));
}

/// BEP 48: several swarms, in request order.
#[test]
fn http_scrape_request() {
    let target = b"/scrape?info_hash=abcdefghijklmnopqrst&info_hash=%00bcdefghijklmnopqrst";
    let Ok(http::HttpRequest::Scrape(scrape)) = http::parse_target(target) else {
        panic!("no scrape")
    };
    assert_eq!(scrape.passkey, None);
    assert!(scrape.info_hashes().eq([HASH, InfoHash(*b"\0bcdefghijklmnopqrst")]));

    let first = "/scrape?info_hash=abcdefghijklmnopqrst".len();
    let second_begins = first + "&info_has".len();
    for len in 0..target.len() {
        let whole = (first..=second_begins).contains(&len);
        assert_eq!(http::parse_target(&target[..len]).is_ok(), whole, "{len}");
    }
}

/// BEP 3, BEP 23 and, with all that may stand in a reply, BEP 7 and BEP 24.
#[test]
fn http_announce_reply() {
    let check = |reply: &AnnounceReply<'_>, expected: &[u8]| {
        assert_bytes(&encoded(|out| http::encode_announce(reply, out)), expected);
    };
    let least = AnnounceReply { interval_secs: 1800, ..AnnounceReply::default() };
    check(&least, b"d8:completei0e10:downloadedi0e10:incompletei0e8:intervali1800e5:peers0:e");
    check(
        &AnnounceReply { peers: &[ADA, BOB], ..least },
        b"d8:completei0e10:downloadedi0e10:incompletei0e8:intervali1800e\
          5:peers12:\xcb\0\x71\x07\x1a\xe1\xc6\x33\x64\x02\0\x50e",
    );
    check(
        &AnnounceReply { peers6: &[EVE], ..least },
        b"d8:completei0e10:downloadedi0e10:incompletei0e8:intervali1800e5:peers0:\
          6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\x1a\xe1e",
    );
    check(
        &AnnounceReply {
            complete: 1,
            incomplete: u32::MAX,
            downloaded: 42,
            interval_secs: 1800,
            min_interval_secs: Some(900),
            peers: &[BOB],
            peers6: &[EVE],
            external_ip: Some(IpAddr::V4(ADA.ip())),
            warning: Some("your membership ends tomorrow"),
        },
        b"d8:completei1e10:downloadedi42e11:external ip4:\xcb\0\x71\x07\
          10:incompletei4294967295e8:intervali1800e12:min intervali900e\
          5:peers6:\xc6\x33\x64\x02\0\x50\
          6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\x1a\xe1\
          15:warning message29:your membership ends tomorrowe",
    );
    check(
        &AnnounceReply { external_ip: Some(IpAddr::V6(EVE.ip())), ..least },
        b"d8:completei0e10:downloadedi0e\
          11:external ip16:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\
          10:incompletei0e8:intervali1800e5:peers0:e",
    );
}

/// BEP 3: a list of dictionaries, for `compact=0`, with peer ids and for `no_peer_id` without.
#[test]
fn http_announce_reply_that_is_not_compact() {
    let reply = AnnounceReply { peers: &[ADA], peers6: &[EVE], ..AnnounceReply::default() };
    let known = |ip, port| {
        (ip == IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)) && port == 6881).then_some(PEER)
    };
    assert_bytes(
        &encoded(|out| http::encode_announce_dicts(&reply, known, out)),
        b"d8:completei0e10:downloadedi0e10:incompletei0e8:intervali0e5:peersl\
          d2:ip11:203.0.113.77:peer id20:-LT2110-(!8Wa~bXz2.q4:porti6881ee\
          d2:ip11:2001:db8::54:porti6881eeee",
    );
    assert_bytes(
        &encoded(|out| http::encode_announce_dicts(&reply, |_, _| None, out)),
        b"d8:completei0e10:downloadedi0e10:incompletei0e8:intervali0e5:peersl\
          d2:ip11:203.0.113.74:porti6881eed2:ip11:2001:db8::54:porti6881eeee",
    );
    let longest = CompactV6::new(Ipv6Addr::from([0xfd; 16]), 0);
    let reply = AnnounceReply { peers6: &[longest], ..AnnounceReply::default() };
    assert_bytes(
        &encoded(|out| http::encode_announce_dicts(&reply, |_, _| None, out)),
        b"d8:completei0e10:downloadedi0e10:incompletei0e8:intervali0e5:peersl\
          d2:ip39:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd4:porti0eeee",
    );
    assert_bytes(
        &encoded(|out| {
            http::encode_announce_dicts(&AnnounceReply::default(), |_, _| None, out);
        }),
        b"d8:completei0e10:downloadedi0e10:incompletei0e8:intervali0e5:peerslee",
    );
}

/// BEP 3, with the intervals that libtorrent reads and the `retry in` of BEP 31.
#[test]
fn http_failure() {
    let check = |failure: &FailureReply<'_>, expected: &[u8]| {
        assert_bytes(&encoded(|out| http::encode_failure(failure, out)), expected);
    };
    let least = FailureReply { reason: "unknown torrent", ..FailureReply::default() };
    check(&least, b"d14:failure reason15:unknown torrente");
    check(
        &FailureReply {
            reason: "unknown torrent",
            interval_secs: Some(1800),
            min_interval_secs: Some(900),
            retry_in: Some(RetryIn::Minutes(30)),
        },
        b"d14:failure reason15:unknown torrent8:intervali1800e12:min intervali900e8:retry ini30ee",
    );
    check(
        &FailureReply { retry_in: Some(RetryIn::Never), ..least },
        b"d14:failure reason15:unknown torrent8:retry in5:nevere",
    );
}

#[test]
fn a_scrape_names_downloaders_only_where_they_are_not_all_that_is_incomplete() {
    let stats = ScrapeStats { complete: 5, downloaded: 50, incomplete: 10, downloaders: 10 };
    let files = [(HASH, stats)].into_iter();
    assert_bytes(
        &encoded(|out| http::encode_scrape(files, None, out)),
        b"d5:filesd20:abcdefghijklmnopqrstd8:completei5e10:downloadedi50e10:incompletei10eeee",
    );
}

/// BEP 48, BEP 21's `downloaders`, and the `flags` that clients look for: sorted, each swarm once.
#[test]
fn http_scrape_reply() {
    let check = |hashes: &[&[u8; 20]], interval, expected: &[u8]| {
        let stats = ScrapeStats { complete: 5, downloaded: 50, incomplete: 10, downloaders: 9 };
        let files = hashes.iter().map(|hash| (InfoHash(**hash), stats));
        assert_bytes(&encoded(|out| http::encode_scrape(files, interval, out)), expected);
    };
    check(&[], None, b"d5:filesdee");
    check(
        &[&HASH.0],
        Some(900),
        b"d5:filesd20:abcdefghijklmnopqrst\
          d8:completei5e10:downloadedi50e11:downloadersi9e10:incompletei10eee\
          5:flagsd20:min_request_intervali900eee",
    );
    check(
        &[&[b'b'; 20], &[0xff; 20], &[b'a'; 20], &[b'b'; 20]],
        None,
        b"d5:filesd\
          20:aaaaaaaaaaaaaaaaaaaad8:completei5e10:downloadedi50e11:downloadersi9e10:incompletei10ee\
          20:bbbbbbbbbbbbbbbbbbbbd8:completei5e10:downloadedi50e11:downloadersi9e10:incompletei10ee\
          20:\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
          d8:completei5e10:downloadedi50e11:downloadersi9e10:incompletei10eeee",
    );
}

/// BEP 15.
#[test]
fn udp_connect() {
    let request = b"\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0\x01\x02\x03\x04";
    let transaction_id = TransactionId(0x0102_0304);
    assert_eq!(udp::parse(request), Ok(udp::UdpRequest::Connect { transaction_id }));
    let mut out = [0; 100];
    let len = udp::write_connect(&mut out, transaction_id, ConnectionId(0x1122_3344_5566_7788));
    assert_bytes(&out[..len], b"\0\0\0\0\x01\x02\x03\x04\x11\x22\x33\x44\x55\x66\x77\x88");
    assert!(len <= request.len(), "nothing is amplified");
}

/// BEP 15, with the URL of BEP 41 as libtorrent sends it, and BEP 21's event by the number 4.
#[test]
fn udp_announce_request() {
    let request = b"\x11\x22\x33\x44\x55\x66\x77\x88\0\0\0\x01\x01\x02\x03\x04\
        abcdefghijklmnopqrst-LT2110-(!8Wa~bXz2.q\
        \0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x01\
        \0\0\0\x04\xc0\0\x02\x01\x81\x63\x9c\x1c\0\0\0\xc8\x1a\xe1\
        \x02\x1d/announce/mzxw6?trackerid=abc";
    let announce = Announce {
        info_hash: HASH,
        peer_id: PEER,
        port: 6881,
        uploaded: 1,
        downloaded: 2,
        left: 3,
        event: AnnounceEvent::Paused,
        numwant: Some(200),
        key: Some(PeerKey(0x8163_9c1c)),
        passkey: Passkey::new(b"mzxw6"),
        compact: true,
        no_peer_id: false,
    };
    let (connection_id, transaction_id) =
        (ConnectionId(0x1122_3344_5566_7788), TransactionId(0x0102_0304));
    let expected = udp::UdpRequest::Announce { connection_id, transaction_id, announce };
    assert_eq!(udp::parse(request), Ok(expected));

    for len in 0..request.len() {
        let prefix = udp::parse(&request[..len]);
        match len {
            0..16 => assert_eq!(prefix, Err(Malformed::Silent), "{len}"),
            98 => assert!(prefix.is_ok(), "{len}"),
            _ => assert!(matches!(prefix, Err(Malformed::Answer { .. })), "{len}"),
        }
    }
}

/// BEP 15: leechers before seeders, and peers as wide as the packet's family.
#[test]
fn udp_announce_reply() {
    let reply = AnnounceReply {
        complete: 5,
        incomplete: 10,
        interval_secs: 1800,
        peers: &[ADA, BOB],
        peers6: &[EVE],
        ..AnnounceReply::default()
    };
    let check = |family, expected: &[u8]| {
        let mut out = [0xee; 100];
        let len = udp::write_announce(&mut out, TransactionId(0x0102_0304), &reply, family);
        assert_bytes(&out[..len], expected);
        assert!(out[len..].iter().all(|byte| *byte == 0xee), "nothing behind the reply is written");
    };
    check(
        ReplyFamily::V4,
        b"\0\0\0\x01\x01\x02\x03\x04\0\0\x07\x08\0\0\0\x0a\0\0\0\x05\
          \xcb\0\x71\x07\x1a\xe1\xc6\x33\x64\x02\0\x50",
    );
    check(
        ReplyFamily::V6,
        b"\0\0\0\x01\x01\x02\x03\x04\0\0\x07\x08\0\0\0\x0a\0\0\0\x05\
          \x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\x1a\xe1",
    );
}

/// BEP 15: seeders, completed, leechers, for each swarm in request order.
#[test]
fn udp_scrape() {
    let request = b"\x11\x22\x33\x44\x55\x66\x77\x88\0\0\0\x02\x01\x02\x03\x04\
        abcdefghijklmnopqrstABCDEFGHIJKLMNOPQRST";
    let (connection_id, transaction_id) =
        (ConnectionId(0x1122_3344_5566_7788), TransactionId(0x0102_0304));
    let info_hashes = &[HASH.0, *b"ABCDEFGHIJKLMNOPQRST"];
    let expected = udp::UdpRequest::Scrape { connection_id, transaction_id, info_hashes };
    assert_eq!(udp::parse(request), Ok(expected));

    let known = ScrapeStats { complete: 5, downloaded: 50, incomplete: 10, downloaders: 9 };
    let mut out = [0; 100];
    let len =
        udp::write_scrape(&mut out, transaction_id, [known, ScrapeStats::default()].into_iter());
    assert_bytes(
        &out[..len],
        b"\0\0\0\x02\x01\x02\x03\x04\0\0\0\x05\0\0\0\x32\0\0\0\x0a\0\0\0\0\0\0\0\0\0\0\0\0",
    );
}

/// BEP 15.
#[test]
fn udp_error() {
    let mut out = [0; 100];
    let len = udp::write_error(&mut out, TransactionId(0x0102_0304), "unknown torrent");
    assert_bytes(&out[..len], b"\0\0\0\x03\x01\x02\x03\x04unknown torrent");
}

fn encoded(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = b"kept".to_vec();
    encode(&mut out);
    let reply = out.split_off(4);
    assert_eq!(out, b"kept", "what is in the buffer stays");
    reply
}

#[track_caller]
fn assert_bytes(actual: &[u8], expected: &[u8]) {
    assert_eq!(actual.escape_ascii().to_string(), expected.escape_ascii().to_string());
}
