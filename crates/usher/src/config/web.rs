//! The site: where it listens, and what the publisher's own copy may take of the uplink.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::units::Rate;

/// `web`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawWeb {
    pub listen: SocketAddr,
    pub rate: Option<Rate>,
    pub connections: u32,
}

impl Default for RawWeb {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        Self { listen, rate: None, connections: 4096 }
    }
}

/// The site.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WebSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Bytes a second of goods to everybody together; `None` for no bound.
    pub rate: Option<u64>,
    /// Connections open at once, at least 1: fewer where files are short, and an eighth for one network.
    pub connections: u32,
}

pub(super) fn resolve(raw: &RawWeb) -> Result<WebSettings, Invalid> {
    if raw.rate.is_some_and(|rate| rate < MIN_RATE) {
        let why = format!("at least {MIN_RATE}; null is no bound");
        return Err(Invalid::new("web.rate", why));
    }
    if !(1..=MAX_CONNECTIONS).contains(&raw.connections) {
        return Err(Invalid::new("web.connections", format!("from 1 to {MAX_CONNECTIONS}")));
    }
    let rate = raw.rate.map(|Rate(rate)| rate);
    Ok(WebSettings { listen: raw.listen, rate, connections: raw.connections })
}

/// What a single stream is sent at least.
const MIN_RATE: Rate = Rate(4 << 10);
/// Each takes a file or two, of which a process may have about a million.
const MAX_CONNECTIONS: u32 = 400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_would_stop_everybody_are_named() {
        let check = |raw: RawWeb| resolve(&raw).map_err(|error| error.to_string());
        assert!(check(RawWeb::default()).is_ok());
        assert!(check(RawWeb { rate: Some(MIN_RATE), ..RawWeb::default() }).is_ok());
        let slow = check(RawWeb { rate: Some(Rate(4095)), ..RawWeb::default() }).unwrap_err();
        assert!(slow.starts_with("web.rate: "), "{slow}");
        for connections in [0, MAX_CONNECTIONS + 1] {
            let none = check(RawWeb { connections, ..RawWeb::default() }).unwrap_err();
            assert!(none.starts_with("web.connections: "), "{none}");
        }
    }
}
