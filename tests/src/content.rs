//! A file worth sharing, and torrents of it.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use metainfo::{MakeOptions, Personal, Torrent, TorrentPlan, personalise};
use tempfile::TempDir;

/// A file of random bytes.
#[derive(Debug)]
pub struct Content {
    folder: TempDir,
    bytes: Vec<u8>,
    torrent: Vec<u8>,
}

impl Content {
    /// Makes a file of so many bytes; the seed says which.
    pub fn new(length: usize, seed: u64) -> Self {
        let mut bytes = vec![0; length];
        fastrand::Rng::with_seed(seed).fill(&mut bytes);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(NAME);
        fs::write(&path, &bytes).expect("the file is written");
        let options = MakeOptions { piece_length: Some(1 << 16), ..MakeOptions::default() };
        let plan = TorrentPlan::scan(&path, &options).expect("a plan");
        let torrent = plan.make(NonZeroUsize::MIN, &|_| ControlFlow::Continue(()));
        let torrent = torrent.expect("a torrent");
        Self { folder, bytes, torrent }
    }

    /// Writes a torrent with these trackers and returns where it lies.
    pub fn torrent(&self, trackers: &[&str]) -> PathBuf {
        let (announce, more_trackers) = trackers.split_first().expect("a tracker");
        let personal = Personal { announce, more_trackers, ..Personal::default() };
        let mut bytes = Vec::new();
        personalise(&self.torrent, &personal, &mut bytes).expect("a torrent");
        let name = format!("{}.torrent", fastrand::u64(..));
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("the torrent is written");
        path
    }

    /// What clients announce it under.
    pub fn info_hash(&self) -> [u8; 20] {
        let torrent = Torrent::read(&self.torrent).expect("a torrent");
        torrent.info_hash_v1.expect("a v1 half").0
    }

    /// Its size in bytes.
    pub const fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Puts a copy into a folder, for a client that seeds.
    pub fn copy_into(&self, folder: &Path) {
        fs::write(folder.join(NAME), &self.bytes).expect("the copy is written");
    }

    /// Whether the folder holds the same bytes.
    pub fn is_in(&self, folder: &Path) -> bool {
        fs::read(folder.join(NAME)).is_ok_and(|bytes| bytes == self.bytes)
    }
}

const NAME: &str = "film.bin";
