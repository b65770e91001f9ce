//! What can go wrong in the lab: each message says what, where, and what to do.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::data::Split;
use crate::compute::engine::EngineError;
use crate::compute::files::origin::Foreign;
use crate::compute::imaging::ImagingError;
use crate::compute::weights::WeightsError;

/// Why something in the lab stopped.
#[derive(Debug, Error)]
pub enum LabError {
    /// A data folder that is not there, or is no folder.
    #[error("{}: no such folder; give a folder with one sub-folder of pictures a class, or `objects`", path.display())]
    NoFolder {
        /// The path as given.
        path: PathBuf,
    },
    /// The operating system refused to list a folder.
    #[error("{}: cannot be listed ({source}); check its permissions", path.display())]
    Unlisted {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A data folder with fewer than two sub-folders.
    #[error("{}: {found} sub-folders, where each is a class and at least two are needed; put every class's pictures into a sub-folder of its name", path.display())]
    FewClasses {
        /// The folder.
        path: PathBuf,
        /// How many sub-folders it has.
        found: usize,
    },
    /// A class without a single picture that can be read.
    #[error("{}: no picture that can be read{}; add some or remove the folder", path.display(), first.as_ref().map(|first| format!(" (the first says: {first})")).unwrap_or_default())]
    EmptyClass {
        /// The class's folder.
        path: PathBuf,
        /// Why its first file was refused, if it has one.
        first: Option<String>,
    },
    /// A class of which chance put nothing into the training split.
    #[error("{}: none of its {pictures} pictures is among the 80 % that are trained on; add pictures", path.display())]
    Untrained {
        /// The class's folder.
        path: PathBuf,
        /// How many pictures can be read.
        pictures: usize,
    },
    /// An input that pictures cannot be made for.
    #[error("input {}×{}×{}: pictures have 3 channels, give a network with 3", input[0], input[1], input[2])]
    Channels {
        /// `[C, H, W]`.
        input: [usize; 3],
    },
    /// A picture that could be opened before and now cannot, or cannot be prepared.
    #[error("{}: {source}", path.display())]
    Picture {
        /// The file, or the data set.
        path: PathBuf,
        /// What is wrong with it.
        source: ImagingError,
    },
    /// A split without examples.
    #[error("{name}: no pictures in the {split} split (a file's name decides its split); add pictures")]
    EmptySplit {
        /// The data set.
        name: String,
        /// The split.
        split: Split,
    },
    /// An index past the end of a split.
    #[error("{name}: no {split} example {index}, there are {len}; ask for a smaller index")]
    NoExample {
        /// The data set.
        name: String,
        /// The split.
        split: Split,
        /// The index asked for.
        index: u64,
        /// How many there are.
        len: u64,
    },
    /// A size of a batch or a sheet that nothing can be made of.
    #[error("{what}: {given} is not between 1 and {most}; give another number")]
    Size {
        /// What the number is of.
        what: &'static str,
        /// The number given.
        given: u64,
        /// The largest allowed.
        most: u64,
    },
    /// The operating system refused a thread.
    #[error("no thread could be started ({0}); close other programs and try again")]
    Thread(io::Error),
    /// A recipe that cannot be followed.
    #[error("{field} is {value}: give {wanted}")]
    Recipe {
        /// What of it.
        field: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// A run that cannot be: nothing to train, no masks to look at.
    #[error("{0}")]
    Setting(String),
    /// A network that does not take what the data set has.
    #[error("{network}: {problem}")]
    Misfit {
        /// The network.
        network: String,
        /// What differs, and what to do.
        problem: String,
    },
    /// A number that is none came up while training.
    #[error(
        "{network}: training broke in epoch {epoch}, step {step}: the {what} is not a finite number, first in {layer}; lower the learning rate or lengthen the warm-up"
    )]
    Diverged {
        /// The network.
        network: String,
        /// The epoch, from 1.
        epoch: usize,
        /// The step in its epoch, from 1.
        step: usize,
        /// The loss, or a gradient.
        what: &'static str,
        /// The first layer, or parameter, that is not finite.
        layer: String,
    },
    /// The loss over the validation or test images is none, though the training's was.
    #[error(
        "{network}: the {split} loss after epoch {epoch} is not a finite number, first in {layer}; lower the learning rate or lengthen the warm-up"
    )]
    NoScore {
        /// The network.
        network: String,
        /// Which images.
        split: Split,
        /// Epochs that were trained.
        epoch: usize,
        /// The first layer, or parameter, that is not finite.
        layer: String,
    },
    /// A target where trained epochs would be overwritten.
    #[error("{}: {what}; choose another --out, go on with --resume, or give it up with --replace", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// A folder that keeps networks of another run.
    #[error("{}: a network of another run is kept there ({differs}); choose another --out, or give the settings of that run to go on with it", path.display())]
    OtherRun {
        /// The network's file or checkpoint.
        path: PathBuf,
        /// The first difference, in words.
        differs: String,
    },
    /// A file that is somebody else's.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// A checkpoint that cannot be continued from.
    #[error("{}: {problem}", path.display())]
    Resume {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        problem: String,
    },
    /// A file that cannot be written.
    #[error("{}: cannot be written ({reason}); choose another place", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// A checkpoint that cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A layer that cannot be computed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}
