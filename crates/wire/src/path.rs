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
pub(crate) enum Action {
    Announce,
    Scrape,
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PathError {
    /// There is a passkey and it can't be one; its bearer is not to pass for somebody without.
    Passkey,
    /// It is no path of a tracker.
    Unknown,
}

impl PathError {
    /// What a person will read in their client.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Passkey => "malformed passkey: copy the announce URL again",
            Self::Unknown => "unknown path in the announce URL",
        }
    }
}

/// Reads `/announce`, `/announce/<passkey>`, `/<passkey>/announce`, and the same with `scrape`.
///
/// One slash at the end is tolerated, as people type it. Where both segments are a word of ours,
/// the second is the passkey.
pub(crate) fn read(path: &[u8]) -> Result<(Action, Option<Passkey>), PathError> {
    let path = path.strip_prefix(b"/").ok_or(PathError::Unknown)?;
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let (first, second) = cut(path, memchr(b'/', path));
    if second.is_some_and(|second| second.contains(&b'/')) {
        return Err(PathError::Unknown);
    }
    match (action(first), second) {
        (Some(action), None) => Ok((action, None)),
        (Some(action), Some(second)) => Ok((action, Some(passkey(second)?))),
        (None, second) => {
            let action = second.and_then(action).ok_or(PathError::Unknown)?;
            Ok((action, Some(passkey(first)?)))
        }
    }
}

fn action(segment: &[u8]) -> Option<Action> {
    match segment {
        b"announce" => Some(Action::Announce),
        b"scrape" => Some(Action::Scrape),
        _ => None,
    }
}

/// Reads a passkey, percent-coded or not.
pub(crate) fn passkey(segment: &[u8]) -> Result<Passkey, PathError> {
    let coded = || decode_into(segment, &mut [0; Passkey::MAX_LEN]).and_then(Passkey::new);
    Passkey::new(segment).or_else(coded).ok_or(PathError::Passkey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_passkey_stands_before_or_after_the_action_or_not_at_all() {
        check("/announce", Ok((Action::Announce, None)));
        check("/announce/ada-7", Ok((Action::Announce, Some("ada-7"))));
        check("/ada-7/announce", Ok((Action::Announce, Some("ada-7"))));
        check("/scrape", Ok((Action::Scrape, None)));
        check("/scrape/ada-7", Ok((Action::Scrape, Some("ada-7"))));
        check("/ada-7/scrape", Ok((Action::Scrape, Some("ada-7"))));
        check("/scrape/announce", Ok((Action::Scrape, Some("announce"))));
    }

    #[test]
    fn one_slash_at_the_end_is_tolerated() {
        check("/announce/", Ok((Action::Announce, None)));
        check("/announce/ada/", Ok((Action::Announce, Some("ada"))));
        check("/ada/scrape/", Ok((Action::Scrape, Some("ada"))));
        check("/announce//", Err(PathError::Passkey));
    }

    #[test]
    fn a_passkey_may_be_percent_coded() {
        check("/announce/%61d%61", Ok((Action::Announce, Some("ada"))));
        let longest = "%61".repeat(64);
        let decoded = "a".repeat(64);
        check(&format!("/announce/{longest}"), Ok((Action::Announce, Some(&decoded))));
        check(&format!("/announce/{longest}a"), Err(PathError::Passkey));
    }

    #[test]
    fn a_passkey_that_cannot_be_one_is_no_outsider() {
        for path in ["/announce/a.b", "/announce/%2f", "/announce/%", "/a b/announce", "//announce"]
        {
            check(path, Err(PathError::Passkey));
        }
        check(&format!("/{}/announce", "a".repeat(65)), Err(PathError::Passkey));
    }

    #[test]
    fn any_other_path_is_unknown() {
        for path in [
            "",
            "/",
            "//",
            "announce",
            "/announce.php",
            "/Announce",
            "/announc%65",
            "/ada",
            "/ada/bob",
            "/a/announce/b",
            "/announce/ada//",
        ] {
            check(path, Err(PathError::Unknown));
        }
    }

    #[track_caller]
    fn check(path: &str, expected: Result<(Action, Option<&str>), PathError>) {
        let expected = expected
            .map(|(action, key)| (action, key.and_then(|key| Passkey::new(key.as_bytes()))));
        assert_eq!(read(path.as_bytes()), expected, "{path}");
    }
}
