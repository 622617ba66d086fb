//! The groups that a client is counted in: its networks, and itself where it is a member.

use std::hash::BuildHasher;
use std::net::IpAddr;

use arrayvec::ArrayVec;
use foldhash::fast::FixedState;
use policy::MemberId;

/// A group of clients that share places.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NetworkGroup {
    /// Unlike that of any other group.
    key: u128,
    /// It may hold one place of this many.
    share: u32,
    /// Whether a busy connection of it makes room for another of it, if none is idle.
    pub(super) ends_busy: bool,
}

/// The groups of one client.
pub(super) type Groups = ArrayVec<NetworkGroup, 3>;

impl NetworkGroup {
    /// The networks of an address: the /24 of an IPv4 one; the /48, /56 and /64 of an IPv6 one.
    ///
    /// A /24 or /48 may hold an eighth of all places. Whoever has one IPv6 address has a /64, and often a
    /// /56 or /48, so each of these may hold half of what the next larger one may.
    pub(super) fn networks(ip: IpAddr) -> Groups {
        match ip {
            IpAddr::V4(ip) => {
                let network = u128::from(u32::from(ip) >> 8);
                [Self { key: V4 | network, share: SHARE, ends_busy: false }].into_iter().collect()
            }
            IpAddr::V6(ip) => {
                let level = |bits: u32, share| {
                    let host = 128 - bits;
                    let key = u128::from(ip) >> host << host | u128::from(bits);
                    Self { key, share, ends_busy: false }
                };
                [level(48, SHARE), level(56, 2 * SHARE), level(64, 4 * SHARE)].into()
            }
        }
    }

    /// A member, from wherever. Its older streams give way to its newer ones: a client that is refused does
    /// not come back in its session, and one whose stream breaks off does.
    pub(super) fn member(member: MemberId) -> Self {
        let key = MEMBER | u128::from(member.value());
        Self { key, share: SHARE, ends_busy: true }
    }

    /// How many of `places` it may hold: few enough to leave some for others, and what one household takes
    /// where there are enough of them.
    pub(super) fn most(&self, places: u32) -> u32 {
        (places / self.share).max(HOUSEHOLD.min(places / 2)).max(1)
    }

    /// Which of `buckets` counts it.
    pub(super) fn bucket(&self, hasher: &FixedState, buckets: usize) -> usize {
        usize::try_from(hasher.hash_one(self.key)).unwrap_or_default() % buckets.max(1)
    }
}

/// Above every IPv4 network, and below every IPv6 network of at least 64 bits.
const V4: u128 = 1 << 40;
const MEMBER: u128 = 1 << 41;
/// One network may hold an eighth of all places.
const SHARE: u32 = 8;
/// A browser, and a client or two with several streams.
const HOUSEHOLD: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_group_and_others_do_not() {
        let groups = |ip: &str| NetworkGroup::networks(ip.parse().unwrap());
        let shared = |one: &str, other: &str| {
            let (one, other) = (groups(one), groups(other));
            one.iter().filter(|group| other.contains(group)).count()
        };
        assert_eq!(shared("203.0.113.1", "203.0.113.254"), 1);
        assert_eq!(shared("203.0.113.1", "203.0.114.1"), 0);
        assert_eq!(shared("2001:db8:1:203::1", "2001:db8:1:203:ffff::1"), 3);
        assert_eq!(shared("2001:db8:1:203::1", "2001:db8:1:2ff::1"), 2);
        assert_eq!(shared("2001:db8:1:203::1", "2001:db8:1:ffff::1"), 1);
        assert_eq!(shared("2001:db8:1:203::1", "2001:db8:2:203::1"), 0);
        assert_eq!(shared("0.0.0.1", "::"), 0);
        assert!(!groups("0.0.7.1").contains(&NetworkGroup::member(MemberId::new(7).unwrap())));
    }

    #[test]
    fn a_network_may_hold_an_eighth() {
        let most = |ip: &str, places| {
            let groups = NetworkGroup::networks(ip.parse().unwrap());
            groups.iter().map(|group| group.most(places)).collect::<Vec<_>>()
        };
        assert_eq!(most("192.0.2.1", 4096), [512]);
        assert_eq!(most("2001:db8::1", 4096), [512, 256, 128]);
        assert_eq!(most("192.0.2.1", 242), [30]);
        assert_eq!(most("2001:db8::1", 242), [30, 16, 16]);
        assert_eq!(most("192.0.2.1", 20), [10]);
        assert_eq!(most("192.0.2.1", 1), [1]);
    }
}
