//! Where a webhook may be sent: to public addresses by HTTPS, and to others only where the operator allows it.
//!
//! The name is resolved here and the connection made to an address that was checked, so that a name cannot lead
//! elsewhere between the two.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::Uri;
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};

/// The URL of a webhook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebhookUrl {
    pub(super) uri: Uri,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_https: bool,
}

/// A URL that no webhook may have.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadWebhookUrl {
    /// It is none, or has what no request needs.
    #[error(
        "`{0}` is not the URL of a webhook: expected https://HOST/PATH, without a login or a fragment"
    )]
    Form(String),
    /// It is HTTP, to another machine.
    #[error("`{0}` is not encrypted: use https://; http:// is for this machine alone")]
    Plain(String),
    /// It leads to a private address.
    #[error("{0} is not a public address: set webhooks.allow_private to send there")]
    Private(IpAddr),
}

impl WebhookUrl {
    /// Reads a URL; `allows_private` is the operator's word.
    ///
    /// # Errors
    ///
    /// It is no URL of a webhook, or names an address that it may not lead to.
    pub fn parse(text: &str, allows_private: bool) -> Result<Self, BadWebhookUrl> {
        let form = || BadWebhookUrl::Form(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| form())?;
        let authority = uri.authority().ok_or_else(form)?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if authority.as_str().contains('@')
            || text.contains('#')
            || text.len() > MAX_URL
            || host.is_empty()
        {
            return Err(form());
        }
        let literal: Option<IpAddr> = host.parse().ok();
        let is_here = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if is_here => false,
            Some("http") => return Err(BadWebhookUrl::Plain(text.to_owned())),
            _ => return Err(form()),
        };
        if let Some(address) = literal.filter(|address| !allows_private && !is_public(*address)) {
            return Err(BadWebhookUrl::Private(address));
        }
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        Ok(Self { uri, host, port, is_https })
    }

    /// Connects to the first address of the host that answers; none that may not be connected to is tried.
    pub(super) async fn connect(&self, allows_private: bool) -> io::Result<TcpStream> {
        let found: Vec<SocketAddr> = lookup_host((self.host.as_str(), self.port)).await?.collect();
        let mut last = io::Error::other(format!("{} has no address", self.host));
        for address in found.into_iter().take(MAX_ADDRESSES) {
            if !allows_private && !is_public(address.ip()) {
                last = io::Error::other(BadWebhookUrl::Private(address.ip()));
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Whether an address is one of the internet's.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_reserved = a == 0 || a >= 240 || (a == 192 && b == 0 && c == 0);
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || is_shared
        || is_reserved
        || is_benchmark)
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_documentation = first == 0x2001 && second == 0x0db8;
    // 6to4 and Teredo hold an IPv4 address, and NAT64 is not within 2000::/3.
    let is_tunnel = first == 0x2002 || (first == 0x2001 && second == 0);
    is_global && !is_documentation && !is_tunnel
}

const MAX_URL: usize = 2000;
const MAX_ADDRESSES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_https_or_of_this_machine_and_never_private_unless_allowed() {
        let check = |url: &str, allowed: bool, expected: Option<&str>| {
            let refused = WebhookUrl::parse(url, allowed).err().map(|error| error.to_string());
            match (expected, &refused) {
                (None, None) => {}
                (Some(part), Some(text)) => assert!(text.contains(part), "{text}"),
                _ => panic!("{url}: {refused:?}"),
            }
        };
        check("https://shop.example/hook?a=b", false, None);
        check("https://8.8.8.8:8443/hook", false, None);
        check("http://shop.example/hook", true, Some("not encrypted"));
        check("http://127.0.0.1:9/hook", true, None);
        check("http://localhost:9/hook", true, None);
        check("http://127.0.0.1:9/hook", false, Some("not a public address"));
        for private in ["10.0.0.1", "[::1]", "[fd00::1]", "[::ffff:192.168.0.1]", "169.254.169.254"]
        {
            check(&format!("https://{private}/"), false, Some("not a public address"));
            check(&format!("https://{private}/"), true, None);
        }
        for wrong in
            ["", "shop.example", "ftp://shop.example/", "https://a:b@shop.example/", "https://"]
        {
            check(wrong, true, Some("is not the URL of a webhook"));
        }
        check("https://shop.example/#part", true, Some("is not the URL of a webhook"));
    }

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        let check = |address: &str, expected: bool| {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        };
        for public in ["8.8.8.8", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1"] {
            check(public, true);
        }
        for other in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.0.1",
            "172.16.0.1",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2001:db8::1",
            "2002:a00:1::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
        ] {
            check(other, false);
        }
    }

    #[tokio::test]
    async fn a_name_of_a_private_address_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = WebhookUrl::parse(&format!("http://localhost:{port}/"), false).unwrap();
        let refused = url.connect(false).await.unwrap_err().to_string();
        assert!(refused.contains("not a public address"), "{refused}");
        assert!(url.connect(true).await.is_ok());
    }
}
