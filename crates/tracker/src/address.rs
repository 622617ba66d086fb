//! Where a peer is said to be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Own networks that the outside world sees under another address.
///
/// The publisher's seeder beside the tracker announces from a private address, which nobody
/// outside could reach; the public address stands in for it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Nat(Vec<Mapping>);

/// One network and the address it is known by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mapping {
    network: u128,
    mask: u128,
    public: IpAddr,
}

impl Mapping {
    /// Maps the network of `prefix` bits around `network` to `public`; `None` where the prefix is
    /// longer than the address, or the two are not of one family.
    pub fn new(network: IpAddr, prefix: u8, public: IpAddr) -> Option<Self> {
        let (bits, prefix) = match (network, public) {
            (IpAddr::V4(_), IpAddr::V4(_)) => (32, prefix.checked_add(96)?),
            (IpAddr::V6(_), IpAddr::V6(_)) => (128, prefix),
            _ => return None,
        };
        if prefix > 128 || (bits == 32 && prefix < 96) {
            return None;
        }
        let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
        Some(Self { network: number(network) & mask, mask, public })
    }
}

impl Nat {
    /// Takes the mappings; the first that fits an address wins.
    pub fn new(mappings: Vec<Mapping>) -> Self {
        Self(mappings)
    }

    /// The address that others can reach `ip` at.
    pub fn public(&self, ip: IpAddr) -> IpAddr {
        let number = number(ip);
        let fits = |mapping: &&Mapping| number & mapping.mask == mapping.network;
        self.0.iter().find(fits).map_or(ip, |mapping| mapping.public)
    }
}

/// One number for either family: an IPv4 address as its mapped IPv6 form.
fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::to_ipv6_mapped(&ip).into(),
        IpAddr::V6(ip) => Ipv6Addr::into(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_an_own_network_gets_its_public_address() {
        let nat = nat("192.168.1.0", 24, "203.0.113.9");
        check(&nat, "192.168.1.77", "203.0.113.9");
        check(&nat, "192.168.2.77", "192.168.2.77");
        check(&nat, "::ffff:192.168.2.77", "::ffff:192.168.2.77");
    }

    #[test]
    fn one_host_and_one_family_can_be_mapped() {
        let nat = nat("fd00::7", 128, "2001:db8::7");
        check(&nat, "fd00::7", "2001:db8::7");
        check(&nat, "fd00::8", "fd00::8");
        check(&nat, "10.0.0.7", "10.0.0.7");
    }

    #[test]
    fn prefixes_and_families_must_fit() {
        let new = |network: &str, prefix, public: &str| {
            Mapping::new(network.parse().unwrap(), prefix, public.parse().unwrap())
        };
        assert!(new("10.0.0.0", 33, "203.0.113.9").is_none());
        assert!(new("10.0.0.0", 200, "203.0.113.9").is_none());
        assert!(new("fd00::", 129, "2001:db8::7").is_none());
        assert!(new("10.0.0.0", 8, "2001:db8::7").is_none());
        assert!(new("0.0.0.0", 0, "203.0.113.9").is_some());
    }

    fn nat(network: &str, prefix: u8, public: &str) -> Nat {
        let mapping = Mapping::new(network.parse().unwrap(), prefix, public.parse().unwrap());
        Nat::new(vec![mapping.unwrap()])
    }

    #[track_caller]
    fn check(nat: &Nat, ip: &str, expected: &str) {
        assert_eq!(nat.public(ip.parse().unwrap()), expected.parse::<IpAddr>().unwrap());
    }
}
