//! Windows over planes: maximum and mean pooling, subsampling.

// A maximum is one of the numbers it was taken from, to the bit.
#![allow(clippy::float_cmp)]

use std::ops::Range;

use super::Operand;
use super::reduce::larger;
use crate::network::graph::{Pool2d, Shape, adaptive_windows};

/// The maximum of each window; padding never wins.
pub(super) fn max(pool: &Pool2d, values: &[f32], from: Shape, to: Shape) -> Vec<f32> {
    windows(pool, values, from, to, |plane, width, rows, columns| {
        let rows = rows.clone().map(|y| &plane[y * width..][columns.clone()]);
        rows.flatten().copied().fold(f32::NEG_INFINITY, larger)
    })
}

/// The gradient of [`max`]: a window's first maximum takes it.
pub(super) fn max_gradient(pool: &Pool2d, x: &[f32], from: Shape, (output, to): Operand, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; x.len()];
    let mut last = None;
    each_number(pool, from, to, |out, place| {
        if last != Some(out) && x[place] == output[out] {
            result[place] += gradient[out];
            last = Some(out);
        }
    });
    result
}

/// The mean of each window, padding counted as zeros or not, as the window says. What `ceil_mode` lets a window
/// reach beyond the padding is not counted.
pub(super) fn average(pool: &Pool2d, values: &[f32], from: Shape, to: Shape) -> Vec<f32> {
    let mut result = windows(pool, values, from, to, |plane, width, rows, columns| {
        rows.clone().flat_map(|y| &plane[y * width..][columns.clone()]).sum()
    });
    let positions = (0..to.height()).flat_map(|y| (0..to.width()).map(move |x| (y, x)));
    let sizes: Vec<f32> =
        positions.map(|(y, x)| counted(pool, 0, y, from.height()) * counted(pool, 1, x, from.width())).collect();
    for plane in result.chunks_exact_mut(sizes.len().max(1)) {
        plane.iter_mut().zip(&sizes).for_each(|(sum, size)| *sum /= size);
    }
    result
}

/// The gradient of [`average`].
pub(super) fn average_gradient(pool: &Pool2d, from: Shape, to: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; from.elements()];
    each_number(pool, from, to, |out, place| {
        let (y, x) = (out / to.width() % to.height(), out % to.width());
        result[place] += gradient[out] / (counted(pool, 0, y, from.height()) * counted(pool, 1, x, from.width()));
    });
    result
}

/// The mean of each window that cuts the planes into `to`.
pub(super) fn adaptive(values: &[f32], from: Shape, to: Shape) -> Vec<f32> {
    let rows = adaptive_windows(from.height(), to.height());
    let columns = adaptive_windows(from.width(), to.width());
    let mut result = Vec::with_capacity(to.elements());
    for plane in values.chunks_exact((from.height() * from.width()).max(1)) {
        for rows in rows.clone() {
            result.extend(columns.clone().map(|columns| {
                let count = (rows.len() * columns.len()) as f32;
                let each = rows.clone().flat_map(|y| &plane[y * from.width()..][columns.clone()]);
                each.sum::<f32>() / count
            }));
        }
    }
    result
}

/// The gradient of [`adaptive`].
pub(super) fn adaptive_gradient(from: Shape, to: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; from.elements()];
    let windows = |channel: usize| {
        let columns = adaptive_windows(from.width(), to.width());
        let rows = adaptive_windows(from.height(), to.height());
        rows.flat_map(move |rows| columns.clone().map(move |columns| (channel, rows.clone(), columns)))
    };
    for ((channel, rows, columns), gradient) in (0..to.channels()).flat_map(windows).zip(gradient) {
        let share = gradient / (rows.len() * columns.len()) as f32;
        for row in rows {
            let line = &mut result[(channel * from.height() + row) * from.width()..][columns.clone()];
            for to in line {
                *to += share;
            }
        }
    }
    result
}

/// Every `stride`-th row and column.
pub(super) fn subsample(stride: usize, values: &[f32], from: Shape) -> Vec<f32> {
    let (height, width) = (from.height(), from.width());
    let rows = values.chunks_exact((height * width).max(1)).flat_map(|plane| plane.chunks_exact(width).step_by(stride));
    rows.flat_map(|row| row.iter().step_by(stride)).copied().collect()
}

/// The gradient of [`subsample`].
pub(super) fn subsample_gradient(stride: usize, from: Shape, to: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; from.elements()];
    for (index, gradient) in gradient.iter().enumerate() {
        let (rest, x) = (index / to.width(), index % to.width());
        let (channel, y) = (rest / to.height(), rest % to.height());
        result[(channel * from.height() + y * stride) * from.width() + x * stride] = *gradient;
    }
    result
}

/// The part of a window that lies inside an input of `size`.
fn inside(pool: &Pool2d, axis: usize, out: usize, size: usize) -> Range<usize> {
    let start = out * pool.stride[axis];
    let end = (start + pool.kernel[axis]).saturating_sub(pool.padding[axis]).min(size);
    start.saturating_sub(pool.padding[axis]).min(end)..end
}

/// How many numbers of a window its mean counts along an axis.
fn counted(pool: &Pool2d, axis: usize, out: usize, size: usize) -> f32 {
    let padded = pool.kernel[axis].min(pool.extent(axis, size) - out * pool.stride[axis]);
    (if pool.counts_padding { padded } else { inside(pool, axis, out, size).len() }) as f32
}

/// Calls `reduce(plane, width, rows, columns)` for the part of each window that lies inside the input.
fn windows(
    pool: &Pool2d,
    values: &[f32],
    from: Shape,
    to: Shape,
    reduce: impl Fn(&[f32], usize, &Range<usize>, &Range<usize>) -> f32,
) -> Vec<f32> {
    let rows: Vec<Range<usize>> = (0..to.height()).map(|y| inside(pool, 0, y, from.height())).collect();
    let columns: Vec<Range<usize>> = (0..to.width()).map(|x| inside(pool, 1, x, from.width())).collect();
    let mut result = Vec::with_capacity(to.elements());
    for plane in values.chunks_exact((from.height() * from.width()).max(1)) {
        for rows in &rows {
            result.extend(columns.iter().map(|columns| reduce(plane, from.width(), rows, columns)));
        }
    }
    result
}

/// Calls `visit(index of the output, index of the input)` for every number of every window, in the order of scanning.
fn each_number(pool: &Pool2d, from: Shape, to: Shape, mut visit: impl FnMut(usize, usize)) {
    for channel in 0..to.channels() {
        for y in 0..to.height() {
            for x in 0..to.width() {
                let out = (channel * to.height() + y) * to.width() + x;
                for row in inside(pool, 0, y, from.height()) {
                    for column in inside(pool, 1, x, from.width()) {
                        visit(out, (channel * from.height() + row) * from.width() + column);
                    }
                }
            }
        }
    }
}
