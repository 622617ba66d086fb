//! The addresses from which members use their URLs, kept until the search for leaked URLs takes them.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use policy::MemberId;

/// Addresses by member since the last [`take`](Self::take): at most 64 per member.
#[derive(Debug, Default)]
pub struct MemberAddresses {
    seen: Mutex<HashMap<MemberId, BTreeSet<IpAddr>>>,
}

impl MemberAddresses {
    /// Records one use of a member's URL.
    pub fn add(&self, member: MemberId, from: IpAddr) {
        let mut seen = self.seen();
        let seen = seen.entry(member).or_default();
        if seen.len() < MAX_ADDRESSES {
            seen.insert(from.to_canonical());
        }
    }

    /// Takes all addresses.
    pub fn take(&self) -> HashMap<MemberId, BTreeSet<IpAddr>> {
        std::mem::take(&mut *self.seen())
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<MemberId, BTreeSet<IpAddr>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MAX_ADDRESSES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_noted_once_and_of_a_member_no_more_than_64() {
        let member_addresses = MemberAddresses::default();
        let ada = MemberId::new(1).unwrap();
        for host in [1, 1, 2].into_iter().chain(3..=200) {
            member_addresses.add(ada, IpAddr::from([203, 0, 113, host]));
        }
        assert_eq!(member_addresses.take().remove(&ada).map(|seen| seen.len()), Some(64));
        assert!(member_addresses.take().is_empty());
    }
}
