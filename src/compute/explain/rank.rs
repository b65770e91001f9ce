//! Which gates matter: every gate by what replacing it by its mean does, every channel of one by what setting it to 0
//! does.
//!
//! The mean keeps the scale of what is weighed and takes away the choice. Zeros close the branch and ones change its
//! scale, so neither ranks gates.

use super::effect::{Effect, WhatIf};
use super::{Subject, Target};
use crate::compute::engine::{Control, EngineError};
use crate::compute::holds::{Change, Hold, Holds};

/// What a change did, over pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// By picture: `KL(before ‖ after)`, nats.
    pub kl: Vec<f64>,
    /// By picture: the change of the target's logit.
    pub delta_logit: Vec<f64>,
    /// By picture: the change of its probability.
    pub delta_probability: Vec<f64>,
    /// Pictures whose most likely class stayed.
    pub kept: usize,
}

/// Gates, or the channels of one, by what is changed; and all at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// By gate of the graph, or by channel.
    pub singles: Vec<Done>,
    /// All of them in one run.
    pub together: Done,
}

impl Done {
    fn add(&mut self, effect: &Effect, target: Target) {
        self.kl.push(effect.kl());
        self.delta_logit.push(f64::from(effect.delta_logit(target)));
        self.delta_probability.push(effect.delta_probability(target));
        self.kept += usize::from(effect.is_kept());
    }

    fn extend(&mut self, other: &Self) {
        self.kl.extend(&other.kl);
        self.delta_logit.extend(&other.delta_logit);
        self.delta_probability.extend(&other.delta_probability);
        self.kept += other.kept;
    }

    /// How many pictures.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.kl.len()
    }

    /// The divergence in the middle, nats.
    #[must_use]
    pub fn median_kl(&self) -> f64 {
        middle(&self.kl)
    }

    /// Mean and standard deviation of the logit's change; no deviation of a single picture.
    #[must_use]
    pub fn logit(&self) -> (f64, Option<f64>) {
        spread(&self.delta_logit)
    }

    /// The mean change of the probability.
    #[must_use]
    pub fn probability(&self) -> f64 {
        spread(&self.delta_probability).0
    }
}

impl Ranking {
    /// The singles, from the one that changes most to the least.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.singles.len()).collect();
        order.sort_by(|a, b| self.singles[*b].median_kl().total_cmp(&self.singles[*a].median_kl()));
        order
    }

    /// Adds what was found on other pictures, of the same gates or channels.
    pub fn extend(&mut self, other: &Self) {
        self.singles.resize(self.singles.len().max(other.singles.len()), Done::default());
        for (done, more) in self.singles.iter_mut().zip(&other.singles) {
            done.extend(more);
        }
        self.together.extend(&other.together);
    }

    /// Singles do not add up to what all do together.
    #[must_use]
    pub fn sentence(&self) -> String {
        let sum: f64 = self.singles.iter().map(|done| done.logit().0).sum();
        let together = self.together.logit().0;
        format!("singles sum to {sum:+.3} logits, together {together:+.3}: they do not add")
    }

    /// Tries every gate at its mean on one more picture; the target is the most likely class where none is given.
    ///
    /// # Errors
    /// As a run's, or when the caller cancels: what was there stays as it was.
    pub fn add_gates(
        &mut self,
        subject: &mut Subject,
        image: &[f32],
        target: Option<Target>,
        control: &Control,
    ) -> Result<(), EngineError> {
        let gates: Vec<usize> = (0..subject.graph().gates.len()).collect();
        let hold = |gate: &usize| (*gate, Hold::Mean);
        self.add(subject, image, target, &gates.iter().map(hold).collect::<Vec<_>>(), control)
    }

    /// Tries every channel of a gate at 0 on one more picture.
    ///
    /// # Errors
    /// As [`Ranking::add_gates`].
    pub fn add_channels(
        &mut self,
        subject: &mut Subject,
        image: &[f32],
        (gate, target): (usize, Option<Target>),
        control: &Control,
    ) -> Result<(), EngineError> {
        let shape = {
            let graph = subject.graph();
            graph[graph.gates[gate].node].shape
        };
        let each = shape.positions();
        let channel = |channel: usize| {
            let (first, last) = (channel * each, (channel + 1) * each - 1);
            (gate, Hold::Part { first, last, change: Change::Set(0.0) })
        };
        self.add(subject, image, target, &(0..shape.channels()).map(channel).collect::<Vec<_>>(), control)
    }

    fn add(
        &mut self,
        subject: &mut Subject,
        image: &[f32],
        target: Option<Target>,
        changes: &[(usize, Hold)],
        control: &Control,
    ) -> Result<(), EngineError> {
        let quiet = Control { progress: &|_| (), cancelled: control.cancelled };
        let mut what_if = WhatIf::new(subject, image, &quiet)?;
        let target = target.unwrap_or_else(|| Target::largest(&what_if.run().logits));
        let mut all = Holds::none();
        let mut effects = Vec::with_capacity(changes.len());
        for (index, (gate, hold)) in changes.iter().enumerate() {
            let mut one = Holds::none();
            one.set(*gate, hold.clone());
            all.add(*gate, hold.clone());
            effects.push(what_if.effect(&one, &quiet)?);
            (control.progress)((index + 1) as f32 / (changes.len() + 1) as f32);
        }
        let together = what_if.effect(&all, &quiet)?;
        // Only whole pictures count.
        self.singles.resize(changes.len(), Done::default());
        self.singles.iter_mut().zip(&effects).for_each(|(done, effect)| done.add(effect, target));
        self.together.add(&together, target);
        (control.progress)(1.0);
        Ok(())
    }
}

/// The value in the middle, between two of them their mean; 0 of none.
fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => 0.0,
        (count, half) if count % 2 == 0 => f64::midpoint(sorted[half - 1], sorted[half]),
        (_, half) => sorted[half],
    }
}

/// Mean and standard deviation.
fn spread(values: &[f64]) -> (f64, Option<f64>) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()))
}
