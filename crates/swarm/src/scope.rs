//! Where an address means something, so that the internet is never pointed at a private one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The part of the world in which an address names the same machine.
///
/// The addresses of documentation (RFC 5737, RFC 3849) count as global: nobody can hold one, and
/// examples can use them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// On one link: 169.254.0.0/16, fe80::/10.
    LinkLocal,
    /// On one machine: 127.0.0.0/8, ::1.
    Loopback,
    /// Nowhere: unspecified, multicast, broadcast and reserved addresses.
    Nowhere,
    /// In a private network: 10.0.0.0/8 (RFC 1918).
    Private10,
    /// In a private network: 172.16.0.0/12 (RFC 1918).
    Private172,
    /// In a private network: 192.168.0.0/16 (RFC 1918).
    Private192,
    /// Behind a carrier's NAT: 100.64.0.0/10 (RFC 6598).
    Shared,
    /// In a private network: fc00::/7 (RFC 4193).
    UniqueLocal,
}

/// The scope of an address; that of an IPv4 address mapped into IPv6 is that of the IPv4 address.
pub fn scope_of(ip: IpAddr) -> Scope {
    match ip {
        IpAddr::V4(ip) => scope_of_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => scope_of_v4(ip),
            None => scope_of_v6(ip),
        },
    }
}

/// The scopes of several addresses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Scopes(u32);

impl Scopes {
    /// Bits that a set takes.
    pub(crate) const BITS: u32 = 16;

    /// What a caller may be told of: peers of its own scope, and global ones.
    pub(crate) const fn visible_to(caller: Scope) -> Self {
        Self(Self::only(Scope::Global).0 | Self::only(caller).0 & !Self::only(Scope::Nowhere).0)
    }

    pub(crate) const fn only(scope: Scope) -> Self {
        Self(match scope {
            Scope::Global => 1,
            Scope::LinkLocal => 1 << 1,
            Scope::Loopback => 1 << 2,
            Scope::Nowhere => 1 << 3,
            Scope::Private10 => 1 << 4,
            Scope::Private172 => 1 << 5,
            Scope::Private192 => 1 << 6,
            Scope::Shared => 1 << 7,
            Scope::UniqueLocal => 1 << 8,
        })
    }

    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits & ((1 << Self::BITS) - 1))
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn holds(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

const fn scope_of_v4(ip: Ipv4Addr) -> Scope {
    match ip.octets() {
        [10, ..] => Scope::Private10,
        [100, 64..=127, ..] => Scope::Shared,
        [127, ..] => Scope::Loopback,
        [169, 254, ..] => Scope::LinkLocal,
        [172, 16..=31, ..] => Scope::Private172,
        [192, 168, ..] => Scope::Private192,
        [0 | 224..=255, ..] => Scope::Nowhere,
        _ => Scope::Global,
    }
}

const fn scope_of_v6(ip: Ipv6Addr) -> Scope {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Scope::Loopback,
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xff00..=0xffff, ..] => Scope::Nowhere,
        [0xfc00..=0xfdff, ..] => Scope::UniqueLocal,
        [0xfe80..=0xfebf, ..] => Scope::LinkLocal,
        _ => Scope::Global,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_scope() {
        check("203.0.113.7", Scope::Global);
        check("9.255.255.255", Scope::Global);
        check("10.0.0.1", Scope::Private10);
        check("100.63.255.255", Scope::Global);
        check("100.64.0.1", Scope::Shared);
        check("127.9.9.9", Scope::Loopback);
        check("169.254.0.1", Scope::LinkLocal);
        check("172.15.0.1", Scope::Global);
        check("172.31.255.255", Scope::Private172);
        check("192.168.1.1", Scope::Private192);
        check("0.0.0.0", Scope::Nowhere);
        check("224.0.0.1", Scope::Nowhere);
        check("255.255.255.255", Scope::Nowhere);
        check("::", Scope::Nowhere);
        check("::1", Scope::Loopback);
        check("2001:db8::1", Scope::Global);
        check("fd00::1", Scope::UniqueLocal);
        check("fe80::1", Scope::LinkLocal);
        check("ff02::1", Scope::Nowhere);
        check("::ffff:10.0.0.1", Scope::Private10);
    }

    #[test]
    fn a_caller_sees_its_own_scope_and_the_world() {
        let home = Scopes::visible_to(Scope::Private192);
        assert!(home.holds(Scopes::only(Scope::Private192).with(Scopes::only(Scope::Global))));
        assert!(!home.holds(Scopes::only(Scope::Private10)));
        assert!(!Scopes::visible_to(Scope::Global).holds(Scopes::only(Scope::Loopback)));
        assert!(!Scopes::visible_to(Scope::Nowhere).holds(Scopes::only(Scope::Nowhere)));
    }

    #[track_caller]
    fn check(ip: &str, expected: Scope) {
        assert_eq!(scope_of(ip.parse().unwrap()), expected, "{ip}");
    }
}
