//! Whether everything that listens has an address of its own.

use std::net::SocketAddr;

use super::invalid::Invalid;

/// Addresses of one transport, with the key of each.
#[derive(Default)]
pub(super) struct Addresses(Vec<(&'static str, SocketAddr)>);

impl Addresses {
    /// Adds those of a key.
    pub(super) fn with(mut self, key: &'static str, addresses: &[SocketAddr]) -> Self {
        self.0.extend(addresses.iter().map(|address| (key, *address)));
        self
    }

    /// Refuses an address that stands twice, or is taken by another key's.
    ///
    /// # Errors
    ///
    /// Names the later of the two keys.
    pub(super) fn checked(self) -> Result<(), Invalid> {
        for (index, (key, address)) in self.0.iter().enumerate() {
            let clashes = |(other_key, other): &&(&str, SocketAddr)| {
                other == address || (other_key != key && overlap(*other, *address))
            };
            // The kernel chooses another port for each.
            let before = self.0.iter().take(index).filter(|_| address.port() != 0).find(clashes);
            if let Some((other_key, other)) = before {
                let why = if other_key == key {
                    format!("{address} stands there twice")
                } else {
                    format!("{address} is taken by {other} of {other_key}: name another port")
                };
                return Err(Invalid::new(*key, why));
            }
        }
        Ok(())
    }
}

/// Whether one address takes what comes to the other; `[::]` takes IPv4 too.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let takes = |one: SocketAddr, other: SocketAddr| {
        one.ip().is_unspecified() && (one.is_ipv6() || other.ip().to_canonical().is_ipv4())
    };
    let same = one.ip().to_canonical() == other.ip().to_canonical();
    one.port() == other.port() && (same || takes(one, other) || takes(other, one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_port_of_its_own() {
        refuses("[::]:80", "127.0.0.1:80", "b: 127.0.0.1:80 is taken by [::]:80 of a");
        refuses("127.0.0.1:80", "[::]:80", "b: [::]:80 is taken by 127.0.0.1:80 of a");
        refuses("0.0.0.0:80", "[::ffff:127.0.0.1]:80", "b: ");
        refuses("[::1]:80", "[::1]:80", "b: ");
        for (one, other) in [
            ("[::]:80", "[::]:81"),
            ("[::]:0", "[::]:0"),
            ("127.0.0.1:80", "127.0.0.2:80"),
            ("0.0.0.0:80", "[::1]:80"),
        ] {
            assert_eq!(check(one, other), Ok(()), "{one} {other}");
        }
    }

    #[test]
    fn an_address_stands_once_in_a_list() {
        let list = ["[::]:80", "127.0.0.1:80", "[::]:80"].map(|text| text.parse().unwrap());
        let refused = Addresses::default().with("a", &list).checked().unwrap_err().to_string();
        assert_eq!(refused, "a: [::]:80 stands there twice");
        assert_eq!(Addresses::default().with("a", &list[..2]).checked(), Ok(()));
    }

    #[track_caller]
    fn refuses(one: &str, other: &str, expected: &str) {
        let message = check(one, other).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    fn check(one: &str, other: &str) -> Result<(), Invalid> {
        let [one, other] = [one, other].map(|text| [text.parse().unwrap()]);
        Addresses::default().with("a", &one).with("b", &other).checked()
    }
}
