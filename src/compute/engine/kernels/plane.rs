//! Convolution of a few planes into a few planes, as the spatial gate's 7×7 over maximum and mean.

use super::isa::{Isa, Vectorised};
use super::memory::{Shared, with_scratch};
use super::simd::{LANES, Simd};
use super::threads::Crew;
use crate::network::graph::{Conv2d, Shape};

/// Convolves one image, planar to planar: `weight` is `[out, in / groups, kh, kw]`, `bias` one number an output.
/// Strides must be 1.
///
/// # Panics
/// When a buffer is too short or a stride is not 1.
pub fn convolve(
    isa: Isa,
    crew: &Crew,
    (conv, from, to): (&Conv2d, Shape, Shape),
    (weight, bias): (&[f32], &[f32]),
    input: &[f32],
    output: &mut [f32],
) {
    assert!(input.len() >= from.elements() && output.len() >= to.elements() && conv.stride == [1, 1]);
    let inner = from.channels() / conv.groups;
    assert!(weight.len() >= conv.out_channels * inner * conv.kernel[0] * conv.kernel[1]);
    let shared = Shared::new(output);
    let small = weight.len() * to.height() * to.width() < 400_000;
    let rows = if small { to.height() } else { to.height().div_ceil(4 * crew.threads()) };
    let parts = to.height().div_ceil(rows);
    crew.run(parts * conv.out_channels, &|task| {
        let (out, part) = (task / parts, task % parts);
        let rows = (part * rows, ((part + 1) * rows).min(to.height()));
        let width = to.width().next_multiple_of(LANES) + (conv.kernel[1] - 1) * conv.dilation[1];
        let height = rows.1 - rows.0 + (conv.kernel[0] - 1) * conv.dilation[0];
        with_scratch(inner * height * width + to.width().next_multiple_of(LANES), |scratch| {
            let (padded, line) = scratch.split_at_mut(inner * height * width);
            let first = out / (conv.out_channels / conv.groups) * inner;
            let planes = &input[first * from.height() * from.width()..];
            fill(conv, from, planes, rows.0, [height, width], padded);
            let weight = &weight[out * inner * conv.kernel[0] * conv.kernel[1]..];
            for y in rows.0..rows.1 {
                let row = Row {
                    conv,
                    inner,
                    weight,
                    size: [height, width],
                    y: y - rows.0,
                    padded,
                    bias: bias.get(out).copied(),
                };
                // SAFETY: each row is written by one task; the processor has the instruction set.
                unsafe {
                    isa.call(Work { row, line: &mut *line });
                    let start = (out * to.height() + y) * to.width();
                    shared.part(start, to.width()).copy_from_slice(&line[..to.width()]);
                }
            }
        });
    });
}

/// Copies the rows from `first` on, zeros around them.
fn fill(conv: &Conv2d, from: Shape, planes: &[f32], first: usize, [height, width]: [usize; 2], padded: &mut [f32]) {
    padded.fill(0.0);
    let left = conv.padding[1];
    let kept = from.width().min(width.saturating_sub(left));
    for (plane, to) in planes.chunks(from.height() * from.width()).zip(padded.chunks_exact_mut(height * width)) {
        for (y, to) in to.chunks_exact_mut(width).enumerate() {
            let source = (first + y).checked_sub(conv.padding[0]).filter(|y| *y < from.height());
            if let Some(source) = source.filter(|_| kept > 0) {
                to[left..left + kept].copy_from_slice(&plane[source * from.width()..][..kept]);
            }
        }
    }
}

/// One row of outputs.
struct Row<'a> {
    conv: &'a Conv2d,
    inner: usize,
    weight: &'a [f32],
    size: [usize; 2],
    y: usize,
    padded: &'a [f32],
    bias: Option<f32>,
}

struct Work<'a> {
    row: Row<'a>,
    line: &'a mut [f32],
}

impl Vectorised for Work<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let mut column = 0;
        for to in self.line.chunks_mut(4 * LANES) {
            // SAFETY: the padded planes have room for every window of a whole number of vectors, and so has the line.
            unsafe {
                match to.len() / LANES {
                    4 => columns::<S, 4>(&self.row, column, to),
                    count => (0..count).for_each(|index| {
                        columns::<S, 1>(&self.row, column + index * LANES, &mut to[index * LANES..]);
                    }),
                }
            }
            column += 4 * LANES;
        }
    }
}

/// `N` vectors of outputs from `column` on, each a sum of its own, so that none waits for another.
#[inline(always)]
unsafe fn columns<S: Simd, const N: usize>(row: &Row, column: usize, to: &mut [f32]) {
    let Row { conv, inner, weight, size: [height, width], y, padded, bias } = row;
    let [kernel_height, kernel_width] = conv.kernel;
    // SAFETY: the caller vouches for the places.
    unsafe {
        let mut sums = [S::splat(bias.unwrap_or(0.0)); N];
        for channel in 0..*inner {
            for ky in 0..kernel_height {
                let line = (channel * height + y + ky * conv.dilation[0]) * width + column;
                for kx in 0..kernel_width {
                    let weight = S::splat(weight[(channel * kernel_height + ky) * kernel_width + kx]);
                    let from = padded.as_ptr().add(line + kx * conv.dilation[1]);
                    for (index, sum) in sums.iter_mut().enumerate() {
                        *sum = S::fma(weight, S::load(from.add(index * LANES)), *sum);
                    }
                }
            }
        }
        for (index, sum) in sums.into_iter().enumerate() {
            S::store(to.as_mut_ptr().add(index * LANES), sum);
        }
    }
}
