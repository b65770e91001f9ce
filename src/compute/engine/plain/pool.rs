//! Windows over planes: maximum and mean pooling, subsampling.

use std::ops::Range;

use super::reduce::larger;
use crate::network::graph::{Pool2d, Shape, adaptive_windows};

/// The maximum of each window; padding never wins.
pub(super) fn max(pool: &Pool2d, values: &[f32], from: Shape, to: Shape) -> Vec<f32> {
    windows(pool, values, from, to, |plane, width, rows, columns| {
        let rows = rows.clone().map(|y| &plane[y * width..][columns.clone()]);
        rows.flatten().copied().fold(f32::NEG_INFINITY, larger)
    })
}

/// The mean of each window, padding counted as zeros or not, as the window says. What `ceil_mode` lets a window
/// reach beyond the padding is not counted.
pub(super) fn average(pool: &Pool2d, values: &[f32], from: Shape, to: Shape) -> Vec<f32> {
    let mut result = windows(pool, values, from, to, |plane, width, rows, columns| {
        rows.clone().flat_map(|y| &plane[y * width..][columns.clone()]).sum()
    });
    let counted = |axis: usize, out: usize, size: usize| {
        let start = out * pool.stride[axis];
        let padded = pool.kernel[axis].min(pool.extent(axis, size) - start);
        let inside = inside(pool, axis, out, size);
        (if pool.counts_padding { padded } else { inside.len() }) as f32
    };
    let positions = (0..to.height()).flat_map(|y| (0..to.width()).map(move |x| (y, x)));
    let sizes: Vec<f32> = positions.map(|(y, x)| counted(0, y, from.height()) * counted(1, x, from.width())).collect();
    for plane in result.chunks_exact_mut(sizes.len().max(1)) {
        plane.iter_mut().zip(&sizes).for_each(|(sum, size)| *sum /= size);
    }
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

/// Every `stride`-th row and column.
pub(super) fn subsample(stride: usize, values: &[f32], from: Shape) -> Vec<f32> {
    let (height, width) = (from.height(), from.width());
    let rows = values.chunks_exact((height * width).max(1)).flat_map(|plane| plane.chunks_exact(width).step_by(stride));
    rows.flat_map(|row| row.iter().step_by(stride)).copied().collect()
}

/// The part of a window that lies inside an input of `size`.
fn inside(pool: &Pool2d, axis: usize, out: usize, size: usize) -> Range<usize> {
    let start = out * pool.stride[axis];
    let end = (start + pool.kernel[axis]).saturating_sub(pool.padding[axis]).min(size);
    start.saturating_sub(pool.padding[axis]).min(end)..end
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
