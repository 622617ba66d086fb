//! A member's own copy of a torrent: trackers, web seeds and comment are theirs, `info` stays.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ReadError;
use crate::bencode::{Cursor, write_bytes};

/// What is put into one member's copy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Personal<'a> {
    /// The tracker; none if empty.
    pub announce: &'a str,
    /// Trackers to ask when that one fails, in turn (BEP 12); leave them out of a private torrent
    /// (BEP 27).
    pub more_trackers: &'a [&'a str],
    /// Web seeds (BEP 19), as [`Torrent::web_seed_url`](crate::Torrent::web_seed_url) spells them.
    pub web_seeds: &'a [&'a str],
    /// Takes the place of the comment; `None` leaves it.
    pub comment: Option<&'a str>,
    /// Takes the place of the creation date, in Unix seconds; `None` leaves it. Let it be the item's, so that the
    /// same item gives the same bytes.
    pub created: Option<u32>,
    /// Takes the place of the name of the program that made the torrent; `None` leaves it.
    pub created_by: Option<&'a str>,
}

/// Appends a member's copy of a torrent to `out`.
///
/// The keys of the top level that say where peers and web seeds are to be found, `announce`,
/// `announce-list`, `httpseeds`, `nodes` and `url-list`, are replaced or dropped, and so are comment, date and
/// program where others are given. All others are copied byte for byte, in canonical order. It costs a pass over the bytes, in which strings are
/// stepped over, and a copy.
///
/// # Errors
///
/// Fails for bytes that are no dictionary with one `info`. What is in it is not looked at again:
/// [`Torrent::read`](crate::Torrent::read) comes first.
pub fn personalise(
    bytes: &[u8],
    personal: &Personal<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ReadError> {
    let mut entries = entries(bytes)?;
    entries.retain(|key, _| !WHEREABOUTS.contains(key));
    let mut put = |key: &'static str, value| entries.insert(key.as_bytes(), Cow::Owned(value));
    if !personal.announce.is_empty() {
        put("announce", string(personal.announce));
    }
    if !personal.more_trackers.is_empty() {
        let all = [personal.announce].into_iter().chain(personal.more_trackers.iter().copied());
        put("announce-list", list(all.map(|url| list([string(url)]))));
    }
    if let Some(comment) = personal.comment {
        put("comment", string(comment));
    }
    if let Some(created) = personal.created {
        put("creation date", format!("i{created}e").into_bytes());
    }
    if let Some(program) = personal.created_by {
        put("created by", string(program));
    }
    match personal.web_seeds {
        [] => {}
        [url] => drop(put("url-list", string(url))),
        urls => drop(put("url-list", list(urls.iter().copied().map(string)))),
    }

    out.reserve(bytes.len());
    out.push(b'd');
    for (key, value) in entries {
        write_bytes(out, key);
        out.extend_from_slice(&value);
    }
    out.push(b'e');
    Ok(())
}

/// The keys and values of the top level, still encoded.
fn entries(bytes: &[u8]) -> Result<BTreeMap<&[u8], Cow<'_, [u8]>>, ReadError> {
    let mut entries = BTreeMap::new();
    let mut cursor = Cursor::new(bytes);
    cursor.open_dict()?;
    while let Some(key) = cursor.key()? {
        let start = cursor.offset();
        cursor.skip()?;
        let value = bytes.get(start..cursor.offset()).unwrap_or_default();
        if entries.insert(key, Cow::Borrowed(value)).is_some() && key == b"info" {
            return Err(ReadError::Twice("info"));
        }
    }
    cursor.finish()?;
    if entries.contains_key(&b"info"[..]) { Ok(entries) } else { Err(ReadError::Missing("info")) }
}

fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_bytes(&mut out, text.as_bytes());
    out
}

fn list(values: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = vec![b'l'];
    values.into_iter().for_each(|value| out.extend_from_slice(&value));
    out.push(b'e');
    out
}

/// Keys that tell a client where to look; `httpseeds` is BEP 17, which clients mistake for BEP 19.
const WHEREABOUTS: [&[u8]; 5] =
    [b"announce", b"announce-list", b"httpseeds", b"nodes", b"url-list"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outside_is_replaced_and_the_rest_kept() {
        let source = "d8:announce1:x13:announce-listll1:xee9:httpseedsl1:xe3:abci1e4:info\
                      d1:zi1e1:ai2ee5:nodesle12:piece layersde8:url-list1:xe";
        let personal =
            Personal { announce: "http://t/", web_seeds: &["http://w/"], ..Personal::default() };
        check(
            source,
            &personal,
            "d3:abci1e8:announce9:http://t/4:infod1:zi1e1:ai2ee12:piece layersde8:url-list9:http://w/e",
        );
    }

    #[test]
    fn nothing_is_put_where_nothing_is_wanted() {
        check(
            "d8:announce1:x7:comment1:c4:infodee",
            &Personal::default(),
            "d7:comment1:c4:infodee",
        );
    }

    #[test]
    fn several_urls_become_lists() {
        let personal = Personal {
            announce: "a",
            more_trackers: &["b", "c"],
            web_seeds: &["v", "w"],
            comment: Some("hi"),
            ..Personal::default()
        };
        let expected = "d8:announce1:a13:announce-listll1:ael1:bel1:cee7:comment2:hi4:infode8:url-listl1:v1:wee";
        check("d7:comment1:c4:infodee", &personal, expected);
    }

    #[test]
    fn date_and_program_are_replaced_or_left() {
        let source = "d10:created by1:x13:creation datei7e4:infodee";
        check(source, &Personal::default(), source);
        let personal = Personal {
            created: Some(1_800_000_000),
            created_by: Some("usher"),
            ..Personal::default()
        };
        let expected = "d10:created by5:usher13:creation datei1800000000e4:infodee";
        check(source, &personal, expected);
        check("d4:infodee", &personal, expected);
    }

    #[test]
    fn what_has_not_one_info_is_refused() {
        for source in
            ["de", "d4:infode4:infodee", "le", "", "d4:infode", "d4:infodeex", "d3:abci1ee"]
        {
            let mut out = Vec::new();
            assert!(
                personalise(source.as_bytes(), &Personal::default(), &mut out).is_err(),
                "{source}"
            );
            assert!(out.is_empty());
        }
    }

    #[track_caller]
    fn check(source: &str, personal: &Personal<'_>, expected: &str) {
        let mut out = Vec::new();
        personalise(source.as_bytes(), personal, &mut out).unwrap();
        assert_eq!(str::from_utf8(&out), Ok(expected));
    }
}
