//! SGD and AdamW, step for step as `torch.optim` computes them.

use super::{Optimiser, TrainingRecipe};
use crate::compute::engine::tape::Parameters;
use crate::network::graph::{Graph, Op, ParamId, Role};

/// What an optimiser remembers from step to step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    /// Steps taken.
    pub(super) steps: u64,
    /// By moment and parameter: SGD has the momentum, AdamW the means of gradients and of their squares. Empty for
    /// running statistics.
    pub(super) moments: Vec<Vec<Vec<f32>>>,
}

/// What is the same for all numbers of a parameter in a step.
#[derive(Clone, Copy, Debug)]
struct Setting {
    optimiser: Optimiser,
    rate: f32,
    decay: f32,
    /// From 1.
    step: u64,
}

/// The names of an optimiser's moments in a checkpoint.
pub(super) fn moment_names(optimiser: Optimiser) -> &'static [&'static str] {
    match optimiser {
        Optimiser::Sgd { .. } => &["momentum"],
        Optimiser::AdamW { .. } => &["mean", "square"],
    }
}

impl Memory {
    /// Nothing remembered.
    pub(super) fn new(graph: &Graph, optimiser: Optimiser) -> Self {
        let zeros = || graph.params.iter().map(|param| vec![0.0; learnt(param.role, param.elements())]).collect();
        Self { steps: 0, moments: moment_names(optimiser).iter().map(|_| zeros()).collect() }
    }

    /// Takes a step against the gradients.
    pub(super) fn step<'a>(
        &mut self,
        graph: &Graph,
        recipe: &TrainingRecipe,
        rate: f32,
        parameters: &mut Parameters,
        gradient: &dyn Fn(ParamId) -> &'a [f32],
    ) {
        self.steps += 1;
        for (index, values) in parameters.values.iter_mut().enumerate() {
            let param = ParamId(index);
            if !graph[param].role.is_parameter() {
                continue;
            }
            let decay = if decays(graph, param) { recipe.weight_decay } else { 0.0 };
            let setting = Setting { optimiser: recipe.optimiser, rate, decay, step: self.steps };
            let mut moments: Vec<&mut [f32]> = self.moments.iter_mut().map(|moment| &mut *moment[index]).collect();
            setting.step(values, gradient(param), &mut moments);
        }
    }
}

/// How many numbers are learnt: running statistics are not.
pub(super) fn learnt(role: Role, elements: usize) -> usize {
    if role.is_parameter() { elements } else { 0 }
}

/// Is a parameter pulled towards 0? Biases and BatchNorm are not.
fn decays(graph: &Graph, param: ParamId) -> bool {
    let is_norm = matches!(graph[graph[param].owner].op, Op::BatchNorm { .. });
    graph[param].role == Role::Weight && !is_norm
}

impl Setting {
    fn step(self, values: &mut [f32], gradient: &[f32], moments: &mut [&mut [f32]]) {
        match (self.optimiser, moments) {
            (Optimiser::Sgd { momentum, nesterov }, [kept]) => self.sgd(momentum, nesterov, values, gradient, kept),
            (Optimiser::AdamW { beta1, beta2, epsilon }, [mean, square]) => {
                self.adamw([beta1, beta2], epsilon, values, gradient, mean, square);
            }
            _ => unreachable!("the memory was made for this optimiser"),
        }
    }

    fn sgd(self, momentum: f32, nesterov: bool, values: &mut [f32], gradient: &[f32], kept: &mut [f32]) {
        for ((value, gradient), kept) in values.iter_mut().zip(gradient).zip(kept) {
            let slope = gradient + self.decay * *value;
            *kept = momentum * *kept + slope;
            let direction = if nesterov { slope + momentum * *kept } else { *kept };
            *value -= self.rate * direction;
        }
    }

    fn adamw(
        self,
        [beta1, beta2]: [f32; 2],
        epsilon: f32,
        values: &mut [f32],
        gradient: &[f32],
        mean: &mut [f32],
        square: &mut [f32],
    ) {
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(self.step as f64);
        let pace = (f64::from(self.rate) / correction(beta1)) as f32;
        let root = correction(beta2).sqrt() as f32;
        let keep = 1.0 - self.rate * self.decay;
        let moments = mean.iter_mut().zip(square);
        for ((value, gradient), (mean, square)) in values.iter_mut().zip(gradient).zip(moments) {
            *mean += (1.0 - beta1) * (gradient - *mean);
            *square = beta2 * *square + (1.0 - beta2) * gradient * gradient;
            *value = *value * keep - pace * (*mean / (square.sqrt() / root + epsilon));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    const START: [f32; 4] = [0.5, -1.25, 2.0, 0.0];
    const GRADIENTS: [[f32; 4]; 3] = [[0.1, -0.2, 0.3, 1.0], [-0.05, 0.4, 0.25, -2.0], [0.2, 0.0, -0.6, 0.5]];

    fn three_steps(optimiser: Optimiser, rate: f32, decay: f32) -> [f32; 4] {
        let mut values = START;
        let mut moments = [[0.0; 4]; 2];
        let count = moment_names(optimiser).len();
        for (step, gradient) in GRADIENTS.iter().enumerate() {
            let mut moments: Vec<&mut [f32]> = moments.iter_mut().take(count).map(|moment| &mut moment[..]).collect();
            Setting { optimiser, rate, decay, step: step as u64 + 1 }.step(&mut values, gradient, &mut moments);
        }
        values
    }

    #[test]
    fn three_steps_are_pytorchs() {
        // torch 2 on the same vector and gradients, learning rate 0.1 (SGD) and 0.01 (AdamW), weight decay 0.01.
        let plain = Optimiser::Sgd { momentum: 0.9, nesterov: false };
        let cases = [
            (plain, 0.1, [0.459_630_4, -1.264_829_5, 1.920_128_6, 0.059_179_89]),
            (Optimiser::SGD, 0.1, [0.437_227_3, -1.279_637_6, 1.927_408_8, 0.103_407_11]),
            (Optimiser::ADAMW, 0.01, [0.480_607_8, -1.246_117_7, 1.980_669_4, -0.004_970_425]),
        ];
        for (optimiser, rate, want) in cases {
            let got = three_steps(optimiser, rate, 0.01);
            let close = got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6);
            assert!(close, "{optimiser:?}: {got:?}, PyTorch has {want:?}");
        }
    }

    #[test]
    fn decay_spares_biases_and_batchnorm() {
        let graph = lower(&parse("resnet20+cbam").expect("a spec")).expect("a graph");
        let decayed: Vec<&str> = (0..graph.params.len())
            .filter(|index| decays(&graph, ParamId(*index)))
            .map(|index| &*graph.params[index].name)
            .collect();
        assert!(decayed.contains(&"layer1.0.conv1.weight") && decayed.contains(&"fc.weight"));
        assert!(decayed.contains(&"layer1.0.cbam.ChannelGate.mlp.1.weight"));
        assert!(decayed.iter().all(|name| !name.contains("bn") && !name.ends_with("bias")), "{decayed:?}");
    }
}
