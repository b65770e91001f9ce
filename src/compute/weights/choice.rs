//! Where a network's weights come from, as somebody chose it.

use std::path::{Path, PathBuf};

use super::{Graft, Opened, Weights, WeightsError};
use crate::network::Graph;

/// Where a network's weights come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WeightsChoice {
    /// He initialisation from this seed: untrained.
    Seeded(u64),
    /// A checkpoint file.
    File(PathBuf),
    /// A checkpoint file without attention, under a network that has some.
    Grafted(PathBuf, Graft),
}

impl WeightsChoice {
    /// Has the network learnt anything?
    #[must_use]
    pub fn is_trained(&self) -> bool {
        self.path().is_some()
    }

    /// The checkpoint file, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Seeded(_) => None,
            Self::File(path) | Self::Grafted(path, _) => Some(path),
        }
    }

    /// Opens the checkpoint file, if there is one.
    ///
    /// # Errors
    /// A file that cannot be read as a checkpoint.
    pub fn opened(&self) -> Result<Option<Opened>, WeightsError> {
        self.path().map(Opened::at).transpose()
    }

    /// Makes the weights of a graph, or reads them from the file as it was opened.
    ///
    /// # Errors
    /// As [`Weights::open`]; a file that was not opened before is opened here.
    pub fn weights(&self, graph: &Graph, opened: Option<&Opened>) -> Result<Weights, WeightsError> {
        match (self, opened) {
            (Self::Seeded(seed), _) => Ok(Weights::seeded(graph, *seed)),
            (Self::File(_), Some(opened)) => Weights::of(graph, opened),
            (Self::Grafted(_, graft), Some(opened)) => Weights::grafted_on(graph, opened, *graft),
            (Self::File(path) | Self::Grafted(path, _), None) => self.weights(graph, Some(&Opened::at(path)?)),
        }
    }
}
