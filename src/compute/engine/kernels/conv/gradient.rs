//! The gradients of a convolution: of its input, of its weights, of its bias.
//!
//! The input's is a convolution of the output's gradient with the kernel turned around, the weights' a sum over
//! positions; both run on the kernels of the forward pass. Neither depends on the number of threads: the batch is
//! cut into portions by shapes alone, and portions are added in order.

mod input;
mod lanes;
mod products;
mod weight;
mod winograd;

#[cfg(test)]
mod tests;

use super::super::isa::Isa;
use super::super::layout::{Layout, plane};
use super::super::memory::Shared;
use super::super::simd::LANES;
use super::super::threads::Crew;
use super::direct;
use crate::network::graph::{Conv2d, Shape};
use input::InputGradient;
use weight::WeightGradient;

/// The gradients of one convolution or linear layer, for a batch. Activations and their gradients lie as
/// [`Layout::of`] their shapes says, weights as `[out, in / groups, kh, kw]`.
pub struct ConvGradient {
    isa: Isa,
    geometry: Geometry,
    /// Made when they are first asked for: the first layer of a network needs no gradient of its input.
    input: Option<InputGradient>,
    weight: Option<WeightGradient>,
}

/// A convolution without its numbers.
#[derive(Clone, Copy)]
struct Geometry {
    conv: Conv2d,
    from: Shape,
    to: Shape,
    batch: usize,
}

impl Geometry {
    /// Input channels of a group.
    fn inner(&self) -> usize {
        self.from.channels() / self.conv.groups
    }

    /// Output channels of a group.
    fn outer(&self) -> usize {
        self.conv.out_channels / self.conv.groups
    }

    /// Positions of the kernel.
    fn taps(&self) -> usize {
        self.conv.kernel[0] * self.conv.kernel[1]
    }

    /// Numbers of all weights.
    fn weights(&self) -> usize {
        self.conv.out_channels * self.inner() * self.taps()
    }

    /// Numbers of a batch of inputs, and of outputs.
    fn lengths(&self) -> [usize; 2] {
        [self.from, self.to].map(|shape| Layout::of(shape).length(shape) * self.batch)
    }
}

impl ConvGradient {
    /// The gradients of a convolution of `batch` images from one shape to another. A linear layer is a 1×1
    /// convolution of vectors.
    #[must_use]
    pub fn new(isa: Isa, _crew: &Crew, conv: Conv2d, from: Shape, to: Shape, batch: usize) -> Self {
        let geometry = Geometry { conv, from, to, batch };
        Self { isa, geometry, input: None, weight: None }
    }

    /// `dL/dx` from `dL/dy`, written to `to` or added to it. Lanes that stand for no channel come out zero, or as
    /// they were.
    ///
    /// # Panics
    /// When a buffer is shorter than its shape and the batch say.
    pub fn input(&mut self, crew: &Crew, weight: &[f32], gradient: &[f32], to: &mut [f32], add: bool) {
        let geometry = self.geometry;
        let [inputs, outputs] = geometry.lengths();
        assert!(gradient.len() >= outputs && to.len() >= inputs, "buffers hold the batch");
        assert!(weight.len() >= geometry.weights(), "a weight for every product");
        let isa = self.isa;
        let made = self.input.get_or_insert_with(|| InputGradient::new(isa, crew, geometry));
        made.run(crew, weight, &gradient[..outputs], &mut to[..inputs], add);
    }

    /// `dL/dW` and, where asked for, `dL/db`, summed over the batch, from `x` and `dL/dy`. What was in `to` and
    /// `bias` is written over.
    ///
    /// # Panics
    /// When a buffer is shorter than its shape and the batch say.
    pub fn weight(&mut self, crew: &Crew, input: &[f32], gradient: &[f32], to: &mut [f32], bias: Option<&mut [f32]>) {
        let geometry = self.geometry;
        let [inputs, outputs] = geometry.lengths();
        assert!(input.len() >= inputs && gradient.len() >= outputs, "buffers hold the batch");
        assert!(to.len() >= geometry.weights(), "a place for every weight");
        let isa = self.isa;
        let made = self.weight.get_or_insert_with(|| WeightGradient::new(isa, geometry));
        made.run(crew, &input[..inputs], &gradient[..outputs], to);
        if let Some(bias) = bias {
            sum_of_channels(crew, &geometry, gradient, bias);
        }
    }
}

/// The sum of every channel's gradient over the batch and its positions: image by image, images in order.
fn sum_of_channels(crew: &Crew, geometry: &Geometry, gradient: &[f32], to: &mut [f32]) {
    let (layout, channels, plane) = (Layout::of(geometry.to), geometry.conv.out_channels, plane(geometry.to));
    let lanes = if layout == Layout::Blocked { LANES } else { 1 };
    let to = &mut to[..channels];
    let shared = Shared::new(to);
    crew.run(channels.div_ceil(lanes), &|block| {
        let mut sums = [0.0; LANES];
        for image in gradient.chunks_exact(layout.length(geometry.to)).take(geometry.batch) {
            let mut of_image = [0.0; LANES];
            for position in image[block * plane * lanes..][..plane * lanes].chunks_exact(lanes) {
                of_image.iter_mut().zip(position).for_each(|(sum, value)| *sum += value);
            }
            sums.iter_mut().zip(of_image).for_each(|(sum, value)| *sum += value);
        }
        let count = lanes.min(channels - block * lanes);
        // SAFETY: each block is written by one task.
        unsafe { shared.part(block * lanes, count) }.copy_from_slice(&sums[..count]);
    });
}
