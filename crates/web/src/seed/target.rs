//! The URLs of goods: by whose right, and which path.
//!
//! | target | for |
//! |---|---|
//! | `/ws/<token>/<path>` | clients of members, from the web seed URL in their torrents |
//! | `/ws/free/<item id>/<path>` | anybody's client, for free items |
//! | `/d/<token>/<path>` | browsers of members who bought the direct download |
//!
//! A path is percent-decoded once and is then a name to look up in the torrent's file table, nothing
//! that a file system ever sees. So it needs no cleaning: what is not in the table is not there.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use policy::ItemId;
use wire::Passkey;

/// What a target asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target<'a> {
    /// By whose right.
    pub right: Right,
    /// The torrent's name, and within a folder the path; any bytes.
    pub path: Cow<'a, [u8]>,
}

/// By whose right goods are asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Right {
    /// A member's, by the token to direct downloads of one item.
    Direct(Passkey),
    /// Everybody's.
    Free(ItemId),
    /// A member's, by the token to the web seed of one item.
    WebSeed(Passkey),
}

impl<'a> Target<'a> {
    /// Reads the target of a request line. `None` where it can't be one of goods: in front of what
    /// token and path are is the rest of the site, and a target of [`is_of_goods`] that is not read
    /// is as good as one with a wrong token.
    pub fn read(target: &'a [u8]) -> Option<Self> {
        let target = target.split(|byte| matches!(byte, b'?' | b'#')).next()?;
        let (direct, rest) = match (target.strip_prefix(WEB_SEED), target.strip_prefix(DIRECT)) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return None,
        };
        let (token, path) = split(rest)?;
        let (right, path) = if token == FREE && !direct {
            let (item, path) = split(path)?;
            let item = str::from_utf8(item).ok()?.parse().ok().filter(|item| *item > 0)?;
            (Right::Free(ItemId(item)), path)
        } else {
            let token = Passkey::new(token)?;
            (if direct { Right::Direct(token) } else { Right::WebSeed(token) }, path)
        };
        Some(Self { right, path: percent_decode(path).into() })
    }
}

/// Whether a target is below the paths of goods, and so the daemon's own to answer.
pub fn is_of_goods(target: &[u8]) -> bool {
    target.starts_with(WEB_SEED) || target.starts_with(DIRECT)
}

fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = path.iter().position(|byte| *byte == b'/')?;
    let (first, rest) = path.split_at(slash);
    Some((first, rest.strip_prefix(b"/")?))
}

const WEB_SEED: &[u8] = b"/ws/";
const DIRECT: &[u8] = b"/d/";
/// No token: those are longer.
const FREE: &[u8] = b"free";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_decoded_once() {
        let token = "a".repeat(32);
        let read = |path: &str| path_of(&format!("/ws/{token}/{path}"));
        assert_eq!(read("multi/a%20b%231.bin"), Some(b"multi/a b#1.bin".to_vec()));
        // As WebTorrent sends it.
        assert_eq!(read("multi/a\u{fc} b.bin"), Some("multi/a\u{fc} b.bin".as_bytes().to_vec()));
        assert_eq!(read("%252e%252e/x"), Some(b"%2e%2e/x".to_vec()));
        assert_eq!(read("%2e%2e/%00%5c"), Some(b"../\0\\".to_vec()));
        assert_eq!(read("a?b=c"), Some(b"a".to_vec()));
        assert_eq!(read("%zz"), Some(b"%zz".to_vec()));
        assert_eq!(read(""), Some(Vec::new()));
    }

    #[test]
    fn the_right_is_told_by_the_first_parts() {
        let right = |target: &str| Target::read(target.as_bytes()).map(|target| target.right);
        let token = Passkey::new(b"token").unwrap();
        assert_eq!(right("/ws/token/a"), Some(Right::WebSeed(token)));
        assert_eq!(right("/d/token/a"), Some(Right::Direct(token)));
        assert_eq!(right("/ws/free/7/a"), Some(Right::Free(ItemId(7))));
        for target in [
            "/",
            "/ws",
            "/ws/",
            "/ws/token",
            "/ws//a",
            "/ws/free/0/a",
            "/ws/free/x/a",
            "/ws/free/7",
            "/x/token/a",
        ] {
            assert_eq!(right(target), None, "{target}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes: Vec<u8>) {
            let target = [b"/ws/t/", bytes.as_slice()].concat();
            let read = Target::read(&target);
            prop_assert!(read.is_some_and(|read| read.path.len() <= bytes.len()));
        }
    }

    fn path_of(target: &str) -> Option<Vec<u8>> {
        Target::read(target.as_bytes()).map(|target| target.path.into_owned())
    }
}
