//! What a changed gate does to what the network says: against the untouched run.

use super::{Subject, Target};
use crate::compute::engine::{Changes, Control, EngineError, Holds, KeptRun, Run};
use crate::compute::explain::Stats;
use crate::network::graph::NodeId;

/// A run with gates changed, beside the untouched one.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The untouched run.
    pub before: Outcome,
    /// The changed one.
    pub after: Outcome,
    /// By gate, in the graph's order: its mean before and after.
    pub gates: Vec<[f32; 2]>,
}

/// What a run says of the classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// One logit a class.
    pub logits: Vec<f32>,
    /// Their softmax; of a single output its sigmoid.
    pub probabilities: Vec<f64>,
}

impl Outcome {
    /// Of these logits.
    #[must_use]
    pub fn of(logits: &[f32]) -> Self {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f64> = logits.iter().map(|logit| (f64::from(*logit) - f64::from(highest)).exp()).collect();
        let sum: f64 = powers.iter().sum();
        let probabilities = match logits {
            [one] => vec![1.0 / (1.0 + (-f64::from(*one)).exp())],
            _ => powers.iter().map(|power| power / sum).collect(),
        };
        Self { logits: logits.to_vec(), probabilities }
    }

    /// The class with the largest logit.
    #[must_use]
    pub fn class(&self) -> usize {
        match Target::largest(&self.logits) {
            Target::Class(class) | Target::Difference(class, _) => class,
        }
    }

    /// `KL(self ‖ other)` in nats: how far another outcome is from this one. Of a single output, of it and its opposite.
    #[must_use]
    pub fn divergence(&self, other: &Self) -> f64 {
        // In logarithms: a probability that is too small for a float still has one.
        let (p, q) = (log_probabilities(&self.logits), log_probabilities(&other.logits));
        let term = |(p, q): (f64, f64)| if p == f64::NEG_INFINITY { 0.0 } else { p.exp() * (p - q) };
        p.into_iter().zip(q).map(term).sum::<f64>().max(0.0)
    }
}

/// The logarithms of a softmax; of a single output those of its sigmoid and of its opposite.
fn log_probabilities(logits: &[f32]) -> Vec<f64> {
    if let [one] = logits {
        return log_probabilities(&[*one, 0.0]);
    }
    let highest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|logit| (f64::from(*logit) - highest).exp()).sum();
    logits.iter().map(|logit| f64::from(*logit) - highest - sum.ln()).collect()
}

impl Effect {
    /// Of two runs of a network on one picture.
    #[must_use]
    pub fn of(before: &Run, after: &Run) -> Self {
        let mean = |run: &Run, gate: usize| Stats::of(&run.gates[gate].values).mean;
        Self {
            gates: (0..before.gates.len()).map(|gate| [mean(before, gate), mean(after, gate)]).collect(),
            before: Outcome::of(&before.logits),
            after: Outcome::of(&after.logits),
        }
    }

    /// By how much a target's value changes, in logits.
    #[must_use]
    pub fn delta_logit(&self, target: Target) -> f32 {
        target.value(&self.after.logits) - target.value(&self.before.logits)
    }

    /// By how much the probability of a target's class changes.
    #[must_use]
    pub fn delta_probability(&self, target: Target) -> f64 {
        let (Target::Class(class) | Target::Difference(class, _)) = target;
        self.after.probabilities[class] - self.before.probabilities[class]
    }

    /// `KL(before ‖ after)` in nats.
    #[must_use]
    pub fn kl(&self) -> f64 {
        self.before.divergence(&self.after)
    }

    /// Is the most likely class still the same?
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.before.class() == self.after.class()
    }
}

/// A picture whose run is kept, so that gates can be changed as often as one likes.
pub struct WhatIf<'a> {
    subject: &'a mut Subject,
    kept: KeptRun,
}

impl<'a> WhatIf<'a> {
    /// Runs a picture untouched, and keeps it.
    ///
    /// # Errors
    /// As a run's.
    pub fn new(subject: &'a mut Subject, image: &[f32], control: &Control) -> Result<Self, EngineError> {
        let holds = subject.holds();
        let kept = subject.keeping(&[])?.keep(image, &holds, control)?;
        Ok(Self { subject, kept })
    }

    /// Takes up a run that was kept of the same subject.
    #[must_use]
    pub fn again(subject: &'a mut Subject, kept: KeptRun) -> Self {
        Self { subject, kept }
    }

    /// The run, to be taken up again.
    #[must_use]
    pub fn into_kept(self) -> KeptRun {
        self.kept
    }

    /// The untouched run.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.kept.run
    }

    /// Runs it again with these gates changed, from the first of them on.
    ///
    /// # Errors
    /// When a gate cannot be changed so, or the caller cancels.
    pub fn rerun(&mut self, holds: &Holds, control: &Control) -> Result<Run, EngineError> {
        let changes = Changes::holding(self.subject.holds().and(holds));
        self.subject.keeping(&[])?.rerun(&mut self.kept, &changes, control)
    }

    /// What that changes.
    ///
    /// # Errors
    /// As [`WhatIf::rerun`].
    pub fn effect(&mut self, holds: &Holds, control: &Control) -> Result<Effect, EngineError> {
        let after = self.rerun(holds, control)?;
        Ok(Effect::of(&self.kept.run, &after))
    }

    /// The share of the network that a change of this node runs again.
    ///
    /// # Errors
    /// When the network cannot be planned.
    pub fn share_behind(&mut self, node: NodeId) -> Result<f64, EngineError> {
        Ok(self.subject.keeping(&[])?.share_behind(node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_divergence_is_that_of_its_definition() {
        // p = (0.5, 0.5), q = (0.8, 0.2): ½ ln(0.5/0.8) + ½ ln(0.5/0.2).
        let (p, q) = (Outcome::of(&[0.0, 0.0]), Outcome::of(&[4.0_f32.ln(), 0.0]));
        assert!((p.divergence(&q) - 0.223_143_551).abs() < 1e-6, "{}", p.divergence(&q));
        assert!(p.divergence(&p) < 1e-15);
        // One output: its sigmoid and the rest.
        let (one, other) = (Outcome::of(&[0.0]), Outcome::of(&[4.0_f32.ln()]));
        assert!((one.divergence(&other) - 0.223_143_551).abs() < 1e-6);
        // Where the other gives a class less than a float can hold.
        let far = Outcome::of(&[-2000.0, 0.0]);
        assert!((Outcome::of(&[0.0, 0.0]).divergence(&far) - (1000.0 - std::f64::consts::LN_2)).abs() < 1e-6);
    }
}
