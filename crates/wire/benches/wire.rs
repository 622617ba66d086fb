//! What parsing and encoding one request or reply costs: the part of an announce that is `wire`'s.

use std::{hint::black_box, net::Ipv4Addr};

use divan::{Bencher, Divan};
use wire::{
    AnnounceReply, CompactV4, CompactV6, InfoHash, ScrapeStats, http,
    udp::{self, ConnectionId, ReplyFamily, TransactionId},
};

fn main() {
    Divan::from_args().main();
}

/// As libtorrent sends it.
const TARGET: &[u8] = b"/announce?info_hash=1%f5%ed%19%80-%97%b0%c1%1aQ%8f%e0%02%c7%a6%3dW%ee%f1\
    &peer_id=-LT2110-(!8Wa%7ebXz2.q0&port=6881&uploaded=16384&downloaded=1048576&left=734003200\
    &corrupt=0&key=81639C1C&event=started&numwant=200&compact=1&no_peer_id=1&supportcrypto=1\
    &redundant=0";
/// The same with the passkey of a member.
const MEMBERS_TARGET: &[u8] =
    b"/announce/mzxw6ytboi4dqnrtgq2tmnzyhe3tqojq?info_hash=1%f5%ed%19%80-\
    %97%b0%c1%1aQ%8f%e0%02%c7%a6%3dW%ee%f1&peer_id=-LT2110-(!8Wa%7ebXz2.q0&port=6881\
    &uploaded=16384&downloaded=1048576&left=734003200&corrupt=0&key=81639C1C&numwant=200\
    &compact=1&no_peer_id=1&supportcrypto=1&redundant=0";
/// What stands in the options of the same member's UDP announce.
const MEMBERS_URL: &[u8] = b"/announce/mzxw6ytboi4dqnrtgq2tmnzyhe3tqojq?";

#[divan::bench]
fn http_parse_announce(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| http::parse_target(black_box(TARGET)));
}

/// Of clients that are never the same: what of an id is coded can't be foreseen.
#[divan::bench(sample_size = 1000)]
fn http_parse_announce_of_anybody(bencher: Bencher<'_, '_>) {
    let mut rng = fastrand::Rng::with_seed(1);
    let targets: Vec<_> = (0..16_384).map(|_| target_of_anybody(&mut rng)).collect();
    let mut targets = targets.iter().cycle();
    bencher.bench_local(|| targets.next().map(|target| http::parse_target(target)));
}

#[divan::bench]
fn http_parse_announce_with_passkey(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| http::parse_target(black_box(MEMBERS_TARGET)));
}

#[divan::bench]
fn http_parse_scrape(bencher: Bencher<'_, '_>) {
    let target = b"/scrape?info_hash=1%f5%ed%19%80-%97%b0%c1%1aQ%8f%e0%02%c7%a6%3dW%ee%f1";
    bencher.bench_local(|| http::parse_target(black_box(target)));
}

#[divan::bench(args = [0, 50, 200])]
fn http_encode_announce(bencher: Bencher<'_, '_>, peers: usize) {
    let peers = vec![CompactV4::new(Ipv4Addr::new(203, 0, 113, 7), 6881); peers];
    let mut out = Vec::with_capacity(2048);
    bencher.bench_local(|| {
        out.clear();
        http::encode_announce(black_box(&reply(&peers, &[])), &mut out);
        out.len()
    });
}

#[divan::bench]
fn http_encode_scrape(bencher: Bencher<'_, '_>) {
    let mut out = Vec::with_capacity(256);
    bencher.bench_local(|| {
        out.clear();
        let files = [(InfoHash([7; 20]), STATS)];
        http::encode_scrape(black_box(files).into_iter(), Some(900), &mut out);
        out.len()
    });
}

#[divan::bench]
fn udp_parse_announce(bencher: Bencher<'_, '_>) {
    let datagram = announce(&[]);
    bencher.bench_local(|| udp::parse(black_box(&datagram)));
}

#[divan::bench]
fn udp_parse_announce_with_passkey(bencher: Bencher<'_, '_>) {
    let len = u8::try_from(MEMBERS_URL.len()).unwrap_or_default();
    let datagram = announce(&[&[2, len], MEMBERS_URL].concat());
    bencher.bench_local(|| udp::parse(black_box(&datagram)));
}

#[divan::bench]
fn udp_write_connect(bencher: Bencher<'_, '_>) {
    let mut out = [0; udp::MAX_REPLY_LEN];
    bencher.bench_local(|| {
        udp::write_connect(black_box(&mut out), TransactionId(7), ConnectionId(u64::MAX))
    });
}

#[divan::bench(args = [0, 50, 200])]
fn udp_write_announce_v4(bencher: Bencher<'_, '_>, peers: usize) {
    let peers = vec![CompactV4([7; 6]); peers];
    let mut out = [0; udp::MAX_REPLY_LEN];
    bencher.bench_local(|| {
        let reply = reply(&peers, &[]);
        udp::write_announce(
            black_box(&mut out),
            TransactionId(7),
            black_box(&reply),
            ReplyFamily::V4,
        )
    });
}

#[divan::bench(args = [50])]
fn udp_write_announce_v6(bencher: Bencher<'_, '_>, peers: usize) {
    let peers = vec![CompactV6([7; 18]); peers];
    let mut out = [0; udp::MAX_REPLY_LEN];
    bencher.bench_local(|| {
        let reply = reply(&[], &peers);
        udp::write_announce(
            black_box(&mut out),
            TransactionId(7),
            black_box(&reply),
            ReplyFamily::V6,
        )
    });
}

#[divan::bench]
fn udp_write_scrape_of_74(bencher: Bencher<'_, '_>) {
    let mut out = [0; udp::MAX_REPLY_LEN];
    bencher.bench_local(|| {
        let swarms = std::iter::repeat_n(black_box(STATS), 74);
        udp::write_scrape(black_box(&mut out), TransactionId(7), swarms)
    });
}

fn target_of_anybody(rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut target = b"/announce?info_hash=".to_vec();
    (0..20).for_each(|_| push_coded(&mut target, rng.u8(..)));
    target.extend_from_slice(b"&peer_id=-LT2110-");
    (0..12).for_each(|_| push_coded(&mut target, rng.u8(..)));
    target.extend_from_slice(b"&port=6881&uploaded=16384&downloaded=1048576&left=734003200");
    target.extend_from_slice(b"&compact=1&key=81639C1C&numwant=30");
    target
}

fn push_coded(out: &mut Vec<u8>, byte: u8) {
    if byte.is_ascii_alphanumeric() {
        out.push(byte);
    } else {
        out.extend_from_slice(format!("%{byte:02x}").as_bytes());
    }
}

const STATS: ScrapeStats =
    ScrapeStats { complete: 1200, downloaded: 98_000, incomplete: 340, downloaders: 300 };

fn reply<'a>(peers: &'a [CompactV4], peers6: &'a [CompactV6]) -> AnnounceReply<'a> {
    AnnounceReply {
        complete: 1200,
        incomplete: 340,
        downloaded: 98_000,
        interval_secs: 1837,
        min_interval_secs: Some(900),
        peers,
        peers6,
        external_ip: Some(Ipv4Addr::new(203, 0, 113, 7).into()),
        ..AnnounceReply::default()
    }
}

/// A UDP announce with all numbers 1.
fn announce(options: &[u8]) -> Vec<u8> {
    let one = [0, 0, 0, 1];
    let wide = [0, 0, 0, 0, 0, 0, 0, 1];
    [
        &wide[..], // connection id
        &one,      // action
        &one,      // transaction id
        &[7; 20],  // info hash
        &[9; 20],  // peer id
        &wide,     // downloaded
        &wide,     // left
        &wide,     // uploaded
        &one,      // event
        &one,      // ip
        &one,      // key
        &one,      // num_want
        &[0x1a, 0xe1],
        options,
    ]
    .concat()
}
