//! A disk that is full: announces go on, nothing acknowledged is lost, and who is refused hears what
//! to do. Once there is room it all goes on without a restart.

#![expect(clippy::panic, reason = "a test may panic")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tests::{Ask, Daemon, Http, eventually, send_stripe_event, stripe_payments};

const REEL: [u8; 20] = *b"reel reel reel reel ";

#[test]
fn a_full_disk_fails_no_announce_and_loses_no_acknowledged_row() {
    let Some(disk) = Disk::mount("16m") else {
        return tests::skip("no file system may be mounted (that takes root)");
    };
    let secrets = tempfile::tempdir().expect("a folder");
    let payments = stripe_payments(secrets.path());
    let mut daemon = Daemon::start_in(disk.path(), "  flush_interval: 1s", &payments);
    daemon.item("reel", REEL, "priority");
    let ada = Ask::of(REEL, 1).seeding().by(&daemon.member("ada", "fan"));
    let mut acknowledged = 0;
    for _ in 0..20 {
        pay(&daemon, acknowledged).expect("there is room");
        acknowledged += 1;
    }
    assert_eq!(send_stripe_event(&daemon, 1), Some(200));

    disk.fill();
    // What was set aside for the log may take some more.
    let refused = (0..10_000).find_map(|_| match pay(&daemon, acknowledged) {
        Ok(()) => {
            acknowledged += 1;
            None
        }
        Err(refused) => Some(refused),
    });
    let refused = refused.expect("nothing fits on a full disk");
    assert!(refused.contains("disk is full, nothing was changed: make room on it"), "{refused}");
    assert_eq!(send_stripe_event(&daemon, 2), Some(503), "the provider is to try again");
    let mut http = Http::to(daemon.listening().http.port());
    let mut announced = 0;
    eventually("a flush fails under announces", || {
        announced += 1;
        let reply = http.announce(&Ask { uploaded: announced, ..ada.clone() });
        assert!(reply.find("peers").is_some(), "{reply:?}");
        let has_failed = daemon.metric("usher_flush_failures_total")? > 0.0;
        (has_failed && announced >= ANNOUNCES).then_some(())
    });
    assert!(daemon.run(&["stats"]).status.success());
    assert_eq!(paid(&daemon), acknowledged, "what is there can be read");

    disk.make_room();
    eventually("money comes in again", || pay(&daemon, acknowledged).ok());
    acknowledged += 1;
    assert_eq!(send_stripe_event(&daemon, 2), Some(200));
    assert_eq!(paid(&daemon), acknowledged);
    assert!(daemon.run(&["verify"]).status.success());
    // What was uploaded meanwhile waited in memory.
    assert!(daemon.terminate().success());
    daemon.restart();
    assert_eq!(uploaded(&daemon), announced - 1);
    assert_eq!(paid(&daemon), acknowledged);
}

/// Pays in once; says why it was refused.
fn pay(daemon: &Daemon, number: u64) -> Result<(), String> {
    let paid = ["topup", "ada", "--amount", "1.00", "--currency", "usd", "--memo", "fair"];
    let key = format!("payment {number}");
    let output = daemon.run(&[&paid[..], &["--key", &key]].concat());
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8(output.stderr).expect("a text"))
}

/// How often was paid in, by the balance.
fn paid(daemon: &Daemon) -> u64 {
    let balance = daemon.json(&["balance", "ada"]);
    let prepaid = balance[0]["prepaid"]["minor"].as_u64();
    prepaid.unwrap_or_else(|| panic!("{balance}")) / 100
}

/// A file system of so many bytes, until dropped.
struct Disk(TempDir);

impl Disk {
    /// `None` where that is not permitted. Any other failure is the test's.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        let output = mount.output().expect("mount, of util-linux");
        if output.status.success() {
            return Some(Self(folder));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let is_forbidden = ["permission denied", "must be superuser", "not permitted"];
        assert!(is_forbidden.iter().any(|words| said.contains(words)), "mount: {said}");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Leaves no room.
    fn fill(&self) {
        let mut ballast = fs::File::create(self.ballast()).expect("a file");
        for size in [64 << 10, 4 << 10, 1] {
            while ballast.write_all(&vec![7; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).expect("the file is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

/// Bytes that ada uploaded, as the store has them.
fn uploaded(daemon: &Daemon) -> u64 {
    let ada = daemon.json(&["member", "show", "ada"]);
    ada["traffic"][0]["uploaded"].as_u64().unwrap_or_else(|| panic!("{ada}"))
}

/// At least so many while the disk is full.
const ANNOUNCES: u64 = 50;
