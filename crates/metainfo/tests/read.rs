//! What the reader takes, what it refuses, and that nothing makes it panic.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{FORMATS, TREES, make, options};
use metainfo::{
    BencodeFault, FileKind, MAX_FILES, MAX_TORRENT_BYTES, ReadError, Torrent, TorrentVersion,
};
use proptest::prelude::*;

#[test]
fn a_single_file_is_found_by_its_name() {
    let torrent = read(SINGLE).unwrap();
    assert_eq!(torrent.info_hash_v1.unwrap().to_string(), SINGLE_HASH);
    assert_eq!((torrent.info_hash_v2, torrent.is_single_file()), (None, true));
    assert_eq!((torrent.length, torrent.piece_length, torrent.private), (5, 16384, true));
    assert_eq!(torrent.trackers, ["http://a/announce", "http://b/announce"]);
    assert_eq!(torrent.web_seeds, ["http://w/"]);
    assert_eq!(torrent.comment.as_deref(), Some("hi"));
    assert_eq!(torrent.find(b"a b.bin"), Some(0));
    assert_eq!(torrent.find(b"a%20b.bin"), None);
    assert_eq!(torrent.find(b"a b.bin/a b.bin"), None);
}

#[test]
fn a_newline_behind_the_end_is_accepted_and_nothing_else() {
    for (end, expected) in [("", true), ("\n", true), ("\r\n", true), ("\n\n", false), ("x", false)]
    {
        assert_eq!(read(&format!("{SINGLE}{end}")).is_ok(), expected, "{end:?}");
    }
}

#[test]
fn a_folders_files_are_found_by_name_and_path() {
    let torrent = read(&folder("d6:lengthi1e4:pathl3:sub1:ceed4:attr1:p6:lengthi9e4:pathl4:.pad1:9eed6:lengthi2e4:pathl1:aee")).unwrap();
    assert_eq!((torrent.length, torrent.is_single_file()), (3, false));
    assert_eq!(torrent.files.iter().map(|file| file.offset).collect::<Vec<_>>(), [0, 1, 10]);
    assert_eq!(torrent.files[1].kind, FileKind::Pad);
    assert_eq!(torrent.find(b"n/sub/c"), Some(0));
    assert_eq!(torrent.find(b"n/a"), Some(2));
    for path in
        ["n/.pad/9", "n", "n/", "n/sub", "n/sub/", "sub/c", "n//a", "n/./a", "n/sub/../a", ""]
    {
        assert_eq!(torrent.find(path.as_bytes()), None, "{path}");
    }
}

#[test]
fn unsafe_paths_are_refused() {
    for name in ["2:..", "1:.", "0:", "3:a/b", "3:a\\b", "3:a\0b"] {
        let path = format!("d6:lengthi1e4:pathl{name}ee");
        assert!(matches!(read(&folder(&path)), Err(ReadError::Path(_))), "{name}");
        let named = SINGLE.replace("7:a b.bin", name);
        assert!(matches!(read(&named), Err(ReadError::Path(_))), "{name}");
    }
    assert!(matches!(read(&folder("d6:lengthi1e4:pathlee")), Err(ReadError::Path(_))));
}

#[test]
fn two_files_cannot_have_one_path() {
    let a = "d6:lengthi1e4:pathl1:aee";
    for other in [a, "d6:lengthi1e4:pathl1:a1:bee"] {
        check(&folder(&[a, "d6:lengthi1e4:pathl3:a bee", other].concat()), |error| {
            matches!(error, ReadError::Clash(_))
        });
    }
    assert!(read(&folder(&[a, "d6:lengthi1e4:pathl3:a b1:cee"].concat())).is_ok());
}

#[test]
fn keys_may_be_unknown_or_out_of_order_but_not_double() {
    let info = &SINGLE[SINGLE.find("4:info").unwrap()..SINGLE.find("8:url-list").unwrap()];
    assert!(read(&format!("d3:zzzd1:ali1eee{info}1:a0:e")).is_ok());
    check(&format!("d{info}{info}e"), |error| *error == ReadError::Twice("info"));
    check(&SINGLE.replace("4:name", "6:lengthi5e4:name"), |error| {
        *error == ReadError::Twice("length")
    });
    check("de", |error| *error == ReadError::Missing("info"));
    check(
        &format!("{SINGLE}x"),
        |error| matches!(error, ReadError::Bencode(bencode) if bencode.fault == BencodeFault::Trailing),
    );
}

#[test]
fn only_the_number_one_makes_a_torrent_private() {
    for (value, private) in [("i1e", true), ("i0e", false), ("i2e", false), ("1:1", false)] {
        let torrent = read(&SINGLE.replace("7:privatei1e", &format!("7:private{value}"))).unwrap();
        assert_eq!(torrent.private, private, "{value}");
    }
}

#[test]
fn lengths_must_fit_the_piece_hashes() {
    for length in ["i0e", "i16385e", "i9223372036854775807e"] {
        check(&SINGLE.replace("i5e", length), |error| matches!(error, ReadError::Pieces { .. }));
    }
    assert!(read(&SINGLE.replace("i5e", "i16384e")).is_ok());
    check(&SINGLE.replace("i5e", "i-1e"), |error| *error == ReadError::Value("length"));
    check(&SINGLE.replace("i16384e", "i0e"), |error| *error == ReadError::Value("piece length"));
    let max = "d6:lengthi9223372036854775807e4:pathl1:aee";
    check(
        &folder(&[max, &max.replace("1:a", "1:b"), &max.replace("1:a", "1:c")].concat()),
        |error| *error == ReadError::Value("length"),
    );
}

#[test]
fn size_and_count_are_bounded() {
    let mut long = vec![b' '; MAX_TORRENT_BYTES + 1];
    assert_eq!(Torrent::read(&long), Err(ReadError::Large(MAX_TORRENT_BYTES + 1)));
    long.pop();
    assert!(matches!(Torrent::read(&long), Err(ReadError::Bencode(_))));

    let pads = |count| folder(&"d4:attr1:p6:lengthi0e4:pathl1:aee".repeat(count));
    check(&pads(MAX_FILES), |error| *error == ReadError::Pieces { expected: 0, found: 20 });
    check(&pads(MAX_FILES + 1), |error| *error == ReadError::ManyFiles);
}

#[test]
fn a_file_tree_is_in_order_and_no_file_is_a_folder() {
    let file = format!("d0:d6:lengthi5e11:pieces root32:{}ee", "r".repeat(32));
    assert!(read(&tree(&format!("1:a{file}1:bd1:c{file}e"))).is_ok());
    for bad in [
        format!("1:b{file}1:a{file}"),
        format!("1:a{file}1:a{file}"),
        format!("1:ad0:d6:lengthi0ee1:b{file}e"),
    ] {
        check(&tree(&bad), |error| *error == ReadError::Value("file tree"));
    }
    check(&tree(&format!("2:..{file}")), |error| matches!(error, ReadError::Path(_)));
    check(&tree("0:d6:lengthi0ee"), |error| matches!(error, ReadError::Path(_)));
    check(&tree(""), |error| *error == ReadError::Missing("files"));
    check(&tree("1:ad0:d6:lengthi5eee"), |error| *error == ReadError::Missing("pieces root"));
    check(&tree("1:ad0:d6:lengthi5e11:pieces root1:ree"), |error| {
        *error == ReadError::Value("pieces root")
    });
    check(&tree(&format!("1:a{file}")).replace("versioni2e", "versioni3e"), |error| {
        *error == ReadError::Version(3)
    });
    check(&tree(&format!("1:a{file}")).replace("i32768e", "i32769e"), |error| {
        *error == ReadError::Value("piece length")
    });
}

/// One long folder name and very many short files would ask for gigabytes of paths.
#[test]
fn paths_of_a_file_tree_are_bounded() {
    let files =
        |count: usize| (0..count).map(|n| format!("5:{n:05}d0:d6:lengthi0eee")).collect::<String>();
    let deep = |count| tree(&format!("4000:{}d{}e", "x".repeat(4000), files(count)));
    let fitting = 4 * MAX_TORRENT_BYTES / 4006;
    assert!(read(&deep(fitting)).is_ok());
    check(&deep(fitting + 1), |error| *error == ReadError::ManyFiles);
}

#[test]
fn a_wrong_piece_layer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = make(&TREES[2].plant(folder.path()), &options(TorrentVersion::V2));
    let layers = bytes.windows(12).position(|window| window == b"piece layers").unwrap();

    let mut damaged = bytes.clone();
    damaged[layers + 100] ^= 1;
    assert_eq!(Torrent::read(&damaged), Err(ReadError::Value("piece layers")));

    let mut emptied = bytes[..layers].to_vec();
    emptied.extend_from_slice(b"piece layersdee");
    assert!(matches!(Torrent::read(&emptied), Err(ReadError::Layer(_))));

    let mut without = bytes[..layers - 3].to_vec();
    without.push(b'e');
    assert!(!Torrent::read(&without).unwrap().has_piece_layers);
}

#[test]
fn the_halves_of_a_hybrid_must_be_of_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = make(&TREES[5].plant(folder.path()), &options(TorrentVersion::Hybrid));
    for (from, to) in [
        ("4:pathl1:be", "4:pathl1:qe"),
        ("i16384e4:pathl1:b", "i16383e4:pathl1:b"),
        ("4:attr1:p", "4:attr1:h"),
    ] {
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut damaged = bytes.clone();
        damaged[at..at + from.len()].copy_from_slice(to.as_bytes());
        assert_eq!(Torrent::read(&damaged), Err(ReadError::Halves), "{to}");
    }

    // A folder by its v1 half, a single file by its v2 half.
    let mut lone = make(&TREES[4].plant(folder.path()), &options(TorrentVersion::Hybrid));
    let at = lone.windows(12).position(|window| window == b"4:name4:lone").unwrap();
    lone[at..at + 12].copy_from_slice(b"4:name4:file");
    assert_eq!(Torrent::read(&lone), Err(ReadError::Halves));
}

#[test]
fn every_proper_prefix_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let made = FORMATS.map(|format| make(&TREES[5].plant(folder.path()), &options(format)));
    for bytes in made.iter().map(Vec::as_slice).chain([SINGLE.as_bytes()]) {
        assert!(Torrent::read(bytes).is_ok());
        for len in 0..bytes.len() {
            assert!(Torrent::read(&bytes[..len]).is_err(), "{len}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Torrent::read(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0..SINGLE.len(), byte: u8, cut in 0..4usize) {
        let mut bytes = SINGLE.as_bytes().to_vec();
        bytes[at] = byte;
        bytes.drain(at..(at + cut).min(SINGLE.len()));
        let _ = Torrent::read(&bytes);
    }
}

#[track_caller]
fn check(torrent: &str, is_expected: impl Fn(&ReadError) -> bool) {
    let error = read(torrent).unwrap_err();
    assert!(is_expected(&error), "{error:?}");
}

fn read(torrent: &str) -> Result<Torrent, ReadError> {
    Torrent::read(torrent.as_bytes())
}

/// A torrent of a folder `n` with these files, together at most a piece long.
fn folder(files: &str) -> String {
    format!(
        "d4:infod5:filesl{files}e4:name1:n12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"
    )
}

/// A v2 torrent with this file tree.
fn tree(files: &str) -> String {
    format!("d4:infod9:file treed{files}e12:meta versioni2e4:name1:n12:piece lengthi32768eee")
}

/// Its info hash is from `sha1sum`.
const SINGLE: &str = "d8:announce17:http://a/announce13:announce-listll17:http://a/announceel17:http://b/announceee7:comment2:hi4:infod6:lengthi5e4:name7:a b.bin12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaa7:privatei1ee8:url-list9:http://w/e";
const SINGLE_HASH: &str = "c75e452615a696fdca199173c118ebc64618950e";
