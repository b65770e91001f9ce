//! Blur pooling: a 3×3 binomial filter over planes whose border is mirrored.

use crate::network::graph::Shape;

/// The filter along one axis.
const TAPS: [f32; 3] = [0.25, 0.5, 0.25];

/// Every plane filtered, every `stride`-th row and column of it.
pub(super) fn blur(stride: usize, values: &[f32], from: Shape, to: Shape) -> Vec<f32> {
    let (rows, columns) = (reads(stride, from.height(), to.height()), reads(stride, from.width(), to.width()));
    let mut result = Vec::with_capacity(to.elements());
    for plane in values.chunks_exact((from.height() * from.width()).max(1)) {
        let across: Vec<f32> = plane
            .chunks_exact(from.width().max(1))
            .flat_map(|row| columns.iter().map(|reads| weigh(reads, |x| row[x])))
            .collect();
        for reads in &rows {
            result.extend((0..to.width()).map(|x| weigh(reads, |y| across[y * to.width() + x])));
        }
    }
    result
}

/// What flows back to the input.
pub(super) fn gradient(stride: usize, from: Shape, to: Shape, gradient: &[f32]) -> Vec<f32> {
    let (rows, columns) = (reads(stride, from.height(), to.height()), reads(stride, from.width(), to.width()));
    let mut result = vec![0.0; from.elements()];
    let planes = result.chunks_exact_mut((from.height() * from.width()).max(1));
    for (plane, gradient) in planes.zip(gradient.chunks_exact((to.height() * to.width()).max(1))) {
        for (rows, gradient) in rows.iter().zip(gradient.chunks_exact(to.width().max(1))) {
            for (columns, gradient) in columns.iter().zip(gradient) {
                for (y, down) in rows.iter().zip(TAPS) {
                    for (x, across) in columns.iter().zip(TAPS) {
                        plane[y * from.width() + x] += down * across * gradient;
                    }
                }
            }
        }
    }
    result
}

/// The three positions that each output reads along an axis of `length`; beyond the ends, the mirrored ones.
fn reads(stride: usize, length: usize, outputs: usize) -> Vec<[usize; 3]> {
    let last = length.saturating_sub(1);
    let around = |middle: usize| [middle.abs_diff(1), middle, last - (middle + 1).abs_diff(last)];
    (0..outputs).map(|output| around(output * stride)).collect()
}

fn weigh(reads: &[usize; 3], of: impl Fn(usize) -> f32) -> f32 {
    reads.iter().zip(TAPS).map(|(at, weight)| weight * of(*at)).sum()
}
