//! The modules of a crate and which file names which other, read from the source with `syn`.
//!
//! A path is followed through module declarations, imports and re-exports to the file that defines
//! its item, wherever it stands: in a `use`, in code, in an attribute or in the arguments of a macro.
//! Test code is left out.
//!
//! Not seen: a method or field of a value whose type the file does not name, what a macro expands
//! to, and a `macro_rules!` of another file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::Item;
use syn::visit::Visit;

use super::paths::{Import, Reader, is_test};

/// One crate's modules, those of `lib.rs` and of `main.rs`.
pub(crate) struct Modules {
    all: Vec<Module>,
}

/// A file, or a `mod` with braces in one.
struct Module {
    /// Below `src`, with `/`.
    file: String,
    /// `None` for `lib.rs` and `main.rs`.
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// Names of what is defined here, modules aside.
    items: BTreeSet<String>,
    imports: Vec<Import>,
    /// Every path that stands here.
    paths: BTreeSet<Vec<String>>,
    is_unsafe: bool,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum Found {
    /// An item of a module, or something within it.
    Item(usize),
    /// A module itself.
    Module(usize),
}

impl Modules {
    /// Reads the crate whose `src` this is.
    pub(crate) fn read(src: &Path, name: &str) -> Self {
        let mut modules = Self { all: Vec::new() };
        for root in ["lib.rs", "main.rs"].map(|root| src.join(root)) {
            if root.exists() {
                modules.add_file(src, &root, src, None);
            }
        }
        // The program calls its library by the name of the crate.
        if modules.all[0].file == "lib.rs"
            && let Some(main) = modules.all.iter().position(|module| module.file == "main.rs")
        {
            modules.all[main].children.insert(name.replace('-', "_"), 0);
        }
        modules
    }

    /// The files, each with those that it names.
    pub(crate) fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (index, module) in self.all.iter().enumerate() {
            let named = edges.entry(&module.file).or_default();
            named.extend(module.paths.iter().filter_map(|path| self.file_of(index, path)));
            named.remove(module.file.as_str());
        }
        edges
    }

    /// The groups of files in which each leads to every other, the largest first.
    pub(crate) fn cycles(&self) -> Vec<BTreeSet<&str>> {
        let edges = self.edges();
        let reached: BTreeMap<_, _> =
            edges.keys().map(|file| (*file, reached(file, |file| edges[file].clone()))).collect();
        let cycles = reached.iter().map(|(file, leads_to)| {
            leads_to.iter().copied().filter(|other| reached[other].contains(file)).collect()
        });
        let cycles: BTreeSet<BTreeSet<&str>> = cycles.collect();
        let mut cycles: Vec<_> = cycles.into_iter().filter(|cycle| cycle.len() > 1).collect();
        cycles.sort_by_key(|cycle| std::cmp::Reverse(cycle.len()));
        cycles
    }

    /// The files in which each path stands, without those of tests.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&str, String)> {
        let of = |module: &Module| -> Vec<_> {
            module.paths.iter().map(|path| path.join("::")).collect()
        };
        self.all
            .iter()
            .flat_map(move |module| of(module).into_iter().map(|path| (module.file.as_str(), path)))
    }

    /// The files that hold unsafe code.
    pub(crate) fn unsafe_files(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter(|module| module.is_unsafe).map(|module| module.file.as_str())
    }

    /// Adds a file and those that it declares; returns its number.
    fn add_file(&mut self, src: &Path, path: &Path, below: &Path, parent: Option<usize>) -> usize {
        let text =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.strip_prefix(src).expect("a file below src").to_string_lossy().into_owned();
        self.add(src, &file.items, name, below, parent)
    }

    /// Adds a module whose files are in the folder `below`.
    fn add(
        &mut self,
        src: &Path,
        items: &[Item],
        file: String,
        below: &Path,
        parent: Option<usize>,
    ) -> usize {
        let mut reader = Reader::default();
        items.iter().for_each(|item| reader.visit_item(item));
        let index = self.all.len();
        self.all.push(Module {
            file: file.clone(),
            parent,
            children: BTreeMap::new(),
            items: reader.items,
            imports: reader.imports,
            paths: reader.paths,
            is_unsafe: reader.is_unsafe,
        });
        for item in items {
            let Item::Mod(module) = item else { continue };
            if is_test(&module.attrs) {
                continue;
            }
            let name = module.ident.to_string();
            let inside = below.join(&name);
            let child = match &module.content {
                Some((_, items)) => self.add(src, items, file.clone(), &inside, Some(index)),
                None => {
                    let path = file_of_module(below, &name);
                    self.add_file(src, &path, &inside, Some(index))
                }
            };
            self.all[index].children.insert(name, child);
        }
        index
    }

    /// The file that a path in a module leads to; `None` for other crates and local names.
    fn file_of(&self, from: usize, path: &[String]) -> Option<&str> {
        let found = self.find(from, path, MAX_RE_EXPORTS)?;
        let (Found::Item(index) | Found::Module(index)) = found;
        let file = self.all[index].file.as_str();
        // A module of modules is a name for what it re-exports, which has a path of its own.
        let is_name = matches!(found, Found::Module(_))
            && ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| file.ends_with(name));
        (!is_name).then_some(file)
    }

    fn find(&self, from: usize, path: &[String], fuel: u8) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Found::Module(self.root_of(from)),
            "self" => Found::Module(from),
            "super" => Found::Module(self.all[from].parent?),
            name => self.look_up(from, name, fuel)?,
        };
        rest.iter().try_fold(start, |found, name| match found {
            Found::Module(module) if name == "super" => self.all[module].parent.map(Found::Module),
            // What is not seen here comes from a macro of the module.
            Found::Module(module) => {
                Some(self.look_up(module, name, fuel).unwrap_or(Found::Item(module)))
            }
            Found::Item(_) => Some(found),
        })
    }

    /// What a name stands for in a module.
    fn look_up(&self, module: usize, name: &str, fuel: u8) -> Option<Found> {
        let fuel = fuel.checked_sub(1)?;
        let Module { children, items, imports, .. } = &self.all[module];
        if let Some(child) = children.get(name) {
            return Some(Found::Module(*child));
        }
        if items.contains(name) {
            return Some(Found::Item(module));
        }
        let named = imports.iter().filter(|import| import.name.as_deref() == Some(name));
        let named = named.filter(|import| import.path.first().is_none_or(|first| first != name));
        let globs = imports.iter().filter(|import| import.name.is_none());
        named
            .map(|import| self.find(module, &import.path, fuel))
            .find(Option::is_some)
            .unwrap_or_else(|| {
                globs
                    .filter_map(|import| match self.find(module, &import.path, fuel)? {
                        Found::Module(other) if other != module => self.look_up(other, name, fuel),
                        _ => None,
                    })
                    .next()
            })
    }

    fn root_of(&self, module: usize) -> usize {
        self.all[module].parent.map_or(module, |parent| self.root_of(parent))
    }
}

/// All that is reached from `start`, which is among it if something leads back.
pub(crate) fn reached<'a, T: IntoIterator<Item = &'a str>>(
    start: &'a str,
    next: impl Fn(&'a str) -> T,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(one) = waiting.pop() {
        waiting.extend(next(one).into_iter().filter(|other| reached.insert(*other)));
    }
    reached
}

/// Where `mod name;` is, declared by a file whose modules are in this folder.
fn file_of_module(below: &Path, name: &str) -> PathBuf {
    let [file, folder] = [format!("{name}.rs"), format!("{name}/mod.rs")];
    if below.join(&file).exists() { below.join(file) } else { below.join(folder) }
}

/// Re-exports of re-exports that are followed; more would go in a circle.
const MAX_RE_EXPORTS: u8 = 16;

mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_the_file_that_defines_the_item() {
        check("use crate::a::b::B;", &["a/b.rs"]);
        check("use super::{Own, a::{self, C as D}};", &["a/c.rs", "lib.rs"]);
        check("fn f() -> u8 { crate::a::c::make() }", &["a/c.rs"]);
        check("use crate::a; fn f(_: a::b::B) {}", &["a/b.rs"]);
        check("use crate::flat; fn f() { flat::f() }", &["flat.rs"]);
        check("use crate::a::b::*;", &["a/b.rs"]);
        check("mod inner { fn f(_: super::super::flat::F) {} }", &["flat.rs"]);
        check(
            "fn f() { assert!(crate::a::c::make() == 0, \"{}\", [super::flat::F]); }",
            &["a/c.rs", "flat.rs"],
        );
        check(
            "use crate::flat as words; #[serde(with = \"words::shown\")] struct S;",
            &["flat.rs"],
        );
        check("use crate::All;", &["a/b.rs"]);
    }

    #[test]
    fn what_uses_nothing_is_no_dependency() {
        check("", &[]);
        check("use std::a::b::B; use ::crate_of_others::a; fn f() { a::b() }", &[]);
        check("use crate::a;", &[]);
        check("pub(in crate::a) fn f(flat: u8) {}", &[]);
        check("#[doc = \"see crate::a::b\"] fn f() {}", &[]);
        check("#[cfg(test)] mod tests { use crate::a::b::B; }", &[]);
        check("#[cfg(all(test, loom))] use crate::a::b::B;", &[]);
        check("#[test] fn f() { crate::a::c::make() }", &[]);
    }

    #[test]
    fn what_is_compiled_otherwise_too_is_a_dependency() {
        check("#[cfg(not(test))] use crate::a::b::B;", &["a/b.rs"]);
        check("#[cfg(any(test, loom))] use crate::a::b::B;", &["a/b.rs"]);
    }

    #[test]
    fn each_file_of_a_cycle_leads_to_every_other() {
        let folder = krate("use crate::a::c::C;", "use crate::flat::F;");
        let modules = Modules::read(folder.path(), "krate");
        assert_eq!(modules.cycles(), [BTreeSet::from(["a/c.rs", "flat.rs", "user.rs"])]);
    }

    /// Checks the files that a file of this text names.
    #[track_caller]
    fn check(user: &str, expected: &[&str]) {
        let folder = krate(user, "");
        let modules = Modules::read(folder.path(), "krate");
        assert_eq!(modules.edges()["user.rs"], expected.iter().copied().collect(), "{user}");
    }

    /// The source of a crate with a file of this text, and another file with that one.
    fn krate(user: &str, flat: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let flat = format!("pub struct F; pub fn f() {{ crate::user::f() }} {flat}");
        for (name, text) in [
            (
                "lib.rs",
                "mod a; mod flat; mod user; pub use a::*; pub use a::b::B as All; struct Own;",
            ),
            ("a/mod.rs", "pub mod b; pub mod c; pub use c::C;"),
            ("a/b.rs", "pub struct B;"),
            ("a/c.rs", "pub struct C; pub fn make() -> u8 { crate::flat::f() }"),
            ("flat.rs", &flat),
            ("user.rs", user),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        folder
    }
}
