//! The peers of one reply.

use std::ops::Deref;

use wire::{CompactV4, CompactV6};

use crate::address_seats::AddressSeats;
use crate::segment::LINE;
use crate::slot::PeerSlot;
use crate::slot4::V4Slot;
use crate::slot6::V6Slot;

/// The peers of one reply. Made once and used again for each reply; it never allocates.
#[derive(Clone, Debug)]
pub struct PeerList {
    /// Peers over IPv4, in no order.
    pub v4: PeerArray<CompactV4>,
    /// Peers over IPv6, in no order.
    pub v6: PeerArray<CompactV6>,
    /// Of swarms where peers share addresses.
    pub(crate) seats: AddressSeats,
}

impl PeerList {
    /// The most peers of one family that a reply can hold, whatever the seat plan says.
    pub const MAX: usize = 200;

    /// Forgets the peers.
    pub const fn clear(&mut self) {
        self.v4.len = 0;
        self.v6.len = 0;
    }

    /// Peers of both families.
    pub const fn len(&self) -> usize {
        self.v4.len + self.v6.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for PeerList {
    fn default() -> Self {
        Self {
            v4: PeerArray::new(V4Slot::NOBODY),
            v6: PeerArray::new(V6Slot::NOBODY),
            seats: AddressSeats::new(),
        }
    }
}

/// Peers of one family, at most [`PeerList::MAX`]; a slice to those who read it.
///
/// A line of slots is written to its end before it is known which of them count, so that each peer
/// is written once and without a branch.
#[derive(Clone, Debug)]
pub struct PeerArray<K> {
    peers: [K; PeerList::MAX + LINE],
    len: usize,
}

impl<K: Copy> PeerArray<K> {
    const fn new(nobody: K) -> Self {
        Self { peers: [nobody; PeerList::MAX + LINE], len: 0 }
    }

    /// How many more there is room for.
    pub(crate) const fn room(&self) -> usize {
        PeerList::MAX - self.len
    }

    /// The peers, and places behind them that [`keep`](Self::keep) can make some more.
    pub(crate) fn split(&mut self) -> Option<(&[K], &mut [K; LINE])> {
        let (peers, rest) = self.peers.split_at_mut_checked(self.len)?;
        Some((peers, rest.first_chunk_mut()?))
    }

    /// Makes the first of the places behind the peers some more of them, as far as there is room.
    pub(crate) fn keep(&mut self, more: usize) {
        self.len = PeerList::MAX.min(self.len + more);
    }

    pub(crate) fn push(&mut self, peer: K) {
        if let Some((_, [place, ..])) = self.split() {
            *place = peer;
            self.keep(1);
        }
    }
}

impl<K> Deref for PeerArray<K> {
    type Target = [K];

    fn deref(&self) -> &[K] {
        self.peers.get(..self.len).unwrap_or_default()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_at_its_most() {
        let mut list = PeerList::default();
        for n in 0..=u8::MAX {
            list.v4.push(CompactV4::new([203, 0, 113, n].into(), 6881));
        }
        assert_eq!((list.len(), list.v4.len(), list.v4.room()), (200, 200, 0));
        assert_eq!(list.v4.last().unwrap().ip().octets(), [203, 0, 113, 199]);
        list.clear();
        assert!(list.is_empty() && list.v4.is_empty());
    }
}
