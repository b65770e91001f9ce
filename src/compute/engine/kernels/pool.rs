//! Maximum and mean over windows, on blocked activations.

use super::isa::{Isa, Vectorised};
use super::layout::{Layout, blocks, plane};
use super::memory::Shared;
use super::simd::{LANES, Simd};
use super::threads::Crew;
use crate::network::graph::{Pool2d, Shape};

/// What a window becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Its maximum; padding never wins.
    Max,
    /// Its mean, padding counted as zeros or not, as the window says; what `ceil_mode` lets a window reach beyond
    /// the padding is not counted.
    Mean,
}

/// Pools a batch; input and output are blocked.
///
/// # Panics
/// When a buffer is shorter than the batch.
pub fn pool(
    isa: Isa,
    crew: &Crew,
    (window, reduction): (&Pool2d, Reduction),
    [from, to]: [Shape; 2],
    batch: usize,
    input: &[f32],
    output: &mut [f32],
) {
    assert!(input.len() >= batch * Layout::Blocked.length(from) && output.len() >= batch * Layout::Blocked.length(to));
    let shared = Shared::new(output);
    let length = plane(to) * LANES;
    crew.run(batch * blocks(to), &|index| {
        let input = &input[index * plane(from) * LANES..][..plane(from) * LANES];
        // SAFETY: each plane is written by one task; the processor has the instruction set.
        unsafe {
            let output = shared.part(index * length, length);
            isa.call(Plane { window, reduction, from, to, input, output });
        }
    });
}

struct Plane<'a> {
    window: &'a Pool2d,
    reduction: Reduction,
    from: Shape,
    to: Shape,
    input: &'a [f32],
    output: &'a mut [f32],
}

impl Plane<'_> {
    /// The part of a window inside the input, and how many positions count on this axis.
    #[inline(always)]
    fn inside(&self, axis: usize, out: usize, size: usize) -> (usize, usize, usize) {
        let Pool2d { kernel, stride, padding, .. } = self.window;
        let start = out * stride[axis];
        let end = (start + kernel[axis]).saturating_sub(padding[axis]).min(size);
        let first = start.saturating_sub(padding[axis]).min(end);
        let padded = kernel[axis].min(size + 2 * padding[axis] - start);
        (first, end, if self.window.counts_padding { padded } else { end - first })
    }
}

impl Vectorised for Plane<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let width = self.from.width();
        for y in 0..self.to.height() {
            let (top, bottom, tall) = self.inside(0, y, self.from.height());
            for x in 0..self.to.width() {
                let (left, right, wide) = self.inside(1, x, width);
                // SAFETY: `inside` keeps the window in the plane.
                unsafe {
                    let is_max = self.reduction == Reduction::Max;
                    let mut value = S::splat(if is_max { f32::NEG_INFINITY } else { 0.0 });
                    for row in top..bottom {
                        for column in left..right {
                            let next = S::load(self.input.as_ptr().add((row * width + column) * LANES));
                            value = if is_max { S::larger(value, next) } else { S::add(value, next) };
                        }
                    }
                    if !is_max {
                        value = S::mul(value, S::splat(1.0 / (tall * wide) as f32));
                    }
                    S::store(self.output[(y * self.to.width() + x) * LANES..].as_mut_ptr(), value);
                }
            }
        }
    }
}
