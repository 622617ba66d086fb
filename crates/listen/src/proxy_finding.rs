//! What is wrong with a proxy, and what to change.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use crate::forwarded::ClientHeader;

/// What is wrong with a proxy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProxyFault {
    /// It is trusted, and names clients by this header, which is not read.
    OtherHeader(ClientHeader),
    /// It is trusted, several clients came through it, and it named none of them.
    Silent,
    /// It is trusted, and the last entry of its `X-Forwarded-For` is not an address.
    Unreadable,
    /// It names clients by this header, and is not trusted.
    Untrusted(ClientHeader),
}

/// A proxy that is set up wrong. Its text says what to change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProxyFinding {
    /// The proxy.
    pub address: IpAddr,
    /// What is wrong with it.
    pub fault: ProxyFault,
}

impl Display for ProxyFinding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { address, fault } = self;
        match fault {
            ProxyFault::Untrusted(header) => write!(
                f,
                "{address} sends {} and is not trusted, so all clients behind it have its address. If it is your \
                 proxy, add \"{address}\" to tracker.trusted_proxies in tracker.yaml{}",
                header.name(),
                header.remedy()
            ),
            ProxyFault::OtherHeader(header @ ClientHeader::ProxyV1) => write!(
                f,
                "the trusted proxy {address} sends {}, which is not read, so its connections fail: let it send \
                 version 2 (HAProxy: send-proxy-v2)",
                header.name()
            ),
            ProxyFault::OtherHeader(header) => write!(
                f,
                "the trusted proxy {address} sends {}, which is not read, so all clients behind it have its address: \
                 {LET_IT_SEND}",
                header.name()
            ),
            ProxyFault::Unreadable => write!(
                f,
                "the trusted proxy {address} sends an X-Forwarded-For whose last entry is not an IP address, so all \
                 clients behind it have its address: {LET_IT_SEND}"
            ),
            ProxyFault::Silent => write!(
                f,
                "the trusted proxy {address} passes on several clients and names none, so all of them have its \
                 address: {LET_IT_SEND}"
            ),
        }
    }
}

const LET_IT_SEND: &str =
    "let it send X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For $remote_addr;)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_to_write() {
        let check = |fault, expected: &[&str]| {
            let text = ProxyFinding { address: "10.0.0.1".parse().unwrap(), fault }.to_string();
            for part in expected {
                assert!(text.contains(part), "{text}");
            }
            assert!(text.len() < 250, "two of them fit into an alert: {text}");
        };
        check(
            ProxyFault::Untrusted(ClientHeader::RealIp),
            &["10.0.0.1", "X-Real-IP", "trusted_proxies", "X-Forwarded-For"],
        );
        check(
            ProxyFault::Untrusted(ClientHeader::ProxyV1),
            &["PROXY", "trusted_proxies", "send-proxy-v2"],
        );
        check(
            ProxyFault::OtherHeader(ClientHeader::Forwarded),
            &["10.0.0.1", "Forwarded", "X-Forwarded-For"],
        );
        check(
            ProxyFault::OtherHeader(ClientHeader::ProxyV1),
            &["10.0.0.1", "version 1", "send-proxy-v2"],
        );
        check(ProxyFault::Unreadable, &["10.0.0.1", "X-Forwarded-For", "$remote_addr"]);
        check(ProxyFault::Silent, &["10.0.0.1", "X-Forwarded-For", "$remote_addr"]);
    }
}
