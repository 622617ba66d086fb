//! Where some bytes stand in a text, found for many bytes at once.

use wide::u8x16;

/// Bytes that are looked at together: a bit each in a word.
pub(crate) const BLOCK: usize = 64;

/// A bit for each byte of `block` that is one of `wanted`, the lowest for the first.
#[inline]
pub(crate) fn marks<const N: usize>(block: &[u8; BLOCK], wanted: [u8; N]) -> u64 {
    let wanted = wanted.map(u8x16::splat);
    bits(block, |part| wanted.iter().fold(u8x16::ZERO, |found, byte| found | part.simd_eq(*byte)))
}

/// A bit for each byte of `block` that is a hexadecimal digit of either case.
#[inline]
pub(crate) fn hex_digits(block: &[u8; BLOCK]) -> u64 {
    let splat = u8x16::splat;
    let is_within = |part: u8x16, first, count| (part - splat(first)).simd_lt(splat(count));
    bits(block, |part| is_within(part, b'0', 10) | is_within(part | splat(0x20), b'a', 6))
}

/// A bit for each byte of `block` for which `is` has its highest bit.
#[inline]
fn bits(block: &[u8; BLOCK], is: impl Fn(u8x16) -> u8x16) -> u64 {
    let (parts, _) = block.as_chunks();
    let add = |bits, part: &[u8; 16]| bits << 16 | u64::from(is(u8x16::new(*part)).to_bitmask());
    parts.iter().rev().fold(0, add)
}

/// As [`marks`] for the block of `text` that begins at `start`, or what there is of it.
pub(crate) fn marks_from<const N: usize>(text: &[u8], start: usize, wanted: [u8; N]) -> u64 {
    let rest = text.get(start..).unwrap_or_default();
    if let Some(block) = rest.first_chunk() {
        marks(block, wanted)
    } else if let Some(block) = text.last_chunk() {
        // The end of it, and something before: no copy has to be made.
        marks(block, wanted).unbounded_shr(u32::try_from(BLOCK - rest.len()).unwrap_or_default())
    } else {
        marks(&padded(rest), wanted)
    }
}

/// What each byte of a block stands for, with the two behind it where it is a percent sign: those
/// must be hexadecimal digits. For as many bytes as twenty coded ones are.
#[inline]
pub(crate) fn decode_everywhere(block: &[u8; BLOCK]) -> [u8; BLOCK] {
    let splat = u8x16::splat;
    let load = |place: usize| {
        let part = block.get(place..).and_then(<[u8]>::first_chunk);
        u8x16::new(part.copied().unwrap_or_default())
    };
    let digit = |byte: u8x16| (byte & splat(0x0f)) + (byte.simd_gt(splat(b'9')) & splat(9));
    let mut decoded = [0; BLOCK];
    for place in [0, 16, 32, LONGEST_CODED - 16] {
        let raw = load(place);
        let [high, low] = [load(place + 1), load(place + 2)].map(digit);
        let coded = (0..4).fold(high, |high, _| high + high) | low;
        let part = raw.simd_eq(splat(b'%')).select(coded, raw);
        if let Some(room) = decoded.get_mut(place..place + 16) {
            room.copy_from_slice(&part.to_array());
        }
    }
    decoded
}

/// Bytes of twenty that are all coded.
pub(crate) const LONGEST_CODED: usize = 60;

/// A text that is shorter than a block, with zeros after its end.
pub(crate) fn padded(text: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    if let Some(start) = block.get_mut(..text.len()) {
        start.copy_from_slice(text);
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_its_bit() {
        for place in 0..BLOCK {
            for length in place + 1..3 * BLOCK {
                let mut text = vec![b'.'; length];
                text[place] = b'&';
                assert_eq!(marks_from(&text, 0, *b"&="), 1 << place, "{place} of {length}");
                assert_eq!(marks_from(&text, 0, *b"=;"), 0, "{place} of {length}");
            }
        }
        assert_eq!(marks_from(b"a=b;=&", 0, *b"&;="), 0b11_1010);
        assert_eq!(marks_from(b"a=b;=&", 2, *b"&;="), 0b1110);
        assert_eq!(marks_from(b"a=b;=&", 6, *b"&;="), 0);
    }

    #[test]
    fn the_end_of_a_text_is_seen_from_anywhere() {
        let text: Vec<u8> = (0..200).collect();
        for start in 0..text.len() {
            for wanted in start..text.len() {
                let bit = 1_u64.unbounded_shl(u32::try_from(wanted - start).unwrap());
                assert_eq!(marks_from(&text, start, [text[wanted]]), bit, "{wanted} from {start}");
            }
            assert_eq!(marks_from(&text, start, [255]), 0, "from {start}");
        }
    }

    #[test]
    fn of_all_bytes_22_are_hexadecimal_digits() {
        for byte in 0..=u8::MAX {
            let expected = if byte.is_ascii_hexdigit() { u64::MAX } else { 0 };
            assert_eq!(hex_digits(&[byte; BLOCK]), expected, "{byte}");
        }
    }

    #[test]
    fn bytes_of_any_value_are_told_apart() {
        for byte in 0..=u8::MAX {
            let text: Vec<_> = (0..64).map(|n| byte.wrapping_add(n * 4)).collect();
            assert_eq!(marks_from(&text, 0, [byte]), 1, "{byte}");
        }
    }
}
