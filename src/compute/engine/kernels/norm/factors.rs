//! What a normalisation multiplies with, channel by channel, and what its gradients are made from.

use super::super::simd::LANES;
use super::Pair;

/// One number a channel each, padded to whole blocks with zeros.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Factors {
    /// What is subtracted.
    pub mean: Vec<f32>,
    /// `1 / sqrt(variance + eps)`.
    pub inverse: Vec<f32>,
    /// `weight · inverse`.
    pub scale: Vec<f32>,
}

/// What flows back through a normalisation, channel by channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Slopes {
    /// Of the weight, `[C]`.
    pub weight: Vec<f32>,
    /// Of the bias, `[C]`.
    pub bias: Vec<f32>,
    /// By how much the input itself weighs in its gradient, padded to whole blocks: zeros unless the moments are the
    /// batch's own.
    pub of_input: Vec<f32>,
    /// What is added to it, likewise.
    pub constant: Vec<f32>,
}

impl Factors {
    /// From means, variances and weights, one of each a channel.
    ///
    /// # Panics
    /// When there are fewer moments than weights.
    #[must_use]
    pub fn new(moments: &Pair, weight: &[f32], eps: f64) -> Self {
        let zeros = vec![0.0; weight.len().next_multiple_of(LANES)];
        let mut factors = Self { mean: zeros.clone(), inverse: zeros.clone(), scale: zeros };
        for (channel, weight) in weight.iter().enumerate() {
            let inverse = 1.0 / (moments.second[channel] + eps).sqrt();
            factors.mean[channel] = moments.first[channel] as f32;
            factors.inverse[channel] = inverse as f32;
            factors.scale[channel] = (f64::from(*weight) * inverse) as f32;
        }
        factors
    }

    /// What is added after scaling: `bias − mean · scale`, padded to whole blocks.
    #[must_use]
    pub fn shift(&self, bias: &[f32]) -> Vec<f32> {
        let mut shift = vec![0.0; self.scale.len()];
        for (channel, (shift, bias)) in shift.iter_mut().zip(bias).enumerate() {
            *shift = (f64::from(*bias) - f64::from(self.mean[channel]) * f64::from(self.scale[channel])) as f32;
        }
        shift
    }

    /// The gradients of `channels` channels from the sums of [`gradient_sums`](super::gradient_sums). `count` is how
    /// many numbers a channel has in the batch if the moments are the batch's own, nothing if they are constants.
    ///
    /// # Panics
    /// When there are fewer sums than channels.
    #[must_use]
    pub fn slopes(&self, sums: &Pair, channels: usize, count: Option<usize>) -> Slopes {
        let zeros = vec![0.0; self.scale.len()];
        let (weight, bias) = (Vec::with_capacity(channels), Vec::with_capacity(channels));
        let mut slopes = Slopes { weight, bias, of_input: zeros.clone(), constant: zeros };
        for channel in 0..channels {
            let [scale, inverse, mean] =
                [self.scale[channel], self.inverse[channel], self.mean[channel]].map(f64::from);
            slopes.weight.push((sums.second[channel] * inverse) as f32);
            slopes.bias.push(sums.first[channel] as f32);
            if let Some(count) = count {
                let factor = -scale * inverse * inverse * sums.second[channel] / count as f64;
                slopes.of_input[channel] = factor as f32;
                slopes.constant[channel] = (-scale * sums.first[channel] / count as f64 - factor * mean) as f32;
            }
        }
        slopes
    }
}
