//! The cache on disk, as `huggingface_hub` and hf-hub lay it out: `blobs` named by content, `snapshots/COMMIT/FILE`
//! pointing at them, `refs/BRANCH` holding a commit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};
use tempfile::NamedTempFile;

use super::reference::is_inside;
use super::{HubError, Reference};

/// How deep a snapshot is searched, and how many files are looked at.
const MAX_DEPTH: usize = 4;
const MAX_FILES: usize = 10_000;

/// One repository's place in the cache.
pub(super) struct Store {
    cache: CacheRepo,
    folder: PathBuf,
    revision: String,
}

impl Store {
    pub(super) fn new(cache: &Cache, reference: &Reference) -> Self {
        let revision = reference.revision().to_owned();
        let repository = Repo::with_revision(reference.repository.clone(), RepoType::Model, revision.clone());
        let folder = cache.path().join(repository.folder_name());
        Self { cache: cache.repo(repository), folder, revision }
    }

    /// Is the revision a full commit, which never changes?
    pub(super) fn is_pinned(&self) -> bool {
        is_commit(&self.revision)
    }

    /// The commit that the revision was when it was last seen.
    pub(super) fn commit(&self) -> Option<String> {
        if self.is_pinned() {
            return Some(self.revision.clone());
        }
        let text = fs::read_to_string(self.folder.join("refs").join(&self.revision)).ok()?;
        Some(text.trim().to_owned()).filter(|commit| is_hash(commit))
    }

    /// A file of a commit, if it is here. Files are put in place whole, so what is here is complete.
    pub(super) fn file(&self, commit: &str, name: &str) -> Option<PathBuf> {
        Some(self.cache.pointer_path(commit).join(name)).filter(|path| path.is_file())
    }

    /// Every file of a commit that is here, with `/` between folders, in order.
    pub(super) fn files(&self, commit: &str) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.cache.pointer_path(commit), "", MAX_DEPTH, &mut files);
        files.sort();
        files
    }

    /// A file to download into: beside the blobs, gone if it is not kept.
    pub(super) fn begin(&self, name: &str, bytes: u64) -> Result<NamedTempFile, HubError> {
        let blobs = self.folder.join("blobs");
        let mut builder = tempfile::Builder::new();
        builder.prefix(".gatescope-").suffix(".incomplete");
        // A cache may be shared: as readable as any other file of the user.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        fs::create_dir_all(&blobs)
            .and_then(|()| builder.tempfile_in(&blobs))
            .map_err(|error| HubError::disk(&blobs, name, bytes, error))
    }

    /// Puts a complete file in its place and gives its path.
    pub(super) fn keep(&self, file: NamedTempFile, etag: &str, commit: &str, name: &str) -> Result<PathBuf, HubError> {
        let blob = self.cache.blob_path(etag);
        let failed = |error| HubError::disk(&blob, name, 0, error);
        file.persist(&blob).map_err(|error| failed(error.error))?;
        let pointer = self.cache.pointer_path(commit).join(name);
        if let Some(parent) = pointer.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        // A pointer may be there whose blob is gone.
        match fs::remove_file(&pointer) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(HubError::disk(&pointer, name, 0, error));
            }
            _ => {}
        }
        let up = "../".repeat(2 + name.matches('/').count());
        point(&PathBuf::from(format!("{up}blobs/{etag}")), &blob, &pointer)
            .map_err(|error| HubError::disk(&pointer, name, 0, error))?;
        Ok(pointer)
    }

    /// Remembers which commit the revision is now.
    pub(super) fn remember(&self, commit: &str) -> Result<(), HubError> {
        if self.is_pinned() {
            return Ok(());
        }
        self.cache.create_ref(commit).map_err(|error| HubError::disk(&self.folder, &self.revision, 0, error))
    }
}

/// A link beside the others; a copy of its own where the system has none.
fn point(relative: &Path, blob: &Path, pointer: &Path) -> io::Result<()> {
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(relative, pointer);
    #[cfg(windows)]
    let linked = std::os::windows::fs::symlink_file(relative, pointer);
    linked.or_else(|_| fs::hard_link(blob, pointer)).or_else(|_| fs::copy(blob, pointer).map(|_| ()))
}

fn collect(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Follows links: a pointer to a blob that is gone is neither.
        match fs::metadata(entry.path()) {
            Ok(kind) if kind.is_dir() && depth > 0 => collect(&entry.path(), &format!("{name}/"), depth - 1, files),
            Ok(kind) if kind.is_file() && files.len() < MAX_FILES => files.push(name),
            _ => {}
        }
    }
}

fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && is_hash(revision)
}

/// Could this be a commit, and no way out of the cache?
pub(super) fn is_hash(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// Could this name a blob, and nothing outside the folder of blobs?
pub(super) fn is_etag(text: &str) -> bool {
    text.len() <= 200
        && is_inside(text)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
