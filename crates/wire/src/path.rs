//! The path of an announce URL: what is asked for, and the passkey in it.
//!
//! HTTP has it in the request target, UDP in its URLData options (BEP 41).

use memchr::memchr;

use crate::{
    Passkey,
    url::{cut, decode_into},
};

/// What a path asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HttpAction {
    Announce,
    Scrape,
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TargetPathError {
    /// There is a passkey and it can't be one; its bearer is not to pass for somebody without.
    Passkey,
    /// It is no path of a tracker.
    Unknown,
}

impl TargetPathError {
    /// What a person will read in their client.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Passkey => "malformed passkey: copy the announce URL again",
            Self::Unknown => "unknown path in the announce URL",
        }
    }
}

/// Reads `/announce`, `/announce/<passkey>`, `/<passkey>/announce`, and the same with `scrape`. Both words
/// may end in `.php`, as in the torrents of PHP trackers, which have the passkey in the query.
///
/// One slash at the end is tolerated, as people type it. Where both segments are a word of ours,
/// the second is the passkey.
pub(crate) fn read(path: &[u8]) -> Result<(HttpAction, Option<Passkey>), TargetPathError> {
    let path = path.strip_prefix(b"/").ok_or(TargetPathError::Unknown)?;
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let (first, second) = cut(path, memchr(b'/', path));
    if second.is_some_and(|second| second.contains(&b'/')) {
        return Err(TargetPathError::Unknown);
    }
    match (action(first), second) {
        (Some(action), None) => Ok((action, None)),
        (Some(action), Some(second)) => Ok((action, Some(passkey(second)?))),
        (None, second) => {
            let action = second.and_then(action).ok_or(TargetPathError::Unknown)?;
            Ok((action, Some(passkey(first)?)))
        }
    }
}

fn action(segment: &[u8]) -> Option<HttpAction> {
    match segment {
        b"announce" | b"announce.php" => Some(HttpAction::Announce),
        b"scrape" | b"scrape.php" => Some(HttpAction::Scrape),
        _ => None,
    }
}

/// Reads a passkey, percent-coded or not.
pub(crate) fn passkey(segment: &[u8]) -> Result<Passkey, TargetPathError> {
    let coded = || decode_into(segment, &mut [0; Passkey::MAX_LEN]).and_then(Passkey::new);
    Passkey::new(segment).or_else(coded).ok_or(TargetPathError::Passkey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_passkey_stands_before_or_after_the_action_or_not_at_all() {
        check("/announce", Ok((HttpAction::Announce, None)));
        check("/announce/ada-7", Ok((HttpAction::Announce, Some("ada-7"))));
        check("/ada-7/announce", Ok((HttpAction::Announce, Some("ada-7"))));
        check("/scrape", Ok((HttpAction::Scrape, None)));
        check("/scrape/ada-7", Ok((HttpAction::Scrape, Some("ada-7"))));
        check("/ada-7/scrape", Ok((HttpAction::Scrape, Some("ada-7"))));
        check("/scrape/announce", Ok((HttpAction::Scrape, Some("announce"))));
        check("/announce.php", Ok((HttpAction::Announce, None)));
        check("/scrape.php", Ok((HttpAction::Scrape, None)));
        check("/ada-7/announce.php", Ok((HttpAction::Announce, Some("ada-7"))));
    }

    #[test]
    fn one_slash_at_the_end_is_tolerated() {
        check("/announce/", Ok((HttpAction::Announce, None)));
        check("/announce/ada/", Ok((HttpAction::Announce, Some("ada"))));
        check("/ada/scrape/", Ok((HttpAction::Scrape, Some("ada"))));
        check("/announce//", Err(TargetPathError::Passkey));
    }

    #[test]
    fn a_passkey_may_be_percent_coded() {
        check("/announce/%61d%61", Ok((HttpAction::Announce, Some("ada"))));
        let longest = "%61".repeat(64);
        let decoded = "a".repeat(64);
        check(&format!("/announce/{longest}"), Ok((HttpAction::Announce, Some(&decoded))));
        check(&format!("/announce/{longest}a"), Err(TargetPathError::Passkey));
    }

    #[test]
    fn a_passkey_that_cannot_be_one_is_no_outsider() {
        for path in ["/announce/a.b", "/announce/%2f", "/announce/%", "/a b/announce", "//announce"]
        {
            check(path, Err(TargetPathError::Passkey));
        }
        check(&format!("/{}/announce", "a".repeat(65)), Err(TargetPathError::Passkey));
    }

    #[test]
    fn any_other_path_is_unknown() {
        for path in [
            "",
            "/",
            "//",
            "announce",
            "/announce.htm",
            "/Announce",
            "/announce.php.php",
            "/announc%65",
            "/ada",
            "/ada/bob",
            "/a/announce/b",
            "/announce/ada//",
        ] {
            check(path, Err(TargetPathError::Unknown));
        }
    }

    #[track_caller]
    fn check(path: &str, expected: Result<(HttpAction, Option<&str>), TargetPathError>) {
        let expected = expected
            .map(|(action, key)| (action, key.and_then(|key| Passkey::new(key.as_bytes()))));
        assert_eq!(read(path.as_bytes()), expected, "{path}");
    }
}
