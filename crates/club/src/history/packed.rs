//! Points of several items in one blob.
//!
//! A row of the table costs more than the point of an item in which little happens, so the points of a
//! thirty-second of the items share one. A blob is a version, then for each item, by rising number: how
//! far its number is from the one before, a mask of the numbers that are not 0, and those. Numbers are
//! LEB128.

use std::collections::BTreeMap;

use crate::history::point::{HistoryPoint, NUMBERS};

/// Points by the number of their item, which is 0 for the tracker.
pub(crate) type Points = BTreeMap<u32, HistoryPoint>;

/// The part that an item's points are in, from 1; the tracker's are in 0.
pub(crate) const fn part(item: u32) -> u32 {
    1 + item % PARTS
}

/// Packs points.
pub(crate) fn pack(points: &Points) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    let mut last = 0;
    for (item, point) in points {
        write(&mut bytes, u64::from(item - last));
        last = *item;
        let numbers = point.numbers();
        let mask = numbers.iter().zip(0_u32..).filter(|(number, _)| **number > 0);
        write(&mut bytes, mask.fold(0, |mask, (_, place)| mask | 1 << place));
        numbers.iter().filter(|number| **number > 0).for_each(|number| write(&mut bytes, *number));
    }
    bytes
}

/// Visits the points of a blob; `None` where it is not one.
pub(crate) fn unpack(bytes: &[u8], mut visit: impl FnMut(u32, HistoryPoint)) -> Option<()> {
    let (version, mut bytes) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    let mut item = 0_u32;
    while !bytes.is_empty() {
        item = item.checked_add(u32::try_from(read(&mut bytes)?).ok()?)?;
        let mask = read(&mut bytes)?;
        if mask >> NUMBERS != 0 {
            return None;
        }
        let mut numbers = [0; NUMBERS];
        for (number, place) in numbers.iter_mut().zip(0_u32..) {
            if mask >> place & 1 == 1 {
                *number = read(&mut bytes)?;
            }
        }
        visit(item, HistoryPoint::from_numbers(numbers));
    }
    Some(())
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low & 0x7f);
        }
        bytes.push(low | 0x80);
    }
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..10_u32 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u64::from(byte & 0x7f);
        if place == 9 && low > 1 {
            return None;
        }
        number |= low << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Into how many rows the items of a minute go.
const PARTS: u32 = 32;
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_item_with_few_peers_takes_few_bytes() {
        let point =
            HistoryPoint { inside_seeders: 2, outside_leechers: 1, ..HistoryPoint::default() };
        let bytes = pack(&Points::from([(32, point), (64, point)]));
        assert_eq!(bytes, [1, 32, 0b1_0010, 2, 1, 32, 0b1_0010, 2, 1]);
    }

    #[test]
    fn every_proper_prefix_that_ends_within_a_point_is_refused() {
        let point = HistoryPoint { sent: 1 << 40, completions: 3, ..HistoryPoint::default() };
        let bytes = pack(&Points::from([(7, point), (300, point)]));
        // The second item's number takes a byte more than the first's.
        let between = [1, bytes.len() / 2];
        for end in 0..bytes.len() {
            let is_read = unpack(&bytes[..end], |_, _| ()).is_some();
            let ends_between = between.contains(&end);
            assert_eq!(is_read, ends_between, "{end} of {}", bytes.len());
        }
        for bad in [&[2][..], &[1, 1, 0xff, 0xff, 0x03], &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0]] {
            assert!(unpack(bad, |_, _| ()).is_none(), "{bad:?}");
        }
        let long = [1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert!(unpack(&long, |_, _| ()).is_none(), "more than 64 bits");
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(
            points in prop::collection::btree_map(
                any::<u32>(),
                prop::array::uniform12(prop_oneof![Just(0), 1..200_u64, any::<u64>()]),
                0..20,
            )
        ) {
            let points: Points = points
                .into_iter()
                .map(|(item, numbers)| (item, HistoryPoint::from_numbers(numbers)))
                .collect();
            let mut found = Points::new();
            let bytes = pack(&points);
            unpack(&bytes, |item, point| { found.insert(item, point); }).unwrap();
            prop_assert_eq!(found, points);
        }
    }
}
