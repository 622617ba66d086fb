//! The routes of the site, read from the source: a route that no test knows is found here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall, ItemMod, Lit};

/// Every method and path that the site's routers are built with, such as `GET /items/{name}`.
pub(crate) fn of_the_site() -> BTreeSet<String> {
    let mut routes = Routes::default();
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/web/src");
    for topic in ["site", "seed", "pay"] {
        routes.read_folder(&web.join(topic));
    }
    // The listener answers these itself, so no router has them.
    for path in ["/ws/{*path}", "/d/{*path}"] {
        routes.found.insert(format!("GET {path}"));
    }
    routes.found
}

/// All source of the crates and of these tests.
pub(crate) fn source_of(house: &Path) -> String {
    let mut text = String::new();
    let mut folders = vec![house.join("crates"), house.join("tests/tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the source") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text += &fs::read_to_string(&path).expect("a source file");
            }
        }
    }
    text
}

#[derive(Default)]
struct Routes {
    found: BTreeSet<String>,
}

impl Routes {
    fn read_folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("a folder of the source") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "tests") {
                    self.read_folder(&path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let file = syn::parse_file(&text).expect("Rust");
                self.visit_file(&file);
            }
        }
    }
}

impl Visit<'_> for Routes {
    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        if ["route", "route_service"].contains(&call.method.to_string().as_str()) {
            let mut arguments = call.args.iter();
            let (Some(path), Some(handlers)) = (arguments.next(), arguments.next()) else {
                panic!("a route without a handler")
            };
            let Expr::Lit(path) = path else { panic!("a route's path must be written out here") };
            let Lit::Str(path) = &path.lit else { panic!("a route's path must be a text") };
            for method in methods(handlers) {
                self.found.insert(format!("{method} {}", path.value()));
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_item_mod(&mut self, module: &ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }
}

/// The methods of `get(…).post(…)`.
fn methods(handlers: &Expr) -> Vec<String> {
    match handlers {
        Expr::Call(call) => {
            let Expr::Path(function) = &*call.func else { panic!("an unknown kind of handler") };
            let name = function.path.segments.last().expect("a name").ident.to_string();
            vec![method(&name)]
        }
        Expr::MethodCall(call) => {
            let mut all = methods(&call.receiver);
            all.push(method(&call.method.to_string()));
            all
        }
        _ => panic!("an unknown kind of handler"),
    }
}

fn method(name: &str) -> String {
    match name {
        "get" | "post" | "put" | "patch" | "delete" => name.to_uppercase(),
        // Takes every method, to say that none is right.
        "any" | "refused" => "ANY".to_owned(),
        other => panic!("{other} is no method that this test knows"),
    }
}
