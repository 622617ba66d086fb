//! Info hashes are those of mktorrent, transmission-create and libtorrent, on the same files.
//!
//! Each test runs where its tools are installed, as `scripts/test` sees to, and is skipped where they are not.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;

use common::{FORMATS, TREES, Tree, make, options};
use metainfo::{MakeOptions, Torrent, TorrentVersion};

#[test]
fn mktorrent_agrees_on_v1() {
    let Some(_) = tool("mktorrent") else { return };
    each_tree(
        |_| true,
        |root| assert_eq!(ours(root, TorrentVersion::V1), (mktorrent(root), None), "{root:?}"),
    );
}

/// It leaves empty files out, and sorts without regard to case and what is not ASCII before the rest.
#[test]
fn transmission_agrees_on_v1_without_empty_files() {
    let Some(_) = tool("transmission-create") else { return };
    let is_fit = |tree: &Tree| tree.files.iter().all(|(_, length)| *length > 0);
    each_tree(is_fit, |root| {
        assert_eq!(ours(root, TorrentVersion::V1), (transmission(root), None), "{root:?}")
    });
}

/// It makes no torrent without content.
#[test]
fn libtorrent_agrees_on_every_format() {
    let Some(python) = python() else { return };
    let is_fit = |tree: &Tree| tree.files.iter().any(|(_, length)| *length > 0);
    each_tree(is_fit, |root| {
        for format in FORMATS {
            match libtorrent(python, root, format, 32768) {
                Some(theirs) => assert_eq!(ours(root, format), theirs, "{root:?} {format:?}"),
                None => assert!(
                    root.ends_with("prefixes") && format == TorrentVersion::Hybrid,
                    "{root:?}"
                ),
            }
        }
    });
}

/// Pieces larger than what a thread takes at once, and files that end within them.
#[test]
fn tools_agree_on_pieces_of_4_mib() {
    let Some(_) = tool("mktorrent") else { return };
    let Some(_) = tool("transmission-create") else { return };
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let files = &[("a", 9 << 20), ("b", 3), ("c/d", (4 << 20) + 1)];
    let root = Tree { name: "large pieces", files }.plant(folder.path());
    let ours = |format| {
        hashes(&make(&root, &MakeOptions { piece_length: Some(4 << 20), ..options(format) }))
    };
    let v1 = made_by(&root, "mktorrent", &["-p", "-l", "22", "-o"]);
    assert_eq!(ours(TorrentVersion::V1), (v1.clone(), None));
    let url = "http://tracker.example/announce";
    let same = made_by(&root, "transmission-create", &["-p", "-t", url, "-s", "4096", "-o"]);
    assert_eq!(v1, same);
    for format in FORMATS {
        assert_eq!(Some(ours(format)), libtorrent(python, &root, format, 4 << 20), "{format:?}");
    }
}

#[test]
#[ignore = "hashes 4 GiB seven times"]
fn tools_agree_on_a_sparse_file_of_more_than_4_gib() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("sparse.bin");
    let mut file = File::create(&root).unwrap();
    file.write_all(b"start").unwrap();
    file.seek(SeekFrom::Start((4 << 30) + 5)).unwrap();
    file.write_all(b"end").unwrap();
    drop(file);

    assert_eq!(ours(&root, TorrentVersion::V1), (mktorrent(&root), None));
    assert_eq!(ours(&root, TorrentVersion::V1), (transmission(&root), None));
    let theirs = libtorrent(python().unwrap(), &root, TorrentVersion::Hybrid, 32768);
    assert_eq!(Some(ours(&root, TorrentVersion::Hybrid)), theirs);
}

/// The v1 and the v2 info hash, as far as there are two.
type Hashes = (Option<String>, Option<String>);

fn ours(root: &Path, format: TorrentVersion) -> Hashes {
    hashes(&make(root, &options(format)))
}

fn hashes(bytes: &[u8]) -> Hashes {
    let torrent = Torrent::read(bytes).unwrap();
    (
        torrent.info_hash_v1.map(|hash| hash.to_string()),
        torrent.info_hash_v2.map(|hash| hash.to_string()),
    )
}

fn mktorrent(root: &Path) -> Option<String> {
    made_by(root, "mktorrent", &["-p", "-l", "15", "-o"])
}

fn transmission(root: &Path) -> Option<String> {
    made_by(
        root,
        "transmission-create",
        &["-p", "-t", "http://tracker.example/announce", "-s", "32", "-o"],
    )
}

/// The info hash of what a tool makes that takes the torrent's path and then the content's.
fn made_by(root: &Path, tool: &str, args: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.torrent");
    run(Command::new(tool).args(args).arg(&out).arg(root));
    hashes(&fs::read(out).unwrap()).0
}

/// `None` where libtorrent does not read what it made: 2.1 sorts the files of a hybrid by whole
/// paths, which is not the order of its file tree, and then refuses the torrent.
fn libtorrent(
    python: &str,
    root: &Path,
    format: TorrentVersion,
    piece_length: u32,
) -> Option<Hashes> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/info_hashes.py");
    let format = match format {
        TorrentVersion::Hybrid => "hybrid",
        TorrentVersion::V1 => "v1",
        TorrentVersion::V2 => "v2",
    };
    let words = [format, &piece_length.to_string()];
    let printed = run(Command::new(python).arg(script).args(words).arg(root));
    let (v1, v2) = printed.trim_end().split_once(' ')?;
    let hash = |hash: &str| Some(hash.to_owned()).filter(|hash| hash != "-");
    Some((hash(v1), hash(v2)))
}

fn each_tree(is_fit: impl Fn(&Tree) -> bool, check: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    for tree in TREES.iter().filter(|tree| is_fit(tree)) {
        check(&tree.plant(folder.path()));
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A Python that has libtorrent: that of the environment, or Debian's.
#[track_caller]
fn python() -> Option<&'static str> {
    let pythons = ["python3", "/usr/bin/python3"];
    let found = pythons.into_iter().find(|python| runs(python, &["-c", "import libtorrent"]));
    if found.is_none() {
        tests::skip_without("libtorrent for Python");
    }
    found
}

#[track_caller]
fn tool(name: &'static str) -> Option<&'static str> {
    // Neither has an option that exits with 0.
    let found = Command::new(name).arg("--help").output().is_ok();
    if !found {
        tests::skip_without(name);
    }
    found.then_some(name)
}

fn runs(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}
