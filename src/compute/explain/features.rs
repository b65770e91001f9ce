//! A layer's output channel by channel: how large each is, and what it adds to a class.

use super::{Layer, Look, Target};
use crate::compute::engine::EngineError;

/// The output of a layer, `[K, H, W]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Which layer.
    pub layer: Layer,
    /// Channels, rows, columns.
    pub shape: [usize; 3],
    /// Row-major.
    pub values: Vec<f32>,
    /// By channel: the root of the mean of its squares.
    pub energy: Vec<f32>,
    /// By channel: the sum of gradient times value, in logits; what `HiResCAM` sums over channels.
    pub contribution: Vec<f32>,
    /// By channel: the largest distance from 0.
    pub reach: Vec<f32>,
    /// Are there values below 0?
    pub is_signed: bool,
}

/// How channels are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sorted {
    /// What adds most to the class first, what speaks most against it last.
    #[default]
    Contribution,
    /// The largest first.
    Energy,
    /// As they are numbered.
    Index,
}

impl Features {
    /// Looks at a layer.
    ///
    /// # Errors
    /// As a run's.
    pub fn of(look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Self, EngineError> {
        let shape = look.shape(layer.node);
        let values = look.activation(layer.node)?.to_vec();
        let gradient = look.gradient(layer.node, target)?;
        let positions = shape.positions().max(1);
        let root = |plane: &[f32]| {
            let sum: f64 = plane.iter().map(|value| f64::from(*value).powi(2)).sum();
            (sum / plane.len() as f64).sqrt() as f32
        };
        let product = |(plane, gradient): (&[f32], &[f32])| {
            plane.iter().zip(gradient).map(|(value, g)| f64::from(*value) * f64::from(*g)).sum::<f64>() as f32
        };
        let reach =
            |plane: &[f32]| plane.iter().map(|value| value.abs()).filter(|value| value.is_finite()).fold(0.0, f32::max);
        let planes = values.chunks_exact(positions);
        Ok(Self {
            reach: planes.clone().map(reach).collect(),
            is_signed: values.iter().any(|value| *value < 0.0),
            layer: layer.clone(),
            shape: [shape.channels(), shape.height(), shape.width()],
            energy: planes.clone().map(root).collect(),
            contribution: planes.zip(gradient.chunks_exact(positions)).map(product).collect(),
            values,
        })
    }

    /// One channel, `[H, W]`.
    #[must_use]
    pub fn channel(&self, channel: usize) -> &[f32] {
        let positions = self.shape[1] * self.shape[2];
        &self.values[channel * positions..][..positions]
    }

    /// The channels in an order.
    #[must_use]
    pub fn order(&self, sorted: Sorted) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.shape[0]).collect();
        let by = |values: &[f32], order: &mut Vec<usize>| order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        match sorted {
            Sorted::Contribution => by(&self.contribution, &mut order),
            Sorted::Energy => by(&self.energy, &mut order),
            Sorted::Index => {}
        }
        order
    }

    /// The largest distance from 0 among all channels.
    #[must_use]
    pub fn most(&self) -> f32 {
        self.reach.iter().copied().fold(0.0, f32::max)
    }
}
