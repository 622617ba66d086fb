//! The query of an announce or scrape: parameters, and how each kind of value is read.

use crate::{
    AnnounceEvent, PeerKey,
    id::hex_digit,
    marks::{BLOCK, LONGEST_CODED, decode_everywhere, hex_digits, marks, marks_from, padded},
    url::{Decoded, decode_into},
};

/// The parameters of an announce that mean something here, each as it came.
///
/// Of a repeated parameter the first counts, even an empty one. `ip`, `ipv4` and `ipv6` are not
/// here: a peer's address is its socket's. Nor are `trackerid`, as nothing is kept behind one, and what
/// a client says of encryption: that is between peers.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) info_hash: Option<Span>,
    pub(super) peer_id: Option<Span>,
    pub(super) port: Option<Span>,
    pub(super) uploaded: Option<Span>,
    pub(super) downloaded: Option<Span>,
    pub(super) left: Option<Span>,
    pub(super) event: Option<Span>,
    pub(super) numwant: Option<Span>,
    pub(super) key: Option<Span>,
    pub(super) passkey: Option<Span>,
    pub(super) compact: Option<Span>,
    pub(super) no_peer_id: Option<Span>,
}

/// Where a value stands in its query, which is at most [`MAX_TARGET_LEN`](super::MAX_TARGET_LEN) long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        let [start, end] =
            [start.min(end), end].map(|place| u16::try_from(place).unwrap_or(u16::MAX));
        Self { start, end }
    }

    /// The value, as it came.
    pub(super) fn of(self, query: &[u8]) -> &[u8] {
        query.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }
}

impl Parameters {
    /// Sorts a query into parameters; those not known are passed over.
    pub(super) fn read(query: &[u8]) -> Self {
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

    fn named(&mut self, name: &[u8]) -> Option<&mut Option<Span>> {
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
            b"passkey" => &mut self.passkey,
            b"compact" => &mut self.compact,
            b"no_peer_id" => &mut self.no_peer_id,
            _ => return None,
        })
    }
}

const LONGEST_NAME: usize = b"no_peer_id".len();

/// The first passkey of a query, as it came.
pub(super) fn passkey(query: &[u8]) -> Option<Span> {
    pairs(query).find(|(name, _)| Decoded(name).eq(*b"passkey")).map(|(_, value)| value)
}

/// The info hashes of a query in its order, as they came.
pub(super) fn info_hashes(query: &[u8]) -> impl Iterator<Item = Span> {
    pairs(query).filter(|(name, _)| Decoded(name).eq(*b"info_hash")).map(|(_, value)| value)
}

/// Names and values: separated by `&` or `;`, parted by the first `=`, the value empty without one.
fn pairs(query: &[u8]) -> Pairs<'_> {
    Pairs { query, start: Some(0), seen: 0, marks: 0 }
}

/// See [`pairs`].
struct Pairs<'a> {
    query: &'a [u8],
    /// Where the next pair begins; `None` after the last.
    start: Option<usize>,
    /// How much of the query has been looked at, in blocks.
    seen: usize,
    /// What was found in the last of these blocks and not yet passed.
    marks: u64,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], Span);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.start?;
        let mut equals = None;
        let end = loop {
            let Some((place, mark)) = self.next_mark() else {
                self.start = None;
                break self.query.len();
            };
            if mark != b'=' {
                self.start = Some(place + 1);
                break place;
            }
            equals.get_or_insert(place);
        };
        let name_end = equals.unwrap_or(end);
        let name = self.query.get(start..name_end).unwrap_or_default();
        Some((name, Span::new(name_end + 1, end)))
    }
}

impl Pairs<'_> {
    /// The next byte that separates or parts, and its place.
    #[inline]
    fn next_mark(&mut self) -> Option<(usize, u8)> {
        while self.marks == 0 {
            if self.seen >= self.query.len() {
                return None;
            }
            self.marks = marks_from(self.query, self.seen, *b"&;=");
            self.seen += BLOCK;
        }
        let place = usize::try_from(self.marks.trailing_zeros()).ok()? + self.seen - BLOCK;
        self.marks &= self.marks - 1;
        Some((place, *self.query.get(place)?))
    }
}

/// An info hash or peer id: 20 bytes exactly.
pub(super) fn id(query: &[u8], span: Span) -> Option<[u8; ID_LEN]> {
    well_coded(query, span).or_else(|| {
        let mut decoded = Decoded(span.of(query));
        let mut id = [0; ID_LEN];
        for byte in &mut id {
            *byte = decoded.next()?;
        }
        decoded.next().is_none().then_some(id)
    })
}

/// The same where two digits follow each percent sign, as in nearly all. Which bytes are coded can't
/// be foreseen, so nothing here branches on it: every byte is decoded as if a value began there, and
/// then those are taken where one does.
fn well_coded(query: &[u8], span: Span) -> Option<[u8; ID_LEN]> {
    let length = span.of(query).len();
    if length > LONGEST_CODED {
        return None;
    }
    let rest = query.get(usize::from(span.start)..)?;
    let short;
    let block = match rest.first_chunk() {
        Some(block) => block,
        None => {
            short = padded(rest);
            &short
        }
    };
    let within = (1_u64 << length) - 1;
    let percents = marks(block, [b'%']) & within;
    let digits = percents << 1 | percents << 2;
    let mut starts = within & !digits;
    if digits & !(hex_digits(block) & within) != 0 || starts.count_ones() != ID_BITS {
        return None;
    }
    let decoded = decode_everywhere(block);
    Some([(); ID_LEN].map(|()| {
        let start = starts.trailing_zeros();
        starts &= starts.wrapping_sub(1);
        usize::try_from(start)
            .ok()
            .and_then(|start| decoded.get(start))
            .copied()
            .unwrap_or_default()
    }))
}

const ID_LEN: usize = 20;
const ID_BITS: u32 = 20;

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
pub(super) fn event(value: &[u8]) -> AnnounceEvent {
    let coded = || named_event(decode_into(value, &mut [0; LONGEST_EVENT])?);
    named_event(value).or_else(coded).unwrap_or_default()
}

fn named_event(name: &[u8]) -> Option<AnnounceEvent> {
    match name {
        b"started" => Some(AnnounceEvent::Started),
        b"stopped" => Some(AnnounceEvent::Stopped),
        b"completed" => Some(AnnounceEvent::Completed),
        b"paused" => Some(AnnounceEvent::Paused),
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
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_part_at_the_first_equals_sign() {
        let check = |query: &[u8], expected: &[(&str, &str)]| {
            let expected = expected.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            let found = pairs(query).map(|(name, value)| (name, value.of(query)));
            assert!(found.eq(expected), "{query:?}");
        };
        check(b"a=b&c=d;e=f", &[("a", "b"), ("c", "d"), ("e", "f")]);
        check(b"a&b=c", &[("a", ""), ("b", "c")]);
        check(b"x=a=b", &[("x", "a=b")]);
        check(b"a=;=b&&", &[("a", ""), ("", "b"), ("", ""), ("", "")]);
    }

    proptest! {
        #[test]
        fn pairs_are_what_splitting_gives(query in "[a-c&;=%]{0,200}") {
            let query = query.as_bytes();
            let split = query.split(|byte| b"&;".contains(byte)).map(|pair| {
                let mut parts = pair.splitn(2, |byte| *byte == b'=');
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            });
            prop_assert!(pairs(query).map(|(name, value)| (name, value.of(query))).eq(split));
        }

        #[test]
        fn an_id_is_what_its_bytes_decode_to(
            parts in vec("[a-z]|[%][0-9a-fA-F]{2}|[%]|.", 18..22),
            after in "[&a%]{0,80}",
        ) {
            let value = parts.concat();
            let query = format!("{value}{after}");
            let decoded: Vec<_> = Decoded(value.as_bytes()).collect();
            let found = id(query.as_bytes(), Span::new(0, value.len()));
            prop_assert_eq!(found, decoded.try_into().ok());
        }
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
