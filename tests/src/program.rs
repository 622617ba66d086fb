//! BitTorrent clients: aria2, libtorrent (by a script beside the tests) and transmission-cli.
//! Debian's, and libtorrent's newest from PyPI besides.
//!
//! Each has a folder of its own, knows no way to a peer but the tracker, and is killed in the end.

use std::fs::{self, File};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::{Content, Goods};

/// Which client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// aria2c.
    Aria2,
    /// libtorrent, which alone sends a passkey over UDP (BEP 41).
    Libtorrent,
    /// libtorrent 2.1, from `target/venv`.
    Libtorrent21,
    /// transmission-cli, which does not connect to loopback peers but is connected to.
    Transmission,
}

/// What a client is to do.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// What is shared.
    pub content: &'a Content,
    /// Where it announces.
    pub trackers: &'a [&'a str],
    /// Whether it has all from the start.
    pub seeding: bool,
    /// The addresses it listens at and announces from; libtorrent's alone.
    pub addresses: &'a [&'a str],
}

/// A running client.
pub struct Program {
    kind: Kind,
    folder: TempDir,
    child: Child,
}

impl Program {
    /// Starts a client.
    pub fn start(kind: Kind, job: &Job<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        if job.seeding {
            job.content.copy_into(folder.path());
        }
        let torrent = job.content.torrent(job.trackers);
        Self::run(kind, folder, &torrent, job.addresses, job.seeding)
    }

    /// Starts a client on 127.0.0.1 with a torrent as it is, and nothing of what it is of.
    pub fn download(kind: Kind, torrent: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::run(kind, folder, torrent, &["127.0.0.1"], false)
    }

    /// Starts a client on 127.0.0.1 that has all of these goods.
    pub fn seed(kind: Kind, torrent: &Path, goods: &Goods) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        goods.copy_into(folder.path());
        Self::run(kind, folder, torrent, &["127.0.0.1"], true)
    }

    fn run(kind: Kind, folder: TempDir, torrent: &Path, addresses: &[&str], seeding: bool) -> Self {
        let mut command = match kind {
            Kind::Aria2 => aria2(torrent, folder.path()),
            Kind::Libtorrent | Kind::Libtorrent21 => {
                libtorrent(kind, torrent, folder.path(), addresses, seeding)
            }
            Kind::Transmission => transmission(torrent, folder.path()),
        };
        let log = File::create(folder.path().join(LOG)).expect("a log");
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        // libtorrent's script ends with its standard input, so with this process at the latest.
        let child = command.stdin(Stdio::piped()).spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("{kind:?} does not start ({error}): scripts/test installs it")
        });
        Self { kind, folder, child }
    }

    /// Where it downloads to.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All it said so far.
    pub fn said(&self) -> String {
        let log = fs::read(self.folder.path().join(LOG)).expect("a log");
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Tells it to leave the swarm in order, and waits until it did.
    pub fn leave(mut self) {
        match self.kind {
            Kind::Libtorrent | Kind::Libtorrent21 => drop(self.child.stdin.take()),
            Kind::Aria2 | Kind::Transmission => {
                let pid = i32::try_from(self.child.id()).expect("a process id");
                kill(Pid::from_raw(pid), Signal::SIGINT).expect("it takes a signal");
            }
        }
        self.child.wait().expect("it ends");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{:?} said:\n{}", self.kind, self.said());
        }
    }
}

fn aria2(torrent: &Path, folder: &Path) -> Command {
    let mut command = Command::new("aria2c");
    command.args(["--no-conf", "--bt-enable-lpd=false", "--enable-peer-exchange=false"]);
    // Without DHT it has no UDP trackers either. It knows no other node, and nobody tells it one.
    command.args(["--enable-dht=true", "--enable-dht6=false"]);
    command.arg(format!("--dht-listen-port={}", free_port()));
    command.arg(format!("--dht-file-path={}", folder.join("dht.dat").display()));
    command.arg(format!("--listen-port={}", free_port()));
    command.args(["--disable-ipv6=true", "--show-console-readout=false", "--summary-interval=0"]);
    // It looks for what is there already.
    command.args(["--console-log-level=info", "--check-integrity=true"]);
    // It seeds until it is stopped.
    command.arg("--seed-ratio=0.0");
    command.arg("--dir").arg(folder).arg(torrent);
    command
}

fn libtorrent(
    kind: Kind,
    torrent: &Path,
    folder: &Path,
    addresses: &[&str],
    seeding: bool,
) -> Command {
    let house = Path::new(env!("CARGO_MANIFEST_DIR"));
    let interfaces: Vec<String> =
        addresses.iter().map(|address| format!("{address}:{}", free_port())).collect();
    let mut command = match kind {
        Kind::Libtorrent21 => Command::new(house.join("../target/venv/bin/python")),
        // Debian's interpreter, since Debian's package is for that one.
        _ => Command::new("/usr/bin/python3"),
    };
    command.arg(house.join("clients/libtorrent_client.py"));
    command.arg(torrent).arg(folder).arg(interfaces.join(","));
    command.arg(if seeding { "seed" } else { "leech" });
    command
}

fn transmission(torrent: &Path, folder: &Path) -> Command {
    let settings = r#"{"dht-enabled": false, "lpd-enabled": false, "pex-enabled": false,
        "port-forwarding-enabled": false, "rpc-enabled": false, "utp-enabled": false}"#;
    let config = folder.join("config");
    fs::create_dir(&config).expect("a folder");
    fs::write(config.join("settings.json"), settings).expect("its settings");
    let mut command = Command::new("transmission-cli");
    command.arg("--config-dir").arg(config).arg("--download-dir").arg(folder);
    command.args(["--no-portmap", "--port", &free_port().to_string()]).arg(torrent);
    command
}

/// A port for clients that cannot be told to take any free one.
#[track_caller]
pub fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    // Tests run beside each other, each in a process of its own: they begin to look apart.
    let begin = process::id().wrapping_mul(37);
    let next = || begin.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed)) % PORTS + FIRST_PORT;
    std::iter::repeat_with(next)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| {
            TcpListener::bind(("0.0.0.0", *port)).is_ok()
                && UdpSocket::bind(("0.0.0.0", *port)).is_ok()
        })
        .expect("a free port")
}

/// Below those that the kernel chooses for whoever connects or asks for any: such a port is taken
/// again before its finder has come to use it.
const FIRST_PORT: u32 = 10_000;
const PORTS: u32 = 20_000;
const LOG: &str = "log";
