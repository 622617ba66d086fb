//! Passkeys as text: 160 bits in 32 characters of lower-case base32 (RFC 4648, no padding).
//!
//! Written by hand because decoding stands on the path of every member's announce. It takes all
//! characters at once: the loop over them has no table and no branch, and compiles to a few vector
//! instructions.

/// Characters of a passkey.
pub(crate) const TEXT_LEN: usize = 32;

/// Half a passkey: two words with 40 bits each in the lower end, in the order of the text.
pub(crate) type Half = [u64; 2];

/// Writes 160 bits as text; bits of a word above its 40th are left out.
pub(crate) fn encode(halves: [Half; 2]) -> [u8; TEXT_LEN] {
    let mut text = [0; TEXT_LEN];
    let (words, _) = text.as_chunks_mut::<8>();
    for (word, forty) in words.iter_mut().zip(halves.as_flattened()) {
        for (place, shift) in word.iter_mut().zip((0..40).step_by(5).rev()) {
            let [.., digit] = (forty >> shift & 0x1f).to_be_bytes();
            *place = if digit < 26 { b'a' + digit } else { b'2' + (digit - 26) };
        }
    }
    text
}

/// Reads what [`encode`] writes and nothing else: no capitals, so that a key has one spelling.
pub(crate) fn decode(text: &[u8; TEXT_LEN]) -> Option<[Half; 2]> {
    let mut digits = [0; TEXT_LEN];
    let mut foreign = false;
    for (digit, character) in digits.iter_mut().zip(text) {
        let letter = character.wrapping_sub(b'a');
        let numeral = character.wrapping_sub(b'2');
        *digit = if letter < 26 { letter } else { numeral.wrapping_add(26) };
        foreign |= (letter >= 26) & (numeral >= 6);
    }
    let mut halves = [[0; 2]; 2];
    let (words, _) = digits.as_chunks::<8>();
    for (forty, word) in halves.as_flattened_mut().iter_mut().zip(words) {
        *forty = pack(u64::from_be_bytes(*word));
    }
    (!foreign).then_some(halves)
}

/// Moves eight 5-bit digits together: 10 bits in each 16, 20 in each 32, then all 40.
fn pack(digits: u64) -> u64 {
    let tens = join(digits, 8, 5, 0x00ff_00ff_00ff_00ff);
    let twenties = join(tens, 16, 10, 0x0000_ffff_0000_ffff);
    join(twenties, 32, 20, 0x0000_0000_ffff_ffff)
}

/// Puts the upper half of each lane, which is `lane` bits up, right above the `bits` of its lower.
fn join(word: u64, lane: u32, bits: u32, lower: u64) -> u64 {
    (word >> lane & lower) << bits | word & lower
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn agrees_with_rfc_4648() {
        check(b"fooba", b"mzxw6ytb");
        check(&[0; 5], b"aaaaaaaa");
        check(&[0xff; 5], b"77777777");
        check(&[0x00, 0x44, 0x32, 0x14, 0xc7], b"abcdefgh");
    }

    #[test]
    fn each_place_takes_the_alphabet_and_no_other_byte() {
        for place in 0..TEXT_LEN {
            for byte in 0..=u8::MAX {
                let mut text = [b'q'; TEXT_LEN];
                text[place] = byte;
                let known = matches!(byte, b'a'..=b'z' | b'2'..=b'7');
                assert_eq!(decode(&text).is_some(), known, "{byte:#04x} at {place}");
            }
        }
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(words: [u64; 4]) {
            let [a, b, c, d] = words.map(|word| word >> 24);
            let halves = [[a, b], [c, d]];
            prop_assert_eq!(decode(&encode(halves)), Some(halves));
        }

        #[test]
        fn a_text_has_one_reading_and_a_reading_one_text(
            words: [u64; 4], at in 0..TEXT_LEN, byte: u8,
        ) {
            let [a, b, c, d] = words.map(|word| word >> 24);
            let halves = [[a, b], [c, d]];
            let mut text = encode(halves);
            let changes = text[at] != byte;
            text[at] = byte;
            match decode(&text) {
                Some(read) => {
                    prop_assert_eq!(encode(read), text);
                    prop_assert_eq!(read != halves, changes);
                }
                None => prop_assert!(changes && !b"abcdefghijklmnopqrstuvwxyz234567".contains(&byte)),
            }
        }
    }

    /// Asserts that five bytes, repeated, are eight characters, repeated.
    #[track_caller]
    fn check(bytes: &[u8; 5], characters: &[u8; 8]) {
        let [a, b, c, d, e] = *bytes;
        let halves = [[u64::from_be_bytes([0, 0, 0, a, b, c, d, e]); 2]; 2];
        let text: [u8; TEXT_LEN] = characters.repeat(4).try_into().unwrap();
        assert_eq!(encode(halves), text);
        assert_eq!(decode(&text), Some(halves));
    }
}
