//! What a publisher should know of a torrent before its members find out.
//!
//! None of this makes a torrent invalid; all of it has made some client stumble.

use std::collections::HashMap;
use std::hash::Hash;
use std::iter;

use thiserror::Error;

use crate::transmission::{is_device, is_forbidden, version_3, version_4};
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
    /// Transmission refuses a torrent with such a name in a folder.
    #[error("{0:?} is nothing but dots and spaces: Transmission refuses the whole torrent")]
    RefusedByTransmission(FilePath),
    /// Transmission saves a name in a folder under another one.
    #[error(
        "{0:?}: Transmission saves it with _ for \" * : < > ? | and without spaces or dots at the ends, so it \
         finds no files that were saved by another client"
    )]
    RenamedByTransmission(FilePath),
    /// Two paths differ by case alone.
    #[error("{0:?} and {1:?} are one file on Windows and macOS")]
    SameButCase(FilePath, FilePath),
    /// Transmission saves two files under one name.
    #[error("{0:?} and {1:?} are one file to Transmission, which completes neither: rename one")]
    SameInTransmission(FilePath, FilePath),
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
        let in_folder = iter::once(&self.name).chain(files.clone());
        let in_folder = in_folder.filter(|_| !self.is_single_file());
        let renamed = in_folder.filter_map(lint_transmission);
        let same = lint_same(files.clone(), Lint::SameInTransmission, |path| {
            let names: Vec<_> = path.names().map(version_3).collect();
            names.join(&b'/')
        });
        let case = lint_same(files, Lint::SameButCase, |path| path.to_string().to_lowercase());
        whole.chain(named).chain(renamed).chain(same).chain(case).take(MAX_LINTS).collect()
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

/// Finds what Transmission makes of a path in a folder.
fn lint_transmission(path: &FilePath) -> Option<Lint> {
    if path.names().any(|name| version_3(name).is_empty()) {
        return Some(Lint::RefusedByTransmission(path.clone()));
    }
    let is_kept = |name: &[u8]| version_3(name) == name && version_4(name) == name;
    (!path.names().all(is_kept)).then(|| Lint::RenamedByTransmission(path.clone()))
}

/// Finds paths that some system or client saves as one. O(n) in bytes.
fn lint_same<'a, T: Eq + Hash>(
    paths: impl Iterator<Item = &'a FilePath>,
    lint: fn(FilePath, FilePath) -> Lint,
    saved: impl Fn(&FilePath) -> T,
) -> impl Iterator<Item = Lint> {
    let mut seen = HashMap::new();
    paths.filter_map(move |path| {
        let first = *seen.entry(saved(path)).or_insert(path);
        (first != path).then(|| lint(first.clone(), path.clone()))
    })
}

/// Whether Windows takes the name: no device, with whatever extension, and nothing that it would
/// drop or refuse. Control characters have a lint of their own.
fn is_windows_name(name: &[u8]) -> bool {
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or_default().trim_ascii_end();
    let is_dropped = matches!(name.last(), Some(b'.' | b' '));
    !is_device(stem) && !is_dropped && !name.iter().any(|byte| is_forbidden(*byte))
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
    fn what_transmission_makes_of_names_in_a_folder_is_found() {
        let of = |name: &str| read(&folder(&format!("{}:{name}", name.len()), "", "")).lint(false);
        assert!(matches!(of("1: a")[..], [Lint::Windows(_), Lint::RenamedByTransmission(_)]));
        assert!(matches!(of("...")[..], [Lint::Windows(_), Lint::RefusedByTransmission(_)]));
        assert_eq!(of("a.b"), []);
        let two = "d6:lengthi1e4:pathl3:a?bee";
        let lints = read(&folder("3:a_b", two, "")).lint(false);
        assert!(matches!(lints.last(), Some(Lint::SameInTransmission(..))), "{lints:?}");
        // A single file is asked for by its URL, and found where it was saved.
        let single = "d4:infod6:lengthi1e4:name4:1: a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
        assert!(matches!(read(single).lint(false)[..], [Lint::Windows(_)]));
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
