//! Any `Range` stays within the file, and any URL of goods finds a file of the torrent or nothing.
//!
//! The two readers are compiled in by their files: their crate brings a database and
//! a web server along, which a fuzzer would have to instrument.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use metainfo::Torrent;

#[path = "../../crates/web/src/seed/range.rs"]
mod range;
#[path = "../../crates/web/src/seed/target.rs"]
mod target;

use range::{RequestedRange, requested};
use target::{Credential, FileTarget, is_of_goods};

fuzz_target!(|input: (u64, &[u8])| {
    let (length, bytes) = input;
    if let RequestedRange::Parts(parts) = requested(Some(bytes), length) {
        assert!(!parts.is_empty());
        for part in parts {
            assert!(part.start < part.end && part.end <= length);
        }
    }
    for front in ["", "/ws/t/", "/d/t/", "/ws/free/7/"] {
        let text = [front.as_bytes(), bytes].concat();
        let Some(FileTarget { credential, path }) = FileTarget::read(&text) else { continue };
        assert!(is_of_goods(&text) && path.len() <= text.len());
        if let Credential::Free(item) = credential {
            assert!(item.0 > 0);
        }
        if let Some(index) = TORRENT.find(&path) {
            let file = &TORRENT.files[index];
            assert_eq!(*path, [b"a/", file.path.as_bytes()].concat());
        }
    }
});

/// A folder `a` of `b c` and `d/e`.
static TORRENT: LazyLock<Torrent> = LazyLock::new(|| {
    let bytes = b"d4:infod5:filesld6:lengthi1e4:pathl3:b ceed6:lengthi1e4:pathl1:d1:eeee4:name1:a\
        12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
    Torrent::read(bytes).expect("a torrent")
});
