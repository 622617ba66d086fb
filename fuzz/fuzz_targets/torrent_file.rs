//! Any bytes are a torrent whose parts fit, or an error; what is read survives being personalised.
#![no_main]

use libfuzzer_sys::fuzz_target;
use metainfo::{FileKind, MAX_FILES, MAX_LINTS, Personal, Torrent, personalise};

fuzz_target!(|bytes: &[u8]| {
    let Ok(torrent) = Torrent::read(bytes) else { return };
    assert!((1..=MAX_FILES).contains(&torrent.files.len()));
    assert!(torrent.info_hashes().next().is_some());
    assert!(torrent.lint(true).len() <= MAX_LINTS);

    let root = if torrent.is_single_file() {
        Vec::new()
    } else {
        [torrent.name.as_bytes(), b"/"].concat()
    };
    for (index, file) in torrent.files.iter().enumerate() {
        let found = torrent.find(&[&root, file.path.as_bytes()].concat());
        assert_eq!(found == Some(index), file.kind == FileKind::Data);
    }

    let personal =
        Personal { announce: "http://t/", web_seeds: &["http://w/"], ..Personal::default() };
    let mut own = Vec::new();
    personalise(bytes, &personal, &mut own).unwrap();
    let read = Torrent::read(&own).unwrap();
    assert_eq!(own[read.info_span()], bytes[torrent.info_span()]);
    assert_eq!((read.trackers, read.files), (vec!["http://t/".to_owned()], torrent.files));
});
