//! Why weights cannot be used.

use std::path::PathBuf;

use super::LoadReport;
use super::checkpoint::StateDict;

/// Why a file's weights cannot be used. Every message says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The path is a folder.
    #[error("{}: a folder, give the checkpoint file in it (.safetensors, .pth)", path.display())]
    Folder {
        /// The path given.
        path: PathBuf,
    },
    /// The path is a device, a pipe or a socket.
    #[error("{}: not a regular file, give a checkpoint file (.safetensors, .pth)", path.display())]
    NotAFile {
        /// The path given.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Unreadable {
        /// The path given.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The file has no bytes.
    #[error("{}: an empty file, download or save the weights again", path.display())]
    Empty {
        /// The path given.
        path: PathBuf,
    },
    /// The file is larger than any checkpoint that is opened.
    #[error("{}: {bytes} bytes, more than the {limit} that are opened; is this one network's weights?", path.display())]
    TooLarge {
        /// The path given.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The most that is opened.
        limit: u64,
    },
    /// The file ends before what its header promises.
    #[error("{}: cut off: {bytes} bytes where its header promises {promised}, download or copy it again", path.display())]
    Truncated {
        /// The path given.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The length its header implies.
        promised: u64,
    },
    /// The file ends in the middle of a part whose length is not known beforehand.
    #[error("{}: cut off after {bytes} bytes, in {within}; download or copy it again", path.display())]
    Cut {
        /// The path given.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The part that does not end.
        within: String,
    },
    /// A file of another kind, or a checkpoint that holds something else than a state_dict.
    #[error("{}: {reason}", path.display())]
    OtherFormat {
        /// The path given.
        path: PathBuf,
        /// What it is and what to do.
        reason: String,
    },
    /// Several state_dicts of which none goes first: one must be chosen.
    #[error("{}: {message}", path.display())]
    Several {
        /// The path given.
        path: PathBuf,
        /// Each with what it holds.
        found: Vec<StateDict>,
        /// What there is, and how to choose.
        message: String,
    },
    /// A file that contradicts itself.
    #[error("{}: damaged ({reason}), save or download the file again", path.display())]
    Damaged {
        /// The path given.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Numbers of a kind that is not read.
    #[error("{}: {tensor} holds {found} numbers, save it as float32, float16, bfloat16 or float64", path.display())]
    Dtype {
        /// The path given.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its element type.
        found: String,
    },
    /// The file has no tensor of this name.
    #[error("{}: has no tensor named {tensor}, see which it has with `gatescope weights`", path.display())]
    NoTensor {
        /// The path given.
        path: PathBuf,
        /// The name asked for.
        tensor: String,
    },
    /// A file whose network is not known.
    #[error("{}: {reason}; `gatescope weights` lists all its tensors", path.display())]
    Unrecognised {
        /// The path given.
        path: PathBuf,
        /// What it seems to be.
        reason: String,
    },
    /// Tensors are missing, left over, or of another shape.
    #[error("{}: {message}", path.display())]
    Unfit {
        /// The path given.
        path: PathBuf,
        /// Which tensors.
        report: Box<LoadReport>,
        /// Counts, first names, and what to do.
        message: String,
    },
}
