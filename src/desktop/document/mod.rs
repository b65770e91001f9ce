//! The document: networks, their weights, the picture, what is selected. No egui.
//!
//! Views read it and send [`Command`]s; [`Document::apply`] is the one place where it changes.

mod command;
mod history;
mod lab;
pub mod letters;
mod project;

pub use command::{Command, Selection, ThemeChoice, View};
pub use history::History;
pub use lab::{AtlasTask, LabPage, LabTask, TrainTask};
pub use project::{Project, ProjectError, SavedNetwork, parse_project, print_project};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compute::imaging::Preprocessing;
use crate::compute::weights::Graft;
use crate::compute::weights::bundled::bundled;
use crate::compute::weights::recognise::same_tensors;
use crate::network::cost::Ledger;
use crate::network::graph::receptive_fields;
use crate::network::{Graph, NetworkSpec, SpecError, lower, zoo};

/// Identifies a network for as long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetworkId(pub u64);

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
}

/// Which picture is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PictureChoice {
    /// One that ships with the program, by name.
    Sample(String),
    /// A file.
    File(PathBuf),
}

impl PictureChoice {
    /// The file's name, for people.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Sample(name) => name.clone(),
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        }
    }
}

/// A network with everything that follows from its spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Its identity.
    pub id: NetworkId,
    /// The place of its letter and its colour, kept for life: 0 is A.
    pub slot: usize,
    /// What the user chose.
    pub spec: NetworkSpec,
    /// Where its weights come from.
    pub weights: WeightsChoice,
    /// How its pictures are prepared, where that is not what its input asks for.
    pub preprocessing: Option<Preprocessing>,
    /// The spec, lowered.
    pub graph: Arc<Graph>,
    /// What the graph costs.
    pub ledger: Arc<Ledger>,
    /// Receptive field by node, in input pixels.
    pub fields: Arc<Vec<usize>>,
}

impl Network {
    /// Lowers and costs a spec.
    ///
    /// # Errors
    /// The spec's own message.
    pub fn new(id: NetworkId, spec: NetworkSpec, weights: WeightsChoice) -> Result<Self, SpecError> {
        let graph = lower(&spec)?;
        let ledger = Ledger::of(&graph);
        let fields = receptive_fields(&graph);
        let (graph, ledger, fields) = (Arc::new(graph), Arc::new(ledger), Arc::new(fields));
        let slot = usize::try_from(id.0).unwrap_or(usize::MAX);
        Ok(Self { id, slot, spec, weights, preprocessing: None, graph, ledger, fields })
    }

    /// The letter it is called by, for life.
    #[must_use]
    pub fn letter(&self) -> String {
        letters::letter(self.slot)
    }

    /// What people call it: a network that comes with the program by its title, any other by its text form.
    #[must_use]
    pub fn title(&self) -> String {
        let bundled = match &self.weights {
            WeightsChoice::File(path) => bundled().iter().find(|bundled| bundled.path() == *path),
            WeightsChoice::Seeded(_) | WeightsChoice::Grafted(..) => None,
        };
        bundled.map_or_else(|| self.spec.to_string(), |bundled| bundled.title.to_owned())
    }

    /// How its pictures are prepared: as chosen, cropped to the input it has now.
    #[must_use]
    pub fn preparation(&self) -> Preprocessing {
        let input = zoo::input_of(&self.spec);
        self.preprocessing.as_ref().map_or_else(|| Preprocessing::for_input(input), |chosen| chosen.fitted(input))
    }
}

/// What the user works on.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    networks: Vec<Network>,
    active: NetworkId,
    picture: PictureChoice,
    /// The network others are compared with, where one was chosen.
    baseline: Option<NetworkId>,
    next: u64,
    /// From where the next letter is looked for: after the last one given.
    next_slot: usize,
}

impl Document {
    /// What first start shows: resnet50 beside resnet50+cbam, and a cat.
    #[must_use]
    pub fn first_start() -> Self {
        Self::of(&Project::default()).unwrap_or_else(|_| Self {
            networks: Vec::new(),
            active: NetworkId(0),
            picture: PictureChoice::Sample("cat.png".to_owned()),
            baseline: None,
            next: 0,
            next_slot: 0,
        })
    }

    /// A document from a project.
    ///
    /// # Errors
    /// The first spec that cannot be, with its own message.
    pub fn of(project: &Project) -> Result<Self, SpecError> {
        let mut document = Self {
            networks: Vec::new(),
            active: NetworkId(0),
            picture: project.picture.clone(),
            baseline: None,
            next: 0,
            next_slot: 0,
        };
        for (position, saved) in project.networks.iter().enumerate() {
            let slot = Some(saved.slot.unwrap_or(position));
            let id = document.add(SavedNetwork { slot, ..saved.clone() })?;
            document.baseline = if saved.is_baseline { Some(id) } else { document.baseline };
        }
        document.active = NetworkId(project.active.min(document.networks.len().saturating_sub(1)) as u64);
        Ok(document)
    }

    /// What is saved of it.
    #[must_use]
    pub fn project(&self) -> Project {
        Project {
            networks: self
                .networks
                .iter()
                .enumerate()
                .map(|(position, network)| self.saved(position, network))
                .collect(),
            active: self.position(self.active).unwrap_or(0),
            picture: self.picture.clone(),
        }
    }

    /// What is saved of a network: its letter only where it is not its place's.
    fn saved(&self, position: usize, network: &Network) -> SavedNetwork {
        SavedNetwork {
            slot: (network.slot != position).then_some(network.slot),
            is_baseline: self.baseline == Some(network.id),
            ..SavedNetwork::of(network)
        }
    }

    /// The network others are compared with: the chosen one, else the first.
    #[must_use]
    pub fn baseline(&self) -> Option<&Network> {
        self.baseline.and_then(|id| self.network(id)).or(self.networks.first())
    }

    /// The networks in their order.
    #[must_use]
    pub fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// The picture.
    #[must_use]
    pub fn picture(&self) -> &PictureChoice {
        &self.picture
    }

    /// The network being edited and shown, if there is any.
    #[must_use]
    pub fn active(&self) -> Option<&Network> {
        self.network(self.active).or(self.networks.first())
    }

    /// A network by identity.
    #[must_use]
    pub fn network(&self, id: NetworkId) -> Option<&Network> {
        self.networks.iter().find(|network| network.id == id)
    }

    /// A network's place in the list.
    #[must_use]
    pub fn position(&self, id: NetworkId) -> Option<usize> {
        self.networks.iter().position(|network| network.id == id)
    }

    /// Applies a command that changes the document; others leave it as it is.
    ///
    /// # Errors
    /// Why the change cannot be; the document is then unchanged.
    pub fn apply(&mut self, command: &Command) -> Result<(), SpecError> {
        match command {
            Command::AddNetwork(spec) => {
                self.active = self.add(SavedNetwork::untrained(spec.clone()))?;
            }
            Command::AddCheckpoint { spec, weights } => {
                let weights = weights.clone();
                self.active = self.add(SavedNetwork { weights, ..SavedNetwork::untrained(spec.clone()) })?;
            }
            Command::OpenNetworks(specs) => *self = self.with(specs, false)?,
            Command::AddNetworks(specs) => *self = self.with(specs, true)?,
            Command::DuplicateNetwork(id) => {
                if let Some(saved) = self.network(*id).map(SavedNetwork::of) {
                    self.active = self.add(saved)?;
                }
            }
            Command::RemoveNetwork(id) => self.remove(*id),
            Command::SelectNetwork(id) => self.active = *id,
            Command::SetBaseline(id) => self.baseline = self.network(*id).map(|network| network.id),
            Command::Edit { network, spec, .. } => self.edit(*network, spec)?,
            Command::SetWeights(id, choice) => {
                if let Some(network) = self.networks.iter_mut().find(|network| network.id == *id) {
                    network.weights = choice.clone();
                }
            }
            Command::SetPreprocessing { network, preprocessing, .. } => {
                self.set_preprocessing(*network, preprocessing.as_ref())?;
            }
            Command::SetPicture(picture) => self.picture = picture.clone(),
            _ => {}
        }
        Ok(())
    }

    /// The document with these networks, after the present ones or in place of them; the first new one is active.
    fn with(&self, specs: &[NetworkSpec], keeps: bool) -> Result<Self, SpecError> {
        let mut changed = self.clone();
        if !keeps {
            changed.networks.clear();
            changed.next_slot = 0;
        }
        let mut first = None;
        for spec in specs {
            if !changed.networks.iter().any(|network| network.spec == *spec) {
                let id = changed.add(SavedNetwork::untrained(spec.clone()))?;
                changed.active = *first.get_or_insert(id);
            }
        }
        Ok(changed)
    }

    fn add(&mut self, saved: SavedNetwork) -> Result<NetworkId, SpecError> {
        let id = NetworkId(self.next);
        let network = Network::new(id, saved.spec, saved.weights)?;
        let taken: Vec<usize> = self.networks.iter().map(|network| network.slot).collect();
        let wanted = saved.slot.filter(|slot| !taken.contains(slot));
        let slot = wanted.unwrap_or_else(|| letters::next(&taken, self.next_slot));
        self.networks.push(Network { slot, preprocessing: saved.preprocessing, ..network });
        self.next += 1;
        self.next_slot = slot + 1;
        Ok(id)
    }

    fn remove(&mut self, id: NetworkId) {
        let Some(position) = self.position(id) else { return };
        self.networks.remove(position);
        self.baseline = self.baseline.filter(|chosen| *chosen != id);
        if self.active == id {
            let neighbour = self.networks.get(position).or(self.networks.last());
            self.active = neighbour.map_or(NetworkId(0), |network| network.id);
        }
    }

    /// A file's weights stay where the changed spec has the same tensors (another stride); else it starts untrained.
    fn edit(&mut self, id: NetworkId, spec: &NetworkSpec) -> Result<(), SpecError> {
        if let Some(network) = self.networks.iter_mut().find(|network| network.id == id && network.spec != *spec) {
            let preprocessing = network.preprocessing.clone();
            let changed = Network::new(id, spec.clone(), WeightsChoice::Seeded(0))?;
            let stays = network.weights.is_trained() && same_tensors(&network.graph, &changed.graph);
            let weights = if stays { network.weights.clone() } else { WeightsChoice::Seeded(0) };
            *network = Network { weights, preprocessing, slot: network.slot, ..changed };
        }
        Ok(())
    }

    /// Numbers that no picture can be prepared with are refused here, whoever sends them.
    fn set_preprocessing(&mut self, id: NetworkId, chosen: Option<&Preprocessing>) -> Result<(), SpecError> {
        let Some(network) = self.networks.iter_mut().find(|network| network.id == id) else { return Ok(()) };
        if let Some(Err(error)) = chosen.map(Preprocessing::check) {
            return Err(SpecError::Field { spec: network.spec.to_string(), problem: error.to_string() });
        }
        let default = Preprocessing::for_input(zoo::input_of(&network.spec));
        network.preprocessing = chosen.filter(|chosen| **chosen != default).cloned();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parse;

    /// Who removes what is looked at goes on with what stood next to it, not with the top of the list.
    #[test]
    fn after_a_removal_the_neighbour_is_chosen() {
        let mut document = Document::first_start();
        let specs = ["resnet18", "resnet34", "resnet20", "resnet32"].map(|text| parse(text).expect(text));
        document.apply(&Command::OpenNetworks(specs.to_vec())).expect("valid");
        let ids: Vec<NetworkId> = document.networks().iter().map(|network| network.id).collect();
        for (removed, chosen) in [(2, 3), (3, 1), (1, 0)] {
            document.apply(&Command::SelectNetwork(ids[removed])).expect("valid");
            document.apply(&Command::RemoveNetwork(ids[removed])).expect("valid");
            assert_eq!(document.active().map(|network| network.id), Some(ids[chosen]), "after {removed}");
        }
        document.apply(&Command::AddNetwork(specs[1].clone())).expect("valid");
        let active = document.active().map(|network| network.id);
        document.apply(&Command::RemoveNetwork(ids[0])).expect("valid");
        assert_eq!(document.active().map(|network| network.id), active, "another's removal changes nothing");
    }
}
