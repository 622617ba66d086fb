//! The generator against its own floors, which answer everything.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A floor under way; it ends with the test.
struct Floor {
    child: Child,
    address: String,
}

impl Floor {
    fn start(kind: &str, listen: &str) -> Self {
        let mut child = usher_load([kind, "--listen", listen, "--bytes", "200"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim().to_owned() }
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn usher_load<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher-load"));
    command.args(args);
    command
}

/// What `usher-load` with these words, and one more, reports of a floor.
#[track_caller]
fn report(floor: &Floor, scheme: &str, words: &str) -> serde_json::Value {
    let (target, pid) = (format!("{scheme}://{}", floor.address), floor.child.id().to_string());
    let mut words: Vec<_> = words.split(' ').collect();
    words.insert(1, &target);
    let output = usher_load(words).args(["--json", "--pid", &pid]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn fills(floor: &Floor, scheme: &str, more: &str) {
    let report = report(floor, scheme, &format!("fill --peers 1000 --torrents 10{more}"));
    assert_eq!(report["announces"], 1000, "{report}");
    assert_eq!(report["refused"], 0, "{report}");
    assert_eq!(report["memory"]["peers"], 1000, "{report}");
}

#[test]
fn every_peer_announces_once_over_udp() {
    fills(&Floor::start("echo", "127.0.0.1:0"), "udp", "");
    fills(&Floor::start("echo", "127.0.0.1:0"), "udp", " --threads 2");
    fills(&Floor::start("echo", "[::1]:0"), "udp", "");
}

#[test]
fn every_peer_announces_once_over_http() {
    let floor = Floor::start("bare-http", "127.0.0.1:0");
    fills(&floor, "http", "");
    fills(&floor, "http", " --close");
    fills(&floor, "http", " --threads 2 --outstanding 3");
}

#[test]
fn a_run_reports_replies_of_the_size_asked_for() {
    for (kind, scheme) in [("echo", "udp"), ("bare-http", "http")] {
        let floor = Floor::start(kind, "127.0.0.1:0");
        for pace in ["", " --rate 1000"] {
            // So few that no buffer overflows, however late a loaded machine reads it.
            let words = format!("run --duration 0.2 --warm-up 0 --outstanding 16{pace}");
            let report = report(&floor, scheme, &words);
            assert!(report["replies"].as_u64().unwrap() > 0, "{report}");
            assert_eq!(report["reply_bytes"], 200.0, "{report}");
            assert_eq!(report["lost"], 0, "{report}");
        }
    }
}

#[test]
fn who_asks_nobody_is_told_so() {
    let output = usher_load(["run", "udp://127.0.0.1:1", "--pid", "1"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("does not answer"));
}

#[test]
fn a_fill_of_a_tracker_that_died_ends() {
    let floor = Floor::start("echo", "127.0.0.1:0");
    let target = format!("udp://{}", floor.address);
    let words = ["fill", &target, "--peers", "1000000", "--torrents", "1", "--patience", "0.05"];
    let filling = usher_load(words).stderr(Stdio::piped()).spawn().unwrap();
    // However early it dies, it is told of in the same words.
    std::thread::sleep(std::time::Duration::from_millis(200));
    drop(floor);
    let output = filling.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("does not answer"));
}
