//! What may follow an announce: options that carry its URL (BEP 41).

use arrayvec::ArrayVec;
use memchr::memchr;

use crate::{
    Passkey,
    path::{self, HttpAction, TargetPathError},
    url::cut,
};

/// The passkey in the announce URL that the options carry, if they do.
///
/// URLData options are concatenated; any option of another type is skipped, and nothing after an
/// end is read. Of the URL only the path counts: the query is over.
pub(super) fn passkey(mut options: &[u8]) -> Result<Option<Passkey>, &'static str> {
    let mut url = ArrayVec::<u8, MAX_URL_LEN>::new();
    while let Some((kind, rest)) = options.split_first() {
        options = match *kind {
            END => break,
            NOP => rest,
            kind => {
                let (data, rest) = with_length(rest).ok_or("an option is cut short")?;
                if kind == URL_DATA {
                    url.try_extend_from_slice(data).map_err(|_| "the announce URL is too long")?;
                }
                rest
            }
        };
    }
    let (path, _) = cut(&url, memchr(b'?', &url));
    if matches!(path, b"" | b"/") {
        return Ok(None);
    }
    match path::read(path) {
        Ok((HttpAction::Announce, passkey)) => Ok(passkey),
        Ok((HttpAction::Scrape, _)) => Err(TargetPathError::Unknown.text()),
        Err(error) => Err(error.text()),
    }
}

/// Parts what a length byte counts from what follows.
fn with_length(option: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = option.split_first()?;
    rest.split_at_checked(usize::from(*len))
}

const END: u8 = 0;
const NOP: u8 = 1;
const URL_DATA: u8 = 2;

/// The longest path and query together, in bytes; the longest passkey takes 75, or 203 coded.
const MAX_URL_LEN: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_come_in_several_options() {
        check(&[&url(b"/announce/ada")], Ok(Some("ada")));
        check(&[&url(b"/ann"), &url(b""), &url(b"ounce/a"), &url(b"da?x=1")], Ok(Some("ada")));
        check(&[&url(b"/announce/ada?x=/"), &url(b"/bob")], Ok(Some("ada")));
    }

    #[test]
    fn padding_and_unknown_options_are_skipped() {
        check(&[&[NOP, NOP], &[3, 0], &[255, 2, 0, 2], &url(b"/announce/ada")], Ok(Some("ada")));
        check(&[&url(b"/announce"), &[NOP], &[9, 1, 7], &url(b"/ada"), &[NOP]], Ok(Some("ada")));
    }

    #[test]
    fn nothing_is_read_after_the_end() {
        check(&[&url(b"/announce/ada"), &[END], &url(b"/bob")], Ok(Some("ada")));
        check(&[&[END], &[URL_DATA, 255]], Ok(None));
    }

    #[test]
    fn no_url_or_no_path_is_no_passkey() {
        for options in [&[&[NOP][..]][..], &[&url(b"")], &[&url(b"/")], &[&url(b"/?key")]] {
            check(options, Ok(None));
        }
        check(&[&url(b"?x=1")], Ok(None));
        check(&[&url(b"/announce")], Ok(None));
    }

    #[test]
    fn a_url_that_is_no_announce_of_ours_is_an_error() {
        check(&[&url(b"/announce/a.b")], Err(TargetPathError::Passkey.text()));
        for path in [&b"/scrape"[..], b"/scrape/ada", b"/ada", b"announce"] {
            check(&[&url(path)], Err(TargetPathError::Unknown.text()));
        }
    }

    #[test]
    fn an_option_does_not_reach_past_the_packet() {
        let whole = url(b"/announce/ada");
        for len in 1..whole.len() {
            check(&[&whole[..len]], Err("an option is cut short"));
        }
        check(&[&[3, 1]], Err("an option is cut short"));
    }

    #[test]
    fn a_url_takes_1024_bytes_and_no_more() {
        let head = url(b"/announce/ada?xx");
        let part = url(&[b'x'; 252]);
        check(&[&head, &part, &part, &part, &part], Ok(Some("ada")));
        let past = Err("the announce URL is too long");
        check(&[&head, &part, &part, &part, &part, &url(b"x")], past);
    }

    fn url(data: &[u8]) -> Vec<u8> {
        [&[URL_DATA, u8::try_from(data.len()).unwrap()], data].concat()
    }

    #[track_caller]
    fn check(options: &[&[u8]], expected: Result<Option<&str>, &'static str>) {
        let expected = expected.map(|key| key.and_then(|key| Passkey::new(key.as_bytes())));
        assert_eq!(passkey(&options.concat()), expected);
    }
}
