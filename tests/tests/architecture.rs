//! The house stands as it was drawn: which room knows which, and what the inner rooms never touch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who may know whom; a room may know whatever is reached along the arrows.
const ARROWS: [(&str, &[&str]); 9] = [
    ("usher", &["web"]),
    ("web", &["tracker", "club"]),
    ("tracker", &["policy", "swarm"]),
    ("policy", &["wire"]),
    ("swarm", &["wire"]),
    ("club", &["policy", "metainfo"]),
    ("metainfo", &["wire"]),
    ("load", &["metainfo", "wire"]),
    ("wire", &[]),
];

#[test]
fn arrows_go_one_way() {
    let graph = graph();
    assert!(graph.len() >= 8, "{graph:?}");
    for (room, known) in &graph {
        let allowed = reached_from(room);
        for other in known {
            assert!(allowed.contains(other.as_str()), "{room} must not know {other}");
        }
    }
}

#[test]
fn swarm_and_policy_do_not_know_each_other() {
    for (room, other) in [("swarm", "policy"), ("policy", "swarm")] {
        assert!(!reached_from(room).contains(other) && !graph()[room].contains(other));
    }
}

#[test]
fn inner_rooms_open_no_socket_and_read_no_clock() {
    const OUTSIDE: [&str; 9] = [
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "UnixStream",
        "Instant::now",
        "SystemTime::now",
        "tokio",
        "env::var",
        "thread::sleep",
    ];
    for room in ["wire", "swarm", "policy", "tracker", "metainfo"] {
        for path in sources(&root().join("crates").join(room).join("src")) {
            let text = fs::read_to_string(&path).expect("a source file");
            // What only tests do is theirs.
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                for name in OUTSIDE {
                    assert!(!line.contains(name), "{}: {line}", path.display());
                }
            }
        }
    }
}

/// One hands memory to the kernel, the other sets two numbers of the C library.
const MAY_BE_UNSAFE: [&str; 2] = ["front/ring.rs", "src/heap.rs"];

#[test]
fn no_room_has_unsafe_code() {
    for room in graph().keys() {
        let src = root().join("crates").join(room).join("src");
        let lib = fs::read_to_string(src.join("lib.rs")).expect("a lib.rs");
        if room != "usher" {
            assert!(lib.contains("#![forbid(unsafe_code)]"), "{room}");
        }
        // The daemon's own lint is deny, for the two files that may need it.
        for path in sources(&src) {
            let text = fs::read_to_string(&path).expect("a source file");
            let may = room == "usher" && MAY_BE_UNSAFE.iter().any(|file| path.ends_with(file));
            let has =
                text.lines().any(|line| line.contains("unsafe {") || line.contains("unsafe fn"));
            assert!(may || !has, "{}", path.display());
        }
    }
}

/// The rooms that are reached along the arrows.
fn reached_from(room: &str) -> BTreeSet<&'static str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![room.to_owned()];
    while let Some(room) = next.pop() {
        let (_, known) = ARROWS
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("{room} is not on the map"));
        for other in *known {
            if reached.insert(*other) {
                next.push((*other).to_owned());
            }
        }
    }
    reached
}

/// The rooms under `crates`, and those each depends on, its tests' helpers left out.
fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |package: &serde_json::Value| package["name"].as_str().expect("a name").to_owned();
    let rooms: BTreeSet<String> =
        packages.iter().map(name).filter(|name| name != "tests").collect();
    let known = |package: &serde_json::Value| -> BTreeSet<String> {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let lasting = dependencies.iter().filter(|dependency| dependency["kind"] != "dev");
        lasting.map(name).filter(|name| rooms.contains(name)).collect()
    };
    let rooms = packages.iter().filter(|package| name(package) != "tests");
    rooms.map(|package| (name(package), known(package))).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}
