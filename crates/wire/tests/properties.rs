//! What holds for every request and reply, with bendy as the judge of bencode.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv6Addr},
};

use bendy::{
    decoding::{Decoder, FromBencode},
    encoding::Encoder,
    value::Value,
};
use proptest::{collection::vec, option, prelude::*};
use wire::{
    Announce, AnnounceEvent, AnnounceReply, CompactV4, CompactV6, FailureReply, InfoHash, Passkey,
    PeerId, PeerKey, RetryIn, ScrapeStats, http,
    udp::{self, ReplyFamily, TransactionId},
};

proptest! {
    #[test]
    fn any_target_is_read_or_refused(target in vec(any::<u8>(), 0..300)) {
        let _ = http::parse_target(&target);
        let _ = http::parse_target(&[b"/announce?", &target[..]].concat());
        let _ = http::parse_target(&[b"/scrape?info_hash=", &target[..]].concat());
    }

    #[test]
    fn any_datagram_is_read_or_refused(
        action in 0..5_u32,
        body in vec(any::<u8>(), 0..300),
        options in vec(any::<u8>(), 0..60),
    ) {
        let _ = udp::parse(&body);
        let datagram = [&[7; 8][..], &action.to_be_bytes(), &[9; 4], &body].concat();
        let _ = udp::parse(&datagram);
        let announce = [&[7; 8][..], &1_u32.to_be_bytes(), &[9; 86], &options].concat();
        let _ = udp::parse(&announce);
    }

    #[test]
    fn an_announce_is_read_as_it_was_written(announce in announce(), coding in coding()) {
        let target = target_of(&announce, &coding);
        prop_assert_eq!(http::parse_target(&target), Ok(http::HttpRequest::Announce(announce)));
    }

    #[test]
    fn both_transports_read_the_same_announce(announce in announce(), coding in coding()) {
        let announce = Announce {
            key: announce.key.or(Some(PeerKey(0))),
            numwant: announce.numwant.filter(|want| i32::try_from(*want).is_ok()),
            compact: true,
            no_peer_id: false,
            ..announce
        };
        let target = target_of(&announce, &coding);
        prop_assert_eq!(http::parse_target(&target), Ok(http::HttpRequest::Announce(announce)));
        let datagram = datagram_of(&announce);
        let Ok(udp::UdpRequest::Announce { announce: read, .. }) = udp::parse(&datagram) else {
            panic!("no announce: {datagram:?}")
        };
        prop_assert_eq!(read, announce);
    }

    #[test]
    fn an_announce_reply_is_canonical_bencode(reply in reply()) {
        let reply = reply.borrowed();
        let dict = canonical(|out| http::encode_announce(&reply, out));
        prop_assert_eq!(&dict["interval"], &Value::Integer(reply.interval_secs.into()));
        prop_assert_eq!(bytes_of(&dict["peers"]), reply.peers.iter().flat_map(|peer| peer.0).collect::<Vec<_>>());
        prop_assert_eq!(dict.contains_key("peers6"), !reply.peers6.is_empty());

        let dict = canonical(|out| {
            http::encode_announce_dicts(&reply, |_, port| (port > 999).then_some(PeerId([7; 20])), out);
        });
        let Value::List(peers) = &dict["peers"] else { panic!("peers is no list") };
        let endpoints = peers.iter().map(endpoint_of).collect::<Vec<_>>();
        let expected = reply.peers.iter().map(|peer| (IpAddr::V4(peer.ip()), peer.port()));
        let expected6 = reply.peers6.iter().map(|peer| (IpAddr::V6(peer.ip()), peer.port()));
        prop_assert_eq!(endpoints, expected.chain(expected6).collect::<Vec<_>>());
    }

    #[test]
    fn a_failure_is_canonical_bencode(
        reason in ".{0,80}",
        interval_secs in option::of(any::<u32>()),
        min_interval_secs in option::of(any::<u32>()),
        minutes in option::of(option::of(any::<u32>())),
    ) {
        let retry_in = minutes.map(|minutes| minutes.map_or(RetryIn::Never, RetryIn::Minutes));
        let failure = FailureReply { reason: &reason, interval_secs, min_interval_secs, retry_in };
        let dict = canonical(|out| http::encode_failure(&failure, out));
        prop_assert_eq!(bytes_of(&dict["failure reason"]), reason.as_bytes());
        prop_assert_eq!(dict.contains_key("interval"), interval_secs.is_some());
        prop_assert_eq!(dict.contains_key("min interval"), min_interval_secs.is_some());
        prop_assert_eq!(dict.contains_key("retry in"), retry_in.is_some());
    }

    #[test]
    fn a_scrape_reply_is_canonical_bencode(
        files in vec((any::<[u8; 20]>().prop_map(InfoHash), stats()), 0..=74),
        interval in option::of(any::<u32>()),
    ) {
        let doubled = files.iter().chain(files.first()).copied();
        let dict = canonical(|out| http::encode_scrape(doubled.clone().take(74), interval, out));
        let Value::Dict(swarms) = &dict["files"] else { panic!("files is no dictionary") };
        let expected = files.iter().map(|(hash, _)| hash.0.to_vec()).collect::<BTreeSet<_>>();
        prop_assert!(swarms.keys().map(|key| key.to_vec()).eq(expected));
        prop_assert_eq!(dict.contains_key("flags"), interval.is_some());
    }

    #[test]
    fn a_udp_reply_stays_in_its_buffer_and_is_a_prefix_of_the_whole(
        reply in reply(),
        family in prop_oneof![Just(ReplyFamily::V4), Just(ReplyFamily::V6)],
        room in 0..1500_usize,
    ) {
        let write = |out: &mut [u8]| udp::write_announce(out, TransactionId(9), &reply.borrowed(), family);
        let mut whole = [0; 8192];
        let whole_len = write(&mut whole);
        let mut out = vec![0; room];
        let len = write(&mut out);
        prop_assert!(len <= room.min(whole_len));
        prop_assert_eq!(&out[..len], &whole[..len]);
    }
}

/// Decodes a reply, shows that encoding it again gives the same bytes, and returns its dictionary.
#[track_caller]
fn canonical(encode: impl Fn(&mut Vec<u8>)) -> BTreeMap<String, Value<'static>> {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    let mut decoder = Decoder::new(&bytes).with_max_depth(5);
    let object = decoder.next_object().unwrap().unwrap();
    let value = Value::decode_bencode_object(object).unwrap().into_owned();
    assert!(matches!(decoder.next_object(), Ok(None)), "one value and no more");

    let mut again = Encoder::new().with_max_depth(5);
    again.emit(&value).unwrap();
    assert_eq!(again.get_output().unwrap(), bytes);

    let Value::Dict(dict) = value else { panic!("no dictionary") };
    dict.into_iter()
        .map(|(key, value)| (String::from_utf8(key.into_owned()).unwrap(), value))
        .collect()
}

fn bytes_of<'v>(value: &'v Value<'_>) -> &'v [u8] {
    match value {
        Value::Bytes(bytes) => bytes,
        other => panic!("no bytes: {other:?}"),
    }
}

fn endpoint_of(peer: &Value<'_>) -> (IpAddr, u16) {
    let Value::Dict(peer) = peer else { panic!("no dictionary") };
    let ip = std::str::from_utf8(bytes_of(&peer[&b"ip"[..]])).unwrap().parse().unwrap();
    let Value::Integer(port) = peer[&b"port"[..]] else { panic!("no port") };
    let port = u16::try_from(port).unwrap();
    assert_eq!(peer.contains_key(&b"peer id"[..]), port > 999);
    (ip, port)
}

/// How each next byte of a value is written: raw where it may be, or coded in one of two cases.
fn coding() -> impl Strategy<Value = Vec<u8>> {
    vec(0..3_u8, 7..40)
}

fn coded(value: &[u8], coding: &[u8]) -> Vec<u8> {
    let code = |(byte, how): (&u8, &u8)| match how {
        0 if !matches!(byte, b'&' | b';' | b'%') => vec![*byte],
        0 | 1 => format!("%{byte:02x}").into_bytes(),
        _ => format!("%{byte:02X}").into_bytes(),
    };
    value.iter().zip(coding.iter().cycle()).flat_map(code).collect()
}

fn target_of(announce: &Announce, coding: &[u8]) -> Vec<u8> {
    let mut target = path_of(announce);
    let mut separator = b'?';
    let mut parameter = |name: &str, value: &[u8]| {
        target.push(separator);
        target.extend_from_slice(name.as_bytes());
        target.push(b'=');
        target.extend(coded(value, coding));
        separator = if separator == b'&' { b';' } else { b'&' };
    };
    let flag = |set| if set { b"1" } else { b"0" };
    parameter("info_hash", &announce.info_hash.0);
    parameter("peer_id", &announce.peer_id.0);
    parameter("port", announce.port.to_string().as_bytes());
    parameter("uploaded", announce.uploaded.to_string().as_bytes());
    parameter("downloaded", announce.downloaded.to_string().as_bytes());
    parameter("left", announce.left.to_string().as_bytes());
    parameter("compact", flag(announce.compact));
    parameter("no_peer_id", flag(announce.no_peer_id));
    parameter(
        "event",
        match announce.event {
            AnnounceEvent::Completed => b"completed",
            AnnounceEvent::None => b"",
            AnnounceEvent::Paused => b"paused",
            AnnounceEvent::Started => b"started",
            AnnounceEvent::Stopped => b"stopped",
        },
    );
    if let Some(numwant) = announce.numwant {
        parameter("numwant", numwant.to_string().as_bytes());
    }
    if let Some(PeerKey(key)) = announce.key {
        parameter("key", format!("{key:08X}").as_bytes());
    }
    target
}

fn datagram_of(announce: &Announce) -> Vec<u8> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(-1).to_be_bytes();
    let event: u32 = match announce.event {
        AnnounceEvent::None => 0,
        AnnounceEvent::Completed => 1,
        AnnounceEvent::Started => 2,
        AnnounceEvent::Stopped => 3,
        AnnounceEvent::Paused => 4,
    };
    let path = path_of(announce);
    let numwant = announce.numwant.map_or(-1, |want| i32::try_from(want).unwrap());
    [
        &[7; 8][..],
        &1_u32.to_be_bytes(),
        &[9; 4],
        &announce.info_hash.0,
        &announce.peer_id.0,
        &signed(announce.downloaded),
        &signed(announce.left),
        &signed(announce.uploaded),
        &event.to_be_bytes(),
        &[0; 4],
        &announce.key.map_or(0, |key| key.0).to_be_bytes(),
        &numwant.to_be_bytes(),
        &announce.port.to_be_bytes(),
        &[2, u8::try_from(path.len()).unwrap()],
        &path,
    ]
    .concat()
}

fn path_of(announce: &Announce) -> Vec<u8> {
    let passkey = announce.passkey.iter().flat_map(|key| [b"/", key.expose()].concat());
    b"/announce".iter().copied().chain(passkey).collect()
}

prop_compose! {
    /// An announce whose counters a signed number holds, as UDP has no other.
    fn announce()(
        (info_hash, peer_id) in any::<([u8; 20], [u8; 20])>(),
        port in any::<u16>(),
        uploaded in 0..=i64::MAX.unsigned_abs(),
        downloaded in 0..=i64::MAX.unsigned_abs(),
        left in prop_oneof![Just(0), Just(u64::MAX), 0..=i64::MAX.unsigned_abs()],
        event in prop_oneof![
            Just(AnnounceEvent::Completed), Just(AnnounceEvent::None), Just(AnnounceEvent::Paused), Just(AnnounceEvent::Started),
            Just(AnnounceEvent::Stopped),
        ],
        numwant in any::<Option<u32>>(),
        key in any::<Option<u32>>(),
        passkey in option::of("[A-Za-z0-9_-]{1,64}"),
        (compact, no_peer_id) in any::<(bool, bool)>(),
    ) -> Announce {
        Announce {
            info_hash: InfoHash(info_hash),
            peer_id: PeerId(peer_id),
            port,
            uploaded,
            downloaded,
            left,
            event,
            numwant,
            key: key.map(PeerKey),
            passkey: passkey.and_then(|key| Passkey::new(key.as_bytes())),
            compact,
            no_peer_id,
        }
    }
}

/// What an [`AnnounceReply`] borrows from.
#[derive(Clone, Debug)]
struct Reply {
    numbers: [u32; 4],
    min_interval_secs: Option<u32>,
    peers: Vec<CompactV4>,
    peers6: Vec<CompactV6>,
    external_ip: Option<IpAddr>,
    warning: Option<String>,
}

impl Reply {
    fn borrowed(&self) -> AnnounceReply<'_> {
        let [complete, incomplete, downloaded, interval_secs] = self.numbers;
        AnnounceReply {
            complete,
            incomplete,
            downloaded,
            interval_secs,
            min_interval_secs: self.min_interval_secs,
            peers: &self.peers,
            peers6: &self.peers6,
            external_ip: self.external_ip,
            warning: self.warning.as_deref(),
        }
    }
}

prop_compose! {
    fn reply()(
        numbers in any::<[u32; 4]>(),
        min_interval_secs in any::<Option<u32>>(),
        peers in vec(any::<[u8; 6]>().prop_map(CompactV4), 0..250),
        peers6 in vec(
            any::<(u128, u16)>().prop_map(|(ip, port)| CompactV6::new(Ipv6Addr::from(ip), port)),
            0..100,
        ),
        external_ip in any::<Option<IpAddr>>(),
        warning in option::of(".{0,80}"),
    ) -> Reply {
        Reply { numbers, min_interval_secs, peers, peers6, external_ip, warning }
    }
}

prop_compose! {
    fn stats()(numbers in any::<[u32; 4]>()) -> ScrapeStats {
        let [complete, downloaded, incomplete, downloaders] = numbers;
        ScrapeStats { complete, downloaded, incomplete, downloaders }
    }
}
