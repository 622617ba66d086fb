//! How much memory the daemon may take: of the machine, of its cgroups, and of its own limits.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

/// What swarms and sessions may take where `tracker.yaml` does not say: half of what the daemon may
/// have, in bytes. The other half is for the club, connections, and what the allocator adds. 0, no
/// limit, where nothing is known.
pub(crate) fn default_budget() -> u64 {
    let own = getrlimit(Resource::RLIMIT_AS)
        .ok()
        .map(|(soft, _)| soft)
        .filter(|soft| *soft != RLIM_INFINITY);
    limit_bytes(Path::new("/")).into_iter().chain(own).min().unwrap_or_default() / 2
}

/// The least of the machine's memory and the limits of the daemon's cgroups, version 1 and 2.
fn limit_bytes(root: &Path) -> Option<u64> {
    let machine = fs::read_to_string(root.join("proc/meminfo")).ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    });
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().flat_map(|line| limits_of(root, line));
    machine.into_iter().chain(limits).min()
}

/// The limits of a cgroup and of those around it; `line` is one of /proc/self/cgroup.
///
/// In a container the path may be one of the host's, which is not there. Then the root of what is
/// mounted is the container's own.
fn limits_of(root: &Path, line: &str) -> Vec<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { return Vec::new() };
    let (mount, file) = match controllers {
        "" => (root.join("sys/fs/cgroup"), "memory.max"),
        _ if controllers.split(',').any(|name| name == "memory") => {
            (root.join("sys/fs/cgroup/memory"), "memory.limit_in_bytes")
        }
        _ => return Vec::new(),
    };
    let group: PathBuf = mount.join(path.trim_start_matches('/'));
    let around = group.ancestors().take_while(|folder| folder.starts_with(&mount));
    let read = |folder: &Path| fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok();
    around.filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_machine_and_cgroups_counts() {
        const MEMINFO: &str = "MemTotal:        1024 kB\nMemFree: 7 kB\n";
        let machine = ("proc/meminfo", MEMINFO);
        check(&[], None);
        check(&[machine], Some(1 << 20));
        let v1 = "4:memory:/a/b\n0::/\n";
        let of_v1 = "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes";
        check(&[machine, ("proc/self/cgroup", v1), (of_v1, "4096\n")], Some(4096));
        check(
            &[machine, ("proc/self/cgroup", v1), (of_v1, "9223372036854771712\n")],
            Some(1 << 20),
        );
        let v2 = "0::/a/b\n";
        let of_v2 = "sys/fs/cgroup/a/b/memory.max";
        check(&[machine, ("proc/self/cgroup", v2), (of_v2, "max\n")], Some(1 << 20));
        let above = "sys/fs/cgroup/a/memory.max";
        check(
            &[machine, ("proc/self/cgroup", v2), (of_v2, "max\n"), (above, "8192\n")],
            Some(8192),
        );
        let mounted = "sys/fs/cgroup/memory.max";
        check(&[machine, ("proc/self/cgroup", v2), (mounted, "512\n")], Some(512));
    }

    #[track_caller]
    fn check(files: &[(&str, &str)], expected: Option<u64>) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(limit_bytes(root.path()), expected, "{files:?}");
    }
}
