//! qBittorrent without a window, driven by its web API as its own pages drive it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::free_port;
use crate::{Http, eventually};

/// A running qBittorrent, with a folder of its own.
pub struct Qbittorrent {
    folder: TempDir,
    child: Child,
    port: u16,
}

impl Qbittorrent {
    /// Starts it and waits until its API answers.
    ///
    /// # Panics
    ///
    /// It is not installed, or does not start.
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("qBittorrent/config");
        fs::create_dir_all(&config).expect("a folder");
        fs::write(config.join("qBittorrent.conf"), SETTINGS).expect("its settings");
        let log = File::create(folder.path().join("log")).expect("a log");
        let port = free_port();
        let child = Command::new("qbittorrent-nox")
            .arg(format!("--profile={}", folder.path().display()))
            .arg(format!("--webui-port={port}"))
            .env("QT_QPA_PLATFORM", "offscreen")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("qbittorrent-nox does not start ({error}): scripts/test installs it")
            });
        let qbittorrent = Self { folder, child, port };
        eventually("qBittorrent answers", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
        });
        qbittorrent
    }

    /// Where it downloads to.
    pub fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }

    /// Asks for something, as `torrents/info`.
    #[track_caller]
    pub fn get(&self, what: &str) -> Value {
        let answer = Http::to(self.port).get(&format!("/api/v2/{what}"), "");
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    /// Does something, as `rss/addFeed`.
    #[track_caller]
    pub fn post(&self, what: &str, fields: &[(&str, &str)]) {
        let code = |text: &str| percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string();
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", code(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let kind = "application/x-www-form-urlencoded";
        let answer = Http::to(self.port).hand("POST", &format!("/api/v2/{what}"), kind, &body);
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
    }
}

impl Drop for Qbittorrent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("qBittorrent said:\n{}", said(self.folder.path()));
        }
    }
}

fn said(folder: &Path) -> String {
    let logs = [folder.join("log"), folder.join("qBittorrent/data/logs/qbittorrent.log")];
    logs.iter().filter_map(|log| fs::read_to_string(log).ok()).collect()
}

/// The tracker is the only way to a peer, and whoever is on this machine needs no password.
const SETTINGS: &str = "\
[BitTorrent]
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\Port=0
[LegalNotice]
Accepted=true
[Network]
PortForwardingEnabled=false
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
WebUI\\UseUPnP=false
[RSS]
AutoDownloader\\EnableProcessing=true
Session\\EnableProcessing=true
";
