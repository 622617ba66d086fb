//! State on a file system that maps no files into memory, as some network storage (FUSE): the start says what to do.

#![expect(clippy::panic, reason = "a test may panic")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use tests::Daemon;

#[test]
fn a_file_system_without_mmap_is_named_with_the_way_out() {
    let below = tempfile::tempdir().expect("a folder");
    let Some(mount) = Mount::of(below.path()) else { return };
    let state = mount.0.path().join("state");
    let said = Daemon::fails_to_start_in(&state);
    assert!(said.contains("can't map a file into memory"), "{said}");
    assert!(said.contains("put `state_dir` on a local file system"), "{said}");
    assert!(said.contains("(`database`)"), "{said}");
    // Nothing is left that the next start, on another file system or not, would take for a club.
    let left = fs::read_dir(below.path().join("state")).expect("the folder");
    let left: Vec<_> = left.map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, ["lock"]);
}

/// A folder seen through FUSE, without the page cache that mappings need.
struct Mount(TempDir);

impl Mount {
    /// `None` where that is not possible on this machine, which counts as a skip.
    fn of(below: &Path) -> Option<Self> {
        let above = tempfile::tempdir().expect("a folder");
        let mut bindfs = Command::new("bindfs");
        match bindfs.args(["-o", "direct_io"]).args([below, above.path()]).output() {
            Ok(output) if output.status.success() => Some(Self(above)),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let is_forbidden =
                    ["fuse device not found", "not permitted", "ermission denied", "No such file"];
                assert!(is_forbidden.iter().any(|words| said.contains(words)), "bindfs: {said}");
                tests::skip("no file system may be mounted by FUSE");
                None
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tests::skip_without("bindfs");
                None
            }
            Err(error) => panic!("bindfs: {error}"),
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}
