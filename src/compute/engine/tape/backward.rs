//! The way back: each step turns the gradient of its output into those of its inputs and parameters.

use super::forward::each_image;
use super::parameters::param;
use super::record::{Record, Work};
use super::{Mode, Parameters, Tape};
use crate::compute::engine::kernels::activation::Activation;
use crate::compute::engine::kernels::backward::{self, Target};
use crate::compute::engine::kernels::conv::ConvGradient;
use crate::compute::engine::kernels::conv::linear::Linear;
use crate::compute::engine::kernels::norm::{Blend, Maps, gradient_sums};
use crate::compute::engine::kernels::{Aligned, Crew, Layout, layout};
use crate::compute::engine::{EngineError, held, plain};
use crate::network::graph::{NodeId, Role, Shape};

/// How the gradients of a convolution are computed.
enum Gradients {
    Conv(Box<ConvGradient>),
    /// A large linear layer, on the weights as they lie.
    Linear(Linear),
}

impl Gradients {
    fn weight(&mut self, crew: &Crew, values: &[f32], gradient: &[f32], to: &mut [f32], bias: Option<&mut [f32]>) {
        let linear = match self {
            Self::Conv(conv) => return conv.weight(crew, values, gradient, to, bias),
            Self::Linear(linear) => linear,
        };
        linear.weight(crew, values, gradient, to);
        for (index, to) in bias.into_iter().flatten().enumerate() {
            *to = (0..linear.batch).map(|image| gradient[image * linear.steps[1] + index]).sum();
        }
    }

    fn input(&mut self, crew: &Crew, weight: &[f32], gradient: &[f32], to: &mut [f32], add: bool) {
        match self {
            Self::Conv(conv) => conv.input(crew, weight, gradient, to, add),
            Self::Linear(linear) => linear.input(crew, weight, gradient, to, add),
        }
    }
}

impl Tape {
    /// Runs the last forward pass backwards from the gradient of the logits, `[batch, classes]`.
    ///
    /// # Errors
    /// When the gradient has not the logits' size, or the parameters belong to another graph.
    pub fn backward(&mut self, parameters: &Parameters, gradient: &[f32]) -> Result<(), EngineError> {
        let (network, output) = (self.graph.name.clone(), self.graph.output());
        let expected = self.shape(output);
        if gradient.len() != self.options.batch * expected.elements() {
            return Err(EngineError::Gradient { network, expected, found: gradient.len() });
        }
        if let Some(param) = parameters.misfit(&self.graph) {
            return Err(EngineError::Weights { network, param: param.to_owned() });
        }
        self.gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
        self.touched.fill(false);
        let kept = std::mem::take(&mut self.kept);
        self.pool.extend(kept.into_values());
        let mut first = self.buffer(output);
        let layout = Layout::of(expected);
        let places = first.chunks_exact_mut(layout.length(expected));
        gradient.chunks_exact(expected.elements()).zip(places).for_each(|(from, to)| {
            layout::store(layout, expected, from, to);
        });
        self.flowing.insert(output, first);
        for index in (0..self.records.len()).rev() {
            let record = self.records[index].clone();
            let Some(gradient) = self.flowing.remove(&record.output) else { continue };
            if self.options.taps.contains(&record.output) {
                self.kept.insert(record.output, gradient.clone());
            }
            let mut gradient = gradient;
            if let Some(hold) = self.holds.of(&self.graph, record.output) {
                held::back(hold, self.shape(record.output), self.options.batch, &mut gradient);
            }
            let own = self.unheld.remove(&record.output);
            let held = own.map(|own| std::mem::replace(&mut self.activations[record.output.0], own));
            let spare = self.back(index, &record, parameters, gradient);
            if let Some(held) = held {
                let own = std::mem::replace(&mut self.activations[record.output.0], held);
                self.unheld.insert(record.output, own);
            }
            self.pool.extend(spare);
        }
        Ok(())
    }

    /// A buffer for a node's gradient; what is in it is unspecified.
    fn buffer(&mut self, node: NodeId) -> Aligned {
        let length = self.length(node);
        match self.pool.iter().position(|buffer| buffer.len() == length) {
            Some(index) => self.pool.swap_remove(index),
            None => Aligned::zeros(length),
        }
    }

    /// Lends the gradient of a node that wants one: the buffer, and whether something is in it.
    fn with_target(&mut self, node: NodeId, fill: impl FnOnce(&mut Self, Target)) {
        if !self.wanted[node.0] {
            return;
        }
        let (mut values, add) = match self.flowing.remove(&node) {
            Some(values) => (values, true),
            None => (self.buffer(node), false),
        };
        fill(self, Target { values: &mut values, add });
        self.flowing.insert(node, values);
    }

    /// Hands a gradient on as it is.
    fn pass(&mut self, node: NodeId, gradient: &[f32]) {
        self.with_target(node, |_, target| match target.add {
            true => target.values.iter_mut().zip(gradient).for_each(|(to, from)| *to += from),
            false => target.values.copy_from_slice(gradient),
        });
    }

    /// The same, with a buffer nobody needs afterwards.
    fn give(&mut self, node: NodeId, gradient: Aligned) -> Option<Aligned> {
        if self.wanted[node.0] && !self.flowing.contains_key(&node) {
            self.flowing.insert(node, gradient);
            return None;
        }
        self.pass(node, &gradient);
        Some(gradient)
    }

    /// One step; gives back the gradient's buffer if it is free.
    fn back(
        &mut self,
        index: usize,
        record: &Record,
        parameters: &Parameters,
        mut gradient: Aligned,
    ) -> Option<Aligned> {
        let isa = self.isa;
        match record.work {
            Work::Input => {}
            Work::Conv { input, conv } => {
                let shapes = [self.shape(input), self.shape(record.output)];
                let gradients = match super::large(&conv, shapes, self.options.batch) {
                    Some(linear) if self.wanted[record.output.0] => Gradients::Linear(linear),
                    _ => match self.convolutions[index].take() {
                        Some(conv) => Gradients::Conv(Box::new(conv)),
                        None => return Some(gradient),
                    },
                };
                self.convolution_back((index, record.layer), gradients, input, parameters, &gradient);
            }
            Work::Norm { input, residual, relu, .. } => {
                self.norm_back(index, record, input, relu, &mut gradient);
                return match residual {
                    Some(residual) => self.give(residual, gradient),
                    None => Some(gradient),
                };
            }
            Work::Sum { inputs: [a, b], relu } => {
                if relu {
                    let output = &self.activations[record.output.0];
                    gradient.iter_mut().zip(output.iter()).for_each(|(g, y)| *g = if *y > 0.0 { *g } else { 0.0 });
                }
                self.pass(a, &gradient);
                return self.give(b, gradient);
            }
            Work::Gate { map, gate, is_spatial } => self.gate_back(map, gate, is_spatial, &gradient),
            Work::Positions { input, is_max } => self.with_target(input, |tape, target| {
                let values = (&tape.activations[input.0][..], &gradient[..]);
                backward::over_positions(isa, &tape.crew, tape.input_maps(input), values, is_max, target);
            }),
            Work::Channels { input, is_max } => self.with_target(input, |tape, target| {
                let values = (&tape.activations[input.0][..], &gradient[..]);
                backward::over_channels(&tape.crew, tape.input_maps(input), values, is_max, target);
            }),
            Work::MaxPool { input, window } => self.with_target(input, |tape, target| {
                let values = [&tape.activations[input.0][..], &tape.activations[record.output.0], &gradient];
                let to = tape.shape(record.output);
                backward::max_pool(&tape.crew, &window, tape.input_maps(input), to, values, target);
            }),
            Work::Plain => self.plain_back(record, parameters, &gradient),
        }
        Some(gradient)
    }

    fn input_maps(&self, node: NodeId) -> Maps {
        Maps { shape: self.shape(node), batch: self.options.batch }
    }

    fn convolution_back(
        &mut self,
        (index, layer): (usize, NodeId),
        mut gradients: Gradients,
        input: NodeId,
        parameters: &Parameters,
        gradient: &[f32],
    ) {
        let [weight, bias] = [Role::Weight, Role::Bias].map(|role| param(&self.graph, layer, role));
        if self.options.learns
            && let Some(weight) = weight
        {
            let mut to_bias = bias.map(|bias| vec![0.0; self.graph[bias].elements()]);
            // The first to write a gradient writes it where it belongs: another copy may be hundreds of megabytes.
            let is_first = !std::mem::replace(&mut self.touched[weight.0], true);
            let mut to_weight = match is_first {
                true => std::mem::take(&mut self.gradients[weight.0]),
                false => vec![0.0; self.graph[weight].elements()],
            };
            let values = &self.activations[input.0];
            gradients.weight(&self.crew, values, gradient, &mut to_weight, to_bias.as_deref_mut());
            match is_first {
                true => self.gradients[weight.0] = to_weight,
                false => self.learn(weight.0, &to_weight),
            }
            if let (Some(bias), Some(values)) = (bias, &to_bias) {
                self.learn(bias.0, values);
            }
        }
        let weight = parameters.get(&self.graph, layer, Role::Weight);
        self.with_target(input, |tape, target| {
            gradients.input(&tape.crew, weight, gradient, target.values, target.add);
        });
        if let Gradients::Conv(conv) = gradients {
            self.convolutions[index] = Some(*conv);
        }
    }

    fn learn(&mut self, param: usize, gradient: &[f32]) {
        self.gradients[param].iter_mut().zip(gradient).for_each(|(to, from)| *to += from);
    }

    fn norm_back(&mut self, index: usize, record: &Record, input: NodeId, relu: bool, gradient: &mut Aligned) {
        let (isa, maps, norm) = (self.isa, self.input_maps(input), &self.norms[index]);
        let rectified = relu.then(|| &self.activations[record.output.0][..]);
        let values = (&self.activations[input.0][..], &norm.mean[..]);
        let sums = gradient_sums(isa, &self.crew, maps, values, rectified, gradient);
        let count = (self.options.mode == Mode::Train).then(|| maps.count());
        let slopes = norm.slopes(&sums, self.shape(input).channels(), count);
        if self.options.learns {
            for (role, values) in [(Role::Weight, &slopes.weight), (Role::Bias, &slopes.bias)] {
                if let Some(id) = param(&self.graph, record.layer, role) {
                    self.learn(id.0, values);
                }
            }
        }
        self.with_target(input, |tape, target| {
            let of_gradient = &tape.norms[index].scale;
            let blend = Blend { of_gradient, of_input: &slopes.of_input, constant: &slopes.constant };
            let input = &tape.activations[input.0];
            blend.run(isa, &tape.crew, maps, [&gradient[..], &input[..]], target);
        });
    }

    fn gate_back(&mut self, map: NodeId, gate: NodeId, is_spatial: bool, gradient: &[f32]) {
        let (isa, maps) = (self.isa, self.input_maps(map));
        let kernel = if is_spatial { backward::spatial_gate } else { backward::channel_gate };
        self.with_target(map, |tape, target| {
            let values = [&tape.activations[map.0][..], &tape.activations[gate.0], gradient];
            kernel(isa, &tape.crew, maps, values, Some(target), None);
        });
        self.with_target(gate, |tape, target| {
            let values = [&tape.activations[map.0][..], &tape.activations[gate.0], gradient];
            kernel(isa, &tape.crew, maps, values, None, Some(target));
        });
    }

    fn plain_back(&mut self, record: &Record, parameters: &Parameters, gradient: &[f32]) {
        let layer = record.layer;
        let (op, inputs) = (self.graph[layer].op, self.graph[layer].inputs.clone());
        if let Some(activation) = Activation::of(&op) {
            self.pointwise_back(activation, inputs[0], record.output, gradient);
            return;
        }
        let params = self.plain_params(layer, parameters);
        let batch = self.options.batch;
        let results: Vec<plain::Backward> = {
            let slots: Vec<std::sync::Mutex<plain::Backward>> =
                (0..batch).map(|_| std::sync::Mutex::default()).collect();
            self.crew.run(batch, &|image| {
                let values: Vec<Vec<f32>> = inputs.iter().map(|input| self.activation(*input, image)).collect();
                let operands: Vec<(&[f32], Shape)> =
                    values.iter().zip(&inputs).map(|(values, input)| (&values[..], self.shape(*input))).collect();
                let output = self.activation(record.output, image);
                let gradient = self.planar(record.output, image, gradient);
                let output = (&output[..], self.shape(record.output));
                if let Ok(mut slot) = slots[image].lock() {
                    *slot = plain::gradients(&op, &operands, output, &gradient, params);
                }
            });
            slots.into_iter().map(|slot| slot.into_inner().unwrap_or_default()).collect()
        };
        for (role, of) in [(Role::Weight, 0), (Role::Bias, 1)] {
            let id = param(&self.graph, layer, role).filter(|_| self.options.learns);
            for (id, result) in id.into_iter().flat_map(|id| results.iter().map(move |result| (id, result))) {
                self.learn(id.0, [&result.weight, &result.bias][of]);
            }
        }
        for (index, input) in inputs.iter().enumerate() {
            self.with_target(*input, |tape, target| {
                let (shape, layout) = (tape.shape(*input), Layout::of(tape.shape(*input)));
                let add = target.add;
                each_image(&tape.crew, target.values, layout.length(shape), &|image, to| {
                    let mut flown = vec![0.0; to.len()];
                    layout::store(layout, shape, &results[image].inputs[index], &mut flown);
                    match add {
                        true => to.iter_mut().zip(&flown).for_each(|(to, from)| *to += from),
                        false => to.copy_from_slice(&flown),
                    }
                });
            });
        }
    }

    /// Through a function of each number.
    fn pointwise_back(&mut self, activation: Activation, input: NodeId, output: NodeId, gradient: &[f32]) {
        self.with_target(input, |tape, target| {
            let values = tape.activations[input.0].iter().zip(tape.activations[output.0].iter()).zip(gradient);
            for (to, ((x, y), g)) in target.values.iter_mut().zip(values) {
                *to = if target.add { *to } else { 0.0 } + g * plain::pointwise::slope(activation, *x, *y);
            }
        });
    }
}
