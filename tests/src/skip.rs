//! Tests that cannot run on this machine: counted by `scripts/test`, and never taken for passed.

use std::env;
use std::fs::File;
use std::io::Write;
use std::panic::Location;

/// Counts the calling test as skipped, which then returns: the system forbids what it needs.
///
/// The place and the reason are added to the file that `USHER_SKIPS` names, a line each. A test
/// calls this once.
///
/// # Panics
///
/// On CI (`CI=true`) where no file is named: there a skip has to be counted.
#[track_caller]
pub fn skip(reason: &str) {
    eprintln!("SKIPPED: {reason}");
    let Some(file) = env::var_os(SKIPS) else {
        assert!(
            !is_ci(),
            "skipped ({reason}) where nobody counts: run scripts/test, or set {SKIPS}"
        );
        return;
    };
    let place = Location::caller();
    let line = format!("{}:{}: {reason}\n", place.file(), place.line());
    // One write, so that lines of tests that run at once stay whole.
    let written = File::options()
        .append(true)
        .create(true)
        .open(&file)
        .and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// The same for a program that is not installed.
///
/// # Panics
///
/// On CI: there every program has to be installed.
#[track_caller]
pub fn skip_without(program: &str) {
    assert!(!is_ci(), "{program} is not installed: scripts/test installs it");
    skip(&format!("{program} is not installed"));
}

fn is_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true")
}

/// The variable that names the file.
const SKIPS: &str = "USHER_SKIPS";
