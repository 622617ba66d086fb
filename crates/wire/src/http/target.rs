//! A request's target, path and query, as an announce or a scrape.

use memchr::memchr;
use thiserror::Error;

use super::query::{self, Parameters, Span};
use crate::{
    Announce, InfoHash, Passkey, PeerId,
    path::{self, HttpAction, TargetPathError},
    url::cut,
};

/// The longest target that is read, in bytes: 74 info hashes with each byte percent-coded, and the
/// longest passkey, leave 2 KiB of it.
pub const MAX_TARGET_LEN: usize = 8 * 1024;

/// The most info hashes of one scrape: as many as a UDP scrape can hold.
pub const MAX_SCRAPE_HASHES: usize = crate::udp::MAX_SCRAPE_HASHES;

/// What a target asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HttpRequest<'a> {
    /// A peer reports and wants peers (BEP 3).
    Announce(Announce),
    /// Somebody wants numbers (BEP 48).
    Scrape(Scrape<'a>),
}

/// A scrape of 1 to [`MAX_SCRAPE_HASHES`] swarms (BEP 48).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scrape<'a> {
    /// The secret in the URL, unverified.
    pub passkey: Option<Passkey>,
    query: &'a [u8],
}

impl<'a> Scrape<'a> {
    /// The swarms asked for, in request order; may repeat.
    pub fn info_hashes(&self) -> impl Iterator<Item = InfoHash> + use<'a> {
        let Self { query, .. } = *self;
        query::info_hashes(query).filter_map(|span| query::id(query, span)).map(InfoHash)
    }
}

/// Reads a target: path and query in origin form (RFC 9112, 3.2.1), any bytes. A passkey that the
/// path does not have may be a parameter `passkey`, as in announce URLs of other trackers.
///
/// # Errors
///
/// [`TargetError::UnknownPath`] is a 404; any other is answered by a failure reason, its
/// [`text`](TargetError::text).
pub fn parse_target(target: &[u8]) -> Result<HttpRequest<'_>, TargetError> {
    if target.len() > MAX_TARGET_LEN {
        return Err(TargetError::TooLong);
    }
    let (path, query) = cut(target, memchr(b'?', target));
    let query = query.unwrap_or_default();
    match path::read(path)? {
        (HttpAction::Announce, passkey) => announce(passkey, query).map(HttpRequest::Announce),
        (HttpAction::Scrape, passkey) => scrape(passkey, query).map(HttpRequest::Scrape),
    }
}

fn announce(passkey: Option<Passkey>, query: &[u8]) -> Result<Announce, TargetError> {
    let given = Parameters::read(query);
    let bytes = |value: Option<Span>| value.map(|value| value.of(query));
    let passkey = passkey_of(passkey, bytes(given.passkey))?;
    let counter = |value| bytes(value).and_then(query::number);
    let info_hash = given.info_hash.ok_or(TargetError::InfoHashMissing)?;
    let peer_id = given.peer_id.ok_or(TargetError::PeerIdMissing)?;
    let port = bytes(given.port).ok_or(TargetError::PortMissing)?;
    Ok(Announce {
        info_hash: InfoHash(query::id(query, info_hash).ok_or(TargetError::InfoHashLength)?),
        peer_id: PeerId(query::id(query, peer_id).ok_or(TargetError::PeerIdLength)?),
        port: query::number(port)
            .and_then(|port| u16::try_from(port).ok())
            .ok_or(TargetError::PortRange)?,
        uploaded: counter(given.uploaded).unwrap_or(0),
        downloaded: counter(given.downloaded).unwrap_or(0),
        left: counter(given.left).unwrap_or(u64::MAX),
        event: bytes(given.event).map(query::event).unwrap_or_default(),
        numwant: counter(given.numwant).map(|want| u32::try_from(want).unwrap_or(u32::MAX)),
        key: bytes(given.key).and_then(query::peer_key),
        passkey,
        compact: !query::is(bytes(given.compact), b'0'),
        no_peer_id: query::is(bytes(given.no_peer_id), b'1'),
    })
}

/// The passkey in the path, and where there is none that in the query.
fn passkey_of(
    in_path: Option<Passkey>,
    in_query: Option<&[u8]>,
) -> Result<Option<Passkey>, TargetError> {
    match (in_path, in_query) {
        (None, Some(passkey)) => Ok(Some(path::passkey(passkey)?)),
        _ => Ok(in_path),
    }
}

fn scrape(passkey: Option<Passkey>, query: &[u8]) -> Result<Scrape<'_>, TargetError> {
    let passkey = passkey_of(passkey, query::passkey(query).map(|value| value.of(query)))?;
    let mut count = 0;
    for info_hash in query::info_hashes(query) {
        query::id(query, info_hash).ok_or(TargetError::InfoHashLength)?;
        count += 1;
    }
    match count {
        0 => Err(TargetError::InfoHashMissing),
        1..=MAX_SCRAPE_HASHES => Ok(Scrape { passkey, query }),
        _ => Err(TargetError::TooManyHashes),
    }
}

/// Why a target is neither an announce nor a scrape.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{}", self.text())]
pub enum TargetError {
    /// An info hash has more or less than 20 bytes.
    InfoHashLength,
    /// There is no info hash; a scrape of everything is not given.
    InfoHashMissing,
    /// There is a passkey and it can't be one, so that its bearer is not taken for an outsider.
    Passkey,
    /// The peer id has more or less than 20 bytes.
    PeerIdLength,
    /// There is no peer id.
    PeerIdMissing,
    /// There is no port.
    PortMissing,
    /// The port is not a number from 0 to 65535.
    PortRange,
    /// The target is longer than [`MAX_TARGET_LEN`].
    TooLong,
    /// A scrape asks for more than [`MAX_SCRAPE_HASHES`] swarms.
    TooManyHashes,
    /// The path is no tracker's: the answer is 404.
    UnknownPath,
}

impl TargetError {
    /// What a person will read in their client.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InfoHashLength => "info_hash must be 20 bytes, percent-coded",
            Self::InfoHashMissing => "info_hash is missing",
            Self::Passkey => TargetPathError::Passkey.text(),
            Self::PeerIdLength => "peer_id must be 20 bytes, percent-coded",
            Self::PeerIdMissing => "peer_id is missing",
            Self::PortMissing => "port is missing",
            Self::PortRange => "port must be a number from 0 to 65535",
            Self::TooLong => "request is longer than 8 KiB",
            Self::TooManyHashes => "a scrape may name at most 74 info hashes",
            Self::UnknownPath => TargetPathError::Unknown.text(),
        }
    }
}

impl From<TargetPathError> for TargetError {
    fn from(error: TargetPathError) -> Self {
        match error {
            TargetPathError::Passkey => Self::Passkey,
            TargetPathError::Unknown => Self::UnknownPath,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnnounceEvent, PeerKey};

    #[test]
    fn an_announce_needs_an_info_hash_a_peer_id_and_a_port() {
        let least = announce("");
        assert_eq!((least.info_hash.0, least.peer_id.0, least.port), (*HASH, *PEER, 6881));
        assert_eq!((least.uploaded, least.downloaded, least.left), (0, 0, u64::MAX));
        assert_eq!((least.event, least.numwant, least.key), (AnnounceEvent::None, None, None));
        assert_eq!((least.compact, least.no_peer_id), (true, false));
        assert_eq!(least.passkey, None);

        let check = |query: &str, error| {
            assert_eq!(parse_target(format!("/announce{query}").as_bytes()), Err(error), "{query}");
        };
        check("", TargetError::InfoHashMissing);
        check("?", TargetError::InfoHashMissing);
        check("?peer_id=-XX0001-ada+bob+ada.&port=6881", TargetError::InfoHashMissing);
        check("?info_hash=abcdefghijklmnopqrst&port=6881", TargetError::PeerIdMissing);
        check(
            "?info_hash=abcdefghijklmnopqrst&peer_id=-XX0001-ada+bob+ada.",
            TargetError::PortMissing,
        );
    }

    #[test]
    fn ids_of_another_length_are_refused() {
        let check = |hash: &str, peer: &str, error| {
            let target = format!("/announce?info_hash={hash}&peer_id={peer}&port=1");
            assert_eq!(parse_target(target.as_bytes()), Err(error), "{target}");
        };
        let (hash, peer) = ("abcdefghijklmnopqrst", "-XX0001-ada+bob+ada.");
        for bad in ["", "abcdefghijklmnopqrs", "abcdefghijklmnopqrstu", "abcdefghijklmnopqrst%00"] {
            check(bad, peer, TargetError::InfoHashLength);
            check(hash, bad, TargetError::PeerIdLength);
        }
        check(&"61".repeat(20), peer, TargetError::InfoHashLength);
    }

    #[test]
    fn a_port_is_16_bits_and_0_is_one() {
        let port = |text: &str| {
            let target = TARGET.replace("6881", text);
            parse_target(target.as_bytes()).map(|_| ())
        };
        for good in ["0", "1", "65535", "%36881"] {
            assert_eq!(port(good), Ok(()), "{good}");
        }
        for bad in ["", "-1", "65536", "99999999999999999999", "6881x", "http"] {
            assert_eq!(port(bad), Err(TargetError::PortRange), "{bad}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_bent_into_it() {
        let left = |text: &str| announce(&format!("&left={text}")).left;
        assert_eq!(left("0"), 0);
        assert_eq!(left("16384"), 16384);
        for unknown in ["", "-1", "many", "99999999999999999999999"] {
            assert_eq!(left(unknown), u64::MAX, "{unknown}");
        }
        let counters = announce("&uploaded=-5&downloaded=99999999999999999999999");
        assert_eq!((counters.uploaded, counters.downloaded), (0, u64::MAX));

        let numwant = |text: &str| announce(&format!("&numwant={text}")).numwant;
        assert_eq!(numwant("0"), Some(0));
        assert_eq!(numwant("200"), Some(200));
        assert_eq!(numwant("99999999999"), Some(u32::MAX));
        for unsaid in ["", "-1", "-200", "all"] {
            assert_eq!(numwant(unsaid), None, "{unsaid}");
        }
    }

    #[test]
    fn an_unknown_event_is_the_regular_announce() {
        let event = |text: &str| announce(&format!("&event={text}")).event;
        assert_eq!(event("started"), AnnounceEvent::Started);
        assert_eq!(event("%73topped"), AnnounceEvent::Stopped);
        assert_eq!(event("completed"), AnnounceEvent::Completed);
        assert_eq!(event("paused"), AnnounceEvent::Paused);
        for regular in ["", "empty", "Started", "start", "startedx", "checking"] {
            assert_eq!(event(regular), AnnounceEvent::None, "{regular}");
        }
    }

    #[test]
    fn flags_are_set_by_one_value() {
        assert!(!announce("&compact=0").compact);
        for compact in ["&compact=1", "&compact=", "&compact", "&compact=2"] {
            assert!(announce(compact).compact, "{compact}");
        }
        assert!(announce("&no_peer_id=1").no_peer_id);
        assert!(!announce("&no_peer_id=0").no_peer_id);
    }

    #[test]
    fn of_a_repeated_parameter_the_first_counts() {
        assert_eq!(announce("&left=5&left=6").left, 5);
        assert_eq!(announce("&left&left=6").left, u64::MAX);
        assert_eq!(announce("&port=1").port, 6881);
    }

    #[test]
    fn what_is_unknown_or_ill_formed_disturbs_nothing_else() {
        let noise = "&&;=;=x&x=a=b&left&info_hash_=1&ip=192.0.2.1&ipv6=::1&trackerid=t&%&\u{fffd}";
        assert_eq!(announce(&format!("{noise}&key=a1")), announce("&key=a1"));
        assert_eq!(announce("&key=a1").key, Some(PeerKey(0xa1)));
    }

    #[test]
    fn separators_and_names_may_be_of_either_kind() {
        assert_eq!(
            parse_target(TARGET.replace('&', ";").as_bytes()),
            parse_target(TARGET.as_bytes())
        );
        assert_eq!(announce("&%6ceft=5;numwant%=7").left, 5);
        let coded = TARGET.replace("info_hash", "info%5Fhash");
        assert_eq!(parse_target(coded.as_bytes()), parse_target(TARGET.as_bytes()));
    }

    #[test]
    fn every_proper_prefix_is_an_error_or_a_shorter_announce() {
        let target = format!("{TARGET}&left=9&event=started");
        let port = target.find("&port=6").unwrap() + "&port=6".len();
        for len in 0..target.len() {
            let parsed = parse_target(&target.as_bytes()[..len]);
            assert_eq!(parsed.is_ok(), len >= port, "{len}: {parsed:?}");
        }
    }

    #[test]
    fn a_scrape_names_1_to_74_swarms() {
        let scrape =
            |count| format!("/scrape/ada?{}", "info_hash=abcdefghijklmnopqrst&".repeat(count));
        for count in [1, 2, 74] {
            let target = scrape(count);
            let Ok(HttpRequest::Scrape(scrape)) = parse_target(target.as_bytes()) else {
                panic!("no scrape: {target}")
            };
            assert_eq!(scrape.passkey, Passkey::new(b"ada"));
            assert!(scrape.info_hashes().eq(vec![InfoHash(*HASH); count]));
        }
        assert_eq!(parse_target(scrape(0).as_bytes()), Err(TargetError::InfoHashMissing));
        assert_eq!(parse_target(scrape(75).as_bytes()), Err(TargetError::TooManyHashes));
        let bad = scrape(2).replacen("t&", "&", 1);
        assert_eq!(parse_target(bad.as_bytes()), Err(TargetError::InfoHashLength));
    }

    #[test]
    fn a_target_takes_8_kib_and_no_more() {
        let padding = MAX_TARGET_LEN - TARGET.len() - 1;
        let longest = format!("{TARGET}&{}", "x".repeat(padding));
        assert_eq!(parse_target(longest.as_bytes()), parse_target(TARGET.as_bytes()));
        assert_eq!(parse_target(format!("{longest}x").as_bytes()), Err(TargetError::TooLong));
    }

    #[test]
    fn the_path_says_what_is_asked_and_by_whom() {
        let check = |path: &str, expected: Result<Option<Passkey>, TargetError>| {
            let target = TARGET.replacen("/announce", path, 1);
            let passkey = parse_target(target.as_bytes()).map(|request| match request {
                HttpRequest::Announce(announce) => announce.passkey,
                HttpRequest::Scrape(_) => panic!("no announce: {target}"),
            });
            assert_eq!(passkey, expected, "{target}");
        };
        check("/announce", Ok(None));
        check("/announce/ada", Ok(Passkey::new(b"ada")));
        check("/ada/announce", Ok(Passkey::new(b"ada")));
        check("/announce/a.b", Err(TargetError::Passkey));
        check("/announce.php", Ok(None));
        check("/announce.cgi", Err(TargetError::UnknownPath));
        check("", Err(TargetError::UnknownPath));
    }

    #[test]
    fn a_passkey_may_be_a_parameter_and_that_in_the_path_comes_first() {
        let ada = Passkey::new(b"ada");
        assert_eq!(announce("&passkey=ada").passkey, ada);
        assert_eq!(announce("&passkey=%61da&passkey=bob").passkey, ada);
        let target = TARGET.replacen("/announce", "/announce/ada", 1) + "&passkey=bob";
        let Ok(HttpRequest::Announce(both)) = parse_target(target.as_bytes()) else {
            panic!("{target}")
        };
        assert_eq!(both.passkey, ada);
        for bad in ["", "a.b", &"a".repeat(65)] {
            let target = format!("{TARGET}&passkey={bad}");
            assert_eq!(parse_target(target.as_bytes()), Err(TargetError::Passkey), "{target}");
        }
        let target = b"/scrape?info_hash=abcdefghijklmnopqrst&passkey=ada";
        let Ok(HttpRequest::Scrape(scrape)) = parse_target(target) else { panic!("no scrape") };
        assert_eq!(scrape.passkey, ada);
    }

    /// Reads [`TARGET`] with more parameters.
    #[track_caller]
    fn announce(more: &str) -> Announce {
        match parse_target(format!("{TARGET}{more}").as_bytes()) {
            Ok(HttpRequest::Announce(announce)) => announce,
            other => panic!("no announce: {other:?}"),
        }
    }

    const TARGET: &str =
        "/announce?info_hash=abcdefghijklmnopqrst&peer_id=-XX0001-ada+bob+ada.&port=6881";
    const HASH: &[u8; 20] = b"abcdefghijklmnopqrst";
    const PEER: &[u8; 20] = b"-XX0001-ada+bob+ada.";
}
