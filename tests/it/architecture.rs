//! The invariants of ARCHITECTURE.md, kept by reading the `use` lines and paths of every file.

mod arrows;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below `src`, with its path from there (`network/graph/mod.rs`) and its text.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => walk(&path, found),
                false => found.push(path),
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let rust = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(&path).expect("text"))
    };
    rust.map(read).collect()
}

/// Lines of code of a file: comments and the tests at its end are left out.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let until_tests = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    until_tests
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Fails with every place below `room` that names one of `forbidden`.
fn forbid(room: &str, forbidden: &[&str], reason: &str) {
    let mut broken = Vec::new();
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with(room)) {
        for (number, line) in code(text) {
            if forbidden.iter().any(|word| line.contains(word)) {
                broken.push(format!("src/{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{reason}:\n{}", broken.join("\n"));
}

#[test]
fn network_knows_neither_window_nor_tensors() {
    let outside =
        ["egui", "eframe", "candle", "image::", "crate::compute", "crate::drawing", "crate::cli", "crate::desktop"];
    forbid("network/", &outside, "`network` knows specs and graphs only");
}

#[test]
fn drawing_knows_no_window_and_no_values() {
    let outside = ["egui", "eframe", "candle", "image::", "std::fs", "crate::compute", "crate::cli", "crate::desktop"];
    forbid("drawing/", &outside, "a drawing is read off the graph, whoever paints it");
}

#[test]
fn compute_knows_no_window() {
    forbid("compute/", &["egui", "eframe", "crate::cli", "crate::desktop"], "`compute` does not know who asks");
}

#[test]
fn desktop_and_command_line_do_not_know_each_other() {
    forbid("desktop/", &["crate::cli"], "`desktop` does not know `cli`");
    forbid("cli/", &["crate::desktop", "egui", "eframe"], "`cli` does not know `desktop`");
}

#[test]
fn arrows_inside_network_point_one_way() {
    let above_ops = ["network::graph", "super::graph", "network::attention", "network::zoo", "network::cost"];
    forbid("network/ops/", &above_ops, "an operator knows shapes, not the graph it is in");
    let above_graph = ["network::attention", "network::spec", "network::zoo", "network::cost"];
    forbid("network/graph/", &above_graph, "`graph` knows nothing above it");
    forbid("network/attention/", &["network::spec", "network::zoo", "network::cost"], "`attention` knows only `graph`");
    forbid("network/spec/", &["network::zoo", "network::cost"], "`spec` does not know how families are wired");
    for room in ["ops", "graph", "attention", "spec", "cost", "zoo"] {
        forbid(&format!("network/{room}/"), &["network::papers"], "papers' tables are read by what shows them");
    }
    forbid("network/cost/", &["network::attention", "network::spec", "network::zoo"], "`cost` reads only the graph");
}

#[test]
fn the_document_knows_no_egui() {
    forbid("desktop/document/", &["egui"], "the document is not a view");
    forbid("desktop/jobs/", &["egui"], "the worker is not a view");
}

#[test]
fn a_network_is_a_spec_only_where_it_is_edited() {
    let edits = ["desktop/document/command.rs", "desktop/document/mod.rs", "desktop/ui/networks/"];
    let edits = [edits.as_slice(), &["desktop/ui/network/keys.rs", "desktop/ui/picker/model.rs"]].concat();
    let mut broken = Vec::new();
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with("desktop/")) {
        let is_edit = edits.iter().any(|room| name.starts_with(room));
        let lines = code(text).filter(|(_, line)| !is_edit && line.contains("NetworkSpec"));
        broken.extend(lines.map(|(number, line)| format!("src/{name}:{number}: {}", line.trim())));
    }
    assert!(broken.is_empty(), "everything else takes a `Model`:\n{}", broken.join("\n"));
    for room in ["cli/", "desktop/", "drawing/", "main.rs"] {
        forbid(room, &["lower(&", "zoo::lower"], "text is lowered once, by `Model`");
    }
}

#[test]
fn only_the_theme_names_colours() {
    let mut broken = Vec::new();
    for (name, text) in sources() {
        if !name.starts_with("desktop/") || name == "desktop/ui/theme.rs" {
            continue;
        }
        for (number, line) in code(&text) {
            let literal =
                ["from_rgb(", "from_gray(", "from_rgba_unmultiplied(", "from_rgba_premultiplied(", "Color32::RED"]
                    .iter()
                    .any(|word| line.contains(word));
            // Pixels of pictures are data, not design: they are made from variables.
            if literal && line.chars().any(|c| c.is_ascii_digit()) && line.contains("0x") {
                broken.push(format!("src/{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "colours live in desktop/ui/theme.rs:\n{}", broken.join("\n"));
}

#[test]
fn unsafe_lives_in_its_rooms_and_says_why() {
    let allowed = ["compute/engine/kernels", "compute/weights/map.rs"];
    let mut broken = Vec::new();
    for (name, text) in sources() {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in code(&text) {
            let is_unsafe = ["unsafe {", "unsafe fn", "unsafe impl"].iter().any(|word| line.contains(word));
            if !is_unsafe {
                continue;
            }
            let nearby =
                lines[number.saturating_sub(12)..number].iter().any(|line| line.to_lowercase().contains("safety"));
            if !allowed.iter().any(|room| name.starts_with(room)) || (line.contains("unsafe {") && !nearby) {
                broken.push(format!("src/{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "unsafe outside its rooms, or without a reason:\n{}", broken.join("\n"));
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| text.lines().count() > 500)
        .map(|(name, text)| format!("src/{name}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "past 500 lines a file is two:\n{}", long.join("\n"));
}

#[test]
fn main_stays_small() {
    let (_, text) = sources().into_iter().find(|(name, _)| name == "main.rs").expect("main.rs");
    assert!(text.lines().count() < 100);
}

#[test]
fn rooms_read_what_the_table_says_and_nothing_else() {
    let arrows = arrows::arrows();
    let allowed = |from: &str, to: &str| {
        arrows::TABLE.iter().any(|(room, reads)| *room == from && reads.split(' ').any(|known| known == to))
    };
    let new: Vec<String> = arrows
        .iter()
        .filter(|((from, to), _)| !allowed(from, to))
        .map(|((from, to), place)| format!("{from} -> {to}: {place}"))
        .collect();
    assert!(new.is_empty(), "arrows that the table does not have:\n{}", new.join("\n"));
    let told = arrows::TABLE.iter().flat_map(|(from, reads)| reads.split(' ').map(move |to| (*from, to)));
    let gone = told.filter(|(from, to)| !arrows.contains_key(&((*from).to_owned(), (*to).to_owned())));
    let gone: Vec<String> = gone.map(|(from, to)| format!("{from} -> {to}")).collect();
    assert!(gone.is_empty(), "arrows that are no more, take them out:\n{}", gone.join("\n"));
}

#[test]
fn no_room_joins_a_circle() {
    let arrows = arrows::arrows();
    let reached = |start: &str| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![start.to_owned()]);
        while let Some(room) = next.pop() {
            let reads = arrows.keys().filter(|(from, _)| *from == room).map(|(_, to)| to.clone());
            next.extend(reads.filter(|to| reached.insert(to.clone())));
        }
        reached
    };
    let rooms: BTreeSet<&str> = arrows.keys().map(|(from, _)| from.as_str()).collect();
    let in_a_circle: Vec<&str> = rooms.into_iter().filter(|room| reached(room).contains(*room)).collect();
    assert_eq!(in_a_circle, arrows::CIRCLES);
}
