//! Which bytes of a file a request wants (RFC 9110, section 14).
//!
//! One range at most. What asks for several, or for none that can be read, is unsatisfiable: a client
//! that wants a part must never be sent the whole. Other units than bytes are ignored, as the RFC asks.

/// The bytes wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestedRange {
    /// From one byte to before another, never empty: a 206.
    Part {
        /// The first byte.
        start: u64,
        /// The one after the last.
        end: u64,
    },
    /// Nothing that is there: a 416.
    Unsatisfiable,
    /// All of it: a 200.
    Whole,
}

/// Reads the value of a `Range` header about a file of so many bytes.
pub fn wanted(header: Option<&[u8]>, length: u64) -> RequestedRange {
    let Some(header) = header.map(<[u8]>::trim_ascii) else { return RequestedRange::Whole };
    let Some(equals) = header.iter().position(|byte| *byte == b'=') else {
        return RequestedRange::Unsatisfiable;
    };
    let (unit, set) = header.split_at(equals);
    if !unit.trim_ascii().eq_ignore_ascii_case(b"bytes") {
        return RequestedRange::Whole;
    }
    let set = set.strip_prefix(b"=").unwrap_or_default().trim_ascii();
    match part(set, length) {
        Some((start, end)) if start < end => RequestedRange::Part { start, end },
        _ => RequestedRange::Unsatisfiable,
    }
}

/// `first-last`, `first-` or `-suffix`; the end is cut to the file's.
fn part(range: &[u8], length: u64) -> Option<(u64, u64)> {
    let dash = range.iter().position(|byte| *byte == b'-')?;
    let (first, last) = range.split_at(dash);
    match (first, last.strip_prefix(b"-")?) {
        (b"", suffix) => Some((length.saturating_sub(number(suffix)?), length)),
        (first, b"") => Some((number(first)?, length)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| (first, last.saturating_add(1).min(length)))
        }
    }
}

/// Decimal digits and nothing else; what is too large for a file is as good as the largest.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(number.saturating_mul(10).saturating_add(digit.into()))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_is_cut_to_the_file() {
        check("bytes=0-0", RequestedRange::Part { start: 0, end: 1 });
        check("bytes=0-99", RequestedRange::Part { start: 0, end: 100 });
        check("bytes=0-100", RequestedRange::Part { start: 0, end: 100 });
        check("bytes=99-", RequestedRange::Part { start: 99, end: 100 });
        check("bytes=10-19", RequestedRange::Part { start: 10, end: 20 });
        check("bytes=-5", RequestedRange::Part { start: 95, end: 100 });
        check("bytes=-500", RequestedRange::Part { start: 0, end: 100 });
        check(" BYTES = 1-2 ", RequestedRange::Part { start: 1, end: 3 });
        check("bytes=5-99999999999999999999999", RequestedRange::Part { start: 5, end: 100 });
    }

    #[test]
    fn what_is_not_there_or_cannot_be_read_is_unsatisfiable() {
        for header in [
            "bytes=100-",
            "bytes=100-200",
            "bytes=-0",
            "bytes=5-2",
            "bytes=0-1,4-5",
            "bytes=0-0,",
            "bytes=",
            "bytes=-",
            "bytes=--5",
            "bytes=a-b",
            "bytes=1",
            "bytes=+1-2",
            "bytes",
            "",
            "bytes=0x1-2",
            "bytes=1 - 2",
            "bytes=99999999999999999999999-",
        ] {
            check(header, RequestedRange::Unsatisfiable);
        }
        assert_eq!(wanted(Some(b"bytes=0-"), 0), RequestedRange::Unsatisfiable);
        assert_eq!(wanted(Some(b"bytes=-5"), 0), RequestedRange::Unsatisfiable);
    }

    #[test]
    fn no_range_and_other_units_are_the_whole() {
        assert_eq!(wanted(None, 100), RequestedRange::Whole);
        check("lines=1-2", RequestedRange::Whole);
    }

    proptest! {
        #[test]
        fn any_header_stays_within_the_file(header: Vec<u8>, length: u64) {
            if let RequestedRange::Part { start, end } = wanted(Some(&header), length) {
                prop_assert!(start < end && end <= length);
            }
        }
    }

    #[track_caller]
    fn check(header: &str, expected: RequestedRange) {
        assert_eq!(wanted(Some(header.as_bytes()), 100), expected, "{header:?}");
    }
}
