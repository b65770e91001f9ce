//! Whose a file is. What this program wrote is replaced by its next run; what others made, or have changed since, never.
//!
//! A folder has a list of what was written into it ([`LIST`]), each file with the hash of its bytes; a single file says
//! itself where it comes from: safetensors in their metadata, a PNG in its `Software` text, a figure in its last line.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::replace;
use crate::compute::random::fnv1a_of;
use crate::compute::weights::{Checkpoint, keys};

/// The list in a folder: a line a file, its hash in front.
pub const LIST: &str = ".gatescope-files";
/// The first line of a list.
const HEADING: &str = "# Written by gatescope, which replaces these files as long as nobody changes them.";
/// A list is not longer than this.
const MAX_LIST: u64 = 16 << 20;
/// The keyword and text of a PNG of this program.
const SOFTWARE: &[u8] = b"Software\0gatescope";
/// Where a PNG's first chunk after its header begins: the signature and IHDR are before it.
const AFTER_HEADER: usize = 8 + 25;

/// What the last line of a figure begins with, its comment's mark apart.
const SEAL: &str = "gatescope ";
/// A figure is not longer than this.
const MAX_FIGURE: u64 = 256 << 20;

/// A file that is not replaced.
#[derive(Debug, thiserror::Error)]
pub enum Foreign {
    /// Somebody else's.
    #[error("{}: a file that gatescope did not write is there, it is not replaced; choose another place or move it away", .0.display())]
    Other(PathBuf),
    /// Written by this program and changed since.
    #[error("{}: changed since gatescope wrote it, so it is not replaced; choose another place or move it away", .0.display())]
    Changed(PathBuf),
}

/// What of a folder this program has written.
#[derive(Debug, Default)]
pub struct Written {
    folder: PathBuf,
    /// Hashes by paths below the folder, with slashes.
    files: BTreeMap<String, u64>,
    /// Files of a version that kept no list.
    adopted: Vec<String>,
}

impl Written {
    /// Reads a folder's list; without one nothing there is this program's.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        let list = folder.join(LIST);
        let is_small = fs::metadata(&list).is_ok_and(|known| known.is_file() && known.len() <= MAX_LIST);
        let text = is_small.then(|| fs::read_to_string(&list).ok()).flatten().unwrap_or_default();
        let entry = |line: &str| {
            let (hash, name) = line.split_once("  ")?;
            Some((name.to_owned(), u64::from_str_radix(hash, 16).ok()?))
        };
        Self { folder: folder.to_owned(), files: text.lines().filter_map(entry).collect(), adopted: Vec::new() }
    }

    /// Takes these files for this program's where the folder has no list.
    #[must_use]
    pub fn or_adopted(mut self, names: &[&str]) -> Self {
        if self.files.is_empty() {
            self.adopted = names.iter().map(|name| (*name).to_owned()).collect();
        }
        self
    }

    /// May a file of this name be written?
    ///
    /// # Errors
    /// What is there and stays.
    pub fn check(&self, name: &Path) -> Result<(), Foreign> {
        let path = self.folder.join(name);
        if fs::symlink_metadata(&path).is_err() || self.adopted.contains(&slashed(name)) {
            return Ok(());
        }
        let known = self.files.get(&slashed(name)).ok_or_else(|| Foreign::Other(path.clone()))?;
        match fs::read(&path) {
            Ok(bytes) if fnv1a_of(&bytes) == *known => Ok(()),
            _ => Err(Foreign::Changed(path)),
        }
    }

    /// A file has been written, or is about to be.
    pub fn note(&mut self, name: &Path, bytes: &[u8]) {
        self.files.insert(slashed(name), fnv1a_of(bytes));
    }

    /// Writes the list.
    ///
    /// # Errors
    /// What the system said.
    pub fn keep(&self) -> io::Result<()> {
        let lines = self.files.iter().map(|(name, hash)| format!("{hash:016x}  {name}\n"));
        replace(&self.folder.join(LIST), format!("{HEADING}\n{}", lines.collect::<String>()).as_bytes())
    }
}

fn slashed(name: &Path) -> String {
    name.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// May a file of this path be written: is nothing there, an empty file, a device, or a file of this program?
///
/// # Errors
/// What is there and stays.
pub fn check(path: &Path) -> Result<(), Foreign> {
    match fs::metadata(path) {
        Ok(known) if known.is_file() && known.len() > 0 && !is_own(path) => Err(Foreign::Other(path.to_owned())),
        _ => Ok(()),
    }
}

/// Does the file say that this program wrote it?
fn is_own(path: &Path) -> bool {
    let is_safetensors = || Checkpoint::open(path).is_ok_and(|file| file.metadata().contains_key(keys::VERSION));
    is_signed(path) || is_sealed(path) || is_safetensors()
}

fn is_signed(path: &Path) -> bool {
    let mut head = [0; AFTER_HEADER + 8 + SOFTWARE.len()];
    let read = fs::File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut head));
    read.is_ok()
        && head.starts_with(b"\x89PNG")
        && head[AFTER_HEADER + 4..].starts_with(b"tEXt")
        && head.ends_with(SOFTWARE)
}

/// A PNG that says which program wrote it.
#[must_use]
pub fn signed(png: &[u8]) -> Vec<u8> {
    if png.len() < AFTER_HEADER {
        return png.to_vec();
    }
    let content = [&b"tEXt"[..], SOFTWARE].concat();
    let length = (SOFTWARE.len() as u32).to_be_bytes();
    let mut sum = flate2::Crc::new();
    sum.update(&content);
    let chunk = [&length[..], &content, &sum.sum().to_be_bytes()].concat();
    [&png[..AFTER_HEADER], &chunk, &png[AFTER_HEADER..]].concat()
}

/// A figure (SVG, PDF) that says which program wrote it and that nobody has changed it since: a comment with the hash of
/// what is before it, which whoever reads the file skips.
#[must_use]
pub fn sealed(figure: Vec<u8>, is_svg: bool) -> Vec<u8> {
    let (before, after) = if is_svg { ("<!-- ", " -->") } else { ("%", "") };
    let seal = format!("{before}{SEAL}{:016x}{after}\n", fnv1a_of(&figure));
    [figure, seal.into_bytes()].concat()
}

fn is_sealed(path: &Path) -> bool {
    let is_small = fs::metadata(path).is_ok_and(|known| known.len() <= MAX_FIGURE);
    let Some(bytes) = is_small.then(|| fs::read(path).ok()).flatten() else { return false };
    let Some(end) = bytes.trim_ascii_end().iter().rposition(|byte| *byte == b'\n') else { return false };
    let (figure, seal) = bytes.split_at(end + 1);
    [true, false].into_iter().any(|is_svg| sealed(figure.to_vec(), is_svg).ends_with(seal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_and_not_changed_may_be_written_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mine, theirs) = (Path::new("sub/page.html"), Path::new("photo.jpg"));
        fs::create_dir(folder.path().join("sub")).expect("a folder");
        fs::write(folder.path().join(mine), "page").expect("writes");
        fs::write(folder.path().join(theirs), "a photo").expect("writes");
        let mut written = Written::of(folder.path());
        assert!(matches!(written.check(mine), Err(Foreign::Other(_))) && written.check(Path::new("new")).is_ok());
        written.note(mine, b"page");
        written.keep().expect("writes");
        let again = Written::of(folder.path());
        again.check(mine).expect("its own");
        assert!(matches!(again.check(theirs), Err(Foreign::Other(_))));
        fs::write(folder.path().join(mine), "page, with a note of mine").expect("writes");
        assert!(matches!(again.check(mine), Err(Foreign::Changed(_))));
    }

    #[test]
    fn a_signed_png_is_known_again_and_still_a_picture() {
        let folder = tempfile::tempdir().expect("a folder");
        let (plain, own) = (folder.path().join("plain.png"), folder.path().join("own.png"));
        let picture = image::RgbImage::from_pixel(3, 2, image::Rgb([1, 2, 3]));
        picture.save(&plain).expect("writes");
        fs::write(&own, signed(&fs::read(&plain).expect("reads"))).expect("writes");
        assert!(matches!(check(&plain), Err(Foreign::Other(_))) && check(&own).is_ok());
        assert_eq!(image::open(&own).expect("a picture").into_rgb8(), picture);
    }

    #[test]
    fn a_figure_is_its_programs_until_somebody_changes_it() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, is_svg, figure) in [("a.svg", true, "<svg>\n</svg>\n"), ("a.pdf", false, "%PDF-1.7\n%%EOF\n")] {
            let path = folder.path().join(name);
            let own = sealed(figure.as_bytes().to_vec(), is_svg);
            fs::write(&path, &own).expect("writes");
            check(&path).expect("its own");
            fs::write(&path, String::from_utf8(own).expect("text").replace("svg", "SVG").replace("1.7", "1.4"))
                .expect("writes");
            assert!(matches!(check(&path), Err(Foreign::Other(_))), "{name}");
            fs::write(&path, figure).expect("writes");
            assert!(matches!(check(&path), Err(Foreign::Other(_))), "{name}");
        }
    }
}
