//! Name and version of the client that a peer id belongs to.
//!
//! For people's eyes only: nothing is decided by it, and anybody can send any id. Each client is one line of [`KNOWN`].
//! The lines were checked against the clients' own sources where these are public, otherwise against BEP 20 and the
//! tables of libtorrent, Transmission, BiglyBT and WebTorrent. No crate is used: the one that has such a table
//! (`tdyne-peer-id-registry`) has not changed since its first release in 2023, and predates rqbit, WebTorrent 3 and the
//! present codings of rTorrent and KTorrent.

use wire::PeerId;

/// Names a client and its version, such as `libtorrent 2.1.1`.
///
/// An unknown client is shown by its first eight bytes, with everything that is not printable escaped. The text has at
/// most 64 characters, all of them printable ASCII.
pub fn client_name(peer_id: &PeerId) -> String {
    KNOWN
        .iter()
        .find_map(|client| client.name_of(&peer_id.0))
        .unwrap_or_else(|| peer_id.0.iter().take(RAW_BYTES).copied().flat_map(escaped).collect())
}

/// A client, and how its peer ids begin.
struct Client {
    /// First bytes of the peer id. A `|` marks where the version begins; without one it begins at the end.
    prefix: &'static str,
    /// Name of the client. The version takes the place of `{}`; without one it follows after a space.
    name: &'static str,
    /// How the version is coded: what is read from the id, and what is written for it.
    ///
    /// | character | reads | writes |
    /// |---|---|---|
    /// | `n` | a digit or letter, `A` is 10, `a` is 36 | its value |
    /// | `h` | a hexadecimal digit | its value |
    /// | `H` | two hexadecimal digits | their value |
    /// | `c` | a decimal digit | the digit |
    /// | `N` | two decimal digits | their value |
    /// | `v` | one to three decimal digits | their value |
    /// | `t` | up to seven decimal digits and dots | the same |
    /// | `z` | like `n` | a dot and its value, or nothing for 0 |
    /// | `s` | any byte | what stage of a release it stands for, or nothing |
    /// | `S` | a byte that stands for a stage | the stage |
    /// | `_` | any byte | nothing |
    /// | `-` | a `-` | nothing |
    /// | others | nothing | themselves |
    ///
    /// A line whose coding does not fit an id is skipped, so that a client which has changed its coding has several.
    version: &'static str,
}

impl Client {
    /// Names the client and its version, if `id` is one of its ids.
    fn name_of(&self, id: &[u8; 20]) -> Option<String> {
        let (code, more) = self.prefix.split_once('|').unwrap_or((self.prefix, ""));
        let rest = id.strip_prefix(code.as_bytes())?;
        if !rest.starts_with(more.as_bytes()) {
            return None;
        }
        let version = decoded(self.version, rest)?;
        Some(match self.name.split_once("{}") {
            Some((before, after)) => format!("{before}{version}{after}"),
            None if version.is_empty() => self.name.to_owned(),
            None => format!("{} {version}", self.name),
        })
    }
}

/// Reads a version by its coding, or nothing if the bytes do not fit it.
fn decoded(coding: &str, mut rest: &[u8]) -> Option<String> {
    let mut version = String::new();
    for symbol in coding.chars() {
        let written = match symbol {
            'n' => base_62(take(&mut rest)?)?.to_string(),
            'h' => hex(take(&mut rest)?)?.to_string(),
            'H' => (hex(take(&mut rest)?)? * 16 + hex(take(&mut rest)?)?).to_string(),
            'c' => decimal(take(&mut rest)?)?.to_string(),
            'N' => (decimal(take(&mut rest)?)? * 10 + decimal(take(&mut rest)?)?).to_string(),
            'v' => run(&mut rest, 3, |byte| byte.is_ascii_digit())?,
            't' => run(&mut rest, 7, |byte| byte.is_ascii_digit() || byte == b'.')?,
            'z' => match base_62(take(&mut rest)?)? {
                0 => continue,
                value => format!(".{value}"),
            },
            's' => stage(take(&mut rest)?).unwrap_or_default().to_owned(),
            'S' => stage(take(&mut rest)?)?.to_owned(),
            '_' => {
                take(&mut rest)?;
                continue;
            }
            '-' => {
                rest = rest.strip_prefix(b"-")?;
                continue;
            }
            other => other.to_string(),
        };
        version.push_str(&written);
    }
    Some(version)
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (byte, left) = rest.split_first()?;
    *rest = left;
    Some(*byte)
}

/// Takes one to `most` bytes of a kind.
fn run(rest: &mut &[u8], most: usize, kind: fn(u8) -> bool) -> Option<String> {
    let length = rest.iter().take(most).take_while(|byte| kind(**byte)).count();
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    (length > 0).then(|| String::from_utf8_lossy(taken).into_owned())
}

fn decimal(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(10)
}

fn hex(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

fn base_62(byte: u8) -> Option<u32> {
    let value = char::from(byte).to_digit(36)?;
    Some(if byte.is_ascii_lowercase() { value + 26 } else { value })
}

/// What a letter after a version says about the release. Clients agree on these as far as they use them.
fn stage(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'a' => " alpha",
        b'b' | b'B' => " beta",
        b'r' | b'R' => " rc",
        b'd' | b'D' | b'x' | b'X' | b'Z' => " dev",
        _ => return None,
    })
}

/// A printable character is itself; any other byte, and a backslash, is escaped.
fn escaped(byte: u8) -> impl Iterator<Item = char> {
    std::ascii::escape_default(byte).map(char::from)
}

const RAW_BYTES: usize = 8;

const fn client(prefix: &'static str, name: &'static str, version: &'static str) -> Client {
    Client { prefix, name, version }
}

/// Clients by how their peer ids begin. The first line that fits wins.
#[rustfmt::skip]
const KNOWN: &[Client] = &[
    // What most swarms consist of, with several lines where a client has changed its coding.
    client("-qB",      "qBittorrent",                "n.n.nz-"),
    client("-TR|000",  "Transmission",               "___0.c-"),
    client("-TR|00",   "Transmission",               "__0.cc-"),
    client("-TR|0",    "Transmission",               "n.ccs-"),
    client("-TR|1",    "Transmission",               "n.ccs-"),
    client("-TR|2",    "Transmission",               "n.ccs-"),
    client("-TR|3",    "Transmission",               "n.ccs-"),
    client("-TR",      "Transmission",               "n.n.ns-"),
    client("-DE",      "Deluge",                     "n.n.ns-"),
    client("-LT",      "libtorrent",                 "n.n.nz-"),
    // rTorrent sends the version of its library. Since 0.16 that is two bytes in hexadecimal.
    client("-lt|10",   "rTorrent (libtorrent {})",   "0.H.H-"),
    client("-lt",      "rTorrent (libtorrent {})",   "n.n.n_-"),
    client("-UT",      "uTorrent",                   "h.h.hs-"),
    client("-UT",      "uTorrent",                   "h.h.N"),
    client("-UM",      "uTorrent Mac",               "h.h.hs-"),
    client("-UM",      "uTorrent Mac",               "h.h.N"),
    client("-UW",      "uTorrent Web",               "h.h.hs-"),
    client("-UW",      "uTorrent Web",               "h.h.N"),
    client("-UE",      "uTorrent Embedded",          "h.h.hs-"),
    client("-BT",      "BitTorrent",                 "h.h.hs-"),
    client("-BT",      "BitTorrent",                 "h.h.N"),
    client("-BW",      "BitTorrent Web",             "h.h.hs-"),
    client("-BW",      "BitTorrent Web",             "h.h.N"),
    client("M",        "BitTorrent",                 "v.-v.-v-"),
    client("-BI",      "BiglyBT",                    "n.n.n.n-"),
    client("-AZ",      "Vuze",                       "n.n.n.n-"),
    client("A2-",      "aria2",                      "v.-v.-v-"),
    client("-BC",      "BitComet",                   "N.cc-"),
    client("TIX",      "Tixati",                     "N.cc-"),
    client("-TX",      "Tixati",                     "N.cc-"),
    client("-XL",      "Xunlei",                     "n.n.n.n-"),
    client("-SD",      "Xunlei",                     "n.n.n.n-"),
    // Since 24.08 the year, the month and the release; before, a letter for what is no release yet.
    client("-KT",      "KTorrent",                   "cc.cc.c-"),
    client("-KT",      "KTorrent",                   "n.nS"),
    client("-KT",      "KTorrent",                   "n.n.n"),
    // WebTorrent cuts numbers to two digits: 0.3 and 0.103 are the same.
    client("-WW|00",   "WebTorrent",                 "0.x"),
    client("-WW",      "WebTorrent",                 "N.N-"),
    client("-WD",      "WebTorrent Desktop",         "N.N-"),
    // rqbit sent a constant before it sent its version.
    client("-rQ|00",   "rqbit",                      ""),
    client("-rQ",      "rqbit",                      "n.n.nz-"),
    client("-MO",      "MonoTorrent",                "n.n.N-"),
    client("-FW",      "FrostWire",                  "n.n.n_-"),
    client("-Lr",      "LibreTorrent",               "n.n.n_-"),
    client("-PI",      "PicoTorrent",                "n.N.n-"),
    client("-SZ",      "Shareaza",                   "n.n.n.n-"),
    client("-S~",      "Shareaza beta",              "n.n.n.n-"),
    client("-CB",      "Shareaza Plus",              "n.n.n.n-"),
    client("-PE",      "PeerProject",                "n.n.n.n-"),
    client("-RN",      "Rain",                       "t-"),
    client("-GT",      "anacrolix/torrent",          ""),
    client("-GP",      "Gopeed",                     ""),
    client("-lftp",    "lftp",                       ""),
    client("FD6",      "Free Download Manager 6",    ""),
    client("-FD",      "Free Download Manager",      "n.n"),
    client("-FL",      "Folx",                       "n.x"),
    client("-MG",      "MediaGet",                   "n.n"),
    client("-XF",      "Xfplay",                     "n.n.n"),
    client("-BN",      "Baidu Netdisk",              ""),
    client("-AD",      "Advanced Download Manager",  "n.n.n"),
    client("-tT",      "tTorrent",                   "n.n.n.n-"),
    client("-7T",      "aTorrent",                   "n.n.n.n-"),
    client("-TL",      "Tribler",                    "n.n.nz-"),
    client("-ML",      "MLDonkey",                   "t-"),
    client("-BL",      "BitLord",                    "n.n.n"),
    client("-LC",      "LeechCraft",                 "n.n.nz-"),
    client("-KG",      "KGet",                       "n.n.nz-"),
    client("-HL",      "Halite",                     "n.n.n_-"),
    client("-ZO",      "Zona",                       "n.n.n.n-"),
    client("-TB",      "Torch",                      ""),
    client("-IL",      "iLivid",                     "n.n.n"),
    client("-FX",      "Freebox",                    "n.n.nz-"),
    client("-AB",      "AnyEvent BitTorrent",        "n.n.nz-"),
    client("-BE",      "baretorrent",                "n.n.nz-"),
    client("-BF",      "Bitflu",                     ""),
    client("-BP",      "BitTorrent Pro",             "n.n.nz-"),
    client("-BS",      "BTSlave",                    "n.n.nz-"),
    client("-FC",      "FileCroc",                   "n.n.n.n-"),
    client("-FG",      "FlashGet",                   "N.cc"),
    client("-HK",      "Hekate",                     "n.n.nz-"),
    client("-HN",      "Hydranode",                  "n.n.nz-"),
    client("-MR",      "Miro",                       "n.n.nz-"),
    client("-OS",      "OneSwarm",                   "n.n.nz-"),
    client("-QD",      "QQDownload",                 "n.n.nz-"),
    client("-QT",      "Qt 4 Torrent example",       "n.n.nz-"),
    client("-SP",      "BitSpirit",                  "n.n.n_-"),
    client("-ST",      "SymTorrent",                 "n.n.nz-"),
    client("-st",      "SharkTorrent",               "n.n.nz-"),
    client("-TT",      "TuoTu",                      "n.n.n_-"),
    client("-UL",      "uLeecher",                   "n.n.nz-"),
    client("-VG",      "Vagaa",                      "n.n.nz-"),
    client("-WT",      "BitLet",                     ""),
    client("-WY",      "FireTorrent",                "n.n.nz-"),
    client("-XT",      "XanTorrent",                 "n.n.nz-"),
    client("-XX",      "Xtorrent",                   "n.n.N"),
    client("-XC",      "Xtorrent",                   "n.n.N"),
    client("-AG",      "Ares",                       "n.n.n_-"),
    client("-A~",      "Ares",                       "n.n.n_-"),
    client("-AR",      "Ares",                       "n.n.n_-"),
    client("-AT",      "Artemis",                    "n.n.nz-"),
    client("-AX",      "BitPump",                    "N.cc-"),
    client("-BB",      "BitBuddy",                   "n.ccc-"),
    client("-BG",      "BTG",                        "n.n.nz-"),
    client("-BR",      "BitRocket",                  "n.n-"),
    client("-CD",      "Enhanced CTorrent",          "N.N-"),
    client("-CT",      "CTorrent",                   "n.n.N-"),
    client("-ES",      "Electric Sheep",             "n.n.n_-"),
    client("-FT",      "FoxTorrent",                 "n.n.nz-"),
    client("-GR",      "GetRight",                   "n.n"),
    client("-GS",      "GSTorrent",                  "n.n.nz-"),
    client("-LK",      "Linkage",                    "n.n.n_-"),
    client("-LP",      "Lphant",                     "N.cc-"),
    client("-LW",      "LimeWire",                   ""),
    client("-MP",      "MooPolice",                  "n.n.n_-"),
    client("-MT",      "Moonlight",                  "n.n.nz-"),
    client("-NX",      "Net Transport",              "n.n.nz-"),
    client("-PD",      "Pando",                      "n.n.nz-"),
    client("-pX",      "pHoeniX",                    "n.n.nz-"),
    client("-RT",      "Retriever",                  "n.n.nz-"),
    client("-SS",      "SwarmScope",                 "n.n.nz-"),
    client("-TN",      "Torrent.NET",                "n.n.nz-"),
    client("-TS",      "TorrentStorm",               "n.n.nz-"),
    client("-ZT",      "ZipTorrent",                 "n.n.nz-"),
    client("XBT",      "XBT Client",                 "n.n.ns-"),
    client("OP",       "Opera",                      "cccc"),
    client("Q",        "Queen Bee",                  "v.-v.-v-"),
    client("S3-",      "Amazon S3",                  "v.-v.-v-"),
    // Shadow's style: a letter, and a version that is padded with dashes.
    client("A",        "ABC",                        "n.n.n--"),
    client("R",        "Tribler",                    "n.n.n--"),
    client("S",        "Shadow",                     "n.n.n--"),
    client("T",        "BitTornado",                 "n.n.n--"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_what_clients_send() {
        // As the clients' sources make them, or as their makers' and others' tests have them.
        check(b"-qB4520-", "qBittorrent 4.5.2");
        check(b"-qB4431-", "qBittorrent 4.4.3.1");
        check(b"-qB5120-", "qBittorrent 5.1.2");
        check(b"-qB33G0-", "qBittorrent 3.3.16");
        check(b"-TR0006-", "Transmission 0.6");
        check(b"-TR0072-", "Transmission 0.72");
        check(b"-TR072Z-", "Transmission 0.72 dev");
        check(b"-TR111Z-", "Transmission 1.11 dev");
        check(b"-TR2940-", "Transmission 2.94");
        check(b"-TR3000-", "Transmission 3.00");
        check(b"-TR400B-", "Transmission 4.0.0 beta");
        check(b"-TR4060-", "Transmission 4.0.6");
        check(b"-TR4100-", "Transmission 4.1.0");
        check(b"-TR410Z-", "Transmission 4.1.0 dev");
        check(b"-TR4Az0-", "Transmission 4.10.61");
        check(b"-DE13F0-", "Deluge 1.3.15");
        check(b"-DE200D-", "Deluge 2.0.0 dev");
        check(b"-DE201b-", "Deluge 2.0.1 beta");
        check(b"-DE211s-", "Deluge 2.1.1");
        check(b"-LT12J0-", "libtorrent 1.2.19");
        check(b"-LT20B0-", "libtorrent 2.0.11");
        check(b"-LT2110-", "libtorrent 2.1.1");
        check(b"-lt0C00-", "rTorrent (libtorrent 0.12.0)");
        check(b"-lt0D80-", "rTorrent (libtorrent 0.13.8)");
        check(b"-lt1014-", "rTorrent (libtorrent 0.16.20)");
        check(b"-UT1800-", "uTorrent 1.8.0");
        check(b"-UT180B-", "uTorrent 1.8.0 beta");
        check(b"-UT341\0-", "uTorrent 3.4.1");
        check(b"-UT355W-", "uTorrent 3.5.5");
        check(b"-UT7a5\0-", "uTorrent 7.10.5");
        check(b"-UM1870-", "uTorrent Mac 1.8.7");
        check(b"-UW110Q-", "uTorrent Web 1.1.0");
        check(b"-UW1110Q", "uTorrent Web 1.1.10");
        check(b"-BT791B-", "BitTorrent 7.9.1 beta");
        check(b"-BW1293-", "BitTorrent Web 1.2.9");
        check(b"M4-20-8-", "BitTorrent 4.20.8");
        check(b"M7-9-2--", "BitTorrent 7.9.2");
        check(b"-BI3300-", "BiglyBT 3.3.0.0");
        check(b"-AZ5760-", "Vuze 5.7.6.0");
        check(b"A2-1-2-0-", "aria2 1.2.0");
        check(b"A2-1-36-0-", "aria2 1.36.0");
        check(b"-BC0171-", "BitComet 1.71");
        check(b"-BC0205-", "BitComet 2.05");
        check(b"TIX0193-", "Tixati 1.93");
        check(b"TIX0329-", "Tixati 3.29");
        check(b"-XL0012-", "Xunlei 0.0.1.2");
        check(b"-SD0100-", "Xunlei 0.1.0.0");
        check(b"-KT24083-", "KTorrent 24.08.3");
        check(b"-KT33D1-", "KTorrent 3.3 dev");
        check(b"-KT11R1-", "KTorrent 1.1 rc");
        check(b"-KT2140-", "KTorrent 2.1.4");
        check(b"-KT520-\0", "KTorrent 5.2.0");
        check(b"-WW0003-", "WebTorrent 0.x");
        check(b"-WW0109-", "WebTorrent 1.9");
        check(b"-WW0208-", "WebTorrent 2.8");
        check(b"-WW0300-", "WebTorrent 3.0");
        check(b"-WD0024-", "WebTorrent Desktop 0.24");
        check(b"-rQ0091-", "rqbit");
        check(b"-rQ8110-", "rqbit 8.1.1");
        check(b"-rQ9010-", "rqbit 9.0.1");
        check(b"-MO1203-", "MonoTorrent 1.2.3");
        check(b"-MO3002-", "MonoTorrent 3.0.2");
        check(b"-FW6830-", "FrostWire 6.8.3");
        check(b"-Lr10X0-", "LibreTorrent 1.0.33");
        check(b"-PI0091-", "PicoTorrent 0.9.1");
        check(b"-PI0250-", "PicoTorrent 0.25.0");
        check(b"-SZ2132-", "Shareaza 2.1.3.2");
        check(b"-RN2.2.1-", "Rain 2.2.1");
        check(b"-GT0003-", "anacrolix/torrent");
        check(b"-lftp47-", "lftp");
        check(b"-FD51R\xff-", "Free Download Manager 5.1");
        check(b"FD6k4SYy9BOU4U4rk3-J", "Free Download Manager 6");
        check(b"-FL51FF-", "Folx 5.x");
        check(b"-XF9990-", "Xfplay 9.9.9");
        check(b"-ADB560-", "Advanced Download Manager 11.5.6");
        check(b"-ML2.7.2-", "MLDonkey 2.7.2");
        check(b"-BL246326", "BitLord 2.4.6");
        check(b"-HL0290-", "Halite 0.2.9");
        check(b"-KG2450-", "KGet 2.4.5");
        check(b"-LP0302-", "Lphant 3.02");
        check(b"-FG0184-", "FlashGet 1.84");
        check(b"-TT210w-", "TuoTu 2.1.0");
        check(b"S58B-----", "Shadow 5.8.11");
        check(b"T03I--008gY6iB6Aq27C", "BitTornado 0.3.18");
        check(b"R100--003hR6s07XWcov", "Tribler 1.0.0");
        check(b"Q1-23-4-", "Queen Bee 1.23.4");
    }

    #[test]
    fn shows_an_unknown_client_by_the_first_bytes_of_its_id() {
        check(b"-ZZ1200-", "-ZZ1200-");
        check(b"hello world, goodbye", "hello wo");
        check(b"-IIO\x10\x2d\x04-", "-IIO\\x10-\\x04-");
        check(&[0; 20], &"\\x00".repeat(8));
        check(b"-qB\xff\xfe00-", "-qB\\xff\\xfe00-");
        check(b"-LT2110", "-LT2110.");
    }

    #[test]
    fn each_line_can_be_reached() {
        for (place, client) in KNOWN.iter().enumerate() {
            let code = client.prefix.replace('|', "");
            for earlier in &KNOWN[..place] {
                let shadows = earlier.version.is_empty() || earlier.version == client.version;
                let before = earlier.prefix.replace('|', "");
                assert!(!(shadows && code.starts_with(&before)), "{before} hides {code}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_id_has_a_bounded_printable_name(random: [u8; 20], line in 0..KNOWN.len(), digits in "[0-9A-Za-z.-]{20}") {
            let begun = KNOWN[line].prefix.replace('|', "") + &digits;
            for id in [random, *begun.as_bytes().first_chunk().unwrap()] {
                let name = client_name(&PeerId(id));
                prop_assert!(!name.is_empty() && name.len() <= 64, "{name}");
                prop_assert!(name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{name}");
            }
        }
    }

    /// `start` is the beginning of a peer id; dots stand for the random bytes after it.
    #[track_caller]
    fn check(start: &[u8], expected: &str) {
        let mut id = [b'.'; 20];
        id[..start.len()].copy_from_slice(start);
        assert_eq!(client_name(&PeerId(id)), expected, "{}", start.escape_ascii());
    }
}
