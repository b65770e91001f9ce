//! Paths as people type them: from the home folder, and completed.

use std::path::{Path, PathBuf};

/// Entries of a folder that are looked at: a huge one must not hold up the window.
const LOOKED_AT: usize = 20_000;

/// The path a text means; `~` is the home folder.
pub(super) fn of(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

/// The folder that paths without a beginning are in.
pub(super) fn here() -> String {
    std::env::current_dir().map_or_else(|_| "the current folder".to_owned(), |folder| folder.display().to_string())
}

/// The text as far as there is but one way to go on; `None` if there is nothing to add.
pub(super) fn completed(text: &str) -> Option<String> {
    let split = text.rfind(std::path::is_separator).map_or(0, |at| at + 1);
    let (folder, begun) = text.split_at(split);
    let within = if folder.is_empty() { PathBuf::from(".") } else { of(folder) };
    let names = names_in(&within, begun);
    let common = names.iter().skip(1).fold(names.first()?.clone(), |common, name| common_start(&common, name));
    let is_folder = names.len() == 1 && within.join(&common).is_dir();
    let longer = format!("{folder}{common}{}", if is_folder { std::path::MAIN_SEPARATOR_STR } else { "" });
    (longer != text).then_some(longer)
}

/// What a folder has that begins like this; hidden names only where one was begun.
fn names_in(folder: &Path, begun: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.take(LOOKED_AT).flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'))).collect()
}

fn common_start(a: &str, b: &str) -> String {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(letter, _)| letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_completed_as_far_as_it_is_certain() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["cat-1.png", "cat-2.png", "猫.png", ".hidden"] {
            std::fs::write(folder.path().join(name), b"").expect("writes");
        }
        std::fs::create_dir(folder.path().join("photos")).expect("a folder");
        let at = |name: &str| format!("{}/{name}", folder.path().display());
        assert_eq!(completed(&at("c")), Some(at("cat-")));
        assert_eq!(completed(&at("cat-")), None, "two ways to go on");
        assert_eq!(completed(&at("cat-2")), Some(at("cat-2.png")));
        assert_eq!(completed(&at("ph")), Some(format!("{}{}", at("photos"), std::path::MAIN_SEPARATOR)));
        assert_eq!(completed(&at("猫")), Some(at("猫.png")));
        assert_eq!(completed(&at(".h")), Some(at(".hidden")));
        assert_eq!(completed(&at("x")), None);
        assert_eq!(completed("/no/such/folder/x"), None);
    }
}
