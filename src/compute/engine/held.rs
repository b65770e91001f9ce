//! Holding a gate where its values lie: a batch in the kernels' layout.

use super::kernels::{Layout, layout};
use crate::compute::holds::Hold;
use crate::network::graph::Shape;

/// Changes a batch of outputs as their hold says.
pub(super) fn apply(hold: &Hold, shape: Shape, batch: usize, output: &mut [f32]) {
    each(shape, batch, output, |values| hold.apply(values));
}

/// Turns the gradient of held outputs into that of what was computed.
pub(super) fn back(hold: &Hold, shape: Shape, batch: usize, gradient: &mut [f32]) {
    each(shape, batch, gradient, |values| hold.back(values));
}

fn each(shape: Shape, batch: usize, whole: &mut [f32], change: impl Fn(&mut [f32])) {
    let laid = Layout::of(shape);
    for image in whole.chunks_exact_mut(laid.length(shape)).take(batch) {
        let mut values = layout::load(laid, shape, image);
        change(&mut values);
        layout::store(laid, shape, &values, image);
    }
}
