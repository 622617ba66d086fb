//! Where requests come from: addresses spread evenly over a network.
//!
//! All of 127.0.0.0/8 is this machine's without any setting. For more than one IPv6 source, give
//! the machine a network first: `ip -6 route add local fd00::/64 dev lo`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// So many addresses of a network; none where the system shall choose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sources {
    network: Option<IpNet>,
    count: u32,
}

impl Sources {
    /// `count` addresses of `network`. Without one, those of the loopback network that `target` is
    /// in; where it is in none, a single one that the system chooses.
    pub fn new(network: Option<IpNet>, count: u32, target: IpAddr) -> Self {
        let network = network.or_else(|| match target {
            IpAddr::V4(ip) if ip.is_loopback() => {
                Ipv4Net::new(Ipv4Addr::new(127, 0, 0, 0), 8).ok().map(IpNet::V4)
            }
            IpAddr::V6(ip) if ip.is_loopback() => Ipv6Net::new(ip, 128).ok().map(IpNet::V6),
            _ => None,
        });
        let room = network.map_or(1, room);
        Self { network, count: count.clamp(1, room) }
    }

    /// How many there are, at least 1.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// One of them, by its number.
    pub fn address(&self, number: u32, target: IpAddr) -> IpAddr {
        let Some(network) = self.network else {
            return match target {
                IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
        };
        let host = match room(network) {
            1 => 0,
            room => 1 + number * (room / self.count),
        };
        match network.network() {
            IpAddr::V4(base) => Ipv4Addr::from_bits(base.to_bits() + host).into(),
            IpAddr::V6(base) => Ipv6Addr::from_bits(base.to_bits() + u128::from(host)).into(),
        }
    }
}

/// How many hosts a network has without its first and last address, up to 2^24.
fn room(network: IpNet) -> u32 {
    let bits = u32::from(network.max_prefix_len() - network.prefix_len()).min(24);
    (1_u32 << bits).saturating_sub(2).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[track_caller]
    fn check(network: Option<&str>, count: u32, target: &str, expected: &[&str]) {
        let target = target.parse().unwrap();
        let sources = Sources::new(network.map(|text| text.parse().unwrap()), count, target);
        let found: Vec<_> =
            (0..sources.count()).map(|n| sources.address(n, target).to_string()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn loopback_has_as_many_as_asked_for() {
        check(None, 1, "127.0.0.1", &["127.0.0.1"]);
        check(
            None,
            4,
            "127.0.0.1",
            &["127.0.0.1", "127.64.0.0", "127.127.255.255", "127.191.255.254"],
        );
    }

    #[test]
    fn ipv6_has_one_unless_a_network_is_given() {
        check(None, 4, "::1", &["::1"]);
        check(Some("fd00::/126"), 4, "::1", &["fd00::1", "fd00::2"]);
    }

    #[test]
    fn to_a_tracker_elsewhere_the_system_chooses() {
        check(None, 4, "203.0.113.7", &["0.0.0.0"]);
        check(None, 4, "2001:db8::7", &["::"]);
    }

    #[test]
    fn thousands_are_all_different() {
        let target = Ipv4Addr::LOCALHOST.into();
        let sources = Sources::new(None, 5000, target);
        let found: HashSet<_> = (0..5000).map(|n| sources.address(n, target)).collect();
        assert_eq!(found.len(), 5000);
        assert!(found.iter().all(IpAddr::is_loopback));
    }
}
