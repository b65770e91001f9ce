//! What is asked about a picture beyond its gates: which class, by which method, with which gates replaced.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use crate::compute::explain::trust::Baseline;
use crate::compute::explain::{Layer, METHODS, MethodCard, Replacement, Target};
use crate::compute::holds::{Hold, Holds};
use crate::compute::labels::Labels;
use crate::compute::question::{Explanation, PictureChoice, Question};
use crate::desktop::jobs::{Explained, Inspection};
use crate::network::Graph;

/// What fills the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// What a gate let through.
    #[default]
    Gate,
    /// Where the evidence for a class lies.
    Evidence,
    /// The channels of a layer.
    Features,
    /// What a changed gate does.
    Effect,
}

/// Which class is set against the one asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Against {
    /// The most likely one of the others.
    #[default]
    Next,
    /// None.
    Nothing,
    /// This one.
    Class(usize),
}

/// What is asked of all pictures that were given together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OverAll {
    Gates,
    Trust,
}

/// What takes the place of a gate's values.
#[derive(Clone, Debug, PartialEq)]
enum Edit {
    /// All of them are changed alike.
    Whole(Replacement),
    /// These values, painted by hand.
    Painted(Arc<[f32]>),
}

/// The user's choices; they survive a change of mode, photo and gate.
pub(super) struct Asks {
    pub(super) mode: Mode,
    /// The class asked about; the most likely one where none was chosen.
    chosen: Option<usize>,
    /// The class against it.
    against: Against,
    /// The method's name.
    pub(super) method: &'static str,
    /// Is what speaks against it cut off?
    pub(super) for_only: bool,
    pub(super) baseline: Baseline,
    /// Gates that are replaced, by name.
    changes: BTreeMap<String, Edit>,
    /// Is all that can be asked of all pictures that were given together?
    pub(super) is_over_all: bool,
    /// Does another network stand beside this one?
    pub(super) is_beside: bool,
    /// What the brush paints, and over how many cells on either side.
    pub(super) brush: (f32, usize),
    /// The last effect that was known, shown while the next is worked on.
    last: Option<(Weak<Inspection>, Arc<Explained>)>,
    /// What is typed to find a class, and what was wrong with it.
    pub(super) typed: String,
    pub(super) problem: Option<String>,
    /// What takes long and was asked for on purpose.
    consented: Vec<Question>,
}

impl Default for Asks {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            chosen: None,
            against: Against::default(),
            method: "gradcam",
            for_only: false,
            baseline: Baseline::Zero,
            changes: BTreeMap::new(),
            is_over_all: false,
            is_beside: false,
            brush: (1.0, 1),
            last: None,
            typed: String::new(),
            problem: None,
            consented: Vec::new(),
        }
    }
}

impl Mode {
    pub(super) const ALL: [Self; 4] = [Self::Gate, Self::Evidence, Self::Features, Self::Effect];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Gate => "Gate",
            Self::Evidence => "Evidence",
            Self::Features => "Features",
            Self::Effect => "Effect",
        }
    }

    pub(super) fn key(self) -> eframe::egui::Key {
        match self {
            Self::Gate => eframe::egui::Key::G,
            Self::Evidence => eframe::egui::Key::C,
            Self::Features => eframe::egui::Key::F,
            Self::Effect => eframe::egui::Key::E,
        }
    }

    /// What it answers.
    pub(super) fn question(self) -> &'static str {
        match self {
            Self::Gate => "What did this gate let through?",
            Self::Evidence => "Where is the evidence for a class, and can the picture be believed?",
            Self::Features => "What is in the channels of a layer, and what does each add to the class?",
            Self::Effect => "What did this gate do to the decision?",
        }
    }
}

impl Asks {
    /// The class asked about; none of a network without classes, or without numbers.
    pub(super) fn class(&self, inspection: &Inspection) -> Option<usize> {
        let best = inspection.reading.top.first()?.class;
        let count = inspection.run.logits.len();
        Some(self.chosen.filter(|class| *class < count).unwrap_or(best))
    }

    /// The class against it.
    pub(super) fn against(&self, inspection: &Inspection) -> Option<usize> {
        let class = self.class(inspection)?;
        let is_other = |against: &usize| *against < inspection.run.logits.len() && *against != class;
        match self.against {
            Against::Nothing => None,
            Against::Class(against) => Some(against).filter(is_other),
            Against::Next => inspection.reading.top.iter().map(|guess| guess.class).find(is_other),
        }
    }

    /// What is followed.
    pub(super) fn target(&self, inspection: &Inspection) -> Option<Target> {
        self.class(inspection).map(Target::Class)
    }

    /// The maps beside each other: the class, and where there is one the class against it and their difference.
    pub(super) fn targets(&self, inspection: &Inspection) -> Vec<Target> {
        match (self.class(inspection), self.against(inspection)) {
            (Some(class), Some(against)) => {
                vec![Target::Class(class), Target::Class(against), Target::Difference(class, against)]
            }
            (Some(class), None) => vec![Target::Class(class)],
            (None, _) => Vec::new(),
        }
    }

    /// Asks about a class.
    pub(super) fn choose(&mut self, class: usize) {
        self.chosen = Some(class);
        if self.against == Against::Class(class) {
            self.against = Against::Next;
        }
    }

    /// Sets a class against the one asked about, or lets go of it.
    pub(super) fn set_against(&mut self, inspection: &Inspection, class: usize) {
        let is_let_go = self.against(inspection) == Some(class);
        self.against = if is_let_go { Against::Nothing } else { Against::Class(class) };
    }

    /// Changes the two with each other.
    pub(super) fn swap(&mut self, inspection: &Inspection) {
        if let (Some(class), Some(against)) = (self.class(inspection), self.against(inspection)) {
            (self.chosen, self.against) = (Some(against), Against::Class(class));
        }
    }

    /// Takes what was typed for a class, or for one rather than another.
    pub(super) fn search(&mut self, inspection: &Inspection, labels: Option<&Labels>) {
        let typed = std::mem::take(&mut self.typed);
        match Target::parse(&typed, inspection.run.logits.len(), labels) {
            Ok(Target::Class(class)) => {
                self.choose(class);
                self.problem = None;
            }
            Ok(Target::Difference(class, against)) => {
                (self.chosen, self.against, self.problem) = (Some(class), Against::Class(against), None);
            }
            Err(problem) => (self.problem, self.typed) = (Some(problem), typed),
        }
    }

    /// How a gate is replaced as a whole.
    pub(super) fn change(&self, gate: &str) -> Option<Replacement> {
        match self.changes.get(gate) {
            Some(Edit::Whole(replacement)) => Some(*replacement),
            Some(Edit::Painted(_)) | None => None,
        }
    }

    /// What was painted of a gate.
    pub(super) fn painted(&self, gate: &str) -> Option<&Arc<[f32]>> {
        match self.changes.get(gate) {
            Some(Edit::Painted(values)) => Some(values),
            Some(Edit::Whole(_)) | None => None,
        }
    }

    /// Paints on what stands in a gate's place now.
    pub(super) fn paint(&mut self, gate: &str, values: &[f32], write: impl FnOnce(&mut [f32])) {
        let mut values = values.to_vec();
        write(&mut values);
        self.changes.insert(gate.to_owned(), Edit::Painted(values.into()));
    }

    /// The answer, or the last one that was known of this run.
    pub(super) fn latest(
        &mut self,
        inspection: &Arc<Inspection>,
        answer: Option<&Arc<Explained>>,
    ) -> Option<Arc<Explained>> {
        if let Some(answer) = answer {
            self.last = Some((Arc::downgrade(inspection), answer.clone()));
        }
        let is_of = |(known, _): &&(Weak<Inspection>, _)| std::ptr::eq(known.as_ptr(), Arc::as_ptr(inspection));
        self.last.as_ref().filter(is_of).map(|(_, answer)| answer.clone())
    }

    /// Replaces a gate, or leaves it as it is.
    pub(super) fn set_change(&mut self, gate: &str, change: Option<Replacement>) {
        match change {
            Some(change) => self.changes.insert(gate.to_owned(), Edit::Whole(change)),
            None => self.changes.remove(gate),
        };
    }

    /// Leaves every gate as it is.
    pub(super) fn reset(&mut self) {
        self.changes.clear();
    }

    /// Replaces every gate by its mean.
    pub(super) fn all_at_their_means(&mut self, graph: &Graph) {
        self.changes = graph.gates.iter().map(|gate| (gate.name.clone(), Edit::Whole(Replacement::Mean))).collect();
    }

    /// How many gates of a network are replaced.
    pub(super) fn changed(&self, graph: &Graph) -> usize {
        graph.gates.iter().filter(|gate| self.changes.contains_key(&gate.name)).count()
    }

    /// What is held in a run.
    pub(super) fn holds(&self, graph: &Graph) -> Holds {
        let mut holds = Holds::none();
        for (index, gate) in graph.gates.iter().enumerate() {
            match self.changes.get(&gate.name) {
                Some(Edit::Whole(replacement)) => holds.set(index, replacement.hold()),
                // Of another network's gate of that name there may be another number.
                Some(Edit::Painted(values)) if values.len() == graph[gate.node].shape.elements() => {
                    holds.set(index, Hold::Values(values.clone()));
                }
                Some(Edit::Painted(_)) | None => {}
            }
        }
        holds
    }

    /// What there is to say about the method.
    pub(super) fn card(&self) -> Option<MethodCard> {
        METHODS.iter().map(|method| method.card()).find(|card| card.name == self.method)
    }

    /// How many forward passes the method's map takes, about: one, or one a channel.
    pub(super) fn passes(&self, inspection: &Inspection) -> usize {
        let is_slow = self.card().is_some_and(|card| card.is_slow);
        let layer = Layer::pooled(&inspection.graph).filter(|_| is_slow);
        layer.map_or(1, |layer| inspection.graph[layer.node].shape.channels())
    }

    /// Maps at the layer that is pooled, of any network.
    pub(super) fn evidence(&self, inspection: &Inspection, targets: Vec<Target>) -> Question {
        let explanation = Explanation::Evidence { method: self.method, layers: vec![None], targets };
        inspection.question.explained(Holds::none(), explanation)
    }

    /// Maps before a block's gates, after them, and of its output: by `HiResCAM`, which is what the network computes.
    pub(super) fn around(&self, inspection: &Inspection, block: &str) -> Option<Question> {
        let targets = vec![self.target(inspection)?];
        let layers = [":before", ":after", ""].map(|place| Some(format!("{block}{place}"))).to_vec();
        let explanation = Explanation::Evidence { method: "hirescam", layers, targets };
        Some(inspection.question.explained(Holds::none(), explanation))
    }

    /// The channels before a block's gates, after them, at its output; without one those of the layer that is pooled.
    pub(super) fn features(&self, inspection: &Inspection, block: Option<&str>) -> Option<Question> {
        let target = self.target(inspection)?;
        let layers = match block {
            Some(block) => [":before", ":after", ""].map(|place| Some(format!("{block}{place}"))).to_vec(),
            None => vec![None],
        };
        Some(inspection.question.explained(Holds::none(), Explanation::Features { layers, target }))
    }

    /// What the replaced gates do.
    pub(super) fn effect(&self, inspection: &Inspection) -> Option<Question> {
        let holds = self.holds(&inspection.graph);
        (!holds.is_empty()).then(|| inspection.question.explained(holds, Explanation::Effect))
    }

    /// Every gate at its mean.
    pub(super) fn ranking(&self, inspection: &Inspection) -> Option<Question> {
        let target = self.target(inspection)?;
        let has_gates = !inspection.graph.gates.is_empty();
        has_gates.then(|| inspection.question.explained(Holds::none(), Explanation::Gates(Some(target))))
    }

    /// The same of each of these pictures, for its own most likely class.
    pub(super) fn over_all(&self, inspection: &Inspection, of: OverAll, pictures: &[PathBuf]) -> Vec<Question> {
        let explanation = match of {
            OverAll::Gates => Explanation::Gates(None),
            OverAll::Trust => Explanation::Trust { method: self.method, target: None, baseline: self.baseline },
        };
        let one = inspection.question.explained(Holds::none(), explanation);
        pictures.iter().map(|path| one.about(PictureChoice::File(path.clone()))).collect()
    }

    /// Every channel of a gate at 0, alone.
    pub(super) fn channels(&self, inspection: &Inspection, gate: usize) -> Option<Question> {
        let target = self.target(inspection)?;
        Some(inspection.question.explained(Holds::none(), Explanation::Channels(gate, target)))
    }

    /// Can the map be believed?
    pub(super) fn trust(&self, inspection: &Inspection) -> Option<Question> {
        let (target, method, baseline) = (self.target(inspection)?, self.method, self.baseline);
        let explanation = Explanation::Trust { method, target: Some(target), baseline };
        Some(inspection.question.explained(Holds::none(), explanation))
    }

    /// Was it asked for though it takes long?
    pub(super) fn consents(&self, question: &Question) -> bool {
        self.consented.contains(question)
    }

    pub(super) fn consent(&mut self, question: Question) {
        const KEPT: usize = 32;
        self.consented.insert(0, question);
        self.consented.truncate(KEPT);
    }
}
