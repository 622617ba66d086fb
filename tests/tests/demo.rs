//! The shop that `usher demo` makes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tests::{Http, binary, eventually};

#[test]
fn the_demonstration_is_alive_and_leaves_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let mut demo = Command::new(binary())
        .args(["demo", "--port", "0"])
        .env("TMPDIR", home.path())
        .current_dir(home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("usher runs");
    let mut said = String::new();
    for line in BufReader::new(demo.stdout.take().expect("its output")).lines() {
        said += &(line.expect("text") + "\n");
        if said.contains("Ctrl-C ends it") {
            break;
        }
    }
    let word_after = |words: &str| {
        let (_, rest) = said.split_once(words).unwrap_or_else(|| panic!("no {words} in {said}"));
        rest.split_whitespace().next().expect("a word").to_owned()
    };

    let port = word_after("http://localhost:").trim_end_matches('/').parse().expect("a port");
    assert_eq!(Http::from([127, 0, 0, 1].into(), port).get("/", "").status, 200);
    let config = word_after("--config ");
    let usher = |words: &[&str]| {
        let output = Command::new(binary())
            .args(["--config", &config, "--json"])
            .args(words)
            .output()
            .expect("usher runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).expect("a document")
    };
    // Both sides are there, and people have bought something.
    eventually("peers announce", || {
        let swarm = usher(&["swarm", "nothing-so-plain"]);
        let sides = swarm["peers"].as_array()?.iter().map(|peer| peer["side"].as_str());
        let sides: std::collections::BTreeSet<_> = sides.flatten().collect();
        (sides.len() == 2).then_some(())
    });
    assert!(usher(&["order", "list"]).as_array().expect("orders").len() >= 5);
    let code = word_after("buy with:");
    usher(&["member", "add", "eve"]);
    usher(&["voucher", "redeem", "--member", "eve", &code]);

    kill(Pid::from_raw(demo.id().try_into().expect("an id")), Signal::SIGINT).expect("it runs");
    assert!(demo.wait().expect("it ends").success());
    assert_eq!(std::fs::read_dir(home.path()).expect("the folder").count(), 0);
}
