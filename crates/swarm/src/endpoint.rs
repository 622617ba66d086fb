//! Where a peer listens.

use std::net::IpAddr;

use wire::{CompactV4, CompactV6};

/// An address and port of either family.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Endpoint {
    /// Over IPv4.
    V4(CompactV4),
    /// Over IPv6. An IPv4 address mapped into IPv6 must not come here: it is IPv4.
    V6(CompactV6),
}

impl Endpoint {
    /// Packs an address and port as they are.
    pub fn new(ip: IpAddr, port: u16) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::V4(CompactV4::new(ip, port)),
            IpAddr::V6(ip) => Self::V6(CompactV6::new(ip, port)),
        }
    }

    /// The address.
    pub fn ip(self) -> IpAddr {
        match self {
            Self::V4(compact) => compact.ip().into(),
            Self::V6(compact) => compact.ip().into(),
        }
    }

    /// The port.
    pub const fn port(self) -> u16 {
        match self {
            Self::V4(compact) => compact.port(),
            Self::V6(compact) => compact.port(),
        }
    }
}

impl From<CompactV4> for Endpoint {
    fn from(compact: CompactV4) -> Self {
        Self::V4(compact)
    }
}

impl From<CompactV6> for Endpoint {
    fn from(compact: CompactV6) -> Self {
        Self::V6(compact)
    }
}

/// What a reply has room for: a UDP reply holds the packet's family, an HTTP reply both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Families {
    /// `peers` and `peers6` (BEP 7).
    Both,
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
}

impl Families {
    pub(crate) const fn holds_v4(self) -> bool {
        matches!(self, Self::Both | Self::V4)
    }

    pub(crate) const fn holds_v6(self) -> bool {
        matches!(self, Self::Both | Self::V6)
    }
}
