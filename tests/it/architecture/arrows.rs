//! Which room reads which: every `use` tree and every path of every file, as the compiler would read them.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

use super::sources;

/// Storeys whose folders and files are rooms; any other is one room.
const STOREYS: [&str; 3] = ["network", "compute", "desktop"];

/// Every arrow there may be: a room, and the rooms it reads.
pub(super) const TABLE: &[(&str, &str)] = &[
    (
        "cli",
        "compute/config compute/engine compute/explain compute/files compute/holds compute/hub compute/imaging compute/kind compute/lab compute/labels compute/weights drawing network network/attention network/cost network/graph network/number network/options network/papers network/spec network/suggest network/zoo",
    ),
    ("compute/config", "compute/imaging compute/labels compute/text compute/weights network"),
    ("compute/engine", "compute/holds compute/weights network network/cost network/graph"),
    (
        "compute/explain",
        "compute/engine compute/holds compute/imaging compute/labels compute/random compute/weights drawing network/graph network/suggest",
    ),
    ("compute/files", "compute/random compute/weights"),
    ("compute/holds", "compute/random network/graph"),
    ("compute/hub", "compute/config compute/weights network/suggest"),
    ("compute/imaging", "drawing"),
    ("compute/kind", "compute/weights"),
    (
        "compute/lab",
        "compute/config compute/engine compute/explain compute/files compute/imaging compute/random compute/weights network network/attention network/cost network/graph network/number network/zoo",
    ),
    ("compute/labels", "compute/explain compute/text network/suggest"),
    (
        "compute/question",
        "compute/explain compute/holds compute/imaging compute/lab compute/weights network network/digest",
    ),
    (
        "compute/weights",
        "compute/config compute/holds compute/random network network/attention network/graph network/number network/options network/spec network/suggest network/synonyms network/zoo",
    ),
    ("desktop", "desktop/document desktop/session"),
    (
        "desktop/app",
        "compute/config compute/engine compute/hub compute/imaging compute/kind compute/lab compute/weights desktop/dialogs desktop/document desktop/jobs desktop/panels desktop/session desktop/ui network network/graph network/spec network/zoo",
    ),
    ("desktop/dialogs", "compute/lab desktop/document"),
    (
        "desktop/document",
        "compute/config compute/engine compute/imaging compute/lab compute/question compute/weights desktop/panels network network/cost",
    ),
    (
        "desktop/jobs",
        "compute/config compute/engine compute/explain compute/holds compute/hub compute/imaging compute/lab compute/labels compute/question compute/weights desktop/document network network/cost network/graph network/zoo",
    ),
    ("desktop/session", "compute/engine desktop/document desktop/panels"),
    (
        "desktop/ui",
        "compute/engine compute/explain compute/holds compute/hub compute/imaging compute/lab compute/labels compute/question compute/weights desktop/document desktop/jobs desktop/panels drawing network network/attention network/cost network/graph network/number network/options network/papers network/spec network/zoo",
    ),
    ("drawing", "network/attention network/cost network/graph network/number network/ops network/zoo"),
    ("network/attention", "network/graph network/options network/suggest"),
    ("network/cost", "network/graph network/ops"),
    ("network/graph", "network/ops"),
    ("network/model", "network/cost network/digest network/graph network/spec network/zoo"),
    ("network/options", "network/suggest network/synonyms"),
    ("network/papers", "network network/graph network/suggest"),
    ("network/spec", "network/attention network/options network/suggest"),
    ("network/synonyms", "network/options network/suggest"),
    ("network/zoo", "network/attention network/graph network/options network/spec network/suggest network/synonyms"),
];

/// Rooms that are in a circle, to be opened: what a configuration says settles which network a file is of, a
/// configuration has class names, their reading says where NaN comes from, which takes a run with weights; options and
/// other libraries' words for them. No room may join them.
pub(super) const CIRCLES: [&str; 7] = [
    "compute/config",
    "compute/engine",
    "compute/explain",
    "compute/labels",
    "compute/weights",
    "network/options",
    "network/synonyms",
];

/// Arrows between rooms, each with one place where it is.
pub(super) type Arrows = BTreeMap<(String, String), String>;

/// Paths of a file, absolute within the crate, its tests left out.
struct Paths {
    /// The module: `network`, `graph`, `builder`.
    module: Vec<String>,
    found: BTreeSet<Vec<String>>,
}

impl Paths {
    /// Takes a path in: from the crate's root, or from where the file is.
    fn take(&mut self, segments: &[String]) {
        let ups = segments.iter().take_while(|segment| *segment == "super").count();
        let absolute = match segments.first().map(String::as_str) {
            Some("crate") => segments[1..].to_vec(),
            Some("self") => [&self.module, &segments[1..]].concat(),
            Some("super") => [&self.module[..self.module.len().saturating_sub(ups)], &segments[ups..]].concat(),
            _ => return,
        };
        self.found.insert(absolute);
    }

    fn tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&path.tree, &with(path.ident.to_string())),
            UseTree::Name(name) => self.take(&with(name.ident.to_string())),
            UseTree::Rename(renamed) => self.take(&with(renamed.ident.to_string())),
            UseTree::Glob(_) => self.take(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, before)),
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    /// Within a module of a file `super` is that file.
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&item.tree, &[]);
    }

    /// Who may see something is no arrow.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.take(&segments);
        visit::visit_path(self, path);
    }
}

/// The room of a module or of something in one.
fn room(path: &[String], modules: &BTreeSet<Vec<String>>) -> String {
    let top = path[0].as_str();
    match path.get(1) {
        Some(inner) if STOREYS.contains(&top) && modules.contains(&path[..2].to_vec()) => format!("{top}/{inner}"),
        _ => top.to_owned(),
    }
}

/// Every arrow between two rooms.
pub(super) fn arrows() -> Arrows {
    let module = |name: &str| -> Vec<String> {
        let parts = name.trim_end_matches(".rs").split('/').map(str::to_owned);
        parts.filter(|part| part != "mod").collect()
    };
    let files: Vec<(String, String)> =
        sources().into_iter().filter(|(name, _)| !["lib.rs", "main.rs"].contains(&name.as_str())).collect();
    // Files of tests are named by a module that only tests have.
    let is_tests = |name: &str| name.split('/').any(|part| part == "tests" || part == "tests.rs");
    let modules: BTreeSet<Vec<String>> = files.iter().map(|(name, _)| module(name)).collect();
    let mut arrows = Arrows::new();
    for (name, text) in files.iter().filter(|(name, _)| !is_tests(name)) {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("src/{name}: {error}"));
        if is_test(&file.attrs) {
            continue;
        }
        let here = module(name);
        let mut paths = Paths { module: here.clone(), found: BTreeSet::new() };
        paths.visit_file(&file);
        let from = room(&here, &modules);
        for path in paths.found.iter().filter(|path| !path.is_empty()) {
            let to = room(path, &modules);
            if to != from {
                arrows.entry((from.clone(), to)).or_insert_with(|| format!("src/{name}: {}", path.join("::")));
            }
        }
    }
    arrows
}
