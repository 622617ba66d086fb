//! Peers as they stand in a reply: address and port, packed.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An IPv4 peer in network order, address then port (BEP 23).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CompactV4(pub [u8; Self::LEN]);

impl CompactV4 {
    /// Bytes on the wire.
    pub const LEN: usize = 6;

    /// Packs an endpoint.
    pub const fn new(ip: Ipv4Addr, port: u16) -> Self {
        let [a, b, c, d] = ip.octets();
        let [high, low] = port.to_be_bytes();
        Self([a, b, c, d, high, low])
    }

    /// The address.
    pub const fn ip(self) -> Ipv4Addr {
        let [a, b, c, d, ..] = self.0;
        Ipv4Addr::new(a, b, c, d)
    }

    /// The port.
    pub const fn port(self) -> u16 {
        let [.., high, low] = self.0;
        u16::from_be_bytes([high, low])
    }
}

/// An IPv6 peer in network order, address then port (BEP 7).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CompactV6(pub [u8; Self::LEN]);

impl CompactV6 {
    /// Bytes on the wire.
    pub const LEN: usize = 18;

    /// Packs an endpoint.
    pub fn new(ip: Ipv6Addr, port: u16) -> Self {
        let mut bytes = [0; Self::LEN];
        let (address, end) = bytes.split_at_mut(16);
        address.copy_from_slice(&ip.octets());
        end.copy_from_slice(&port.to_be_bytes());
        Self(bytes)
    }

    /// The address.
    pub fn ip(self) -> Ipv6Addr {
        let (address, _) = self.0.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Ipv6Addr::from(*address)
    }

    /// The port.
    pub const fn port(self) -> u16 {
        let [.., high, low] = self.0;
        u16::from_be_bytes([high, low])
    }
}

/// Fills `out` with entries, as many as fit whole, and returns their length in bytes.
pub(crate) fn pack<const N: usize>(
    out: &mut [u8],
    entries: impl Iterator<Item = [u8; N]>,
) -> usize {
    let (places, _) = out.as_chunks_mut::<N>();
    let packed = places.iter_mut().zip(entries).map(|(place, entry)| *place = entry).count();
    packed * N
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_address_and_port() {
        let v4 = CompactV4::new(Ipv4Addr::new(203, 0, 113, 7), 6881);
        assert_eq!(v4.0, [203, 0, 113, 7, 0x1a, 0xe1]);
        assert_eq!((v4.ip(), v4.port()), (Ipv4Addr::new(203, 0, 113, 7), 6881));

        let ip = "2001:db8::7".parse().unwrap();
        let v6 = CompactV6::new(ip, 6881);
        assert_eq!((v6.ip(), v6.port()), (ip, 6881));
    }
}
