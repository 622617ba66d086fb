//! Which bytes of a file a request asks for (RFC 9110, section 14).
//!
//! A header that can't be read, or that asks for more than [`MAX_RANGES`] parts, is unsatisfiable: a client that
//! wants a part must never be sent the whole. Units other than bytes are ignored, as the RFC demands.

use std::ops::Range;

/// The bytes requested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RequestedRange {
    /// These parts, in the order requested; at least one, and none is empty: a 206.
    Parts(Vec<Range<u64>>),
    /// No byte that exists: a 416.
    Unsatisfiable,
    /// All of the file: a 200.
    Whole,
}

/// Reads the value of a `Range` header for a file of `length` bytes.
pub fn requested(header: Option<&[u8]>, length: u64) -> RequestedRange {
    let Some(header) = header.map(<[u8]>::trim_ascii) else { return RequestedRange::Whole };
    let Some(equals) = header.iter().position(|byte| *byte == b'=') else {
        return RequestedRange::Unsatisfiable;
    };
    let (unit, set) = header.split_at(equals);
    if !unit.trim_ascii().eq_ignore_ascii_case(b"bytes") {
        return RequestedRange::Whole;
    }
    let set = set.strip_prefix(b"=").unwrap_or_default();
    let ranges = set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let ranges: Option<Vec<_>> = ranges
        .filter(|range| !range.is_empty())
        .take(MAX_RANGES + 1)
        .map(|range| part(range, length))
        .collect();
    let mut parts = ranges.filter(|ranges| ranges.len() <= MAX_RANGES).unwrap_or_default();
    // Parts that do not exist are left out.
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { RequestedRange::Unsatisfiable } else { RequestedRange::Parts(parts) }
}

/// `first-last`, `first-` or `-suffix`, cut to the file; empty if it begins past the end. `None` if it can't be
/// read.
fn part(range: &[u8], length: u64) -> Option<Range<u64>> {
    let dash = range.iter().position(|byte| *byte == b'-')?;
    let (first, last) = range.split_at(dash);
    match (first, last.strip_prefix(b"-")?) {
        (b"", suffix) => Some(length.saturating_sub(number(suffix)?)..length),
        (first, b"") => Some(number(first)?..length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| first..last.saturating_add(1).min(length))
        }
    }
}

/// Decimal digits and nothing else; a number too large for any file is read as the largest.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(number.saturating_mul(10).saturating_add(digit.into()))
    })
}

/// Maximum parts of one response. A request for more is refused.
const MAX_RANGES: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_is_cut_to_the_file() {
        check("bytes=0-0", &[(0, 1)]);
        check("bytes=0-99", &[(0, 100)]);
        check("bytes=0-100", &[(0, 100)]);
        check("bytes=99-", &[(99, 100)]);
        check("bytes=10-19", &[(10, 20)]);
        check("bytes=-5", &[(95, 100)]);
        check("bytes=-500", &[(0, 100)]);
        check(" BYTES = 1-2 ", &[(1, 3)]);
        check("bytes=5-99999999999999999999999", &[(5, 100)]);
    }

    #[test]
    fn parts_that_exist_are_answered_in_the_order_requested() {
        check("bytes=0-0,5-6", &[(0, 1), (5, 7)]);
        check("bytes=5-6 ,\t0-0", &[(5, 7), (0, 1)]);
        check("bytes=0-0,", &[(0, 1)]);
        check("bytes=,,0-0,,-1", &[(0, 1), (99, 100)]);
        check("bytes=100-,3-3,-0", &[(3, 4)]);
        check(&format!("bytes={}", "1-1,".repeat(MAX_RANGES)), &[(1, 2); MAX_RANGES]);
        check(&format!("bytes={}", "1-1,".repeat(MAX_RANGES + 1)), &[]);
    }

    #[test]
    fn what_is_not_there_or_cannot_be_read_is_unsatisfiable() {
        for header in [
            "bytes=100-",
            "bytes=100-200",
            "bytes=-0",
            "bytes=5-2",
            "bytes=0-1,5-2",
            "bytes=0-1,x",
            "bytes=",
            "bytes=,",
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
            check(header, &[]);
        }
        assert_eq!(requested(Some(b"bytes=0-"), 0), RequestedRange::Unsatisfiable);
        assert_eq!(requested(Some(b"bytes=-5"), 0), RequestedRange::Unsatisfiable);
    }

    #[test]
    fn no_range_and_other_units_are_the_whole() {
        assert_eq!(requested(None, 100), RequestedRange::Whole);
        assert_eq!(requested(Some(b"lines=1-2"), 100), RequestedRange::Whole);
    }

    proptest! {
        #[test]
        fn any_header_stays_within_the_file(
            header in "(bytes=[-0-9, ]{0,40})|(bytes=([0-9]{0,3}-[0-9]{0,3},? ?){1,12})|.{0,20}",
            length in prop_oneof![0..1000_u64, any::<u64>()],
        ) {
            if let RequestedRange::Parts(parts) = requested(Some(header.as_bytes()), length) {
                prop_assert!((1..=MAX_RANGES).contains(&parts.len()));
                prop_assert!(parts.iter().all(|part| part.start < part.end && part.end <= length));
            }
        }
    }

    #[track_caller]
    fn check(header: &str, expected: &[(u64, u64)]) {
        let expected = match expected {
            [] => RequestedRange::Unsatisfiable,
            parts => RequestedRange::Parts(parts.iter().map(|(start, end)| *start..*end).collect()),
        };
        assert_eq!(requested(Some(header.as_bytes()), 100), expected, "{header:?}");
    }
}
