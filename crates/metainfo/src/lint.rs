//! What a publisher should know of a torrent before its members find out.
//!
//! None of this makes a torrent invalid; all of it has made some client stumble.

use std::collections::HashMap;
use std::iter;

use thiserror::Error;

use crate::{FileKind, FilePath, Torrent};

/// Something that clients stumble over.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Lint {
    /// A name holds a control character.
    #[error("{0:?} holds a control character")]
    Control(FilePath),
    /// A name has more bytes than libtorrent leaves it.
    #[error(
        "{0:?} has a name of more than {LONGEST_NAME} bytes: clients made with libtorrent cut it"
    )]
    Long(FilePath),
    /// The v2 half comes without its piece layers.
    #[error("it has no piece layers, so clients must ask peers for them before they can start")]
    NoPieceLayers,
    /// A name is not UTF-8.
    #[error("{0:?} is not UTF-8, so each client shows and saves it in its own way")]
    NotUtf8(FilePath),
    /// It is private, though its policy lets anybody in.
    #[error("it is private though its policy is not: it loses DHT and peer exchange for nothing")]
    Private,
    /// It is not private, though its policy asks for that.
    #[error("it is not private though its policy is: clients find each other past the tracker")]
    Public,
    /// Two paths differ by case alone.
    #[error("{0:?} and {1:?} are one file on Windows and macOS")]
    SameButCase(FilePath, FilePath),
    /// It is private and has this many trackers (BEP 27).
    #[error("it is private and has {0} trackers, between which clients may carry peers")]
    Trackers(usize),
    /// A name holds `#`, `%` or `?`.
    #[error("{0:?} holds # % or ?, which some clients put into web seed URLs as they are")]
    UrlCharacter(FilePath),
    /// A name is reserved on Windows, ends in a dot or space, or holds one of `"*:<>?|`.
    #[error("{0:?} can't be the name of a file on Windows")]
    Windows(FilePath),
}

impl Torrent {
    /// Looks for trouble. `private` is whether the item's policy asks for a private torrent.
    ///
    /// Returns at most [`MAX_LINTS`], those of the torrent as a whole first.
    pub fn lint(&self, private: bool) -> Vec<Lint> {
        let whole = [
            (self.info_hash_v2.is_some() && !self.has_piece_layers, Lint::NoPieceLayers),
            (self.private && !private, Lint::Private),
            (!self.private && private, Lint::Public),
            (self.private && self.trackers.len() > 1, Lint::Trackers(self.trackers.len())),
        ];
        let whole = whole.into_iter().filter(|(applies, _)| *applies).map(|(_, lint)| lint);
        let files =
            self.files.iter().filter(|file| file.kind != FileKind::Pad).map(|file| &file.path);
        let files = files.filter(|path| !self.is_single_file() || **path != self.name);
        let named = iter::once(&self.name).chain(files.clone()).flat_map(lint_path);
        whole.chain(named).chain(lint_case(files)).take(MAX_LINTS).collect()
    }
}

/// The most that [`Torrent::lint`] returns.
pub const MAX_LINTS: usize = 100;

/// Bytes of the longest name that every client keeps: libtorrent 2 cuts what is longer.
const LONGEST_NAME: usize = 240;

fn lint_path(path: &FilePath) -> Vec<Lint> {
    let holds = |is_bad: fn(&u8) -> bool| path.as_bytes().iter().any(is_bad);
    let mut found = Vec::new();
    if holds(u8::is_ascii_control) {
        found.push(Lint::Control(path.clone()));
    }
    if path.names().any(|name| name.len() > LONGEST_NAME) {
        found.push(Lint::Long(path.clone()));
    }
    if str::from_utf8(path.as_bytes()).is_err() {
        found.push(Lint::NotUtf8(path.clone()));
    }
    if holds(|byte| b"#%?".contains(byte)) {
        found.push(Lint::UrlCharacter(path.clone()));
    }
    if !path.names().all(is_windows_name) {
        found.push(Lint::Windows(path.clone()));
    }
    found
}

/// Finds paths that differ by case alone; both in whole, so O(n) in bytes.
fn lint_case<'a>(paths: impl Iterator<Item = &'a FilePath>) -> impl Iterator<Item = Lint> {
    let mut lower = HashMap::new();
    paths.filter_map(move |path| {
        let first = *lower.entry(path.to_string().to_lowercase()).or_insert(path);
        (first != path).then(|| Lint::SameButCase(first.clone(), path.clone()))
    })
}

/// Whether Windows takes the name: no device, with whatever extension, and nothing that it would
/// drop or refuse. Control characters have a lint of their own.
fn is_windows_name(name: &[u8]) -> bool {
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or_default().trim_ascii_end();
    let stem = stem.to_ascii_uppercase();
    let is_device = match &*stem {
        b"CON" | b"PRN" | b"AUX" | b"NUL" => true,
        [b'C', b'O', b'M', digit] | [b'L', b'P', b'T', digit] => digit.is_ascii_digit(),
        _ => false,
    };
    let is_dropped = matches!(name.last(), Some(b'.' | b' '));
    !is_device && !is_dropped && !name.iter().any(|byte| b"\"*:<>?|".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_clients_stumble_over_are_found() {
        check("fine (1) é.mkv", &[]);
        check("100%", &[Lint::UrlCharacter]);
        check("a#b", &[Lint::UrlCharacter]);
        check("what?", &[Lint::UrlCharacter, Lint::Windows]);
        check("a\nb", &[Lint::Control]);
        for name in
            ["con", "Nul.txt", "COM1", "lpt9.tar.gz", "aux .x", "end.", "end ", "a:b", "a*", "<a>"]
        {
            check(name, &[Lint::Windows]);
        }
        check("console", &[]);
        check(&"n".repeat(LONGEST_NAME), &[]);
        check(&"n".repeat(LONGEST_NAME + 1), &[Lint::Long]);
        check("com", &[]);
        check(".com1", &[]);
    }

    #[test]
    fn a_name_that_is_not_utf8_is_found() {
        let mut bytes = folder("1:x", "", "").into_bytes();
        let at = bytes.windows(3).position(|window| window == b"1:x").unwrap();
        bytes[at + 2] = 0xff;
        let lints = Torrent::read(&bytes).unwrap().lint(false);
        assert!(matches!(lints[..], [Lint::NotUtf8(_)]), "{lints:?}");
    }

    #[test]
    fn paths_that_differ_by_case_alone_are_found() {
        let torrent = read(&folder(
            "1:A",
            "d6:lengthi1e4:pathl1:a1:xeed6:lengthi1e4:pathl2:\u{c9}eed6:lengthi1e4:pathl2:\u{e9}ee",
            "",
        ));
        assert!(
            matches!(torrent.lint(false)[..], [Lint::SameButCase(..)]),
            "{:?}",
            torrent.lint(false)
        );
    }

    #[test]
    fn the_private_flag_is_held_against_the_policy() {
        let public = read(&folder("1:a", "", ""));
        assert_eq!((public.lint(false), public.lint(true)), (vec![], vec![Lint::Public]));
        let private = read(&folder("1:a", "", "7:privatei1e"));
        assert_eq!((private.lint(false), private.lint(true)), (vec![Lint::Private], vec![]));
    }

    #[test]
    fn several_trackers_are_found_where_the_torrent_is_private() {
        let trackers = "d8:announce1:a13:announce-listll1:a1:bee";
        let torrent = read(&folder("1:a", "", "7:privatei1e").replacen('d', trackers, 1));
        assert_eq!(torrent.lint(true), [Lint::Trackers(2)]);
        let torrent = read(&folder("1:a", "", "").replacen('d', trackers, 1));
        assert_eq!(torrent.lint(false), []);
    }

    #[test]
    fn lints_are_bounded() {
        let files = |count| {
            (0..count).map(|n| format!("d6:lengthi0e4:pathl7:%{n:06}ee")).collect::<String>()
        };
        assert_eq!(read(&folder("1:a", &files(MAX_LINTS), "")).lint(false).len(), MAX_LINTS);
        assert_eq!(read(&folder("1:a", &files(MAX_LINTS + 1), "")).lint(false).len(), MAX_LINTS);
    }

    #[track_caller]
    fn check(name: &str, expected: &[fn(FilePath) -> Lint]) {
        let path = FilePath::new([name.as_bytes()]).unwrap();
        let expected: Vec<Lint> = expected.iter().map(|lint| lint(path.clone())).collect();
        assert_eq!(lint_path(&path), expected, "{name:?}");
    }

    fn read(torrent: &str) -> Torrent {
        Torrent::read(torrent.as_bytes()).unwrap()
    }

    /// A folder `n` with a file of this bencoded name, and more.
    fn folder(name: &str, more: &str, private: &str) -> String {
        let files = format!("d6:lengthi1e4:pathl{name}ee{more}");
        format!(
            "d4:infod5:filesl{files}e4:name1:n12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaa{private}ee"
        )
    }
}
