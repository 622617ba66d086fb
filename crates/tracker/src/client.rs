//! Which client a peer id belongs to (BEP 20).
//!
//! Only for people's eyes: nothing is decided by it.

use wire::PeerId;

/// Names a client and its version, such as `libtorrent 2.1.1`, from the first bytes of a peer id.
pub fn client_name(peer_id: &PeerId) -> String {
    azureus(&peer_id.0).or_else(|| mainline(&peer_id.0)).unwrap_or_else(|| raw(&peer_id.0))
}

/// Azureus style: `-LT2110-` and twelve random bytes.
fn azureus(id: &[u8; 20]) -> Option<String> {
    let [b'-', first, second, version @ .., b'-'] = id.first_chunk::<8>()? else { return None };
    let code = [*first, *second];
    let name = match KNOWN.iter().find(|(known, _)| known.as_bytes() == code) {
        Some((_, name)) => (*name).to_owned(),
        None if code.iter().all(u8::is_ascii_graphic) => {
            String::from_utf8_lossy(&code).into_owned()
        }
        None => return None,
    };
    match dotted(version) {
        Some(version) => Some(format!("{name} {version}")),
        None => Some(name),
    }
}

/// Mainline's style, which aria2 has taken up: `M7-9-2--`, `A2-1-36-0-`.
fn mainline(id: &[u8; 20]) -> Option<String> {
    let (name, rest) = match id {
        [b'M', rest @ ..] => ("Mainline", rest.as_slice()),
        [b'A', b'2', b'-', rest @ ..] => ("aria2", rest.as_slice()),
        _ => return None,
    };
    let version: Vec<&str> = rest
        .split(|byte| *byte == b'-')
        .take_while(|part| {
            !part.is_empty() && part.len() <= 3 && part.iter().all(u8::is_ascii_digit)
        })
        .filter_map(|part| str::from_utf8(part).ok())
        .collect();
    (version.len() > 1).then(|| format!("{name} {}", version.join(".")))
}

/// The four version characters with dots between, trailing zeros dropped after the second.
fn dotted(version: &[u8]) -> Option<String> {
    if !version.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let mut parts: Vec<String> = version.iter().copied().map(digit).collect();
    while parts.len() > 2 && parts.last().is_some_and(|part| part == "0") {
        parts.pop();
    }
    Some(parts.join("."))
}

/// One version character: a digit, or a letter that counts on from ten.
fn digit(character: u8) -> String {
    match character {
        b'A'..=b'Z' => (character - b'A' + 10).to_string(),
        _ => char::from(character).to_string(),
    }
}

/// The printable part of the first eight bytes, for a client that nobody knows.
fn raw(id: &[u8; 20]) -> String {
    let printable: String = id
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_graphic())
        .map(|byte| char::from(*byte))
        .collect();
    if printable.is_empty() { "unknown".to_owned() } else { printable }
}

/// Codes that clients use today, from BEP 20 and from the clients' own sources.
const KNOWN: [(&str, &str); 22] = [
    ("AZ", "Vuze"),
    ("BC", "BitComet"),
    ("BI", "BiglyBT"),
    ("BT", "BitTorrent"),
    ("DE", "Deluge"),
    ("FD", "Free Download Manager"),
    ("FL", "Flud"),
    ("HL", "Halite"),
    ("KT", "KTorrent"),
    ("LP", "Lphant"),
    ("LT", "libtorrent"),
    ("TR", "Transmission"),
    ("TT", "TuoTu"),
    ("UL", "uLeecher"),
    ("UM", "uTorrent Mac"),
    ("UT", "uTorrent"),
    ("UW", "uTorrent Web"),
    ("WW", "WebTorrent"),
    ("XL", "Xunlei"),
    ("lt", "rTorrent"),
    ("qB", "qBittorrent"),
    ("rT", "rTorrent"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_clients_send() {
        check(b"-LT2110-abcdefghijkl", "libtorrent 2.1.1");
        check(b"-LT20B0-abcdefghijkl", "libtorrent 2.0.11");
        check(b"-qB4520-abcdefghijkl", "qBittorrent 4.5.2");
        check(b"-TR3000-abcdefghijkl", "Transmission 3.0");
        check(b"A2-1-36-0-abcdefghij", "aria2 1.36.0");
        check(b"M7-9-2--abcdefghijkl", "Mainline 7.9.2");
    }

    #[test]
    fn names_an_unknown_client_by_what_it_says() {
        check(b"-ZZ1200-abcdefghijkl", "ZZ 1.2");
        check(b"hello world, goodbye", "hello");
        check(&[0; 20], "unknown");
        check(b"-\xff\xfe1200-abcdefghijkl", "-");
    }

    #[track_caller]
    fn check(peer_id: &[u8; 20], expected: &str) {
        assert_eq!(client_name(&PeerId(*peer_id)), expected);
    }
}
