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
