//! The three names that an announce carries: of the swarm, of the peer, and of its session.

use std::fmt;

/// Names a swarm: SHA-1 of the `info` dictionary (BEP 3), or its SHA-256 cut to 20 bytes (BEP 52).
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InfoHash(pub [u8; Self::LEN]);

impl InfoHash {
    /// Bytes on the wire.
    pub const LEN: usize = 20;

    /// Reads 40 hexadecimal digits, of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::LEN];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != Self::LEN || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = hex_byte(*high, *low)?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InfoHash({self})")
    }
}

/// The 20 bytes by which a client names itself (BEP 3); their first eight tell which client it is
/// (BEP 20).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PeerId(pub [u8; Self::LEN]);

impl PeerId {
    /// Bytes on the wire.
    pub const LEN: usize = 20;
}

/// A client's own number for its session, the same in every announce and family (BEP 7, BEP 15).
///
/// It ties the IPv4 and IPv6 endpoints of one client together. Over HTTP it is text: a hexadecimal
/// number that fits is its value, as libtorrent sends the same number both ways; any other text is
/// folded to 32 bits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PeerKey(pub u32);

/// The value of one hexadecimal digit, of either case.
///
/// From a table, without a branch between digits and letters: those of a hash can't be predicted.
#[inline]
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    let value = HEX_DIGITS.get(usize::from(digit)).copied().unwrap_or(NO_DIGIT);
    (value != NO_DIGIT).then_some(value)
}

/// Two hexadecimal digits as one byte.
#[inline]
pub(crate) fn hex_byte(high: u8, low: u8) -> Option<u8> {
    Some(hex_digit(high)? << 4 | hex_digit(low)?)
}

#[expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "computed where it is compiled: what were wrong would not build"
)]
const HEX_DIGITS: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut rest: &[u8] = b"0123456789abcdef";
    let mut value = 0;
    while let [digit, others @ ..] = rest {
        values[*digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        (rest, value) = (others, value + 1);
    }
    values
};
const NO_DIGIT: u8 = 0xff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_reads_both_cases_and_prints_the_lower() {
        let text = "C1463792a1ff36a237e3a0f68badeb0d3764e9bb";
        let hash = InfoHash::from_hex(text).unwrap();
        assert_eq!(hash.to_string(), text.to_ascii_lowercase());
    }

    #[test]
    fn of_all_bytes_22_are_hexadecimal_digits() {
        for byte in 0..=u8::MAX {
            let expected = char::from(byte).to_digit(16);
            assert_eq!(hex_digit(byte).map(u32::from), expected, "{byte:#x}");
        }
    }

    #[test]
    fn hex_of_another_length_or_alphabet_is_refused() {
        for text in ["", "c1", &"c".repeat(39), &"c".repeat(41), &"g".repeat(40)] {
            assert_eq!(InfoHash::from_hex(text), None, "{text}");
        }
    }
}
