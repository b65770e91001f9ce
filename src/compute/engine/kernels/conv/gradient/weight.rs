//! The gradient of a convolution's weights: for every output channel, input channel and kernel position, the sum
//! over images and positions of the output's gradient times the input seen there. Three ways to compute it, chosen
//! by shapes alone as the forward pass does.

use super::super::super::isa::Isa;
use super::super::super::layout::Layout;
use super::super::super::memory::Shared;
use super::super::super::simd::LANES;
use super::super::super::threads::Crew;
use super::super::grouped::Grouped;
use super::Geometry;
use super::lanes::Lanes;
use super::products::Products;
use super::winograd::WinogradProducts;

/// Tasks to aim for. A number of its own: the bits of a sum must not depend on how many threads there are.
const TASKS: usize = 16;

/// What a vector of sums costs in multiply-adds: most layers' sums do not fit the cache, and are written, read and
/// written again as weights lie.
pub(super) const SUM: usize = 32;

/// A prepared gradient of weights.
pub(super) enum WeightGradient {
    Products(Products),
    Winograd(WinogradProducts),
    Lanes(Lanes),
}

impl WeightGradient {
    pub(super) fn new(isa: Isa, geometry: Geometry) -> Self {
        let Geometry { conv, from, to, .. } = geometry;
        let layouts = [from, to].map(Layout::of);
        let ordinary = conv.kernel == [3, 3] && conv.stride == [1, 1] && conv.dilation == [1, 1] && conv.groups == 1;
        if Grouped::fits(&conv, from) && layouts == [Layout::Blocked; 2] {
            return Self::Lanes(Lanes::new(isa, geometry));
        }
        if layouts == [Layout::Planar; 2] && conv.stride == [1, 1] {
            return Self::Lanes(Lanes::new(isa, geometry));
        }
        let sides = [2, 4].into_iter().filter(|_| ordinary && layouts == [Layout::Blocked; 2]);
        match sides.min_by_key(|side| WinogradProducts::time(&geometry, *side)) {
            Some(side) if WinogradProducts::time(&geometry, side) < Products::time(&geometry) => {
                Self::Winograd(WinogradProducts::new(isa, geometry, side))
            }
            _ => Self::Products(Products::new(isa, geometry)),
        }
    }

    /// Writes the gradient; buffers are exactly as long as the batch.
    pub(super) fn run(&mut self, crew: &Crew, input: &[f32], gradient: &[f32], to: &mut [f32]) {
        match self {
            Self::Products(products) => products.run(crew, input, gradient, to),
            Self::Winograd(products) => products.run(crew, input, gradient, to),
            Self::Lanes(lanes) => lanes.run(crew, input, gradient, to),
        }
    }
}

/// Images of a portion of the batch, when the channels make `parts` tasks of each portion.
pub(super) fn portion_of(parts: usize, batch: usize) -> usize {
    batch.div_ceil((TASKS / parts).clamp(1, batch))
}

/// Copies rows of a plane of positions of `lanes` numbers, from row `first` of the padded plane on, zeros around
/// them; rows of the copy have `columns` positions.
pub(super) fn copy_rows(
    plane: &[f32],
    [height, width]: [usize; 2],
    padding: [usize; 2],
    (first, columns): (usize, usize),
    lanes: usize,
    copy: &mut [f32],
) {
    let left = padding[1].min(columns);
    let kept = width.min(columns - left);
    for (y, to) in copy.chunks_exact_mut(columns * lanes).enumerate() {
        let row = (first + y).checked_sub(padding[0]).filter(|row| *row < height);
        let Some(row) = row else {
            to.fill(0.0);
            continue;
        };
        let (start, rest) = to.split_at_mut(left * lanes);
        let (middle, end) = rest.split_at_mut(kept * lanes);
        start.fill(0.0);
        middle.copy_from_slice(&plane[row * width * lanes..][..kept * lanes]);
        end.fill(0.0);
    }
}

/// Writes the sums of a pair of blocks that begin with these channels, `[kernel position][input lane][16]` with so
/// many input lanes, as weights lie; what lies between groups is left out.
pub(super) fn write(
    geometry: &Geometry,
    (sums, lanes): (&[f32], usize),
    first_output: usize,
    first_input: usize,
    to: Shared<f32>,
) {
    let (inner, outer, taps) = (geometry.inner(), geometry.outer(), geometry.taps());
    let outputs = first_output..(first_output + LANES).min(geometry.conv.out_channels);
    let inputs = first_input..(first_input + lanes).min(geometry.from.channels());
    for (lane, output) in outputs.enumerate() {
        for (row, input) in inputs.clone().enumerate() {
            if input / inner != output / outer {
                continue;
            }
            // SAFETY: no other pair has these two channels.
            let to = unsafe { to.part((output * inner + input % inner) * taps, taps) };
            for (tap, to) in to.iter_mut().enumerate() {
                *to = sums[(tap * lanes + row) * LANES + lane];
            }
        }
    }
}
