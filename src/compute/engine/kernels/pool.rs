//! Maximum and mean over windows, on blocked activations.

use super::isa::{Isa, Vectorised};
use super::layout::{Layout, blocks, plane};
use super::memory::Shared;
use super::simd::{LANES, Simd};
use super::threads::Crew;
use crate::network::graph::{Pool2d, Shape};

/// Positions computed at once.
const TOGETHER: usize = 6;

/// What a window becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Its maximum; padding never wins.
    Max,
    /// Its mean, padding counted as zeros or not, as the window says; what `ceil_mode` lets a window reach beyond
    /// the padding is not counted.
    Mean,
}

impl Reduction {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Max => Self::Mean,
            Self::Mean => Self::Max,
        }
    }
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

/// The part of a window that lies in the input: rows and columns, half-open, and how many positions count.
#[derive(Clone, Copy)]
struct Inside {
    rows: (usize, usize),
    columns: (usize, usize),
    counted: usize,
}

impl Plane<'_> {
    /// The part of a window inside the input, and how many positions count on this axis.
    #[inline(always)]
    fn inside(&self, axis: usize, out: usize, size: usize) -> (usize, usize, usize) {
        let Pool2d { kernel, stride, padding, .. } = self.window;
        let start = out * stride[axis];
        let end = (start + kernel[axis]).saturating_sub(padding[axis]).min(size);
        let first = start.saturating_sub(padding[axis]).min(end);
        let padded = kernel[axis].min(self.window.extent(axis, size) - start);
        (first, end, if self.window.counts_padding { padded } else { end - first })
    }

    /// `R` positions of a row, the first with this window, the others a stride further each.
    #[inline(always)]
    unsafe fn positions<S: Simd, const R: usize>(&mut self, place: usize, window: Inside) {
        let (is_max, step) = (self.reduction == Reduction::Max, self.window.stride[1] * LANES);
        // SAFETY: the caller vouches for the windows.
        unsafe {
            let mut values = [S::splat(if is_max { f32::NEG_INFINITY } else { 0.0 }); R];
            for row in window.rows.0..window.rows.1 {
                for column in window.columns.0..window.columns.1 {
                    let from = self.input.as_ptr().add((row * self.from.width() + column) * LANES);
                    for (r, value) in values.iter_mut().enumerate() {
                        let next = S::load(from.add(r * step));
                        *value = if is_max { S::larger(*value, next) } else { S::add(*value, next) };
                    }
                }
            }
            let share = S::splat(if is_max { 1.0 } else { 1.0 / window.counted as f32 });
            for (r, value) in values.into_iter().enumerate() {
                S::store(self.output[(place + r) * LANES..].as_mut_ptr(), S::mul(value, share));
            }
        }
    }
}

impl Vectorised for Plane<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(mut self) {
        let (from, width) = (self.from, self.to.width());
        let wide = self.window.kernel[1];
        for y in 0..self.to.height() {
            let (top, bottom, tall) = self.inside(0, y, from.height());
            let mut x = 0;
            while x < width {
                let (left, right, counted) = self.inside(1, x, from.width());
                let window = Inside { rows: (top, bottom), columns: (left, right), counted: tall * counted };
                // Whole windows in a row are computed at once.
                let last = x + TOGETHER - 1;
                let is_row = right - left == wide && last < width && {
                    let (left, right, _) = self.inside(1, last, from.width());
                    right - left == wide
                };
                // SAFETY: `inside` keeps windows in the plane; those between two whole ones are whole.
                unsafe {
                    if is_row {
                        self.positions::<S, TOGETHER>(y * width + x, window);
                        x += TOGETHER;
                    } else {
                        self.positions::<S, 1>(y * width + x, window);
                        x += 1;
                    }
                }
            }
        }
    }
}
