//! The way forward, with everything kept that the way back needs.

use std::sync::Mutex;

use super::parameters::param;
use super::record::{Record, Work};
use super::{Mode, Parameters, Tape};
use crate::compute::engine::kernels::activation::Activation;
use crate::compute::engine::kernels::conv::{Algorithm, Conv, Recipe, Residual};
use crate::compute::engine::kernels::gate::{Gates, Gating, Source};
use crate::compute::engine::kernels::norm::{Affine, Factors, Maps, Pair, moments};
use crate::compute::engine::kernels::pool::{Reduction, pool};
use crate::compute::engine::kernels::reduce::{Planes, Statistics, over_channels, over_positions};
use crate::compute::engine::kernels::{Aligned, Crew, Layout, layout, plane};
use crate::compute::engine::{EngineError, Holds, held, plain};
use crate::network::graph::{Conv2d, NodeId, Role, Shape};

/// How far running statistics follow a batch: PyTorch's default.
const MOMENTUM: f64 = 0.1;

impl Tape {
    /// Runs the network on a batch, `[batch, C, H, W]`, row-major; gives the logits, `[batch, classes]`.
    ///
    /// Gates can be held where the tape writes them ([`TapeOptions::gates`](super::TapeOptions::gates)).
    ///
    /// In [`Mode::Train`] the running statistics among the parameters are updated. A tape that does not learn keeps
    /// the weights of its first pass packed: it must be given the same ones again.
    ///
    /// # Errors
    /// When images, parameters or holds do not belong to the graph.
    pub fn forward(
        &mut self,
        parameters: &mut Parameters,
        images: &[f32],
        holds: &Holds,
    ) -> Result<Vec<f32>, EngineError> {
        let (network, expected) = (self.graph.name.clone(), self.graph.input());
        if images.len() != self.options.batch * expected.elements() {
            return Err(EngineError::Image { network, expected, found: images.len() });
        }
        if let Some(param) = parameters.misfit(&self.graph) {
            return Err(EngineError::Weights { network, param: param.to_owned() });
        }
        let is_written = self.options.gates || holds.is_empty();
        let problem = holds.misfit(&self.graph).or((!is_written).then(|| "gates are not written here".to_owned()));
        if let Some(problem) = problem {
            return Err(EngineError::Hold { network, problem });
        }
        self.holds = holds.clone();
        self.unheld.clear();
        for index in 0..self.records.len() {
            let output = self.records[index].output;
            let mut values = std::mem::take(&mut self.activations[output.0]);
            self.step(index, parameters, images, &mut values);
            if let Some(hold) = self.holds.of(&self.graph, output) {
                self.unheld.insert(output, values.clone());
                held::apply(hold, self.shape(output), self.options.batch, &mut values);
            }
            self.activations[output.0] = values;
        }
        let logits = |image| self.activation(self.graph.output(), image);
        Ok((0..self.options.batch).flat_map(logits).collect())
    }

    fn maps(&self, node: NodeId) -> Maps {
        Maps { shape: self.shape(node), batch: self.options.batch }
    }

    fn step(&mut self, index: usize, parameters: &mut Parameters, images: &[f32], output: &mut Aligned) {
        let (record, isa, batch) = (self.records[index].clone(), self.isa, self.options.batch);
        let (node, crew) = (record.output, &self.crew);
        let of = |node: NodeId| -> &[f32] { &self.activations[node.0] };
        match record.work {
            Work::Input => {
                let (shape, layout) = (self.shape(node), Layout::of(self.shape(node)));
                let places = output.chunks_exact_mut(layout.length(shape));
                images.chunks_exact(shape.elements()).zip(places).for_each(|(image, to)| {
                    layout::store(layout, shape, image, to);
                });
            }
            Work::Conv { input, conv } => {
                let mut packed = self.packed[index].take();
                self.convolution(&record, (input, conv), parameters, &mut packed, output);
                self.packed[index] = packed;
            }
            Work::Norm { input, eps, residual, relu } => {
                self.normalise(index, parameters, input, eps);
                let norm = &self.norms[index];
                let shift = norm.shift(parameters.get(&self.graph, record.layer, Role::Bias));
                let residual = residual.map(|residual| &self.activations[residual.0][..]);
                let affine = Affine { scale: &norm.scale, shift: &shift, residual, relu };
                affine.run(isa, &self.crew, self.maps(input), &self.activations[input.0], output);
            }
            Work::Sum { inputs: [a, b], relu } => {
                let (map, residual) = (Source::Other(of(a)), Some(Source::Other(of(b))));
                let shape = self.shape(node);
                Gating { shape, batch, map, gates: Gates::default(), residual, relu }.run(isa, crew, output);
            }
            Work::Gate { map, gate, is_spatial } => {
                let gates = match is_spatial {
                    true => Gates { channel: None, spatial: Some(of(gate)) },
                    false => Gates { channel: Some(of(gate)), spatial: None },
                };
                let (shape, map) = (self.shape(node), Source::Other(of(map)));
                Gating { shape, batch, map, gates, residual: None, relu: false }.run(isa, crew, output);
            }
            Work::Positions { input, is_max } => {
                let mut to = Statistics::default();
                *(if is_max { &mut to.max } else { &mut to.mean }) = Some(output);
                over_positions(isa, crew, self.shape(input), batch, of(input), to);
            }
            Work::Channels { input, is_max } => {
                let mut planes =
                    Planes { stride: Layout::of(self.shape(node)).length(self.shape(node)), ..Planes::default() };
                *(if is_max { &mut planes.max } else { &mut planes.mean }) = Some(0);
                over_channels(isa, crew, (self.shape(input), batch), (of(input), Gates::default()), output, planes);
            }
            Work::MaxPool { input, window } => {
                let shapes = [self.shape(input), self.shape(node)];
                pool(isa, crew, (&window, Reduction::Max), shapes, batch, of(input), output);
            }
            Work::Plain => self.plain(record.layer, parameters, output),
        }
    }

    /// Mean and scale of a normalisation; running statistics follow the batch.
    fn normalise(&mut self, index: usize, parameters: &mut Parameters, input: NodeId, eps: f64) {
        let layer = self.records[index].layer;
        let channels = self.shape(input).channels();
        let ids = [Role::RunningMean, Role::RunningVar].map(|role| param(&self.graph, layer, role));
        let moments = match self.options.mode {
            Mode::Train => {
                let maps = self.maps(input);
                let found = moments(self.isa, &self.crew, maps, &self.activations[input.0]);
                let count = maps.count() as f64;
                let unbiased = if count > 1.0 { count / (count - 1.0) } else { 1.0 };
                for (id, (values, factor)) in ids.iter().zip([(&found.first, 1.0), (&found.second, unbiased)]) {
                    let running = id.map(|id| &mut parameters.values[id.0]);
                    for (running, value) in running.into_iter().flatten().zip(values) {
                        *running = (f64::from(*running) * (1.0 - MOMENTUM) + value * factor * MOMENTUM) as f32;
                    }
                }
                found
            }
            Mode::Eval => {
                let [first, second] = ids.map(|id| match id {
                    Some(id) => parameters.values[id.0].iter().map(|value| f64::from(*value)).collect(),
                    None => vec![1.0; channels],
                });
                Pair { first, second }
            }
        };
        let weight = parameters.get(&self.graph, layer, Role::Weight);
        self.norms[index] = Factors::new(&moments, weight, eps);
    }

    fn convolution(
        &self,
        record: &Record,
        (input, conv): (NodeId, Conv2d),
        parameters: &Parameters,
        packed: &mut Option<Conv>,
        output: &mut Aligned,
    ) {
        let (isa, crew, batch) = (self.isa, &self.crew, self.options.batch);
        let (from, to) = (self.shape(input), self.shape(record.output));
        let [weight, bias] = [Role::Weight, Role::Bias].map(|role| parameters.get(&self.graph, record.layer, role));
        let values = &self.activations[input.0];
        if let Some(linear) = super::large(&conv, [from, to], batch) {
            return linear.forward(crew, (weight, bias), values, output);
        }
        let layout = Layout::of(from);
        let is_planar = Layout::of(to) == Layout::Planar;
        if is_planar && layout == Layout::Planar && conv.stride == [1, 1] {
            let lengths = [Layout::Planar.length(from), Layout::Planar.length(to)];
            each_image(crew, output, lengths[1], &|image, output| {
                let values = &values[image * lengths[0]..][..lengths[0]];
                plane::convolve(isa, &Crew::new(1), (&conv, from, to), (weight, bias), values, output);
            });
            return;
        }
        let conv = match packed.take() {
            // What does not learn has the weights it had.
            Some(conv) if !self.options.learns => conv,
            Some(mut conv) => {
                conv.repack(crew, weight);
                conv.set_bias(bias);
                conv
            }
            None => {
                // A ReLU that rounding pushes to its other side changes a class map for everyone to see; a step of
                // training does not mind.
                let algorithm = match self.options.learns {
                    true => Algorithm::for_conv(&conv, from, to, layout),
                    false => Algorithm::exact_for_conv(&conv, from, to, layout),
                };
                let recipe = Recipe { conv, from, to, layout, weight, scale: None, bias, batch };
                Conv::with(algorithm, isa, crew, &recipe)
            }
        };
        let conv = packed.insert(conv);
        if !is_planar {
            conv.run(crew, values, output, Residual::None, None);
            return;
        }
        let mut blocked = Aligned::zeros(batch * Layout::Blocked.length(to));
        conv.run(crew, values, &mut blocked, Residual::None, None);
        let images = blocked.chunks_exact(Layout::Blocked.length(to));
        for (image, output) in images.zip(output.chunks_exact_mut(Layout::Planar.length(to))) {
            output[..to.elements()].copy_from_slice(&layout::load(Layout::Blocked, to, image));
        }
    }

    /// What an operator without a kernel takes.
    pub(super) fn plain_params<'a>(&self, layer: NodeId, parameters: &'a Parameters) -> plain::Params<'a> {
        let [weight, bias] = [Role::Weight, Role::Bias].map(|role| parameters.get(&self.graph, layer, role));
        plain::Params { affine: &[], weight, bias }
    }

    fn plain(&self, layer: NodeId, parameters: &Parameters, output: &mut [f32]) {
        let node = &self.graph[layer];
        let layout = Layout::of(node.shape);
        if let Some(activation) = Activation::of(&node.op) {
            output.copy_from_slice(&self.activations[node.inputs[0].0]);
            activation.apply(self.isa, &self.crew, output);
            return;
        }
        let params = self.plain_params(layer, parameters);
        each_image(&self.crew, output, layout.length(node.shape), &|image, output| {
            let inputs: Vec<Vec<f32>> = node.inputs.iter().map(|input| self.activation(*input, image)).collect();
            let operands: Vec<(&[f32], Shape)> =
                inputs.iter().zip(&node.inputs).map(|(values, input)| (&values[..], self.shape(*input))).collect();
            layout::store(layout, node.shape, &plain::compute(&node.op, &operands, node.shape, params), output);
        });
    }
}

/// Does each image's part of a batch, on every thread.
pub(super) fn each_image(crew: &Crew, values: &mut [f32], length: usize, work: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    let parts: Vec<Mutex<&mut [f32]>> = values.chunks_exact_mut(length).map(Mutex::new).collect();
    crew.run(parts.len(), &|image| {
        // Each part is locked once: nobody ever waits.
        if let Ok(mut part) = parts[image].lock() {
            work(image, &mut part);
        }
    });
}
