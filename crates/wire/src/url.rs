//! The text of an announce URL: its parts, and the bytes that are percent-coded in them.

use crate::id::hex_byte;

/// Parts `text` at the place that was found, which is of neither part.
pub(crate) fn cut(text: &[u8], place: Option<usize>) -> (&[u8], Option<&[u8]>) {
    match place.and_then(|place| text.split_at_checked(place)) {
        Some((before, after)) => (before, after.get(1..)),
        None => (text, None),
    }
}

/// The bytes that percent-coded text stands for, one by one.
///
/// Any byte may come raw or coded, with digits of either case. Two rules are choices:
/// - `+` stays a plus. Only HTML forms write a space so, and a client that leaves the byte 0x2B of
///   its info hash uncoded means that byte.
/// - `%` without two digits behind it is a raw percent sign, as browsers read it.
#[derive(Clone, Debug)]
pub(crate) struct Decoded<'a>(pub(crate) &'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        if byte == b'%'
            && let [high, low, rest @ ..] = rest
            && let Some(coded) = hex_byte(*high, *low)
        {
            self.0 = rest;
            return Some(coded);
        }
        self.0 = rest;
        Some(byte)
    }
}

/// Decodes `text` into `out`; `None` where it holds more.
pub(crate) fn decode_into<'o>(text: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
    let mut len = 0;
    for byte in Decoded(text) {
        *out.get_mut(len)? = byte;
        len += 1;
    }
    out.get(..len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_and_coded_bytes_mix() {
        check(b"", b"");
        check(b"ada", b"ada");
        check(b"%61d%61", b"ada");
        check(b"%fF%Ff%00\xff", b"\xff\xff\0\xff");
    }

    #[test]
    fn plus_stays_a_plus() {
        check(b"a+b%2b", b"a+b+");
    }

    #[test]
    fn percent_without_two_digits_is_itself() {
        check(b"%", b"%");
        check(b"%4", b"%4");
        check(b"%4g%g4", b"%4g%g4");
        check(b"%%41", b"%A");
        check(b"%25%34%31", b"%41");
    }

    #[test]
    fn decoding_stops_at_the_end_of_its_buffer() {
        assert_eq!(decode_into(b"%61b", &mut [0; 2]), Some(&b"ab"[..]));
        assert_eq!(decode_into(b"%61bc", &mut [0; 2]), None);
    }

    #[track_caller]
    fn check(text: &[u8], expected: &[u8]) {
        assert_eq!(Decoded(text).collect::<Vec<_>>(), expected);
    }
}
