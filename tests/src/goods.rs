//! Goods to publish, and the torrents by which members come to them.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use metainfo::{Personal, Torrent, personalise};
use serde_json::Value;
use tempfile::TempDir;

use crate::Daemon;

/// A file, or a folder of files, of random bytes.
pub struct Goods {
    folder: TempDir,
    name: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl Goods {
    /// A single file.
    pub fn file(name: &str, length: usize) -> Self {
        Self::make(name, &[("", length)])
    }

    /// A folder with files at these paths.
    pub fn folder(name: &str, files: &[(&str, usize)]) -> Self {
        Self::make(name, files)
    }

    fn make(name: &str, files: &[(&str, usize)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut random = fastrand::Rng::with_seed(11);
        let made = files.iter().map(|(path, length)| {
            let mut bytes = vec![0; *length];
            random.fill(&mut bytes);
            let place = place(folder.path(), name, path);
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::write(place, &bytes).expect("a file");
            ((*path).to_owned(), bytes)
        });
        let files = made.collect();
        Self { folder, name: name.to_owned(), files }
    }

    /// The folder that the file or folder lies in.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A file of theirs on disk; the path is empty where it is a single one.
    pub fn place(&self, path: &str) -> PathBuf {
        place(self.root(), &self.name, path)
    }

    /// What a file held when it was made.
    pub fn bytes(&self, path: &str) -> &[u8] {
        &self.files[path]
    }

    /// Whether all files lie in this folder, byte for byte.
    pub fn are_in(&self, folder: &Path) -> bool {
        self.files.iter().all(|(path, bytes)| {
            fs::read(place(folder, &self.name, path)).is_ok_and(|found| found == *bytes)
        })
    }

    /// Copies them into a folder, for a client that seeds.
    pub fn copy_into(&self, folder: &Path) {
        for (path, bytes) in &self.files {
            let place = place(folder, &self.name, path);
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::write(place, bytes).expect("a copy");
        }
    }

    /// Publishes them; returns what the daemon said.
    #[track_caller]
    pub fn publish(&self, daemon: &Daemon, item: &str, policy: &str) -> Value {
        let path = self.place("");
        let path = path.to_str().expect("a plain path");
        let torrent = self.root().join(".strangers.torrent");
        let torrent = torrent.to_str().expect("a plain path");
        daemon.json(&["publish", path, "--name", item, "--policy", policy, "-o", torrent])
    }

    /// The path of a member's web seed, up to and with the `/` behind the token.
    #[track_caller]
    pub fn target(&self, daemon: &Daemon, member: &str, item: &str) -> String {
        let (_, torrent) = self.personal(daemon, member, item);
        let url = torrent.web_seeds.first().expect("a web seed");
        let path = url.split("/ws/").nth(1).expect("a web seed of ours");
        format!("/ws/{}/", path.split('/').next().expect("a token"))
    }

    /// Writes a member's torrent with its web seed where this daemon listens; returns its place.
    #[track_caller]
    pub fn torrent(&self, daemon: &Daemon, member: &str, item: &str) -> PathBuf {
        self.torrent_by(daemon.listening().web, daemon, member, item)
    }

    /// Writes a member's torrent with its web seed at this address; returns its place.
    #[track_caller]
    pub fn torrent_by(
        &self,
        web: SocketAddr,
        daemon: &Daemon,
        member: &str,
        item: &str,
    ) -> PathBuf {
        let (bytes, torrent) = self.personal(daemon, member, item);
        let announce = torrent.trackers.first().expect("a tracker");
        let seeds: Vec<String> = torrent
            .web_seeds
            .iter()
            .map(|url| format!("http://{web}/ws/{}", url.split("/ws/").nth(1).expect("ours")))
            .collect();
        let seeds: Vec<&str> = seeds.iter().map(String::as_str).collect();
        let personal = Personal { announce, web_seeds: &seeds, ..Personal::default() };
        let mut made = Vec::new();
        personalise(&bytes, &personal, &mut made).expect("a torrent");
        let place = self.root().join(format!(".{member}.torrent"));
        fs::write(&place, made).expect("the torrent is written");
        place
    }

    fn personal(&self, daemon: &Daemon, member: &str, item: &str) -> (Vec<u8>, Torrent) {
        let file = self.root().join(format!(".{member}-own.torrent"));
        let path = file.to_str().expect("a plain path");
        daemon.json(&["torrent", member, item, "-o", path]);
        let bytes = fs::read(&file).expect("the torrent");
        let torrent = Torrent::read(&bytes).expect("a torrent");
        (bytes, torrent)
    }
}

fn place(folder: &Path, name: &str, path: &str) -> PathBuf {
    let place = folder.join(name);
    if path.is_empty() { place } else { place.join(path) }
}
