//! Every request of the command line is a route that `docs/api-reference.md` lists with its scope.
//!
//! The calls are read from the source of `crates/cli`. A test of `crates/web` compares the reference with the routes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Expr, ExprLit, ExprMethodCall, ImplItemFn, ItemFn, Lit, Local, Pat, Token};

#[test]
fn every_call_of_the_command_line_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let reference = fs::read_to_string(root.join("docs/api-reference.md")).expect("the reference");
    let routes = routes(&reference);
    assert!(routes.len() > 80, "{} routes", routes.len());

    let mut calls = Calls::default();
    for file in sources(&root.join("crates/cli/src")) {
        let source = fs::read_to_string(&file).expect("a source");
        calls.file = file.display().to_string();
        calls.visit_file(&syn::parse_file(&source).expect("Rust"));
    }
    assert!(calls.found.len() > 60, "{} calls", calls.found.len());
    for (file, method, path) in &calls.found {
        let is_known = routes.iter().any(|(of, route)| of == method && fits(path, route));
        assert!(is_known, "{file}: {method} /{} is not in docs/api-reference.md", path.join("/"));
    }
}

/// The methods and paths of the table of routes, without `/api/v1`. Each has a scope.
fn routes(reference: &str) -> Vec<(String, Vec<String>)> {
    let rows = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let mut routes = Vec::new();
    for (route, scope) in rows {
        let Some((method, path)) = route.split_once(' ') else {
            continue;
        };
        if let Some(path) = path.strip_prefix("/api/v1/") {
            assert!(scope.starts_with('`'), "{method} {path} has no scope");
            routes.push((method.to_owned(), path.split('/').map(str::to_owned).collect()));
        }
    }
    routes
}

/// Whether a call goes to a route. A segment that the call makes up fits a parameter alone.
fn fits(call: &[String], route: &[String]) -> bool {
    let is_parameter = |segment: &str| segment.starts_with('{');
    call.len() == route.len()
        && call.iter().zip(route).all(|(call, route)| call == route || is_parameter(route))
}

/// What the sources call.
#[derive(Default)]
struct Calls {
    file: String,
    /// Paths that have a name in the function, and may end in several ways.
    named: BTreeMap<String, Vec<Vec<String>>>,
    found: Vec<(String, String, Vec<String>)>,
}

impl Calls {
    /// The paths that an argument may be.
    fn paths(&self, argument: &Expr) -> Option<Vec<Vec<String>>> {
        let Expr::Reference(reference) = argument else {
            return None;
        };
        match &*reference.expr {
            Expr::Path(name) => self.named.get(&name.path.get_ident()?.to_string()).cloned(),
            path => Some(vec![segments(path)?]),
        }
    }
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.named.clear();
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.named.clear();
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let (Pat::Ident(name), Some(value)) = (&local.pat, &local.init)
            && let Some(path) = segments(&value.expr)
        {
            self.named.insert(name.ident.to_string(), vec![path]);
        }
        syn::visit::visit_local(self, local);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let receiver = match &*call.receiver {
            Expr::Path(name) => name.path.get_ident().map(ToString::to_string),
            _ => None,
        };
        let receiver = receiver.unwrap_or_default();
        if call.method == "extend"
            && let Some(paths) = self.named.get_mut(&receiver)
        {
            // What may follow is one segment or none.
            let longer = paths.iter().map(|path| [path.as_slice(), &["{}".to_owned()]].concat());
            let longer: Vec<_> = longer.collect();
            paths.extend(longer);
        }
        let method = match call.method.to_string().as_str() {
            "get" | "list" | "pages" => Some("GET"),
            "post" => Some("POST"),
            "put" => Some("PUT"),
            "patch" => Some("PATCH"),
            "delete" => Some("DELETE"),
            _ => None,
        };
        if let (true, Some(method), Some(argument)) =
            (receiver == "context", method, call.args.first())
        {
            let paths = self.paths(argument);
            let paths =
                paths.unwrap_or_else(|| panic!("{}: a path that cannot be read", self.file));
            let calls = paths.into_iter().map(|path| (self.file.clone(), method.to_owned(), path));
            self.found.extend(calls);
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

/// The segments of an array or a `vec!`: literal ones as they are, others as a parameter.
fn segments(path: &Expr) -> Option<Vec<String>> {
    let elements: Vec<Expr> = match path {
        Expr::Array(array) => array.elems.iter().cloned().collect(),
        Expr::Macro(call) if call.mac.path.is_ident("vec") => {
            let elements = Punctuated::<Expr, Token![,]>::parse_terminated;
            call.mac.parse_body_with(elements).ok()?.into_iter().collect()
        }
        _ => return None,
    };
    let segment = |element: &Expr| match element {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
        _ => "{}".to_owned(),
    };
    Some(elements.iter().map(segment).collect())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.push(path);
        }
    }
    files
}
