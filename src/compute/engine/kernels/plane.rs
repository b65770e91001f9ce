//! Convolution of a few planes into a few planes, as the spatial gate's 7×7 over maximum and mean.

use super::isa::{Isa, Vectorised};
use super::memory::{Shared, with_scratch};
use super::simd::{LANES, Simd};
use super::threads::Crew;
use super::tile::pieces;
use crate::network::graph::{Conv2d, Shape};

/// Rows computed at once.
const ROWS: usize = 4;

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
        let lines_of = to.width().next_multiple_of(LANES);
        with_scratch(inner * height * width + ROWS * lines_of, |scratch| {
            let (padded, lines) = scratch.split_at_mut(inner * height * width);
            let first = out / (conv.out_channels / conv.groups) * inner;
            let planes = &input[first * from.height() * from.width()..];
            fill(conv, from, planes, rows.0, [height, width], padded);
            let weight = &weight[out * inner * conv.kernel[0] * conv.kernel[1]..];
            for (y, count) in pieces(rows.1 - rows.0, ROWS) {
                let bias = bias.get(out).copied();
                let row = Row { conv, inner, weight, size: [height, width], y, count, padded, bias };
                // SAFETY: each row is written by one task; the processor has the instruction set.
                unsafe {
                    isa.call(Work { row, lines: &mut *lines });
                    for (y, line) in (rows.0 + y..rows.0 + y + count).zip(lines.chunks_exact(lines_of)) {
                        let start = (out * to.height() + y) * to.width();
                        shared.part(start, to.width()).copy_from_slice(&line[..to.width()]);
                    }
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

/// Some rows of outputs.
struct Row<'a> {
    conv: &'a Conv2d,
    inner: usize,
    weight: &'a [f32],
    size: [usize; 2],
    y: usize,
    count: usize,
    padded: &'a [f32],
    bias: Option<f32>,
}

struct Work<'a> {
    row: Row<'a>,
    /// A line of a whole number of vectors for each row there can be.
    lines: &'a mut [f32],
}

impl Vectorised for Work<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let length = self.lines.len() / ROWS;
        for column in (0..length).step_by(LANES) {
            let to = self.lines[column..].as_mut_ptr();
            // SAFETY: the padded planes have room for every window of a whole number of vectors, and so has a line.
            unsafe {
                match self.row.count {
                    1 => vectors::<S, 1>(&self.row, column, (to, length)),
                    2 => vectors::<S, 2>(&self.row, column, (to, length)),
                    3 => vectors::<S, 3>(&self.row, column, (to, length)),
                    _ => vectors::<S, ROWS>(&self.row, column, (to, length)),
                }
            }
        }
    }
}

/// A vector of each of `R` rows, each a sum of its own, so that none waits for another.
#[inline(always)]
unsafe fn vectors<S: Simd, const R: usize>(row: &Row, column: usize, (to, length): (*mut f32, usize)) {
    let Row { conv, inner, weight, size: [height, width], y, padded, bias, .. } = row;
    let [kernel_height, kernel_width] = conv.kernel;
    // SAFETY: the caller vouches for the places.
    unsafe {
        let mut sums = [S::splat(bias.unwrap_or(0.0)); R];
        for channel in 0..*inner {
            for ky in 0..kernel_height {
                let line = (channel * height + y + ky * conv.dilation[0]) * width + column;
                for kx in 0..kernel_width {
                    let weight = S::splat(weight[(channel * kernel_height + ky) * kernel_width + kx]);
                    let from = padded.as_ptr().add(line + kx * conv.dilation[1]);
                    for (r, sum) in sums.iter_mut().enumerate() {
                        *sum = S::fma(weight, S::load(from.add(r * width)), *sum);
                    }
                }
            }
        }
        for (r, sum) in sums.into_iter().enumerate() {
            S::store(to.add(r * length), sum);
        }
    }
}
