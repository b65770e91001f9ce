//! `--image`: pictures, and folders that stand for the pictures in them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::error::{CliError, reason};
use crate::cli::source;

/// `--image` and `--strict`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(in crate::cli) struct Args {
    /// Pictures: PNG, JPEG, WebP, BMP, GIF (first frame), TIFF, PPM, PGM; a folder stands for those in it. Of several,
    /// one that cannot be read is named and left out
    #[arg(long = "image", value_name = "FILE", required = true, num_args = 1..)]
    pub(in crate::cli) images: Vec<PathBuf>,
    /// Refuse a picture that cannot be read, instead of leaving it out
    #[arg(long)]
    pub(in crate::cli) strict: bool,
}

/// The pictures of a run, before any is opened.
pub(in crate::cli) struct Images {
    /// In the order they were given, those of a folder by their names.
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Several were asked for, or a folder: results are a list, however many can be read.
    pub(in crate::cli) are_several: bool,
}

/// A picture that was left out.
pub(in crate::cli) struct Skipped {
    pub(in crate::cli) path: PathBuf,
    /// Why, in a sentence that names it.
    pub(in crate::cli) reason: String,
}

impl Images {
    /// Lists what was asked for.
    ///
    /// # Errors
    /// A folder that cannot be listed or has no files; of several, one that is not there.
    pub(in crate::cli) fn given(arguments: &[PathBuf]) -> Result<Self, CliError> {
        let are_several = arguments.len() > 1 || arguments.iter().any(|path| path.is_dir());
        let mut paths = Vec::new();
        for path in arguments {
            match path.is_dir() {
                true => paths.append(&mut files(path)?),
                false if are_several && !path.exists() => {
                    return Err(CliError::Input(format!("{}: no such file; check the path", path.display())));
                }
                false => paths.push(path.clone()),
            }
        }
        Ok(Self { paths, are_several })
    }

    /// Takes a picture that cannot be read: one alone is refused, one of several named and left out.
    ///
    /// # Errors
    /// The problem, of one alone and with `--strict`.
    pub(in crate::cli) fn skip(&self, path: &Path, problem: CliError, strict: bool) -> Result<Skipped, CliError> {
        let reason = match problem {
            CliError::Input(problem) if self.paths.len() > 1 && !strict => problem,
            CliError::Input(problem) if strict => return Err(CliError::Input(format!("--strict: {problem}"))),
            other => return Err(other),
        };
        source::say(&format!("left out: {reason}"));
        Ok(Skipped { path: path.to_owned(), reason })
    }
}

/// A folder's files by their names, hidden ones and folders apart.
fn files(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let refuse = |problem: &str| CliError::Input(format!("{}: {problem}", folder.display()));
    let entries = fs::read_dir(folder).map_err(|error| refuse(&format!("cannot be listed, {}", reason(&error))))?;
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file() && !is_hidden(path))
        .collect();
    files.sort();
    match files.is_empty() {
        true => Err(refuse("a folder without files; give pictures or a folder of them")),
        false => Ok(files),
    }
}

/// A short name for each path: its file stem in harmless characters, numbered where two are alike.
pub(in crate::cli) fn short_names(paths: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(paths.len());
    for path in paths {
        let stem = path.file_stem().map_or_else(|| "image".into(), |stem| stem.to_string_lossy());
        let base = harmless(&stem);
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|name| !is_taken(&names, name));
        names.push(free.unwrap_or(base));
    }
    names
}

/// Some file systems do not tell upper case from lower case.
fn is_taken(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Letters, digits, `-`, `_` and inner dots; everything else becomes `_`.
pub(in crate::cli) fn harmless(name: &str) -> String {
    let name: String = name
        .chars()
        .take(100)
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' })
        .collect();
    let name = name.trim_matches('.');
    if name.is_empty() { "image".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_stay_in_their_folder() {
        let paths = ["a/cat.png", "b/Cat.jpg", "b/cat.png", "..", "a/..b/x y.png"].map(PathBuf::from);
        assert_eq!(short_names(&paths), ["cat", "Cat-2", "cat-3", "image", "x_y"]);
        assert_eq!(harmless("../../etc"), "_.._etc");
    }
}
