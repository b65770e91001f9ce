//! Everything a user can do, as one enum: menus, shortcuts, buttons, the palette and the tests all send it.

use std::path::PathBuf;
use std::sync::Arc;

use super::{LabPage, LabTask, NetworkId, PictureChoice, Stroke, WeightsChoice};
use crate::compute::engine::DeviceKind;
use crate::compute::imaging::Preprocessing;
use crate::compute::lab::data::Source;
use crate::compute::lab::training::Interrupted;
use crate::desktop::panels::Side;
use crate::network::{Model, NetworkSpec};

/// The views, in the order of their tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// The graph.
    #[default]
    Network,
    /// The cost table of one network.
    Costs,
    /// Networks side by side.
    Compare,
    /// A picture and the gates.
    Inspect,
    /// Training and experiments.
    Lab,
}

impl View {
    /// Every view, in tab order.
    pub const ALL: [Self; 5] = [Self::Network, Self::Costs, Self::Compare, Self::Inspect, Self::Lab];

    /// The tab's title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Network => "Network",
            Self::Costs => "Costs",
            Self::Compare => "Compare",
            Self::Inspect => "Inspect",
            Self::Lab => "Lab",
        }
    }
}

impl View {
    /// Is there a panel about one part of one network here? Inspect says beside the photo what is to be said of a gate.
    #[must_use]
    pub fn has_selection(self) -> bool {
        matches!(self, Self::Network | Self::Costs)
    }
}

/// What is selected, by path and name: it survives a change of spec or network where the part still exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// A scope's path (`layer3.2`), or a layer's name.
    pub part: Option<String>,
    /// A gate's name (`layer3.2.cbam.SpatialGate.gate`).
    pub gate: Option<String>,
}

/// Something a user asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Adds a network and makes it the active one.
    AddNetwork(Arc<Model>),
    /// Adds the network of a checkpoint with its weights and makes it the active one.
    AddCheckpoint {
        /// The network.
        model: Arc<Model>,
        /// The file.
        weights: WeightsChoice,
    },
    /// Opens these networks, untrained, in place of those there are.
    OpenNetworks(Vec<Arc<Model>>),
    /// Adds those of these networks that are not there yet, untrained.
    AddNetworks(Vec<Arc<Model>>),
    /// Makes the first of these networks the active one; those that are not there yet are added, untrained.
    ShowNetworks(Vec<Arc<Model>>),
    /// Adds a copy of a network.
    DuplicateNetwork(NetworkId),
    /// Removes a network.
    RemoveNetwork(NetworkId),
    /// Makes a network the active one.
    SelectNetwork(NetworkId),
    /// Makes a network the one that others are compared with.
    SetBaseline(NetworkId),
    /// Changes a network's spec. Edits of one `stroke` (a drag over the matrix) are undone together.
    Edit {
        /// Which network.
        network: NetworkId,
        /// Its new spec.
        spec: NetworkSpec,
        /// The gesture the edit belongs to.
        stroke: Option<Stroke>,
    },
    /// Chooses where a network's weights come from.
    SetWeights(NetworkId, WeightsChoice),
    /// Chooses how a network's pictures are prepared; none is what its input asks for. Edits of one `stroke` are
    /// undone together.
    SetPreprocessing {
        /// Which network.
        network: NetworkId,
        /// The choice.
        preprocessing: Option<Preprocessing>,
        /// The gesture the edit belongs to.
        stroke: Option<Stroke>,
    },
    /// Chooses the picture.
    SetPicture(PictureChoice),
    /// Shows the picture so many places further on, of those that were given together.
    StepPicture(isize),
    /// Takes back the last change of the document.
    Undo,
    /// Makes it again.
    Redo,
    /// Shows a view.
    Show(View),
    /// Shows a paper's table in the comparison; without a name the one shown last.
    ShowPaper(Option<&'static str>),
    /// Hides a panel at the side, or shows it.
    TogglePanel(Side),
    /// Selects a part, a gate or both.
    Select(Selection),
    /// Opens files of any kind: specs, projects, weights, pictures.
    Open(Vec<PathBuf>),
    /// Asks for files to open.
    AskOpen,
    /// Asks for a path as text, for systems without a file dialog.
    AskPath,
    /// Asks for a checkpoint on the Hugging Face Hub.
    AskHub,
    /// Fetches `hf:OWNER/NAME[@REVISION][/FILE]`, then opens it.
    OpenHub(String),
    /// Asks for a network to add: a model, or a spec as text.
    AskSpec,
    /// Asks for another model for a network.
    AskModel(NetworkId),
    /// Shows the card of a family or an attention block, by its name.
    ShowCard(&'static str),
    /// Asks for a network's spec as text to edit.
    AskEditSpec(NetworkId),
    /// Asks where to save the project.
    AskSaveProject,
    /// Asks where to save the active network's spec.
    AskSaveSpec,
    /// Saves the project.
    SaveProject(PathBuf),
    /// Saves the active network's spec.
    SaveSpec(PathBuf),
    /// Copies the active network's spec as text.
    CopySpec,
    /// Shows what was recognised in the file of a network's weights.
    ShowRecognised(NetworkId),
    /// Shows a page of the lab.
    ShowLab(LabPage),
    /// Starts a run of the lab; one of a training that was stopped goes on where it was.
    StartLab(LabTask),
    /// Starts a training from the beginning, under a new name, though the same one was stopped.
    StartLabAnew(LabTask),
    /// Goes on with a training that was stopped.
    ContinueTraining(Box<Interrupted>),
    /// Holds the run of the lab, or lets it go on.
    HoldLab(bool),
    /// Stops the run of the lab.
    StopLab,
    /// Makes thumbnails of a data set.
    PreviewLab(Source),
    /// Asks for a folder of pictures for the lab.
    AskLabFolder,
    /// Chooses the lab's data.
    SetLabSource(Source),
    /// Asks where to write the files of the lab's result.
    AskWriteLab,
    /// Writes the files of the lab's result into a folder.
    WriteLab(PathBuf),
    /// Adds a network that has been trained, with its weights, and shows it in Inspect.
    OpenTrained {
        /// The network.
        model: Arc<Model>,
        /// Its weights.
        path: PathBuf,
    },
    /// Starts again with what first start shows.
    NewProject,
    /// Stops the work in progress.
    Cancel,
    /// Runs the inspection of the active network again.
    RunAgain,
    /// Measures how long a network takes, layer by layer.
    Measure(NetworkId),
    /// Runs networks on this device.
    SetDevice(DeviceKind),
    /// Light, dark or as the system.
    SetTheme(ThemeChoice),
    /// Opens the palette.
    ShowPalette,
    /// Shows every shortcut.
    ShowShortcuts,
    /// Says what this program is.
    ShowAbout,
    /// Closes the window.
    Quit,
    /// Stops the run of the lab and closes the window as soon as it has been written.
    StopAndQuit,
}

impl Command {
    /// Does it change what undo takes back?
    #[must_use]
    pub fn is_undoable(&self) -> bool {
        matches!(
            self,
            Self::AddNetwork(_)
                | Self::OpenNetworks(_)
                | Self::AddNetworks(_)
                | Self::AddCheckpoint { .. }
                | Self::DuplicateNetwork(_)
                | Self::RemoveNetwork(_)
                | Self::SetBaseline(_)
                | Self::Edit { .. }
                | Self::SetWeights(..)
                | Self::SetPreprocessing { .. }
                | Self::SetPicture(_)
        )
    }
}

/// The colour theme a user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ThemeChoice {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
    /// What the system says.
    System,
}
