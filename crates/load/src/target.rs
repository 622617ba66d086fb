//! Where the tracker is.

use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use crate::error::LoadError;

/// A tracker's address, as its URL has it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LoadTarget {
    /// Over what.
    pub transport: Transport,
    /// Where; a name is looked up once, and its first address taken.
    pub address: SocketAddr,
}

/// Over what a tracker is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// BEP 3.
    Http,
    /// BEP 15.
    Udp,
}

impl FromStr for LoadTarget {
    type Err = LoadError;

    /// Reads `udp://host:port` or `http://host:port`; a path may follow and is passed over, as
    /// announces go to `/announce` and `/announce/<passkey>`.
    fn from_str(url: &str) -> Result<Self, LoadError> {
        let wrong = || LoadError::Url(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let transport = match scheme {
            "http" => Transport::Http,
            "udp" => Transport::Udp,
            _ => return Err(wrong()),
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let address = authority.to_socket_addrs().ok().and_then(|mut found| found.next());
        Ok(Self { transport, address: address.ok_or_else(wrong)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_transports_and_families() {
        for (url, transport, address) in [
            ("udp://127.0.0.1:6969", Transport::Udp, "127.0.0.1:6969"),
            ("http://[::1]:80/announce", Transport::Http, "[::1]:80"),
        ] {
            let target: LoadTarget = url.parse().unwrap();
            assert_eq!((target.transport, target.address), (transport, address.parse().unwrap()));
        }
    }

    #[test]
    fn what_is_no_tracker_is_refused() {
        for url in ["", "127.0.0.1:1", "wss://127.0.0.1:1", "udp://127.0.0.1", "udp://"] {
            assert!(url.parse::<LoadTarget>().is_err(), "{url}");
        }
    }
}
