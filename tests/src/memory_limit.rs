//! A maximum of memory for a daemon, as a container or a small machine has it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

use crate::wait::within;

/// A maximum of memory. The daemon is killed where it needs more.
///
/// A cgroup of version 1 or 2 counts what is in use. Where this process may make neither, the limit is on
/// the address space (`ulimit -v`), which counts more than that, so it is twice as high.
pub struct MemoryLimit {
    mib: u64,
    group: Option<PathBuf>,
}

impl MemoryLimit {
    /// A limit in MiB.
    pub fn of(mib: u64) -> Self {
        let group = [("memory", "memory.limit_in_bytes"), (".", "memory.max")]
            .into_iter()
            .find_map(|(hierarchy, file)| make_group(hierarchy, file, mib << 20).ok());
        if group.is_none() {
            eprintln!(
                "no cgroup can be made here: the limit is on {} MiB of address space",
                2 * mib
            );
        }
        Self { mib, group }
    }

    /// What a shell does before it becomes the daemon.
    pub(crate) fn enter(&self) -> String {
        match &self.group {
            Some(group) => format!("echo $$ > '{}'", group.join("cgroup.procs").display()),
            None => format!("ulimit -v {}", 2 * self.mib * 1024),
        }
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        if let Some(group) = &self.group {
            // A process that was just killed is in it for a moment.
            let patience = std::time::Duration::from_secs(5);
            within(patience, "the cgroup is empty", || fs::remove_dir(group).ok());
        }
    }
}

/// Makes a cgroup with a limit.
fn make_group(hierarchy: &str, file: &str, bytes: u64) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("usher-test-{}-{number}", std::process::id());
    let group = Path::new("/sys/fs/cgroup").join(hierarchy).join(name);
    fs::create_dir(&group)?;
    // Where memory is not limited by such groups, the file is not there and cannot be made.
    let limited = fs::OpenOptions::new().write(true).open(group.join(file));
    let limited =
        limited.and_then(|mut file| io::Write::write_all(&mut file, bytes.to_string().as_bytes()));
    limited.map(|()| group.clone()).inspect_err(|_| drop(fs::remove_dir(&group)))
}
