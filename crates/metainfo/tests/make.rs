//! Making torrents: what goes in, what is refused, and that what comes out is what went in.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use common::{FORMATS, TREES, content, make, options};
use metainfo::{
    BLOCK_BYTES, FileKind, MAX_COMPONENTS, MAX_PIECE_LENGTH, MakeError, MakeOptions, ReadError,
    Torrent, TorrentPlan, TorrentVersion, WhySkipped, verify,
};
use proptest::prelude::*;

#[test]
fn a_plan_lists_what_it_leaves_out_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join(".git")).unwrap();
    for path in ["file", ".hidden", ".git/config"] {
        fs::write(root.join(path), "x").unwrap();
    }
    symlink("file", root.join("link")).unwrap();
    let _socket = UnixListener::bind(root.join("socket")).unwrap();

    let plan = TorrentPlan::scan(&root, &options(TorrentVersion::V1)).unwrap();
    let skipped: Vec<_> = plan
        .skipped()
        .iter()
        .map(|one| (one.path.strip_prefix(&root).unwrap().to_str().unwrap(), one.why))
        .collect();
    let expected = [
        (".git", WhySkipped::Hidden),
        (".hidden", WhySkipped::Hidden),
        ("link", WhySkipped::Symlink),
        ("socket", WhySkipped::Special),
    ];
    assert_eq!((plan.file_count(), &*skipped), (1, &expected[..]));

    let plan =
        TorrentPlan::scan(&root, &MakeOptions { hidden: true, ..options(TorrentVersion::V1) })
            .unwrap();
    assert_eq!((plan.file_count(), plan.skipped().len()), (3, 2));
}

#[test]
fn a_root_that_is_a_link_is_followed_and_gives_its_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    symlink("file", folder.path().join("link")).unwrap();
    let torrent =
        Torrent::read(&make(&folder.path().join("link"), &options(TorrentVersion::V1))).unwrap();
    assert_eq!((torrent.name.as_bytes(), torrent.length), (&b"link"[..], 1));
}

#[test]
fn what_has_no_files_or_no_safe_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    check_refused(&root, &options(TorrentVersion::V1), |error| matches!(error, MakeError::Io(..)));
    fs::create_dir(&root).unwrap();
    check_refused(&root, &options(TorrentVersion::V1), |error| {
        matches!(error, MakeError::NoFiles(_))
    });
    fs::write(root.join("a\\b"), "x").unwrap();
    check_refused(&root, &options(TorrentVersion::V1), |error| matches!(error, MakeError::Path(_)));
    let named = MakeOptions { name: Some("../x".to_owned()), ..options(TorrentVersion::V1) };
    check_refused(&root, &named, |error| matches!(error, MakeError::Path(_)));
}

#[test]
fn a_folder_of_one_file_of_its_name_is_no_v2_torrent() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("same");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("same"), "x").unwrap();
    assert!(TorrentPlan::scan(&root, &options(TorrentVersion::V1)).is_ok());
    for format in [TorrentVersion::V2, TorrentVersion::Hybrid] {
        check_refused(&root, &options(format), |error| matches!(error, MakeError::LoneName(_)));
    }
}

#[test]
fn pieces_are_1024_to_2048_within_their_bounds() {
    for (length, expected) in [
        (0, BLOCK_BYTES),
        (32 << 20, BLOCK_BYTES),
        ((32 << 20) + 1, 2 * BLOCK_BYTES),
        (1 << 30, 512 << 10),
        ((1 << 30) + 1, 1 << 20),
        (32 << 30, 16 << 20),
        (1 << 40, 16 << 20),
    ] {
        let root = sparse(length);
        let plan = TorrentPlan::scan(root.path(), &MakeOptions::default()).unwrap();
        assert_eq!(plan.piece_length(), expected, "{length}");
    }
}

#[test]
fn piece_lengths_are_powers_of_two_within_bounds() {
    let root = sparse(5);
    let scan = |length| {
        TorrentPlan::scan(
            root.path(),
            &MakeOptions { piece_length: Some(length), ..MakeOptions::default() },
        )
    };
    for length in [BLOCK_BYTES, MAX_PIECE_LENGTH] {
        assert_eq!(scan(length).unwrap().piece_length(), length);
    }
    for length in [0, BLOCK_BYTES / 2, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 2 * MAX_PIECE_LENGTH] {
        assert!(matches!(scan(length), Err(MakeError::PieceLength(_))), "{length}");
    }
}

/// Before anything is hashed.
#[test]
fn a_torrent_that_no_reader_takes_is_refused() {
    let root = sparse(8 << 40);
    let short = MakeOptions { piece_length: Some(BLOCK_BYTES), ..MakeOptions::default() };
    check_refused(root.path(), &short, |error| {
        matches!(error, MakeError::Unreadable(ReadError::Large(_)))
    });

    let folder = tempfile::tempdir().unwrap();
    let mut deep = folder.path().join("root");
    deep.extend(["d"; MAX_COMPONENTS]);
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.parent().unwrap().join("file"), "x").unwrap();
    for format in FORMATS {
        TorrentPlan::scan(&folder.path().join("root"), &options(format)).unwrap();
    }
    fs::write(deep.join("file"), "x").unwrap();
    check_refused(&folder.path().join("root"), &options(TorrentVersion::V1), |error| {
        matches!(error, MakeError::Path(_))
    });
}

#[test]
fn a_file_that_changes_while_it_is_read_is_named() {
    let grown =
        |path: &Path| File::options().append(true).open(path).unwrap().set_len(100_001).unwrap();
    let shrunk =
        |path: &Path| File::options().append(true).open(path).unwrap().set_len(10).unwrap();
    let touched =
        |path: &Path| File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let removed = |path: &Path| fs::remove_file(path).unwrap();
    let replaced = |path: &Path| {
        fs::rename(path, path.with_extension("old")).unwrap();
        fs::copy(path.with_extension("old"), path).unwrap();
    };
    for change in [grown, shrunk, touched, removed, replaced] {
        for name in ["a", "b"] {
            let folder = tempfile::tempdir().unwrap();
            for name in ["a", "b"] {
                fs::write(folder.path().join(name), content(100_000)).unwrap();
            }
            let path = folder.path().join(name);
            let once = Mutex::new(Some(()));
            let watch = |_| {
                once.lock().unwrap().take().inspect(|()| change(&path));
                ControlFlow::Continue(())
            };
            let plan = TorrentPlan::scan(folder.path(), &options(TorrentVersion::Hybrid)).unwrap();
            let error = plan.make(NonZeroUsize::MIN, &watch).unwrap_err();
            assert!(matches!(&error, MakeError::Changed(changed) if *changed == path), "{error}");
        }
    }
}

#[test]
fn the_watcher_sees_every_byte_and_can_stop() {
    let folder = tempfile::tempdir().unwrap();
    let root = TREES[5].plant(folder.path());
    let plan = TorrentPlan::scan(&root, &options(TorrentVersion::Hybrid)).unwrap();
    let seen = Mutex::new(Vec::new());
    let threads = NonZeroUsize::new(3).unwrap();
    plan.make(threads, &|done| {
        seen.lock().unwrap().push(done);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(seen.into_inner().unwrap().into_iter().max(), Some(plan.length()));

    let stopped = plan.make(threads, &|_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(MakeError::Cancelled)));
}

#[test]
fn a_hybrid_pads_to_whole_pieces_unless_it_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let torrent =
        Torrent::read(&make(&TREES[5].plant(folder.path()), &options(TorrentVersion::Hybrid)))
            .unwrap();
    let pads: Vec<_> = torrent.files.iter().filter(|file| file.kind == FileKind::Pad).collect();
    assert_eq!(pads.iter().map(|pad| pad.length).collect::<Vec<_>>(), [32763, 16384, 25536, 29376]);
    assert!(
        torrent.files.iter().all(|file| file.kind == FileKind::Pad || file.offset % 32768 == 0)
    );
    assert_eq!(torrent.length, 5 + 16384 + 40_000 + 200_000 + 32768);

    let lone =
        Torrent::read(&make(&TREES[4].plant(folder.path()), &options(TorrentVersion::Hybrid)))
            .unwrap();
    assert_eq!((lone.files.len(), lone.is_single_file()), (1, false));
}

#[test]
fn verify_names_the_files_that_are_not_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let root = TREES[5].plant(folder.path());
        let bytes = make(&root, &options(format));
        let torrent = Torrent::read(&bytes).unwrap();
        let index = |path: &str| torrent.find(format!("empty files/{path}").as_bytes()).unwrap();
        assert_eq!(check(&bytes, &root), []);

        let mut damaged = content(200_000);
        damaged[150_000] ^= 1;
        fs::write(root.join("d"), damaged).unwrap();
        assert_eq!(check(&bytes, &root), [index("d")], "{format:?}");

        fs::remove_file(root.join("b")).unwrap();
        fs::write(root.join("a"), "longer than five").unwrap();
        fs::remove_file(root.join("z")).unwrap();
        symlink("c/nothing", root.join("z")).unwrap();
        let mut expected = ["a", "b", "z"].map(index);
        expected.sort_unstable();
        assert_eq!(check(&bytes, &root), expected, "{format:?}");
        fs::remove_file(root.join("z")).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_read_is_what_was_made(
        lengths in prop::collection::btree_map("[a-c]{1,2}(/[d-f]{1,2}){0,2}", 0..80_000usize, 1..6),
        piece_length in prop::sample::select(vec![16384u32, 32768, 65536]),
        format in prop::sample::select(FORMATS.to_vec()),
        private: bool,
        source in prop::option::of("[A-Z]{1,5}"),
        threads in 1..4usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let mut total = 0;
        for (path, length) in &lengths {
            // A folder may be in the way of a file, or the other way round: then it is left out.
            let path = root.join(path);
            if fs::create_dir_all(path.parent().unwrap()).is_ok() && fs::write(&path, content(*length)).is_ok() {
                total += *length;
            }
        }
        let options = MakeOptions { format, piece_length: Some(piece_length), private, source: source.clone(), ..MakeOptions::default() };
        let plan = TorrentPlan::scan(&root, &options).unwrap();
        let bytes = plan.make(NonZeroUsize::new(threads).unwrap(), &|_| ControlFlow::Continue(())).unwrap();
        prop_assert_eq!(&bytes, &make(&root, &options), "the same by any number of threads");

        let torrent = Torrent::read(&bytes).unwrap();
        prop_assert_eq!(torrent.name.as_bytes(), b"root");
        prop_assert_eq!((torrent.private, torrent.source.clone(), torrent.piece_length), (private, source, piece_length));
        prop_assert_eq!(torrent.length, u64::try_from(total).unwrap());
        let files: Vec<_> = torrent.files.iter().filter(|file| file.kind == FileKind::Data).collect();
        prop_assert_eq!(files.len(), plan.file_count());
        for file in files {
            let path = file.path.to_string();
            prop_assert_eq!(Some(file.length), lengths.get(&path).map(|length| u64::try_from(*length).unwrap()));
            let found = torrent.find(format!("root/{path}").as_bytes());
            prop_assert!(found.is_some());
        }
        prop_assert_eq!(check(&bytes, &root), Vec::<usize>::new());
    }
}

fn check(bytes: &[u8], root: &Path) -> Vec<usize> {
    verify(bytes, root, NonZeroUsize::new(2).unwrap(), &|_| ControlFlow::Continue(())).unwrap()
}

#[track_caller]
fn check_refused(root: &Path, options: &MakeOptions, is_expected: impl Fn(&MakeError) -> bool) {
    let error = TorrentPlan::scan(root, options).unwrap_err();
    assert!(is_expected(&error), "{error:?}");
}

/// A file that takes no room on disk.
fn sparse(length: u64) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::with_prefix("sparse").unwrap();
    file.as_file().set_len(length).unwrap();
    file
}
