//! The trained networks that come with the program; `assets/models/README.md` says how each was made.
//!
//! They are named like files, `bundled:cbam`, so that whatever opens a checkpoint opens them too.

use std::path::{Path, PathBuf};

/// What their names begin with.
pub const SCHEME: &str = "bundled:";

/// A network built into the program.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// Its name after the scheme: `cbam`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// The checkpoint: safetensors that say what they were trained on.
    pub bytes: &'static [u8],
}

macro_rules! network {
    ($name:literal, $title:literal) => {
        Bundled {
            name: $name,
            title: $title,
            bytes: include_bytes!(concat!("../../../assets/models/", $name, ".safetensors")),
        }
    };
}

static NETWORKS: [Bundled; 5] = [
    network!("none", "the trunk, no attention"),
    network!("se", "trunk + SE"),
    network!("cam", "trunk + CAM"),
    network!("sam", "trunk + SAM"),
    network!("cbam", "trunk + CBAM"),
];

impl Bundled {
    /// The path to open it with.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("{SCHEME}{}", self.name))
    }
}

/// All of them: one trunk with each attention.
#[must_use]
pub fn bundled() -> &'static [Bundled] {
    &NETWORKS
}

/// Does this path name a bundled network, known or not?
#[must_use]
pub fn is_bundled(path: &Path) -> bool {
    name_of(path).is_some()
}

/// The name after the scheme, if this path names a bundled network.
pub(super) fn name_of(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(SCHEME)
}

/// The network this path names; the message says which there are.
pub(super) fn find(name: &str) -> Result<&'static Bundled, String> {
    let known = || NETWORKS.iter().map(|network| network.name).collect::<Vec<_>>().join(", ");
    let found = NETWORKS.iter().find(|network| network.name == name);
    found.ok_or_else(|| format!("no network of this name comes with gatescope; there are {}", known()))
}
