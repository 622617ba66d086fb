//! The URLs of files: the credential and the path.
//!
//! | target | for |
//! |---|---|
//! | `/ws/<token>/<path>` | clients of members, from the web seed URL in their torrents |
//! | `/ws/free/<item id>/<path>` | anybody's client, for free items and previews |
//! | `/d/<token>/<path>` | browsers of members who bought the direct download |
//!
//! A path is percent-decoded once and looked up in the torrent's file table. No file system ever sees it, so it
//! needs no cleaning: what is not in the table does not exist.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use policy::ItemId;
use wire::Passkey;

/// A request for one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileTarget<'a> {
    /// The credential in the URL.
    pub credential: Credential,
    /// The torrent's name, followed by the path within it if it is a folder; any bytes.
    pub path: Cow<'a, [u8]>,
}

/// What entitles a URL to a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Credential {
    /// A member's, by the token to direct downloads of one item.
    Direct(Passkey),
    /// Everybody's.
    Free(ItemId),
    /// A member's, by the token to the web seed of one item.
    WebSeed(Passkey),
}

impl<'a> FileTarget<'a> {
    /// Reads the target of a request line. `None` if it is malformed: treat a target of [`is_of_goods`]
    /// that is not read like one with a wrong token.
    pub fn read(target: &'a [u8]) -> Option<Self> {
        let target = target.split(|byte| matches!(byte, b'?' | b'#')).next()?;
        let (direct, rest) = match (target.strip_prefix(WEB_SEED), target.strip_prefix(DIRECT)) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return None,
        };
        let (token, path) = split(rest)?;
        let (credential, path) = if token == FREE && !direct {
            let (item, path) = split(path)?;
            let item = str::from_utf8(item).ok()?.parse().ok().filter(|item| *item > 0)?;
            (Credential::Free(ItemId(item)), path)
        } else {
            let token = Passkey::new(token)?;
            (if direct { Credential::Direct(token) } else { Credential::WebSeed(token) }, path)
        };
        Some(Self { credential, path: percent_decode(path).into() })
    }
}

/// Whether a target is below the paths of files, which the daemon answers without axum.
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
/// Shorter than any token.
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
    fn the_first_segments_are_the_credential() {
        let credential =
            |target: &str| FileTarget::read(target.as_bytes()).map(|target| target.credential);
        let token = Passkey::new(b"token").unwrap();
        assert_eq!(credential("/ws/token/a"), Some(Credential::WebSeed(token)));
        assert_eq!(credential("/d/token/a"), Some(Credential::Direct(token)));
        assert_eq!(credential("/ws/free/7/a"), Some(Credential::Free(ItemId(7))));
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
            assert_eq!(credential(target), None, "{target}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes: Vec<u8>) {
            let target = [b"/ws/t/", bytes.as_slice()].concat();
            let read = FileTarget::read(&target);
            prop_assert!(read.is_some_and(|read| read.path.len() <= bytes.len()));
        }
    }

    fn path_of(target: &str) -> Option<Vec<u8>> {
        FileTarget::read(target.as_bytes()).map(|target| target.path.into_owned())
    }
}
