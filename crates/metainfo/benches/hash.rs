//! How fast pieces are hashed, beside what the hash alone does on one core; how long a torrent takes
//! to read, and a member's own copy of it to write.
//!
//! `examples/make.rs` is what is timed beside mktorrent and transmission-create.

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::io::Write;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use metainfo::{MakeOptions, Personal, Torrent, TorrentPlan, TorrentVersion, personalise};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use tempfile::NamedTempFile;

fn main() {
    divan::main();
}

/// The bound on one core: a block that stays in its cache.
#[divan::bench(types = [Sha1, Sha256], sample_count = 20)]
fn digest_alone<D: Digest>(bencher: Bencher<'_, '_>) {
    let block = vec![7; 128 << 10];
    bencher.counter(BytesCount::of_slice(&block)).bench(|| D::digest(black_box(&block)));
}

#[divan::bench(consts = [1, 2], args = [TorrentVersion::V1, TorrentVersion::V2, TorrentVersion::Hybrid], sample_count = 10)]
fn hash<const THREADS: usize>(bencher: Bencher<'_, '_>, format: TorrentVersion) {
    let file = file(CONTENT_MIB);
    let options = MakeOptions { format, ..MakeOptions::default() };
    let plan = TorrentPlan::scan(file.path(), &options).unwrap();
    let threads = NonZeroUsize::new(THREADS).unwrap();
    bencher
        .counter(BytesCount::new(plan.length()))
        .bench(|| plan.make(threads, &|_| ControlFlow::Continue(())).unwrap());
}

#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    let torrent = torrent();
    bencher.bench(|| Torrent::read(black_box(&torrent)).unwrap());
}

#[divan::bench]
fn personal_copy(bencher: Bencher<'_, '_>) {
    let torrent = torrent();
    let personal = Personal {
        announce: "https://tracker.example/announce/abcdefghijklmnopqrstuvwxyz234567",
        web_seeds: &["https://tracker.example/ws/abcdefghijklmnopqrstuvwxyz234567/"],
        ..Personal::default()
    };
    bencher.bench(|| {
        let mut out = Vec::new();
        personalise(black_box(&torrent), &personal, &mut out).unwrap();
        out
    });
}

/// A hybrid of about 1500 pieces.
fn torrent() -> Vec<u8> {
    let file = file(24);
    let options = MakeOptions { format: TorrentVersion::Hybrid, ..MakeOptions::default() };
    let plan = TorrentPlan::scan(file.path(), &options).unwrap();
    plan.make(NonZeroUsize::MIN, &|_| ControlFlow::Continue(())).unwrap()
}

/// A file in the page cache.
fn file(mib: usize) -> NamedTempFile {
    let mut file = NamedTempFile::with_prefix("bench").unwrap();
    let block = vec![7; 1 << 20];
    (0..mib).for_each(|_| file.write_all(&block).unwrap());
    file
}

const CONTENT_MIB: usize = 512;
