//! What each command asks of the daemon and prints, as text and as JSON, kept as snapshots.
//!
//! The daemon here gives the answers of a test, which are documents of `api`. Run the tests by `cargo
//! nextest`, where standard output is not a terminal: tables are wrapped to the width of one.
//! `INSTA_UPDATE=always` accepts what is printed now.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod items;
mod maintenance;
mod members;
mod money;
mod payments;
mod samples;
mod tracker;
mod typed;

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};

use self::typed::CommandLine;

#[test]
fn every_command_has_a_snapshot() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/printed/snapshots");
    let kept: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in leaves(&CommandLine::command(), "") {
        assert!(kept.contains(&format!("{name}.snap")), "no test prints `usher {name}`");
    }
}

/// The commands that have no commands below them, each by the words of its path.
fn leaves(command: &Command, path: &str) -> Vec<String> {
    let mut names = Vec::new();
    for below in command.get_subcommands() {
        let path = [path, below.get_name()].join(if path.is_empty() { "" } else { "-" });
        if below.has_subcommands() {
            names.extend(leaves(below, &path));
        } else {
            names.push(path);
        }
    }
    names
}
