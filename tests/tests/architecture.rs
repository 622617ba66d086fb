//! Which crate and which module may depend on which, and what the inner crates never touch.
//!
//! ARCHITECTURE.md explains what is in the tables here. `architecture/modules.rs` says what this
//! cannot see.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

#[path = "architecture/modules.rs"]
mod modules;
#[path = "architecture/paths.rs"]
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use modules::Modules;

/// What each may depend on: that, and what it may depend on in turn.
type Allowed<'a> = &'a [(&'a str, &'a [&'a str])];

/// The crates.
const CRATES: Allowed<'_> = &[
    ("usher", &["listen", "cli", "web"]),
    ("listen", &["web", "tracker"]),
    ("cli", &["api"]),
    ("web", &["api", "tracker", "club"]),
    ("api", &[]),
    ("tracker", &["policy", "swarm"]),
    ("policy", &["wire"]),
    ("swarm", &["wire"]),
    ("club", &["policy", "metainfo"]),
    ("metainfo", &["wire"]),
    ("load", &["metainfo", "wire"]),
    ("wire", &[]),
];

/// The folders of a crate's `src`. `.` are the files there that have no folder of their name.
const FOLDERS: &[(&str, Allowed<'_>)] = &[
    (
        "usher",
        &[
            ("demo", &["offline"]),
            ("offline", &["args", "help", "serve"]),
            ("help", &["args"]),
            ("serve", &["config"]),
            ("args", &["."]),
            ("config", &["."]),
            (".", &[]),
        ],
    ),
    (
        "web",
        &[
            ("desk", &["api", "site"]),
            ("api", &["admins", "catalog", "hooks", "mail", "pay", "seed"]),
            ("site", &["catalog", "mail", "pay", "seed"]),
            ("catalog", &["http"]),
            ("mail", &["catalog"]),
            ("hooks", &["http"]),
            ("pay", &["http"]),
            ("seed", &["catalog"]),
            ("admins", &[]),
            ("http", &[]),
        ],
    ),
    (
        "listen",
        &[
            ("udp", &["."]),
            ("http", &["."]),
            ("site", &["."]),
            (".", &["admission"]),
            ("admission", &[]),
        ],
    ),
    (
        "cli",
        &[
            (".", &["items", "maintenance", "members", "money", "top", "tracker"]),
            ("items", &["daemon"]),
            ("maintenance", &["daemon"]),
            ("members", &["daemon"]),
            ("money", &["daemon"]),
            ("top", &["daemon"]),
            ("tracker", &["daemon"]),
            ("daemon", &["text"]),
            ("text", &[]),
        ],
    ),
    (
        "club",
        &[
            ("load", &["admins", "history", "payments", "tokens", "traffic"]),
            ("history", &["store"]),
            ("lists", &["payments", "traffic"]),
            ("payments", &["sales"]),
            ("traffic", &["rights"]),
            ("sales", &["rights"]),
            ("rights", &["catalog", "hooks", "ledger"]),
            ("ledger", &["members"]),
            ("catalog", &["audit"]),
            ("tokens", &["audit"]),
            ("admins", &["sign_ins"]),
            ("members", &["sign_ins"]),
            ("sign_ins", &["mail"]),
            ("hooks", &["mail"]),
            ("mail", &["audit"]),
            ("audit", &["store"]),
            ("store", &["values"]),
            ("values", &[]),
        ],
    ),
];

/// What goes against FOLDERS still, to be removed: crate, from, to.
const KNOWN_FOLDERS: &[(&str, &str, &str)] = &[];

/// Longer cycles that there are still, to be broken: the files in the longest of a crate.
const KNOWN_CYCLES: &[(&str, usize)] = &[];

/// Files in which a wrapper that is safe to call lies over a call that is not.
const UNSAFE_FILES: &[&str] = &["listen/src/udp/ring.rs", "usher/src/heap.rs"];

/// Those that are computed from arguments alone.
const INNER_CRATES: &[&str] = &["wire", "swarm", "policy", "tracker", "metainfo"];

/// What reaches the world outside.
const OUTSIDE: &[&str] = &[
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "Instant::now",
    "SystemTime::now",
    "tokio",
    "env::var",
    "thread::sleep",
    "thread::spawn",
];

#[test]
fn crates_depend_on_each_other_in_one_direction() {
    let allowed = allowed(CRATES, "crates");
    for (name, dependencies) in crates() {
        let allowed = allowed.get(name.as_str());
        let allowed = allowed.unwrap_or_else(|| panic!("{name} is not in CRATES"));
        for dependency in dependencies {
            assert!(
                allowed.contains(dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
    assert!(!allowed["swarm"].contains("policy") && !allowed["policy"].contains("swarm"));
}

#[test]
fn folders_depend_on_each_other_in_one_direction() {
    let mut wrong = Vec::new();
    for (name, folders) in FOLDERS {
        let Some(modules) = modules(name) else { continue };
        let allowed = allowed(folders, name);
        for (from, to) in modules.edges() {
            for to in to {
                let (Some(one), Some(other)) = (folder(from, folders), folder(to, folders)) else {
                    continue;
                };
                let may = allowed.get(one).is_some_and(|allowed| allowed.contains(other));
                let is_known = KNOWN_FOLDERS.contains(&(name, one, other));
                if one != other && !may && !is_known {
                    wrong.push(format!(
                        "{name}: {from} names {to}, and {one} must not know {other}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_more_than_4_files_form_a_cycle() {
    let mut wrong = String::new();
    for name in crates().keys() {
        let known = KNOWN_CYCLES.iter().find(|(other, _)| other == name);
        let most = known.map_or(LONGEST_CYCLE, |(_, files)| *files);
        let modules = modules(name).expect("its source");
        for cycle in modules.cycles().iter().filter(|cycle| cycle.len() > most) {
            wrong += &format!("{name}: {} files form a cycle:\n", cycle.len());
            for (from, to) in modules.edges().iter().filter(|(from, _)| cycle.contains(**from)) {
                let to: Vec<_> = to.iter().copied().filter(|to| cycle.contains(to)).collect();
                wrong += &format!("    {from} -> {}\n", to.join(", "));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn inner_crates_open_no_socket_and_read_no_clock() {
    for name in INNER_CRATES {
        for (file, path) in modules(name).expect("its source").paths() {
            let path = format!("::{path}::");
            let outside = OUTSIDE.iter().find(|outside| path.contains(&format!("::{outside}::")));
            assert!(outside.is_none(), "{name}/src/{file} names {path}");
        }
    }
}

#[test]
fn unsafe_code_is_in_the_named_files_alone() {
    for name in crates().keys() {
        let of_crate = |file: &&&str| file.starts_with(&format!("{name}/"));
        let lib = fs::read_to_string(src(name).join("lib.rs")).expect("a lib.rs");
        let forbids = lib.contains("#![forbid(unsafe_code)]");
        assert!(forbids || UNSAFE_FILES.iter().any(|file| of_crate(&file)), "{name}");
        for file in modules(name).expect("its source").unsafe_files() {
            let file = format!("{name}/src/{file}");
            assert!(UNSAFE_FILES.contains(&file.as_str()), "{file} has unsafe code");
        }
    }
}

/// What each may depend on, over others too; panics where that leads back.
fn allowed<'a>(lines: Allowed<'a>, of: &str) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let direct: BTreeMap<_, _> = lines.iter().copied().collect();
    let reached_from = |name| {
        let known = |other| {
            let known = direct.get(other).unwrap_or_else(|| panic!("{of}: {other} has no line"));
            known.iter().copied()
        };
        let reached = modules::reached(name, known);
        assert!(!reached.contains(name), "{of}: what {name} may depend on leads back to it");
        reached
    };
    direct.keys().map(|name| (*name, reached_from(name))).collect()
}

/// The folder of `src` that a file is in, or of whose name it is, or else `.`; `None` for `lib.rs` and `main.rs`,
/// which only put the others together.
fn folder<'a>(file: &'a str, folders: Allowed<'_>) -> Option<&'a str> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    match file.split_once('/') {
        Some((folder, _)) => Some(folder),
        None if ["lib", "main"].contains(&stem) => None,
        None if folders.iter().any(|(name, _)| *name == stem) => Some(stem),
        None => Some("."),
    }
}

/// The crates, and those of them that each depends on; what tests use aside.
fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |package: &serde_json::Value| package["name"].as_str().expect("a name").to_owned();
    let crates: BTreeSet<String> =
        packages.iter().map(name).filter(|name| name != "tests").collect();
    assert!(crates.len() >= 8, "{crates:?}");
    let of = |package: &serde_json::Value| -> BTreeSet<String> {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let lasting = dependencies.iter().filter(|dependency| dependency["kind"] != "dev");
        lasting.map(name).filter(|name| crates.contains(name)).collect()
    };
    let packages = packages.iter().filter(|package| name(package) != "tests");
    packages.map(|package| (name(package), of(package))).collect()
}

/// The modules of a crate; `None` where there is no such crate.
fn modules(name: &str) -> Option<Modules> {
    src(name).exists().then(|| Modules::read(&src(name), name))
}

fn src(name: &str) -> PathBuf {
    root().join("crates").join(name).join("src")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

const LONGEST_CYCLE: usize = 4;
