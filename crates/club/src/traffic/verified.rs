//! How much of what members say they uploaded is believed, and what that earns.
//!
//! Nobody can upload more than others took. What paying members took from peers is known better
//! than what anybody sent: it is the fall of `left`, less what our own web seed sent them. Upload
//! is believed up to that, shared out by what each one said; the money shared out by it comes from
//! the price difference, so lies move a bounded pool about and make none.
//!
//! Deliberately absent: where the numbers come from, and who pays.

use std::collections::BTreeMap;

use policy::MemberId;

/// One member's part in an item's swarm in one window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Part {
    pub(crate) member: MemberId,
    /// Who share a network have the same household: they can't earn by each other.
    pub(crate) household: usize,
    /// Bytes uploaded by the member's word, as far as a line can carry them.
    pub(crate) uploaded: u64,
    /// Bytes that a paying member took from peers; 0 for the rest.
    pub(crate) took: u64,
}

/// How much of each part's upload is believed. All together it is no more than what was taken, and
/// of each household no more than what the others took.
pub(crate) fn verify(parts: &[Part]) -> Vec<u64> {
    let mut households = BTreeMap::<usize, Household>::new();
    for part in parts {
        let house = households.entry(part.household).or_default();
        house.took += wide(part.took);
    }
    let demand: u128 = households.values().map(|house| house.took).sum();
    let can_earn =
        |part: &Part| households.get(&part.household).is_some_and(|house| house.took < demand);
    let said: u128 =
        parts.iter().filter(|part| can_earn(part)).map(|part| wide(part.uploaded)).sum();
    let scaled = |part: &Part| match can_earn(part) {
        true if said <= demand => wide(part.uploaded),
        true => wide(part.uploaded) * demand / said,
        false => 0,
    };
    let scaled: Vec<u128> = parts.iter().map(scaled).collect();
    for (part, bytes) in parts.iter().zip(&scaled) {
        households.entry(part.household).or_default().earned += bytes;
    }
    let within = |(part, bytes): (&Part, &u128)| {
        let Some(house) = households.get(&part.household) else { return 0 };
        let others_took = demand - house.took;
        let bytes = match house.earned {
            earned if earned > others_took => bytes * others_took / earned,
            _ => *bytes,
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    };
    parts.iter().zip(&scaled).map(within).collect()
}

/// Shares a pool out by what was verified, each share rounded down: the shares are no more than the
/// pool.
pub(crate) fn share_out(pool: i64, verified: &[u64]) -> Vec<i64> {
    let all: u128 = verified.iter().map(|bytes| u128::from(*bytes)).sum();
    let pool = u128::try_from(pool).unwrap_or(0);
    let share = |bytes: &u64| match all {
        0 => 0,
        _ => i64::try_from(pool * u128::from(*bytes) / all).unwrap_or(i64::MAX),
    };
    verified.iter().map(share).collect()
}

/// Puts members who were seen in one network into one household: for each member a number, the same
/// for those who are linked, be it through others.
pub(crate) fn households(seen: &[(MemberId, String)]) -> BTreeMap<MemberId, usize> {
    let mut networks = BTreeMap::<&str, Vec<MemberId>>::new();
    for (member, network) in seen {
        networks.entry(network).or_default().push(*member);
    }
    let mut house_of = BTreeMap::<MemberId, usize>::new();
    let mut houses = Vec::<Vec<MemberId>>::new();
    for members in networks.into_values() {
        let house = houses.len();
        let mut all = Vec::new();
        for member in members {
            match house_of.get(&member) {
                Some(old) if *old == house => {}
                Some(old) => {
                    let moved = houses.get_mut(*old).map(std::mem::take).unwrap_or_default();
                    house_of.extend(moved.iter().map(|member| (*member, house)));
                    all.extend(moved);
                }
                None => {
                    house_of.insert(member, house);
                    all.push(member);
                }
            }
        }
        houses.push(all);
    }
    house_of
}

/// For products of two: more than a PiB in one window is nobody's, and counts as one.
fn wide(bytes: u64) -> u128 {
    u128::from(bytes.min(PIB))
}

#[derive(Clone, Copy, Default)]
struct Household {
    took: u128,
    earned: u128,
}

const PIB: u64 = 1 << 50;

#[cfg(test)]
mod tests;
