//! Convolution along the channels: beyond the first and the last lie zeros, or the other end.

use super::{Backward, Params};

/// How it reads: numbers a channel has before and afterwards, and what lies beyond the ends.
#[derive(Clone, Copy)]
pub(super) struct Along {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) circular: bool,
}

impl Along {
    /// Calls `visit(output, weight, input)` with the indices of every product.
    fn products(self, channels: usize, kernel: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let padding = kernel / 2;
        for output in 0..self.outputs {
            for channel in 0..channels {
                for (input, k) in (0..self.inputs).flat_map(|input| (0..kernel).map(move |k| (input, k))) {
                    let place = match (channel + k).checked_sub(padding) {
                        // A kernel may reach round more than once.
                        _ if self.circular => (channel + k + channels * padding - padding) % channels,
                        Some(place) if place < channels => place,
                        _ => continue,
                    };
                    let weight = (output * self.inputs + input) * kernel + k;
                    visit(output * channels + channel, weight, input * channels + place);
                }
            }
        }
    }

    fn kernel(self, weight: &[f32]) -> usize {
        weight.len() / (self.inputs * self.outputs)
    }
}

/// `[inputs, C] → [outputs, C]`.
pub(super) fn convolve(x: &[f32], along: Along, params: Params) -> Vec<f32> {
    let channels = x.len() / along.inputs;
    let bias = |output: usize| params.bias.get(output).copied().unwrap_or(0.0);
    let mut result: Vec<f32> = (0..along.outputs * channels).map(|at| bias(at / channels)).collect();
    along.products(channels, along.kernel(params.weight), |output, weight, input| {
        result[output] += params.weight[weight] * x[input];
    });
    result
}

/// The gradients of [`convolve`].
pub(super) fn gradients(x: &[f32], along: Along, gradient: &[f32], params: Params) -> Backward {
    let channels = x.len() / along.inputs;
    let (mut to_x, mut to_weight) = (vec![0.0; x.len()], vec![0.0; params.weight.len()]);
    along.products(channels, along.kernel(params.weight), |output, weight, input| {
        to_x[input] += gradient[output] * params.weight[weight];
        to_weight[weight] += gradient[output] * x[input];
    });
    let to_bias = match params.bias {
        [] => Vec::new(),
        _ => gradient.chunks_exact(channels.max(1)).map(|row| row.iter().sum()).collect(),
    };
    Backward { inputs: vec![to_x], weight: to_weight, bias: to_bias }
}
