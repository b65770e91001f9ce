//! Running a plan.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::work::{Fused, Map, Part, Work};
use super::{Plan, Prepared};
use crate::compute::engine::kernels::activation::Activation;
use crate::compute::engine::kernels::channels::rearrange;
use crate::compute::engine::kernels::conv::Residual;
use crate::compute::engine::kernels::gate::{Gates, Gating, Source};
use crate::compute::engine::kernels::layout::{self, plane};
use crate::compute::engine::kernels::pool::{Reduction, pool};
use crate::compute::engine::kernels::reduce::{Planes, Statistics, over_channels, over_positions};
use crate::compute::engine::kernels::{Aligned, LANES, Layout, plane as planar};
use crate::compute::engine::{Control, EngineError, GateValues, Holds, Run, Tap, held, plain};
use crate::network::graph::{NodeId, Op, Shape};

/// The buffers of a run.
pub(super) struct Buffers<'a> {
    pub(super) plan: &'a Plan,
    pub(super) images: &'a [f32],
    pub(super) holds: &'a Holds,
    pub(super) slots: Vec<Aligned>,
    /// The buffers of the run that this one changes, and by buffer whether it is another one's now.
    pub(super) base: Option<(&'a [Aligned], Vec<bool>)>,
}

impl Plan {
    /// Runs the network on one image, `[C, H, W]`, row-major, normalised as the network was trained.
    ///
    /// # Errors
    /// When the image is not the network's input or the plan is for several images.
    pub fn run(&self, image: &[f32]) -> Result<Run, EngineError> {
        self.run_with(image, &Holds::none(), &Control::none())
    }

    /// The same with some gates held, followed and stopped by `control`.
    ///
    /// # Errors
    /// As [`Plan::run`], when a gate cannot be held so, and when the caller cancels.
    pub fn run_with(&self, image: &[f32], holds: &Holds, control: &Control) -> Result<Run, EngineError> {
        let mut runs = self.run_batch(image, holds, control)?;
        Ok(runs.swap_remove(0))
    }

    /// Runs the plan's whole batch, images one after the other; a run for each.
    ///
    /// # Errors
    /// When there are not as many images as the plan is for, a gate cannot be held so, or the caller cancels.
    pub fn run_batch(&self, images: &[f32], holds: &Holds, control: &Control) -> Result<Vec<Run>, EngineError> {
        self.execute(images, holds, control, &mut |_, _| ())
    }

    /// The same with a clock on each step. The clocks cost little, but the sum is not the time without them.
    ///
    /// # Errors
    /// As [`Plan::run_batch`].
    pub fn run_timed(&self, images: &[f32], control: &Control) -> Result<(Vec<Run>, Vec<Duration>), EngineError> {
        let mut times = vec![Duration::ZERO; self.steps.len()];
        let runs = self.execute(images, &Holds::none(), control, &mut |step, time| times[step] = time)?;
        Ok((runs, times))
    }

    fn execute(
        &self,
        images: &[f32],
        holds: &Holds,
        control: &Control,
        clock: &mut dyn FnMut(usize, Duration),
    ) -> Result<Vec<Run>, EngineError> {
        let started = Instant::now();
        self.fits(images, holds)?;
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        let slots = spare.unwrap_or_else(|| self.slot_lengths.iter().map(|length| Aligned::zeros(*length)).collect());
        let mut buffers = Buffers { plan: self, images, holds, slots, base: None };
        let total = self.steps.iter().map(|step| step.macs).sum::<u64>().max(1);
        let mut done = 0;
        let mut before = started;
        for (index, step) in self.fused.iter().enumerate() {
            if (control.cancelled)() {
                return Err(EngineError::Cancelled);
            }
            buffers.step(index, step);
            done += self.steps[index].macs;
            (control.progress)((done as f64 / total as f64) as f32);
            let now = Instant::now();
            clock(index, now - before);
            before = now;
        }
        (control.progress)(1.0);
        let mut runs: Vec<Run> = (0..self.batch).map(|image| buffers.results(image)).collect();
        let elapsed = started.elapsed();
        for run in &mut runs {
            run.elapsed = elapsed;
        }
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(buffers.slots);
        Ok(runs)
    }
}

impl Plan {
    /// Are these the images and holds of the network?
    pub(super) fn fits(&self, images: &[f32], holds: &Holds) -> Result<(), EngineError> {
        if images.len() != self.input.elements() * self.batch {
            let (network, expected) = (self.network.clone(), self.input);
            return Err(EngineError::Image { network, expected, found: images.len() });
        }
        match holds.misfit(&self.graph) {
            Some(problem) => Err(EngineError::Hold { network: self.network.clone(), problem }),
            None => Ok(()),
        }
    }
}

impl Buffers<'_> {
    fn shape(&self, node: NodeId) -> Shape {
        self.plan.graph[node].shape
    }

    pub(super) fn slot(&self, node: NodeId) -> usize {
        self.plan.slot_of[node.0].unwrap_or_else(|| unreachable!("a step reads what was written"))
    }

    /// A node's output, the whole batch.
    fn get(&self, node: NodeId) -> &[f32] {
        if self.is_image(node) {
            return self.images;
        }
        let length = self.plan.batch * Layout::of(self.shape(node)).length(self.shape(node));
        let slot = self.slot(node);
        match &self.base {
            Some((base, changed)) if !changed[slot] => &base[slot][..length],
            _ => &self.slots[slot][..length],
        }
    }

    /// Is it the images, as they are read in place?
    fn is_image(&self, node: NodeId) -> bool {
        let shape = self.shape(node);
        let is_same = Layout::of(shape) == Layout::Planar && shape.elements().is_multiple_of(LANES);
        is_same && self.plan.graph[node].op == Op::Input
    }

    /// One image's output as `[C, H, W]`.
    fn planar(&self, node: NodeId, image: usize) -> Vec<f32> {
        let (shape, layout) = (self.shape(node), Layout::of(self.shape(node)));
        layout::load(layout, shape, &self.get(node)[image * layout.length(shape)..][..layout.length(shape)])
    }

    pub(super) fn results(&self, image: usize) -> Run {
        let graph = &self.plan.graph;
        let gates = graph
            .gates
            .iter()
            .map(|gate| GateValues { shape: graph.gate_shape(gate), values: self.planar(gate.node, image) });
        let taps = self.plan.taps.iter();
        let taps = taps.map(|id| Tap { node: *id, shape: graph[*id].shape, values: self.planar(*id, image) });
        Run {
            logits: self.planar(graph.output(), image),
            gates: gates.collect(),
            taps: taps.collect(),
            elapsed: Duration::ZERO,
        }
    }

    /// Computes one step: its outputs leave the buffers for as long as it takes.
    pub(super) fn step(&mut self, index: usize, step: &Fused) {
        let slots: Vec<usize> = step.outputs.iter().map(|output| self.slot(*output)).collect();
        let mut outputs: Vec<Aligned> = slots.iter().map(|slot| std::mem::take(&mut self.slots[*slot])).collect();
        self.compute(index, step, &mut outputs);
        for (node, output) in step.outputs.iter().zip(&mut outputs) {
            if let Some(hold) = self.holds.of(&self.plan.graph, *node) {
                held::apply(hold, self.shape(*node), self.plan.batch, output);
            }
        }
        for (slot, output) in slots.into_iter().zip(outputs) {
            self.slots[slot] = output;
        }
    }

    fn compute(&self, index: usize, step: &Fused, outputs: &mut [Aligned]) {
        let Plan { isa, crew, batch, .. } = self.plan;
        let taken_over = self.plan.taken_over[index];
        let node = step.outputs[0];
        let Some((output, more)) = outputs.split_first_mut() else { return };
        let source = |node: NodeId| match taken_over == Some(node) && !self.is_image(node) {
            true => Source::InPlace,
            false => Source::Other(self.get(node)),
        };
        match &step.work {
            Work::Input if self.is_image(node) => (),
            Work::Input => self.input(output),
            Work::Pair { parts, input } => {
                if let Prepared::Pair(pair) = &self.plan.prepared[index] {
                    pair.run(crew, self.get(*input), output, parts.map(|part| part.activation));
                }
            }
            Work::Conv { part: Part { activation, .. }, input, residual } => {
                let residual = residual.map_or(Residual::None, |node| match source(node) {
                    Source::InPlace => Residual::InPlace,
                    Source::Other(values) => Residual::Other(values),
                });
                self.convolution(index, (*input, node), output, residual, *activation);
            }
            Work::Gating { map, spatial, residual, relu } => {
                let gating = Gating {
                    shape: self.shape(node),
                    batch: *batch,
                    map: source(map.node),
                    gates: self.gates(*map, *spatial),
                    residual: residual.map(source),
                    relu: *relu,
                };
                gating.run(*isa, crew, output);
            }
            Work::OverPositions { input, reductions } => {
                let mut to = Statistics::default();
                for (reduction, output) in reductions.iter().zip([output].into_iter().chain(more)) {
                    match reduction {
                        Reduction::Mean => to.mean = Some(output),
                        Reduction::Max => to.max = Some(output),
                    }
                }
                over_positions(*isa, crew, self.shape(*input), *batch, self.get(*input), to);
            }
            Work::OverChannels { map, reductions } => self.over_channels(*map, reductions, node, output),
            Work::Pool { input, window, reduction, .. } => {
                let shapes = [self.shape(*input), self.shape(node)];
                pool(*isa, crew, (window, *reduction), shapes, *batch, self.get(*input), output);
            }
            Work::Activation { input, activation } => {
                let length = self.plan.batch * Layout::of(self.shape(node)).length(self.shape(node));
                if let Source::Other(values) = source(*input) {
                    output[..length].copy_from_slice(values);
                }
                activation.apply(*isa, crew, &mut output[..length]);
            }
            Work::Channels { inputs, origins } => {
                let inputs: Vec<(&[f32], Shape)> =
                    inputs.iter().map(|input| (self.get(*input), self.shape(*input))).collect();
                rearrange(*isa, crew, origins, &inputs, self.shape(node), *batch, output);
            }
            Work::Plain { layer } => self.plain(index, *layer, output),
        }
    }

    fn input(&self, output: &mut [f32]) {
        let shape = self.plan.input;
        let layout = Layout::of(shape);
        for (image, to) in self.images.chunks_exact(shape.elements()).zip(output.chunks_exact_mut(layout.length(shape)))
        {
            layout::store(layout, shape, image, to);
        }
    }

    fn gates(&self, map: Map, spatial: Option<NodeId>) -> Gates<'_> {
        Gates { channel: map.gate.map(|gate| self.get(gate)), spatial: spatial.map(|gate| self.get(gate)) }
    }

    fn over_channels(&self, map: Map, reductions: &[Reduction], node: NodeId, output: &mut [f32]) {
        let Plan { isa, crew, batch, .. } = self.plan;
        let (shape, to) = (self.shape(map.node), self.shape(node));
        let mut planes = Planes { stride: Layout::of(to).length(to), ..Planes::default() };
        for (index, reduction) in reductions.iter().enumerate() {
            let start = Some(index * plane(shape));
            match reduction {
                Reduction::Mean => planes.mean = start,
                Reduction::Max => planes.max = start,
            }
        }
        let input = (self.get(map.node), self.gates(map, None));
        over_channels(*isa, crew, (shape, *batch), input, output, planes);
    }

    fn convolution(
        &self,
        index: usize,
        (input, node): (NodeId, NodeId),
        output: &mut [f32],
        residual: Residual,
        activation: Option<Activation>,
    ) {
        let Plan { isa, crew, batch, .. } = self.plan;
        let (from, to) = (self.shape(input), self.shape(node));
        let values = self.get(input);
        match &self.plan.prepared[index] {
            Prepared::Conv(conv) if Layout::of(to) == Layout::Blocked => {
                conv.run(crew, values, output, residual, activation);
            }
            Prepared::Conv(conv) => {
                let mut blocked = Aligned::zeros(batch * Layout::Blocked.length(to));
                conv.run(crew, values, &mut blocked, Residual::None, activation);
                let images = blocked.chunks_exact(Layout::Blocked.length(to));
                for (image, output) in images.zip(output.chunks_exact_mut(Layout::Planar.length(to))) {
                    output[..to.elements()].copy_from_slice(&layout::load(Layout::Blocked, to, image));
                }
            }
            Prepared::Planar { conv, weight, bias } => {
                let images = values.chunks_exact(Layout::Planar.length(from));
                for (image, output) in images.zip(output.chunks_exact_mut(Layout::Planar.length(to))) {
                    planar::convolve(*isa, crew, (conv, from, to), (weight, bias), image, output);
                }
                if let Some(activation) = activation {
                    activation.apply(*isa, crew, &mut output[..batch * Layout::Planar.length(to)]);
                }
            }
            Prepared::Pair(_) | Prepared::Nothing | Prepared::Affine(_) | Prepared::Plain { .. } => {
                unreachable!("a convolution has its kernel")
            }
        }
    }

    fn plain(&self, index: usize, layer: NodeId, output: &mut [f32]) {
        let node = &self.plan.graph[layer];
        let layout = Layout::of(node.shape);
        let params = match &self.plan.prepared[index] {
            Prepared::Affine(affine) => plain::Params { affine, ..plain::Params::default() },
            Prepared::Plain { weight, bias } => plain::Params { weight, bias, ..plain::Params::default() },
            _ => plain::Params::default(),
        };
        for (image, output) in output.chunks_exact_mut(layout.length(node.shape)).enumerate().take(self.plan.batch) {
            let inputs: Vec<Vec<f32>> = node.inputs.iter().map(|input| self.planar(*input, image)).collect();
            let operands: Vec<plain::Operand> =
                inputs.iter().zip(&node.inputs).map(|(values, input)| (&values[..], self.shape(*input))).collect();
            layout::store(layout, node.shape, &plain::compute(&node.op, &operands, node.shape, params), output);
        }
    }
}

const _: () = assert!(LANES == 16, "planar and blocked vectors agree up to a cache line");
