//! `--image`: pictures, and folders that stand for the pictures in them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::error::{CliError, reason};
use crate::cli::source;

/// The pictures of a run, before any is opened.
pub(super) struct Images {
    /// In the order they were given, those of a folder by their names.
    pub(super) paths: Vec<PathBuf>,
    /// Several were asked for, or a folder: results are a list, however many can be read.
    pub(super) are_several: bool,
}

/// A picture that was left out.
pub(super) struct Skipped {
    pub(super) path: PathBuf,
    /// Why, in a sentence that names it.
    pub(super) reason: String,
}

impl Images {
    /// Lists what was asked for.
    ///
    /// # Errors
    /// A folder that cannot be listed or has no files; of several, one that is not there.
    pub(super) fn given(arguments: &[PathBuf]) -> Result<Self, CliError> {
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
    pub(super) fn skip(&self, path: &Path, problem: CliError, strict: bool) -> Result<Skipped, CliError> {
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
