//! Explanations: what is worked out about a run that is known.

use std::sync::Arc;

use super::inspection::means;
use super::shelf::{Answer, Phase};
use super::worker::{Cache, Request, told};
use super::{Event, Reporter};
use crate::compute::engine::{Control, EngineError, GateValues, KeptRun, Run, default_threads};
use crate::compute::explain::trust::{self, Faithfulness, Step};
use crate::compute::explain::{Effect, Evidence, Features, GateMap, Layer, Ranking, Subject, Target, WhatIf, method};
use crate::compute::question::Explanation;
use crate::compute::weights::WeightsChoice;
use crate::network::Print;

/// What was found.
pub enum Explained {
    /// A map a layer and target, layers outside.
    Evidence(Vec<Evidence>),
    /// Layers, channel by channel.
    Features(Vec<Features>),
    /// What held gates do.
    Effect(Box<Changed>),
    /// Gates or channels by what is lost without their choice.
    Ranking(Ranking),
    /// What taking out and bringing back does, and how like itself the map stays without the head.
    Trust(Box<Faithfulness>, Vec<Step>),
}

/// A run with gates held, beside the untouched one.
pub struct Changed {
    /// The difference.
    pub effect: Effect,
    /// The gates as they became.
    pub gates: Vec<GateValues>,
    /// By gate, its mean over the picture where that has to be worked out.
    pub means: Vec<Option<GateMap<'static>>>,
    /// The share of the network that had to be run again.
    pub share: f64,
}

impl Answer for Explained {
    fn bytes(&self) -> usize {
        match self {
            Self::Evidence(maps) => maps.iter().map(|map| size_of_val(&map.values[..])).sum(),
            Self::Features(layers) => layers.iter().map(|layer| size_of_val(&layer.values[..])).sum(),
            Self::Effect(changed) => changed.gates.iter().map(|gate| size_of_val(&gate.values[..])).sum(),
            Self::Ranking(ranking) => ranking.singles.len() * 64,
            Self::Trust(faith, _) => (faith.deletion.len() + faith.insertion.len()) * 16,
        }
    }
}

/// A network that is asked, and the run that was kept last.
pub(super) struct Asker {
    print: Print,
    weights: WeightsChoice,
    subject: Subject,
    kept: Option<(Arc<[f32]>, KeptRun)>,
}

impl Asker {
    fn is_of(&self, print: Print, weights: &WeightsChoice) -> bool {
        self.print == print && self.weights == *weights
    }
}

/// One explanation; `Err(None)` when it was cancelled.
pub(super) fn explain(request: &Request, cache: &mut Cache, reporter: &Reporter) -> Result<Explained, Option<String>> {
    let question = request.asked.question.clone();
    let asked = question.asked();
    let (Some((choice, preparation)), Some(explanation)) = (&asked.picture, &asked.explanation) else {
        return Err(None);
    };
    let picture = cache.picture(choice)?;
    let prepared = preparation.prepare(&picture).map_err(|error| Some(error.to_string()))?;
    let print = asked.model.print();
    let mut asker = match cache.asker.take() {
        Some(asker) if asker.is_of(print, &asked.weights) => asker,
        _ => {
            let graph = asked.model.graph();
            let weights = asked.weights.weights(graph, None).map_err(|error| Some(error.to_string()))?;
            let subject = Subject::new(graph.clone(), weights, default_threads());
            Asker { print, weights: asked.weights.clone(), subject, kept: None }
        }
    };
    let say = |fraction| {
        reporter.say(Event::Progress { ticket: request.ticket.number, phase: Phase::Explaining, fraction });
    };
    let control = Control { progress: &say, cancelled: &|| request.is_cancelled() };
    let outcome = asker.answer(&prepared.tensor, explanation, &asked.holds, &control);
    cache.asker = Some(asker);
    outcome
}

impl Asker {
    fn answer(
        &mut self,
        image: &[f32],
        explanation: &Explanation,
        holds: &crate::compute::holds::Holds,
        control: &Control<'_>,
    ) -> Result<Explained, Option<String>> {
        match explanation {
            Explanation::Evidence { method, layers, targets } => {
                self.evidence(image, method, layers, targets, control).map(Explained::Evidence)
            }
            Explanation::Features { layers, target } => {
                let layers: Vec<Layer> =
                    layers.iter().map(|name| self.layer(name.as_deref())).collect::<Result<_, _>>()?;
                let mut look = self.subject.look(image, &layers, control).map_err(told)?;
                let found =
                    layers.iter().map(|layer| Features::of(&mut look, layer, *target)).collect::<Result<_, _>>();
                found.map(Explained::Features).map_err(told)
            }
            Explanation::Effect => {
                let mut what_if = self.what_if(image, control).map_err(told)?;
                let before = what_if.run().clone();
                let after = what_if.rerun(holds, control);
                let kept = what_if.into_kept();
                self.kept = Some((image.into(), kept));
                let after = after.map_err(told)?;
                self.changed(&before, after, holds).map(|changed| Explained::Effect(Box::new(changed)))
            }
            Explanation::Gates(target) => {
                let mut ranking = Ranking::default();
                ranking.add_gates(&mut self.subject, image, *target, control).map_err(told)?;
                Ok(Explained::Ranking(ranking))
            }
            Explanation::Channels(gate, target) => {
                let mut ranking = Ranking::default();
                ranking.add_channels(&mut self.subject, image, (*gate, Some(*target)), control).map_err(told)?;
                Ok(Explained::Ranking(ranking))
            }
            Explanation::Trust { method, target, baseline } => {
                let layer = self.layer(None)?;
                let asked = method_of(method)?;
                let mut look = self.subject.look(image, std::slice::from_ref(&layer), control).map_err(told)?;
                let target = target.unwrap_or_else(|| Target::largest(look.logits()));
                let (Target::Class(class) | Target::Difference(class, _)) = target;
                let map = asked.explain(&mut look, &layer, target).map_err(told)?;
                let random = trust::random_areas(&mut look, map.size, class, *baseline).map_err(told)?;
                let faith = trust::faithfulness(&mut look, &map, class, *baseline, &random).map_err(told)?;
                let graph = self.subject.graph().clone();
                let replace = |param: &_| trust::untrained(&graph, param, 0);
                let asked = (asked, &layer, target);
                let steps = trust::cascade(&self.subject, (image, default_threads()), asked, (&replace, 1), control);
                Ok(Explained::Trust(Box::new(faith), steps.map_err(told)?))
            }
        }
    }

    /// The untouched run of a picture: the one that was kept, if it is of this picture.
    fn what_if(&mut self, image: &[f32], control: &Control<'_>) -> Result<WhatIf<'_>, EngineError> {
        match self.kept.take().filter(|(known, _)| **known == *image) {
            Some((_, kept)) => Ok(WhatIf::again(&mut self.subject, kept)),
            None => WhatIf::new(&mut self.subject, image, control),
        }
    }

    fn changed(
        &mut self,
        before: &Run,
        after: Run,
        holds: &crate::compute::holds::Holds,
    ) -> Result<Changed, Option<String>> {
        let graph = self.subject.graph().clone();
        let nodes = holds.iter().filter_map(|(gate, _)| graph.gates.get(gate)).map(|gate| gate.node);
        let first = nodes.min().unwrap_or_else(|| graph.output());
        let share = self.subject.keeping(&[]).map_err(told)?.share_behind(first);
        let (effect, means) = (Effect::of(before, &after), means(&graph, &after));
        Ok(Changed { effect, gates: after.gates, means, share })
    }

    fn layer(&self, name: Option<&str>) -> Result<Layer, Option<String>> {
        let graph = self.subject.graph();
        match name {
            Some(name) => Layer::named(graph, name).map_err(Some),
            None => Layer::pooled(graph).ok_or_else(|| Some("no layer of this network has a map".to_owned())),
        }
    }

    fn evidence(
        &mut self,
        image: &[f32],
        method: &'static str,
        layers: &[Option<String>],
        targets: &[Target],
        control: &Control<'_>,
    ) -> Result<Vec<Evidence>, Option<String>> {
        let method = method_of(method)?;
        let layers: Vec<Layer> = layers.iter().map(|name| self.layer(name.as_deref())).collect::<Result<_, _>>()?;
        let mut look = self.subject.look(image, &layers, control).map_err(told)?;
        let mut maps = Vec::with_capacity(layers.len() * targets.len());
        for layer in &layers {
            if let Some(problem) = method.refusal(&look, layer) {
                return Err(Some(problem));
            }
            for target in targets {
                maps.push(method.explain(&mut look, layer, *target).map_err(told)?);
            }
        }
        Ok(maps)
    }
}

fn method_of(name: &str) -> Result<&'static dyn crate::compute::explain::Explanation, Option<String>> {
    method(name).map_err(Some)
}
