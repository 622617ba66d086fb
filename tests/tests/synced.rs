//! No acknowledgement leaves before what it acknowledges is on the disk, as the system calls show.
//!
//! A kill does not prove that: what a process wrote outlives it without a sync, and is lost with
//! the power alone.

#![expect(clippy::panic, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tests::{Daemon, Http};

#[test]
fn no_acknowledgement_is_written_before_its_sync() {
    let daemon = Daemon::start("", "");
    daemon.member("ada", "outsider");
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let Some(mut tracer) = attach(daemon.pid(), &trace) else {
        return tests::skip("strace may not look at other processes (ptrace is forbidden)");
    };
    let mut line = Http::at(&daemon.folder().join("state/admin.sock")).expect("a daemon");
    for n in 0..ACKNOWLEDGED {
        let body = json!({"key": format!("key-{n}"), "amount": "1.00", "currency": "usd"});
        let target = "/api/v1/members/ada/topups";
        let response = line.hand("POST", target, "application/json", &body.to_string());
        assert_eq!(response.map(|response| response.status), Some(201));
    }
    let pid = i32::try_from(tracer.id()).expect("a process id");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("strace takes a signal");
    tracer.wait().expect("strace ends");
    check(&fs::read_to_string(trace).expect("a trace"));
}

/// Each answer comes after a sync that the answer before it did not have.
#[track_caller]
fn check(trace: &str) {
    let (mut acknowledged, mut synced) = (0, false);
    for call in trace.lines() {
        if call.contains("fdatasync") || call.contains("fsync") {
            // The line of a call that is under way says so, and another when it is done.
            synced |= call.ends_with("= 0");
        } else if call.contains("HTTP/1.1 201 Created") {
            assert!(synced, "answer {acknowledged} came before its sync:\n{trace}");
            (acknowledged, synced) = (acknowledged + 1, false);
        }
    }
    assert_eq!(acknowledged, ACKNOWLEDGED, "{trace}");
}

/// Lets strace write down the syncs and answers of a process; `None` where the system forbids it.
/// Any other failure is the test's.
fn attach(pid: u32, trace: &Path) -> Option<Child> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-s", "32", "-e", "trace=fdatasync,fsync,write,writev,sendto,sendmsg"]);
    strace.arg("-o").arg(trace).args(["-p", &pid.to_string()]);
    let child = strace.stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!("strace does not start ({error}): scripts/test installs it")
    });
    let said = BufReader::new(child.stderr.take().expect("its output"));
    let mut lines = said.lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    // What it says later must go somewhere.
    std::thread::spawn(move || lines.for_each(drop));
    if first.contains("attached") {
        return Some(child);
    }
    child.wait().expect("strace ends");
    assert!(first.contains("Operation not permitted"), "strace does not attach: {first}");
    None
}

const ACKNOWLEDGED: usize = 20;
