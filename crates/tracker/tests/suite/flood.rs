//! One address that announces thousands of invented peers, and what the real ones are told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tracker::Via;
use wire::{Announce, AnnounceEvent, CompactV4, CompactV6, InfoHash, PeerId, PeerKey};

use crate::fixture::{Fixture, V1, ip};

#[test]
fn one_ipv4_address_leaves_the_replies_to_real_peers() {
    let real = |n| Ipv4Addr::new(198, 51, 100, n).into();
    check(V1, Via::Udp, real, |_| ip("203.0.113.66"));
    check(V1, Via::Http, real, |_| ip("203.0.113.66"));
    check(InfoHash([9; 20]), Via::Udp, real, |_| ip("203.0.113.66"));
}

#[test]
fn one_ipv6_network_leaves_the_replies_to_real_peers() {
    let real = |n: u8| Ipv6Addr::new(0x2001, 0xdb8, 0, n.into(), 0, 0, 0, 1).into();
    let invented = |n: u16| Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, n).into();
    check(V1, Via::Udp, real, invented);
}

#[test]
fn an_invented_peer_is_counted_and_not_remembered() {
    let mut fixture = open();
    for n in 1..=100 {
        announce(&mut fixture, V1, Via::Udp, ip("203.0.113.66"), n);
    }
    assert_eq!(fixture.tracker.counted().unlisted, 84);
    assert_eq!(fixture.tracker.totals(fixture.now).sessions, 16);
}

#[test]
fn a_member_who_is_not_listed_is_remembered_and_warned() {
    use crate::fixture::ada;
    let mut fixture = open();
    for n in 1..=16 {
        announce(&mut fixture, V1, Via::Udp, ip("203.0.113.66"), n);
    }
    let reply = fixture.announce(ada(1).uploaded(0), "203.0.113.66").unwrap();
    assert_eq!(reply.peers.len(), 4);
    let warning = "too many peers at your address: others cannot find you";
    assert_eq!(reply.warning.as_deref(), Some(warning));
    fixture.pass(60);
    fixture.announce(ada(1).uploaded(500), "203.0.113.66").unwrap();
    assert_eq!(fixture.credit(), 500);
}

/// Asserts that of the peers that 60 real clients are given at least 90 % are real, after one
/// address announced 9,830 invented ones.
#[track_caller]
fn check(hash: InfoHash, via: Via, real: impl Fn(u8) -> IpAddr, invented: impl Fn(u16) -> IpAddr) {
    let mut fixture = open();
    for n in 1..=60 {
        announce(&mut fixture, hash, via, real(n), 6881);
    }
    for n in 1..=9_830 {
        announce(&mut fixture, hash, via, invented(n), n);
    }
    let real: Vec<IpAddr> = (1..=60).map(real).collect();
    let (mut given, mut given_real) = (0, 0);
    for from in &real {
        let peers = announce(&mut fixture, hash, via, *from, 6881);
        let found = peers.iter().filter(|peer| real.contains(peer)).count();
        assert!(found * 10 >= peers.len() * 9 && found >= 45, "{found} of {}", peers.len());
        given += peers.len();
        given_real += found;
    }
    assert!(given_real * 10 >= given * 9, "{given_real} of {given}");
}

/// A tracker with the default limit, open to anybody.
fn open() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.settings.limits.max_peers_per_address = 16;
    fixture.settings.rules.unknown_torrents = policy::UnknownTorrents::Free;
    fixture.tracker.set_settings(fixture.settings.clone());
    fixture
}

/// Announces a peer of a port; the addresses it is given.
fn announce(
    fixture: &mut Fixture,
    hash: InfoHash,
    via: Via,
    from: IpAddr,
    port: u16,
) -> Vec<IpAddr> {
    let mut peer_id = [0; 20];
    let address = match from {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    };
    peer_id[..16].copy_from_slice(&address);
    peer_id[16..18].copy_from_slice(&port.to_be_bytes());
    let announce = Announce {
        info_hash: hash,
        peer_id: PeerId(peer_id),
        port: port + 9_000,
        uploaded: 0,
        downloaded: 0,
        // Every other one seeds.
        left: u64::from(port % 2) * 500,
        event: AnnounceEvent::Started,
        numwant: Some(50),
        key: Some(PeerKey(port.into())),
        passkey: None,
        compact: true,
        no_peer_id: false,
    };
    let Fixture { tracker, scratch, now, .. } = fixture;
    let reply = tracker.announce(&announce, from, via, *now, scratch).unwrap();
    let v4 = reply.peers.iter().map(|peer: &CompactV4| IpAddr::from(peer.ip()));
    let v6 = reply.peers6.iter().map(|peer: &CompactV6| IpAddr::from(peer.ip()));
    v4.chain(v6).collect()
}
