//! How many seats of one reply each address has.
//!
//! Kept by a worker for the reply at hand, in a table of fixed size: one probe for each peer that is
//! about to be listed, and only in swarms where two peers are known to share an address.

use wire::{CompactV4, CompactV6};

use crate::endpoint::Endpoint;

/// The seats of each address in one reply; an address is an IPv4 address or an IPv6 /64.
#[derive(Clone, Debug)]
pub(crate) struct AddressSeats {
    /// Valid where the count is not 0.
    addresses: [u64; CELLS],
    counts: [u8; CELLS],
    /// Maximum of each address.
    max: u8,
}

impl AddressSeats {
    pub(crate) const fn new() -> Self {
        Self { addresses: [0; CELLS], counts: [0; CELLS], max: MOST }
    }

    /// Forgets all, for a reply of `seats` seats among `candidates`.
    ///
    /// An address has a twelfth of the seats, at least 1 and at most 4, so that whoever holds one
    /// displaces fewer than a tenth of the others. Where there is a seat for every candidate nobody is
    /// displaced, and it has 4 of any number.
    pub(crate) fn reset(&mut self, seats: u32, candidates: u32) {
        self.counts.fill(0);
        let twelfth = u8::try_from(seats / 12).unwrap_or(MOST);
        self.max = if seats < candidates { twelfth.clamp(1, MOST) } else { MOST };
    }

    /// Forgets all, for another draw of the same reply.
    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// Gives a seat to a peer of an address; false where the address has its maximum already.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> bool {
        let address = address_of(endpoint);
        let cell = self.cell(address);
        let (Some(at), Some(count)) = (self.addresses.get_mut(cell), self.counts.get_mut(cell))
        else {
            return false;
        };
        let is_free = *count < self.max;
        *at = address;
        *count += u8::from(is_free);
        is_free
    }

    /// Whether a peer of an address could have a seat.
    pub(crate) fn has_free(&self, endpoint: Endpoint) -> bool {
        let count = self.counts.get(self.cell(address_of(endpoint)));
        count.is_some_and(|count| *count < self.max)
    }

    /// The cell of an address, or the empty one that would be its. There always is one: a reply
    /// has fewer seats than there are cells.
    fn cell(&self, address: u64) -> usize {
        let home = usize::try_from(address.wrapping_mul(SPREAD) >> HOME_SHIFT).unwrap_or_default();
        let is_it = |cell: &usize| {
            let count = self.counts.get(*cell).copied().unwrap_or_default();
            count == 0 || self.addresses.get(*cell) == Some(&address)
        };
        (0..CELLS).map(|step| (home + step) % CELLS).find(is_it).unwrap_or(CELLS)
    }
}

/// A number for the IPv4 address or the IPv6 /64 of an endpoint.
pub(crate) fn address_of(endpoint: Endpoint) -> u64 {
    match endpoint {
        Endpoint::V4(CompactV4([a, b, c, d, ..])) => u32::from_be_bytes([a, b, c, d]).into(),
        Endpoint::V6(CompactV6(bytes)) => {
            bytes.first_chunk().map_or(0, |network| u64::from_be_bytes(*network))
        }
    }
}

/// Maximum seats of one address in any reply: of a household or a carrier's NAT more than one peer
/// should be found.
const MOST: u8 = 4;

/// More than a reply has seats.
const CELLS: usize = 512;
const HOME_SHIFT: u32 = 64 - 9;
/// 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::PeerList;

    #[test]
    fn an_address_has_its_maximum_and_no_seat_more() {
        let mut seats = AddressSeats::new();
        for (of, candidates, max) in [
            (7, 8, 1),
            (23, 99, 1),
            (24, 99, 2),
            (50, 76, 4),
            (200, 999, 4),
            (7, 7, 4),
            (200, 9, 4),
        ] {
            seats.reset(of, candidates);
            check(&mut seats, "203.0.113.7", max);
            check(&mut seats, "203.0.113.7", 0);
            check(&mut seats, "203.0.113.8", max);
            check(&mut seats, "2001:db8::1", max);
            check(&mut seats, "2001:db8::ffff:1", 0);
            check(&mut seats, "2001:db8:0:1::1", max);
            seats.clear();
            check(&mut seats, "203.0.113.7", max);
        }
    }

    #[test]
    fn there_is_a_cell_for_each_seat_of_a_reply() {
        const { assert!(2 * PeerList::MAX < CELLS) };
        let mut seats = AddressSeats::new();
        seats.reset(24, 1000);
        for round in 0..3 {
            for n in 0..400_u32 {
                let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 + n * 65_536);
                let endpoint = Endpoint::new(address.into(), 6881);
                assert_eq!(seats.take(endpoint), round < 2, "{n}");
            }
        }
    }

    #[track_caller]
    fn check(seats: &mut AddressSeats, ip: &str, expected: u16) {
        for port in 1..=expected + 2 {
            let endpoint = Endpoint::new(ip.parse().unwrap(), port);
            assert_eq!(seats.has_free(endpoint), port <= expected, "{ip}, {port}");
            assert_eq!(seats.take(endpoint), port <= expected, "{ip}, {port}");
        }
    }
}
