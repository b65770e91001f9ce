//! What is done with a checkpoint once it is known which network it is of.

use std::path::Path;

use super::App;
use crate::compute::config::ModelConfig;
use crate::compute::weights::checkpoint::StateDict;
use crate::compute::weights::checkpoint::state_dicts::{split, with_choice};
use crate::compute::weights::recognise::{OptionValue, Standing, fits_by_graft, same_tensors};
use crate::compute::weights::{Checkpoint, Doubt, Graft, Recognised};
use crate::desktop::document::{Command, Network, NetworkId, WeightsChoice};
use crate::desktop::jobs::OpenedFile;
use crate::desktop::ui::choice::{Answer, Question};
use crate::network::zoo;

/// A configuration, or what is wrong with it.
pub(super) type Configured = Result<Option<ModelConfig>, String>;

/// The configuration that goes with a checkpoint.
pub(super) fn configuration(checkpoint: &Path) -> Configured {
    let file = Checkpoint::open(checkpoint).map_err(|error| error.to_string())?;
    ModelConfig::of_checkpoint(&file).map_err(|error| error.to_string())
}

impl App {
    /// Weights for the active network where they fit it, else a network of their own; asks where both could be.
    pub(super) fn take_opened(&mut self) {
        for OpenedFile { path, outcome, config, state_dicts } in self.jobs.take_opened() {
            let found = outcome.as_ref().ok().and_then(|opened| opened.recognised().ok());
            if self.take_verdict(&path, found) {
                continue;
            }
            // A path that chooses has been asked about already.
            if state_dicts.len() > 1 && split(&path).1.is_none() {
                self.views.choices.ask(which_question(&path, &state_dicts));
                continue;
            }
            match (&outcome, found) {
                (Err(problem), _) => self.notices.error(problem.clone()),
                (Ok(_), Some(found)) => self.place(&path, found, config),
                (Ok(_), None) => {}
            }
        }
    }

    fn place(&mut self, path: &Path, found: &Recognised, config: Configured) {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        match self.document.active() {
            Some(active) if same_tensors(active.graph(), &found.graph) => {
                let id = active.id;
                self.as_one(|app| {
                    app.change(&Command::SetWeights(id, WeightsChoice::File(path.to_path_buf())));
                    app.configure(config);
                });
                self.forget_failures();
            }
            Some(active) if fits_by_graft(&found.graph, active.graph()) => {
                let question = graft_question(&name, path, active, found);
                return self.views.choices.ask(question);
            }
            _ => {
                let weights = WeightsChoice::File(path.to_path_buf());
                self.as_one(|app| {
                    app.change(&Command::AddCheckpoint { model: found.model(), weights });
                    app.configure(config);
                });
                if let Some(network) = self.document.active() {
                    let asked = found.doubts.iter().filter(|doubt| doubt.standing == Standing::Asked);
                    let questions: Vec<Question> = asked.filter_map(|doubt| doubt_question(network, doubt)).collect();
                    for question in questions {
                        self.views.choices.ask(question);
                    }
                }
            }
        }
        self.notices.done(format!("{name} is {}: {}", found.spec, found.verdict.join("; ")));
    }

    /// The configuration that goes with a checkpoint says how the active network's pictures are prepared, and how large
    /// they are.
    pub(super) fn configure(&mut self, config: Configured) {
        let Some(network) = self.document.active().map(|network| network.id) else { return };
        match config {
            Ok(Some(ModelConfig { preprocessing: Some(preprocessing), input_size, notes, .. })) => {
                for note in notes {
                    self.notices.done(note);
                }
                if let Some(input) = input_size {
                    self.resize_input(network, input);
                }
                let preprocessing = Some(preprocessing);
                self.change(&Command::SetPreprocessing { network, preprocessing, stroke: None });
            }
            Ok(_) => {}
            Err(problem) => self.notices.error(problem),
        }
    }

    /// Gives a network the input that its configuration says.
    fn resize_input(&mut self, network: NetworkId, [channels, height, width]: [usize; 3]) {
        let Some(known) = self.document.network(network) else { return };
        if known.model.input() == [channels, height, width] {
            return;
        }
        let Some(mut spec) = known.model.spec().cloned() else { return };
        if zoo::set_option(&mut spec, "input", &format!("{channels}x{height}x{width}")).is_ok() {
            self.change(&Command::Edit { network, spec, stroke: None });
        }
    }
}

/// Several state_dicts in one file: one is opened. The first is the one that is taken where nobody is asked.
fn which_question(path: &Path, state_dicts: &[StateDict]) -> Question {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let answer = |one: &StateDict| Answer {
        label: one.sentence(),
        note: if one.is_taken { "What is taken on the command line without --which".to_owned() } else { String::new() },
        commands: vec![Command::Open(vec![with_choice(path, one.name.as_ref())])],
    };
    let mut answers: Vec<Answer> = state_dicts.iter().filter(|one| one.is_taken).map(answer).collect();
    answers.extend(state_dicts.iter().filter(|one| !one.is_taken).map(answer));
    answers.push(Answer { label: "Cancel".to_owned(), note: String::new(), commands: Vec::new() });
    Question {
        title: format!("{name} has {} state_dicts", state_dicts.len()),
        reason: "Which weights are meant?".to_owned(),
        answers,
    }
}

/// Weights without attention, and a network that has some: two ways to open them.
fn graft_question(name: &str, path: &Path, active: &Network, found: &Recognised) -> Question {
    let own = Command::AddCheckpoint { model: found.model(), weights: WeightsChoice::File(path.to_path_buf()) };
    let graft = |graft| vec![Command::SetWeights(active.id, WeightsChoice::Grafted(path.to_path_buf(), graft))];
    let answer = |label: String, note: &str, commands| Answer { label, note: note.to_owned(), commands };
    Question {
        title: format!("{name} is {}", found.spec),
        reason: format!(
            "It has no weights for the attention of {}. Grafted gates are marked wherever they are shown.",
            active.model
        ),
        answers: vec![
            answer(format!("Open as {}", found.spec), "A network of its own", vec![own]),
            answer(
                format!("Graft under {}, identity gates", active.model),
                "Its gates are 1: it computes what the file's network computes",
                graft(Graft::Identity),
            ),
            answer(
                format!("Graft under {}, fresh gates", active.model),
                "Its gates are untrained, random numbers of seed 0",
                graft(Graft::Seeded(0)),
            ),
            answer("Cancel".to_owned(), "", Vec::new()),
        ],
    }
}

/// What the file leaves open: the assumption stands unless another answer is given.
fn doubt_question(network: &Network, doubt: &Doubt) -> Option<Question> {
    let label = |settings: &[OptionValue]| {
        settings
            .iter()
            .map(|OptionValue { option, value }| format!("{option} = {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let others = doubt.alternatives.iter().filter_map(|other| {
        let mut spec = network.model.spec()?.clone();
        for OptionValue { option, value } in &other.settings {
            zoo::set_option(&mut spec, option, value).ok()?;
        }
        let edit = Command::Edit { network: network.id, spec, stroke: None };
        Some(Answer { label: label(&other.settings), note: other.what.clone(), commands: vec![edit] })
    });
    let others: Vec<Answer> = others.collect();
    let first = others.first()?.label.clone();
    let assumed = label(&doubt.assumed);
    let note = "What most networks with these names have".to_owned();
    let stands = Answer { label: assumed.clone(), note, commands: Vec::new() };
    Some(Question {
        title: format!("{}: {assumed} or {first}?", network.model),
        reason: format!("The file cannot tell: {}. It can be changed later, the weights stay.", doubt.reason),
        answers: std::iter::once(stands).chain(others).collect(),
    })
}
