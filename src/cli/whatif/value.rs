//! The JSON form: an object for one picture, a list for several.

use serde::Serialize;

use super::Changed;
use super::change::Asked;
use crate::cli::asking::{Asking, GuessEntry, Reports};
use crate::cli::images::Skipped;
use crate::compute::explain::{Outcome, Target};

/// One picture.
#[derive(Serialize)]
pub(super) struct Report {
    network: String,
    image: String,
    trained: bool,
    /// The changes as they were written.
    changes: Vec<ChangeEntry>,
    /// Whose logit and probability are followed.
    target: String,
    target_name: String,
    before: OutcomeEntry,
    after: OutcomeEntry,
    /// By class, the change of its logit.
    delta: Vec<f32>,
    delta_logit: f32,
    delta_probability: f64,
    /// `KL(before ‖ after)`, nats.
    kl: f64,
    /// Is the most likely class the same?
    kept: bool,
    gates: Vec<GateEntry>,
}

#[derive(Serialize)]
struct ChangeEntry {
    gate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<&'static str>,
}

#[derive(Serialize)]
struct OutcomeEntry {
    logits: Vec<f32>,
    top: Vec<GuessEntry>,
}

#[derive(Serialize)]
struct GateEntry {
    name: String,
    kind: &'static str,
    mean_before: f32,
    mean_after: f32,
}

/// All pictures.
pub(super) fn reports(asking: &Asking, asked: &Asked, results: &[Changed], skipped: &[Skipped]) -> Reports<Report> {
    Reports::of(asking, results.iter().map(|result| report(asking, asked, result)).collect(), skipped)
}

fn report(asking: &Asking, asked: &Asked, result: &Changed) -> Report {
    let effect = &result.effect;
    let outcome = |outcome: &Outcome| OutcomeEntry { logits: outcome.logits.clone(), top: asking.top(&outcome.logits) };
    let gates = asking.setting.graph.gates.iter().zip(&effect.gates);
    Report {
        network: asking.setting.graph.name.clone(),
        image: result.image.clone(),
        trained: asking.setting.weights.is_trained(),
        changes: asked.said().map(|(text, caution)| ChangeEntry { gate: text.to_owned(), caution }).collect(),
        target: result.target.to_string(),
        target_name: result.target.named(asking.labels().as_ref()),
        before: outcome(&effect.before),
        after: outcome(&effect.after),
        delta: (0..effect.before.logits.len()).map(|class| effect.delta_logit(Target::Class(class))).collect(),
        delta_logit: effect.delta_logit(result.target),
        delta_probability: effect.delta_probability(result.target),
        kl: effect.kl(),
        kept: effect.is_kept(),
        gates: gates
            .map(|(gate, [before, after])| GateEntry {
                name: gate.name.clone(),
                kind: gate.kind.as_str(),
                mean_before: *before,
                mean_after: *after,
            })
            .collect(),
    }
}
