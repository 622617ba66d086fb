//! Who asks, when proxies of our own stand in between.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks whose word on a client's address is taken.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Takes the networks from the configuration.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether this address is a proxy of ours.
    pub fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// The client behind a request from `source`: the source itself unless it is a proxy of ours;
    /// then the right-most hop of `X-Forwarded-For` that is not.
    ///
    /// `hops` are the header's values in the order in which they came. What stands left of an
    /// untrusted or unreadable hop is anybody's word and not looked at.
    pub fn client<'a>(
        &self,
        source: IpAddr,
        hops: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        let mut client = source;
        let values = hops.rev().filter_map(|value| str::from_utf8(value).ok());
        for hop in values.flat_map(|value| value.rsplit(',')) {
            if !self.trusts(client) {
                break;
            }
            match address(hop.trim()) {
                Some(hop) => client = hop,
                None => break,
            }
        }
        client
    }

    /// Whether the right-most hop of `X-Forwarded-For` is an address.
    pub fn names_somebody<'a>(mut hops: impl DoubleEndedIterator<Item = &'a [u8]>) -> bool {
        let last = hops.next_back().and_then(|value| str::from_utf8(value).ok());
        last.and_then(|value| value.rsplit(',').next())
            .is_some_and(|hop| address(hop.trim()).is_some())
    }
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionOrigin {
    /// The address of the other end, or the client that a PROXY header named.
    pub address: IpAddr,
    /// Whether that is a trusted proxy, so that each request should name a client.
    pub is_proxy: bool,
}

/// What names a client for whom a proxy asks. In this order the last one in a request counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ClientHeader {
    /// `Forwarded` (RFC 7239), which is not read.
    Forwarded,
    /// `X-Real-IP`, which is not read.
    RealIp,
    /// `X-Forwarded-For`.
    ForwardedFor,
    /// The PROXY protocol, version 1, which is not read.
    ProxyV1,
    /// The PROXY protocol, version 2.
    ProxyV2,
}

impl ClientHeader {
    /// The PROXY header at the beginning of a connection.
    pub fn at_start_of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\r\n\r\n\0\r\nQUIT\n") {
            Some(Self::ProxyV2)
        } else {
            bytes.starts_with(b"PROXY ").then_some(Self::ProxyV1)
        }
    }

    /// Its name in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forwarded => "Forwarded",
            Self::ForwardedFor => "X-Forwarded-For",
            Self::ProxyV1 => "a PROXY header of version 1",
            Self::ProxyV2 => "a PROXY header",
            Self::RealIp => "X-Real-IP",
        }
    }

    /// What to do beside trusting the proxy, as the end of a sentence.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Forwarded | Self::RealIp => ", and let it send X-Forwarded-For",
            Self::ProxyV1 => ", and let it send version 2 (HAProxy: send-proxy-v2)",
            Self::ForwardedFor | Self::ProxyV2 => "",
        }
    }
}

/// An address with or without brackets and port, as proxies write them.
fn address(hop: &str) -> Option<IpAddr> {
    let ip =
        hop.parse().or_else(|_| hop.parse().map(|with_port: std::net::SocketAddr| with_port.ip()));
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    ip.ok().or_else(bracketed).map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_header_from_an_untrusted_source_is_ignored() {
        check("203.0.113.9", &["198.51.100.1"], "203.0.113.9");
    }

    #[test]
    fn the_right_most_untrusted_hop_is_the_client() {
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1");
        check("10.0.0.1", &["1.1.1.1", "198.51.100.1 , 10.0.0.2"], "198.51.100.1");
    }

    #[test]
    fn proxies_all_the_way_give_the_left_most() {
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
        check("10.0.0.1", &[], "10.0.0.1");
    }

    #[test]
    fn an_unreadable_hop_ends_the_walk() {
        check("10.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2");
        check("10.0.0.1", &[""], "10.0.0.1");
    }

    #[test]
    fn ports_and_brackets_are_understood() {
        check("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1");
        check("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1");
        check("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1");
    }

    #[track_caller]
    fn check(source: &str, values: &[&str], expected: &str) {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let hops = values.iter().map(|value| value.as_bytes());
        let expected: IpAddr = expected.parse().unwrap();
        assert_eq!(proxies.client(source.parse().unwrap(), hops), expected);
    }
}
