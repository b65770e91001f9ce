//! What is asked about a picture beyond its gates: which class, by which method, with which gates replaced.

use std::collections::BTreeMap;

use crate::compute::explain::trust::Baseline;
use crate::compute::explain::{Replacement, Target};
use crate::compute::holds::Holds;
use crate::compute::labels::Labels;
use crate::compute::question::{Explanation, Question};
use crate::desktop::jobs::Inspection;
use crate::network::Graph;

/// What fills the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// What a gate let through.
    #[default]
    Gate,
    /// Where the evidence for a class lies.
    Evidence,
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
    changes: BTreeMap<String, Replacement>,
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
            typed: String::new(),
            problem: None,
            consented: Vec::new(),
        }
    }
}

impl Mode {
    pub(super) const ALL: [Self; 3] = [Self::Gate, Self::Evidence, Self::Effect];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Gate => "Gate",
            Self::Evidence => "Evidence",
            Self::Effect => "Effect",
        }
    }

    pub(super) fn key(self) -> eframe::egui::Key {
        match self {
            Self::Gate => eframe::egui::Key::G,
            Self::Evidence => eframe::egui::Key::C,
            Self::Effect => eframe::egui::Key::E,
        }
    }

    /// What it answers.
    pub(super) fn question(self) -> &'static str {
        match self {
            Self::Gate => "What did this gate let through?",
            Self::Evidence => "Where is the evidence for a class, and can the picture be believed?",
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

    /// How a gate is replaced.
    pub(super) fn change(&self, gate: &str) -> Option<Replacement> {
        self.changes.get(gate).copied()
    }

    /// Replaces a gate, or leaves it as it is.
    pub(super) fn set_change(&mut self, gate: &str, change: Option<Replacement>) {
        match change {
            Some(change) => self.changes.insert(gate.to_owned(), change),
            None => self.changes.remove(gate),
        };
    }

    /// Leaves every gate as it is.
    pub(super) fn reset(&mut self) {
        self.changes.clear();
    }

    /// Replaces every gate by its mean.
    pub(super) fn all_at_their_means(&mut self, graph: &Graph) {
        self.changes = graph.gates.iter().map(|gate| (gate.name.clone(), Replacement::Mean)).collect();
    }

    /// How many gates of a network are replaced.
    pub(super) fn changed(&self, graph: &Graph) -> usize {
        graph.gates.iter().filter(|gate| self.changes.contains_key(&gate.name)).count()
    }

    /// What is held in a run.
    pub(super) fn holds(&self, graph: &Graph) -> Holds {
        let mut holds = Holds::none();
        for (index, gate) in graph.gates.iter().enumerate() {
            if let Some(change) = self.changes.get(&gate.name) {
                holds.set(index, change.hold());
            }
        }
        holds
    }

    /// Maps at the layer that is pooled.
    pub(super) fn evidence(&self, inspection: &Inspection) -> Question {
        let targets = self.targets(inspection);
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

    /// What the replaced gates do.
    pub(super) fn effect(&self, inspection: &Inspection) -> Option<Question> {
        let holds = self.holds(&inspection.graph);
        (!holds.is_empty()).then(|| inspection.question.explained(holds, Explanation::Effect))
    }

    /// Every gate at its mean.
    pub(super) fn ranking(&self, inspection: &Inspection) -> Option<Question> {
        let target = self.target(inspection)?;
        let has_gates = !inspection.graph.gates.is_empty();
        has_gates.then(|| inspection.question.explained(Holds::none(), Explanation::Gates(target)))
    }

    /// Can the map be believed?
    pub(super) fn trust(&self, inspection: &Inspection) -> Option<Question> {
        let (target, method, baseline) = (self.target(inspection)?, self.method, self.baseline);
        let explanation = Explanation::Trust { method, target, baseline };
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
