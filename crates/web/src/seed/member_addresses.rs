//! From where members' URLs were used, until somebody looks whether that is one person.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use policy::MemberId;

/// Addresses by member since they were last taken: of one member 64 at most.
#[derive(Debug, Default)]
pub struct Whereabouts {
    seen: Mutex<HashMap<MemberId, BTreeSet<IpAddr>>>,
}

impl Whereabouts {
    /// Notes that a member's URL was used.
    pub fn add(&self, member: MemberId, from: IpAddr) {
        let mut seen = self.seen();
        let seen = seen.entry(member).or_default();
        if seen.len() < MAX_ADDRESSES {
            seen.insert(from.to_canonical());
        }
    }

    /// Takes all that was noted.
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
        let whereabouts = Whereabouts::default();
        let ada = MemberId::new(1).unwrap();
        for host in [1, 1, 2].into_iter().chain(3..=200) {
            whereabouts.add(ada, IpAddr::from([203, 0, 113, host]));
        }
        assert_eq!(whereabouts.take().remove(&ada).map(|seen| seen.len()), Some(64));
        assert!(whereabouts.take().is_empty());
    }
}
