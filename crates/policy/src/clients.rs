//! Which clients may announce, by the prefix of their peer id (BEP 20).
//!
//! It keeps honest people off clients that harm a swarm; a peer id is the client's own word, and
//! who wants to lie can.

use thiserror::Error;
use wire::PeerId;

/// The start of a peer id, 1 to 20 bytes, such as `-TR4`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PeerIdPrefix(Box<[u8]>);

impl PeerIdPrefix {
    /// Checks a prefix; `None` where it is empty or longer than a peer id.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (1..=PeerId::LEN).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    fn is_of(&self, peer_id: &PeerId) -> bool {
        peer_id.0.starts_with(&self.0)
    }
}

/// Clients let in and kept out. The default lets in all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientList {
    allow: Vec<PeerIdPrefix>,
    deny: Vec<PeerIdPrefix>,
}

impl ClientList {
    /// The most prefixes either list holds: each announce is compared with all of them.
    pub const MAX_PREFIXES: usize = 256;

    /// Checks two lists; an empty `allow` lets in every client that `deny` does not name.
    ///
    /// # Errors
    ///
    /// Fails where a list is longer than [`MAX_PREFIXES`](Self::MAX_PREFIXES).
    pub fn new(allow: Vec<PeerIdPrefix>, deny: Vec<PeerIdPrefix>) -> Result<Self, TooManyPrefixes> {
        match allow.len().max(deny.len()) {
            0..=Self::MAX_PREFIXES => Ok(Self { allow, deny }),
            count => Err(TooManyPrefixes(count)),
        }
    }

    /// Whether a client may announce. One that both lists name may not.
    pub fn admits(&self, peer_id: &PeerId) -> bool {
        let named = |list: &[PeerIdPrefix]| list.iter().any(|prefix| prefix.is_of(peer_id));
        (self.allow.is_empty() || named(&self.allow)) && !named(&self.deny)
    }
}

/// A list of clients has this many prefixes, which is too many.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{0} prefixes are more than {max}", max = ClientList::MAX_PREFIXES)]
pub struct TooManyPrefixes(usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_wins_over_allow_and_an_empty_allow_is_all() {
        check(&[], &[], true);
        check(&[], &["-TR"], false);
        check(&[], &["-LT"], true);
        check(&["-TR"], &[], true);
        check(&["-LT"], &[], false);
        check(&["-LT", "-TR"], &["-TR3"], true);
        check(&["-TR"], &["-TR4"], false);
        check(&["-TR40"], &["-TR"], false);
    }

    #[test]
    fn a_prefix_is_1_to_20_bytes() {
        assert_eq!(PeerIdPrefix::new(b""), None);
        assert_eq!(PeerIdPrefix::new(&[b'-'; 21]), None);
        assert!(PeerIdPrefix::new(&[b'-'; 20]).unwrap().is_of(&PeerId([b'-'; 20])));
    }

    #[test]
    fn a_list_holds_256_prefixes_and_no_more() {
        let list = |count| vec![PeerIdPrefix::new(b"-TR").unwrap(); count];
        assert!(ClientList::new(list(256), list(256)).is_ok());
        assert_eq!(ClientList::new(list(257), vec![]), Err(TooManyPrefixes(257)));
        assert_eq!(ClientList::new(vec![], list(257)), Err(TooManyPrefixes(257)));
    }

    /// Asserts whether Transmission 4 is admitted.
    #[track_caller]
    fn check(allow: &[&str], deny: &[&str], expected: bool) {
        let list = |texts: &[&str]| {
            texts.iter().map(|text| PeerIdPrefix::new(text.as_bytes()).unwrap()).collect()
        };
        let clients = ClientList::new(list(allow), list(deny)).unwrap();
        assert_eq!(clients.admits(&PeerId(*b"-TR4060-abcdefghijkl")), expected);
    }
}
