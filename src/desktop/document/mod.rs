//! The document: networks, their weights, the picture, what is selected. No egui.
//!
//! Views read it and send [`Command`]s; [`Document::apply`] is the one place where it changes.

mod command;
mod history;
mod lab;
pub mod letters;
mod project;

pub use command::{Command, Selection, ThemeChoice, View};
pub use history::{History, Stroke};
pub use lab::{AtlasTask, LabPage, LabTask, TrainTask};
pub use project::{Project, ProjectError, SavedNetwork, parse_project, print_project};

use std::sync::Arc;

pub use crate::compute::question::PictureChoice;
pub use crate::compute::weights::WeightsChoice;

use crate::compute::imaging::Preprocessing;
use crate::compute::question::Question;
use crate::compute::weights::bundled::bundled;
use crate::compute::weights::recognise::same_tensors;
use crate::network::cost::Ledger;
use crate::network::{Graph, Model, NetworkSpec, SpecError};

/// Identifies a network for as long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetworkId(pub u64);

/// A network of the document, and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Its identity.
    pub id: NetworkId,
    /// The place of its letter and its colour, kept for life: 0 is A.
    pub slot: usize,
    /// What it is.
    pub model: Arc<Model>,
    /// Where its weights come from.
    pub weights: WeightsChoice,
    /// How its pictures are prepared, where that is not what its input asks for.
    pub preprocessing: Option<Preprocessing>,
    /// What it does with the document's picture.
    question: Question,
    /// How long it takes.
    time: Question,
}

impl Network {
    /// A network that is asked about this picture.
    #[must_use]
    pub fn new(id: NetworkId, model: Arc<Model>, weights: WeightsChoice, picture: &PictureChoice) -> Self {
        let slot = usize::try_from(id.0).unwrap_or(usize::MAX);
        let preparation = Preprocessing::for_input(model.input());
        let question = Question::of_picture(model.clone(), weights.clone(), picture.clone(), preparation);
        let time = Question::of_time(model.clone());
        Self { id, slot, model, weights, preprocessing: None, question, time }
    }

    /// What it does with the document's picture, as a question.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// How long it takes, as a question.
    #[must_use]
    pub fn time(&self) -> &Question {
        &self.time
    }

    /// Its layers and parts.
    #[must_use]
    pub fn graph(&self) -> &Arc<Graph> {
        self.model.graph()
    }

    /// What it costs, by layer.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.model.ledger()
    }

    /// The letter it is called by, for life.
    #[must_use]
    pub fn letter(&self) -> String {
        letters::letter(self.slot)
    }

    /// What people call it: a network that comes with the program by its title, any other by its own name.
    #[must_use]
    pub fn title(&self) -> String {
        let bundled = match &self.weights {
            WeightsChoice::File(path) => bundled().iter().find(|bundled| bundled.path() == *path),
            WeightsChoice::Seeded(_) | WeightsChoice::Grafted(..) => None,
        };
        bundled.map_or_else(|| self.model.to_string(), |bundled| bundled.title.to_owned())
    }

    /// How its pictures are prepared: as chosen, cropped to the input it has now.
    #[must_use]
    pub fn preparation(&self) -> Preprocessing {
        let input = self.model.input();
        self.preprocessing.as_ref().map_or_else(|| Preprocessing::for_input(input), |chosen| chosen.fitted(input))
    }

    /// Asks anew, after something has changed.
    fn ask(&mut self, picture: &PictureChoice) {
        let (model, weights) = (self.model.clone(), self.weights.clone());
        self.question = Question::of_picture(model, weights, picture.clone(), self.preparation());
        self.time = Question::of_time(self.model.clone());
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
        Self::of(&Project::default())
    }

    /// A document from a project.
    #[must_use]
    pub fn of(project: &Project) -> Self {
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
            let id = document.add(SavedNetwork { slot, ..saved.clone() });
            document.baseline = if saved.is_baseline { Some(id) } else { document.baseline };
        }
        document.active = NetworkId(project.active.min(document.networks.len().saturating_sub(1)) as u64);
        document
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

    /// Applies a command that changes the document, and says whether it did; others leave it as it is.
    ///
    /// # Errors
    /// Why the change cannot be; the document is then unchanged.
    pub fn apply(&mut self, command: &Command) -> Result<bool, SpecError> {
        let has_changed = self.change(command)?;
        if has_changed {
            let picture = self.picture.clone();
            self.networks.iter_mut().for_each(|network| network.ask(&picture));
        }
        Ok(has_changed)
    }

    fn change(&mut self, command: &Command) -> Result<bool, SpecError> {
        match command {
            Command::AddNetwork(model) => self.active = self.add(SavedNetwork::untrained(model.clone())),
            Command::AddCheckpoint { model, weights } => {
                let weights = weights.clone();
                self.active = self.add(SavedNetwork { weights, ..SavedNetwork::untrained(model.clone()) });
            }
            Command::OpenNetworks(models) => {
                self.networks.clear();
                self.next_slot = 0;
                self.add_missing(models);
            }
            Command::AddNetworks(models) => return Ok(self.add_missing(models)),
            Command::DuplicateNetwork(id) => match self.network(*id).map(SavedNetwork::of) {
                Some(saved) => self.active = self.add(saved),
                None => return Ok(false),
            },
            Command::RemoveNetwork(id) => return Ok(self.remove(*id)),
            Command::SelectNetwork(id) => return Ok(std::mem::replace(&mut self.active, *id) != *id),
            Command::SetBaseline(id) => {
                let chosen = self.network(*id).map(|network| network.id);
                return Ok(std::mem::replace(&mut self.baseline, chosen) != chosen);
            }
            Command::Edit { network, spec, .. } => return self.edit(*network, spec),
            Command::SetWeights(id, choice) => {
                let Some(network) = self.network_mut(*id) else { return Ok(false) };
                return Ok(std::mem::replace(&mut network.weights, choice.clone()) != *choice);
            }
            Command::SetPreprocessing { network, preprocessing, .. } => {
                return self.set_preprocessing(*network, preprocessing.as_ref());
            }
            Command::SetPicture(picture) => {
                return Ok(std::mem::replace(&mut self.picture, picture.clone()) != *picture);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn network_mut(&mut self, id: NetworkId) -> Option<&mut Network> {
        self.networks.iter_mut().find(|network| network.id == id)
    }

    /// Adds those of these networks that are not there yet; the first new one becomes active. Were there any?
    fn add_missing(&mut self, models: &[Arc<Model>]) -> bool {
        let mut first = None;
        for model in models {
            if !self.networks.iter().any(|network| network.model == *model) {
                let id = self.add(SavedNetwork::untrained(model.clone()));
                self.active = *first.get_or_insert(id);
            }
        }
        first.is_some()
    }

    fn add(&mut self, saved: SavedNetwork) -> NetworkId {
        let id = NetworkId(self.next);
        let taken: Vec<usize> = self.networks.iter().map(|network| network.slot).collect();
        let wanted = saved.slot.filter(|slot| !taken.contains(slot));
        let slot = wanted.unwrap_or_else(|| letters::next(&taken, self.next_slot));
        let network = Network::new(id, saved.model, saved.weights, &self.picture);
        let mut network = Network { slot, preprocessing: saved.preprocessing, ..network };
        network.ask(&self.picture);
        self.networks.push(network);
        self.next += 1;
        self.next_slot = slot + 1;
        id
    }

    fn remove(&mut self, id: NetworkId) -> bool {
        let Some(position) = self.position(id) else { return false };
        self.networks.remove(position);
        self.baseline = self.baseline.filter(|chosen| *chosen != id);
        if self.active == id {
            let neighbour = self.networks.get(position).or(self.networks.last());
            self.active = neighbour.map_or(NetworkId(0), |network| network.id);
        }
        true
    }

    /// A file's weights stay where the changed spec has the same tensors (another stride); else it starts untrained.
    fn edit(&mut self, id: NetworkId, spec: &NetworkSpec) -> Result<bool, SpecError> {
        let Some(network) = self.network_mut(id).filter(|network| network.model.spec() != Some(spec)) else {
            return Ok(false);
        };
        let changed = Model::of(spec.clone())?;
        let stays = network.weights.is_trained() && same_tensors(network.graph(), changed.graph());
        if !stays {
            network.weights = WeightsChoice::Seeded(0);
        }
        network.model = changed;
        Ok(true)
    }

    /// Numbers that no picture can be prepared with are refused here, whoever sends them.
    fn set_preprocessing(&mut self, id: NetworkId, chosen: Option<&Preprocessing>) -> Result<bool, SpecError> {
        let Some(network) = self.network_mut(id) else { return Ok(false) };
        if let Some(Err(error)) = chosen.map(Preprocessing::check) {
            return Err(SpecError::Field { spec: network.model.to_string(), problem: error.to_string() });
        }
        let default = Preprocessing::for_input(network.model.input());
        let chosen = chosen.filter(|chosen| **chosen != default).cloned();
        let has_changed = network.preprocessing != chosen;
        network.preprocessing = chosen;
        Ok(has_changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who removes what is looked at goes on with what stood next to it, not with the top of the list.
    #[test]
    fn after_a_removal_the_neighbour_is_chosen() {
        let mut document = Document::first_start();
        let specs = ["resnet18", "resnet34", "resnet20", "resnet32"].map(|text| Model::parse(text).expect(text));
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
