//! What of a run is to be explained.

use crate::compute::explain::Target;
use crate::compute::explain::trust::Baseline;

/// What is asked about a picture beyond what a network makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Explanation {
    /// Maps of evidence by one method: of every layer for every target.
    Evidence {
        /// The method's name.
        method: &'static str,
        /// Layers by their paths; `None` is the input of the global pooling.
        layers: Vec<Option<String>>,
        /// What for.
        targets: Vec<Target>,
    },
    /// The output of these layers, channel by channel.
    Features {
        /// Layers by their paths; `None` is the input of the global pooling.
        layers: Vec<Option<String>>,
        /// Which class contributions are to.
        target: Target,
    },
    /// What the gates that are held do, against the untouched run.
    Effect,
    /// Every gate by what replacing it by its mean does to a target; to the most likely class where none is named.
    Gates(Option<Target>),
    /// Every channel of a gate by what setting it to 0 does.
    Channels(usize, Target),
    /// Can a map be believed?
    Trust {
        /// The method's name.
        method: &'static str,
        /// What for; the most likely class where none is named.
        target: Option<Target>,
        /// What stands in for what is taken out.
        baseline: Baseline,
    },
}
