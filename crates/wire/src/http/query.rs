//! The query of an announce or scrape: parameters, and how each kind of value is read.

use memchr::memchr2;

use crate::{
    Event, PeerKey,
    id::hex_digit,
    url::{Decoded, cut, decode_into},
};

/// The parameters of an announce that mean something here, each as it came.
///
/// Of a repeated parameter the first counts, even an empty one. `ip`, `ipv4` and `ipv6` are not
/// here: a peer's address is its socket's. Nor is `trackerid`, as nothing is kept behind one.
#[derive(Debug, Default)]
pub(super) struct Parameters<'a> {
    pub(super) info_hash: Option<&'a [u8]>,
    pub(super) peer_id: Option<&'a [u8]>,
    pub(super) port: Option<&'a [u8]>,
    pub(super) uploaded: Option<&'a [u8]>,
    pub(super) downloaded: Option<&'a [u8]>,
    pub(super) left: Option<&'a [u8]>,
    pub(super) event: Option<&'a [u8]>,
    pub(super) numwant: Option<&'a [u8]>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) compact: Option<&'a [u8]>,
    pub(super) no_peer_id: Option<&'a [u8]>,
    pub(super) supportcrypto: Option<&'a [u8]>,
    pub(super) requirecrypto: Option<&'a [u8]>,
}

impl<'a> Parameters<'a> {
    /// Sorts a query into parameters; those not known are passed over.
    pub(super) fn read(query: &'a [u8]) -> Self {
        let mut parameters = Self::default();
        for (name, value) in pairs(query) {
            if let Some(parameter) = parameters.named(name) {
                parameter.get_or_insert(value);
            } else if name.contains(&b'%')
                && let Some(name) = decode_into(name, &mut [0; LONGEST_NAME])
                && let Some(parameter) = parameters.named(name)
            {
                parameter.get_or_insert(value);
            }
        }
        parameters
    }

    fn named(&mut self, name: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        Some(match name {
            b"info_hash" => &mut self.info_hash,
            b"peer_id" => &mut self.peer_id,
            b"port" => &mut self.port,
            b"uploaded" => &mut self.uploaded,
            b"downloaded" => &mut self.downloaded,
            b"left" => &mut self.left,
            b"event" => &mut self.event,
            b"numwant" => &mut self.numwant,
            b"key" => &mut self.key,
            b"compact" => &mut self.compact,
            b"no_peer_id" => &mut self.no_peer_id,
            b"supportcrypto" => &mut self.supportcrypto,
            b"requirecrypto" => &mut self.requirecrypto,
            _ => return None,
        })
    }
}

const LONGEST_NAME: usize = b"supportcrypto".len();

/// The info hashes of a query in its order, as they came.
pub(super) fn info_hashes(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    pairs(query).filter(|(name, _)| Decoded(name).eq(*b"info_hash")).map(|(_, value)| value)
}

/// Names and values: separated by `&` or `;`, parted by the first `=`, the value empty without one.
fn pairs(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = Some(query);
    std::iter::from_fn(move || {
        let query = rest?;
        let (pair, after) = cut(query, memchr2(b'&', b';', query));
        rest = after;
        let (name, value) = cut(pair, pair.iter().position(|byte| *byte == b'='));
        Some((name, value.unwrap_or_default()))
    })
}

/// An info hash or peer id: 20 bytes exactly.
pub(super) fn id(value: &[u8]) -> Option<[u8; 20]> {
    let mut decoded = Decoded(value);
    let mut id = [0; 20];
    for byte in &mut id {
        *byte = decoded.next()?;
    }
    decoded.next().is_none().then_some(id)
}

/// A decimal number, `u64::MAX` where it is more; `None` where it is negative, or none.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    if value.len() <= DIGITS_THAT_FIT && value.iter().all(u8::is_ascii_digit) {
        return Some(value.iter().fold(0, |number, digit| number * 10 + u64::from(digit & 0x0f)));
    }
    Decoded(value).try_fold(0_u64, |number, digit| {
        let digit = u64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

/// So many decimal digits are less than 2^64 whatever they are.
const DIGITS_THAT_FIT: usize = 19;

/// Whether a parameter is `expected`, one digit.
pub(super) fn is(parameter: Option<&[u8]>, expected: u8) -> bool {
    match parameter {
        None => false,
        Some(&[digit]) => digit == expected,
        Some(value) => Decoded(value).eq([expected]),
    }
}

/// An event, by its name in BEP 3 and BEP 21; an unknown one is the regular announce.
pub(super) fn event(value: &[u8]) -> Event {
    let coded = || named_event(decode_into(value, &mut [0; LONGEST_EVENT])?);
    named_event(value).or_else(coded).unwrap_or_default()
}

fn named_event(name: &[u8]) -> Option<Event> {
    match name {
        b"started" => Some(Event::Started),
        b"stopped" => Some(Event::Stopped),
        b"completed" => Some(Event::Completed),
        b"paused" => Some(Event::Paused),
        _ => None,
    }
}

const LONGEST_EVENT: usize = b"completed".len();

/// The client's session number, as [`PeerKey`] has it; `None` where it is empty.
pub(super) fn peer_key(value: &[u8]) -> Option<PeerKey> {
    if value.is_empty() {
        return None;
    }
    let number = Decoded(value).try_fold(0_u32, |number, digit| {
        Some(number.checked_mul(16)? | u32::from(hex_digit(digit)?))
    });
    Some(PeerKey(number.unwrap_or_else(|| fold(value))))
}

/// FNV-1a: nothing depends on it but that different keys mostly stay different.
fn fold(value: &[u8]) -> u32 {
    Decoded(value)
        .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_part_at_the_first_equals_sign() {
        let check = |query: &[u8], expected: &[(&str, &str)]| {
            let expected = expected.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            assert!(pairs(query).eq(expected), "{query:?}");
        };
        check(b"a=b&c=d;e=f", &[("a", "b"), ("c", "d"), ("e", "f")]);
        check(b"a&b=c", &[("a", ""), ("b", "c")]);
        check(b"x=a=b", &[("x", "a=b")]);
        check(b"a=;=b&&", &[("a", ""), ("", "b"), ("", ""), ("", "")]);
    }

    #[test]
    fn numbers_saturate_and_have_no_sign() {
        let check = |value: &[u8], expected| assert_eq!(number(value), expected, "{value:?}");
        check(b"0", Some(0));
        check(b"0042", Some(42));
        check(b"%31%30", Some(10));
        check(b"18446744073709551615", Some(u64::MAX));
        check(b"18446744073709551616", Some(u64::MAX));
        check(&[b'9'; 300], Some(u64::MAX));
        for value in [&b""[..], b"-1", b"+1", b" 1", b"1a", b"0x10", b"1.5", b"\xb2"] {
            check(value, None);
        }
    }

    #[test]
    fn a_key_is_its_hexadecimal_value_or_a_fold_of_its_text() {
        let check = |value: &[u8], expected: Option<u32>| {
            assert_eq!(peer_key(value), expected.map(PeerKey), "{value:?}");
        };
        check(b"81639C1C", Some(0x8163_9c1c));
        check(b"81639c1c", Some(0x8163_9c1c));
        check(b"a%31", Some(0xa1));
        check(b"0", Some(0));
        check(b"", None);
        // The published FNV-1a test vectors.
        check(b"foobar", Some(0xbf9c_f968));
        check(b"%66oobar", Some(0xbf9c_f968));
        assert_ne!(peer_key(b"181639c1c"), peer_key(b"81639c1c"), "a ninth digit is not cut off");
    }
}
