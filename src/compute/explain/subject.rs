//! A network that is asked about pictures: plans and tapes are made once and lent to every method.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Layer, LinearHead, Target};
use crate::compute::engine::tape::{Mode, Parameters, Tape, TapeOptions};
use crate::compute::engine::{Changes, Control, EngineError, Holds, KeptRun, Plan, PlanOptions, Run};
use crate::compute::weights::Weights;
use crate::network::graph::{Graph, NodeId, Role, Shape};

/// Images of one run where a method runs many of them.
const BATCH: usize = 8;

/// A network with its weights, ready to be asked.
pub struct Subject {
    graph: Arc<Graph>,
    weights: Weights,
    threads: usize,
    head: Option<LinearHead>,
    parameters: Option<Parameters>,
    /// The last of each kind that was used, by the outputs it keeps.
    plan: Option<(Vec<NodeId>, Plan)>,
    keeping: Option<(Vec<NodeId>, Plan)>,
    batch: Option<Plan>,
    tape: Option<(Vec<NodeId>, Tape)>,
}

/// A picture as a network saw it: what methods read.
pub struct Look<'a> {
    subject: &'a mut Subject,
    image: &'a [f32],
    control: &'a Control<'a>,
    layers: Vec<NodeId>,
    logits: Vec<f32>,
    activations: BTreeMap<NodeId, Vec<f32>>,
    gradients: BTreeMap<(NodeId, Target), Vec<f32>>,
    is_taped: bool,
    kept: Option<KeptRun>,
}

impl Subject {
    /// A network with these weights on this many threads.
    #[must_use]
    pub fn new(graph: Arc<Graph>, weights: Weights, threads: usize) -> Self {
        let head = LinearHead::of(&graph);
        let (parameters, plan, keeping, batch, tape) = (None, None, None, None, None);
        Self { graph, weights, threads, head, parameters, plan, keeping, batch, tape }
    }

    /// Its layers and parts.
    #[must_use]
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Its weights.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// How its logits come about, where they are linear in the mean of a map.
    #[must_use]
    pub fn head(&self) -> Option<LinearHead> {
        self.head
    }

    /// What every run holds: gates of attention that was grafted.
    #[must_use]
    pub fn holds(&self) -> Holds {
        self.weights.holds(&self.graph)
    }

    /// Looks at a picture, `[C, H, W]`, normalised as the network was trained, for the outputs of these layers.
    ///
    /// # Errors
    /// When image, weights or layers do not belong to the network, or the caller cancels.
    pub fn look<'a>(
        &'a mut self,
        image: &'a [f32],
        layers: &[Layer],
        control: &'a Control<'a>,
    ) -> Result<Look<'a>, EngineError> {
        let mut nodes: Vec<NodeId> = layers.iter().map(|layer| layer.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let holds = self.holds();
        let run = self.plan(&nodes)?.run_with(image, &holds, control)?;
        let activations = run.taps.into_iter().map(|tap| (tap.node, tap.values)).collect();
        let (gradients, is_taped, kept) = (BTreeMap::new(), false, None);
        let logits = run.logits;
        Ok(Look { subject: self, image, control, layers: nodes, logits, activations, gradients, is_taped, kept })
    }

    /// Runs it on a picture, `[C, H, W]`.
    ///
    /// # Errors
    /// As [`Subject::look`].
    pub fn run(&mut self, image: &[f32], control: &Control) -> Result<Run, EngineError> {
        let holds = self.holds();
        self.plan(&[])?.run_with(image, &holds, control)
    }

    fn plan(&mut self, taps: &[NodeId]) -> Result<&Plan, EngineError> {
        let known = self.plan.take().filter(|(known, _)| known == taps);
        let made = match known {
            Some(made) => made,
            None => {
                let options = PlanOptions { threads: self.threads, taps: taps.to_vec(), ..PlanOptions::default() };
                (taps.to_vec(), Plan::new(&self.graph, &self.weights, options)?)
            }
        };
        Ok(&self.plan.insert(made).1)
    }

    /// The network with a buffer for every output, so that runs of it can be kept.
    ///
    /// # Errors
    /// When weights or taps do not belong to the network.
    pub fn keeping(&mut self, taps: &[NodeId]) -> Result<&Plan, EngineError> {
        let known = self.keeping.take().filter(|(known, _)| known == taps);
        let made = match known {
            Some(made) => made,
            None => {
                let options = PlanOptions { threads: self.threads, taps: taps.to_vec(), keeps: true, batch: 1 };
                (taps.to_vec(), Plan::new(&self.graph, &self.weights, options)?)
            }
        };
        Ok(&self.keeping.insert(made).1)
    }

    fn batch(&mut self) -> Result<&Plan, EngineError> {
        let made = match self.batch.take() {
            Some(made) => made,
            None => {
                let options = PlanOptions { threads: self.threads, batch: BATCH, ..PlanOptions::default() };
                Plan::new(&self.graph, &self.weights, options)?
            }
        };
        Ok(self.batch.insert(made))
    }

    /// Runs many images, `BATCH` at a time; `each` is told of every one in order.
    ///
    /// # Errors
    /// As a run's; whatever stops in the middle has told of the images before.
    fn many(
        &mut self,
        count: usize,
        make: &dyn Fn(usize) -> Vec<f32>,
        control: &Control,
        each: &mut dyn FnMut(usize, Run),
    ) -> Result<(), EngineError> {
        let (holds, size) = (self.holds(), self.graph.input().elements());
        let plan = self.batch()?;
        for first in (0..count).step_by(BATCH) {
            let of_batch = count.min(first + BATCH) - first;
            let mut images: Vec<f32> = (first..first + of_batch).flat_map(make).collect();
            images.resize(BATCH * size, 0.0);
            let quiet = Control { progress: &|_| (), cancelled: control.cancelled };
            let runs = plan.run_batch(&images, &holds, &quiet)?;
            runs.into_iter().take(of_batch).enumerate().for_each(|(index, run)| each(first + index, run));
            (control.progress)((first + of_batch) as f32 / count as f32);
        }
        Ok(())
    }

    /// Runs the tape that keeps these outputs on an image; gives the logits.
    fn forward(&mut self, taps: &[NodeId], image: &[f32]) -> Result<Vec<f32>, EngineError> {
        if self.tape.as_ref().is_none_or(|(known, _)| known != taps) {
            let (threads, taps) = (self.threads, taps.to_vec());
            let options =
                TapeOptions { batch: 1, threads, mode: Mode::Eval, learns: false, taps: taps.clone(), gates: true };
            self.tape = Some((taps, Tape::new(&self.graph, options)?));
        }
        let holds = self.holds();
        let parameters = self.parameters.get_or_insert_with(|| Parameters::of(&self.graph, &self.weights));
        match &mut self.tape {
            Some((_, tape)) => tape.forward(parameters, image, &holds),
            None => Ok(Vec::new()),
        }
    }

    /// Runs the last pass back from a target; gives the gradients of these outputs.
    fn backward(&mut self, target: Target, nodes: &[NodeId]) -> Result<Vec<Vec<f32>>, EngineError> {
        let (Some((_, tape)), Some(parameters)) = (&mut self.tape, &self.parameters) else { return Ok(Vec::new()) };
        let mut seed = vec![0.0; self.graph[self.graph.output()].shape.elements()];
        for (class, share) in target.shares() {
            seed[class] += share;
        }
        tape.backward(parameters, &seed)?;
        Ok(nodes.iter().map(|node| tape.tap_gradient(*node, 0)).collect())
    }

    /// A class's weights in a linear head, one a channel, and its bias.
    fn head_row(&self, head: LinearHead, class: usize) -> (Vec<f32>, f32) {
        let of = |role: Role| {
            let param = self.graph[head.linear].params.iter().find(|param| self.graph[**param].role == role);
            param.map_or_else(Vec::new, |param| self.weights.values(*param))
        };
        let (weight, bias) = (of(Role::Weight), of(Role::Bias));
        let channels = self.graph[head.map].shape.channels();
        (weight[class * channels..][..channels].to_vec(), bias.get(class).copied().unwrap_or(0.0))
    }
}

impl Look<'_> {
    /// The network's layers and parts.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.subject.graph
    }

    /// What the network makes of the picture, before any softmax.
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// The picture, `[C, H, W]`.
    #[must_use]
    pub fn image(&self) -> &[f32] {
        self.image
    }

    /// How the work is followed and stopped.
    #[must_use]
    pub fn control(&self) -> &Control<'_> {
        self.control
    }

    /// The shape of a layer's output, `[K, H, W]`.
    #[must_use]
    pub fn shape(&self, layer: NodeId) -> Shape {
        self.subject.graph[layer].shape
    }

    /// The linear head that reads this layer's mean, if there is one: what is behind it need not be computed.
    #[must_use]
    pub fn head_of(&self, layer: NodeId) -> Option<LinearHead> {
        self.subject.head.filter(|head| head.map == layer)
    }

    /// By channel, how much a target's value grows with that channel's mean; `None` where a layer has no linear head.
    #[must_use]
    pub fn head_weights(&self, layer: NodeId, target: Target) -> Option<Vec<f32>> {
        let head = self.head_of(layer)?;
        let mut sum = vec![0.0; self.shape(layer).channels()];
        for (class, share) in target.shares() {
            let (row, _) = self.subject.head_row(head, class);
            sum.iter_mut().zip(row).for_each(|(sum, weight)| *sum += share * weight);
        }
        Some(sum)
    }

    /// A layer's output, `[K, H, W]`, row-major.
    ///
    /// # Errors
    /// When it is not among the layers that were asked for.
    pub fn activation(&self, layer: NodeId) -> Result<&[f32], EngineError> {
        self.activations.get(&layer).map(Vec::as_slice).ok_or_else(|| self.not_kept(layer))
    }

    /// The gradient of a target from a layer's output, in its shape.
    ///
    /// # Errors
    /// When it is not among the layers that were asked for, or the way back fails.
    pub fn gradient(&mut self, layer: NodeId, target: Target) -> Result<Vec<f32>, EngineError> {
        if let Some(weights) = self.head_weights(layer, target) {
            let positions = self.shape(layer).positions();
            let each = |weight: f32| std::iter::repeat_n(weight / positions as f32, positions);
            return Ok(weights.into_iter().flat_map(each).collect());
        }
        if !self.layers.contains(&layer) {
            return Err(self.not_kept(layer));
        }
        if let Some(known) = self.gradients.get(&(layer, target)) {
            return Ok(known.clone());
        }
        let layers = self.layers.clone();
        if !self.is_taped {
            self.subject.forward(&layers, self.image)?;
            self.is_taped = true;
        }
        let found = self.subject.backward(target, &layers)?;
        self.gradients.extend(layers.iter().map(|node| (*node, target)).zip(found));
        Ok(self.gradients.get(&(layer, target)).cloned().unwrap_or_default())
    }

    /// The gradient of a target from the pixels of an image of the same size, and the target's value there.
    ///
    /// # Errors
    /// When the image is not the network's input.
    pub fn pixel_gradient(&mut self, image: &[f32], target: Target) -> Result<(Vec<f32>, f32), EngineError> {
        // The tape has another picture now, or keeps other outputs.
        self.is_taped = false;
        let input = NodeId(0);
        let logits = self.subject.forward(&[input], image)?;
        let gradient = self.subject.backward(target, &[input])?.into_iter().next().unwrap_or_default();
        Ok((gradient, target.value(&logits)))
    }

    /// The logits where a layer's output is another.
    ///
    /// # Errors
    /// When it is not among the layers that were asked for, or has another size.
    pub fn logits_with(&mut self, layer: NodeId, values: Vec<f32>) -> Result<Vec<f32>, EngineError> {
        let quiet = Control { progress: &|_| (), cancelled: self.control.cancelled };
        let (layers, holds, image) = (self.layers.clone(), self.subject.holds(), self.image);
        let plan = self.subject.keeping(&layers)?;
        if self.kept.is_none() {
            self.kept = Some(plan.keep(image, &holds, &quiet)?);
        }
        let Some(kept) = &mut self.kept else { return Ok(Vec::new()) };
        Ok(plan.rerun(kept, &Changes { holds, outputs: vec![(layer, values)] }, &quiet)?.logits)
    }

    /// The logits of many images, some at a time; `each` is told of every one in order.
    ///
    /// # Errors
    /// As a run's; [`EngineError::Cancelled`] after those that were told of.
    pub fn logits_of(
        &mut self,
        count: usize,
        make: &dyn Fn(usize) -> Vec<f32>,
        each: &mut dyn FnMut(usize, Vec<f32>),
    ) -> Result<(), EngineError> {
        let control = self.control;
        self.subject.many(count, make, control, &mut |index, run| each(index, run.logits))
    }

    fn not_kept(&self, layer: NodeId) -> EngineError {
        let (network, nodes) = (self.subject.graph.name.clone(), self.subject.graph.nodes.len());
        EngineError::Tap { network, tap: layer.0, nodes }
    }
}
