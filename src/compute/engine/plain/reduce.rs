//! Means and maxima over positions or over channels.

use crate::network::graph::Shape;

/// Sums run in this many lanes at once: faster, and more exact than one long sum.
const LANES: usize = 8;

/// `[C, H, W] → [C]`: the mean of each plane.
pub(super) fn plane_means(values: &[f32], shape: Shape) -> Vec<f32> {
    let plane = (shape.height() * shape.width()).max(1);
    values.chunks_exact(plane).map(|plane| sum(plane) / plane.len() as f32).collect()
}

/// `[C, H, W] → [C]`: the maximum of each plane.
pub(super) fn plane_maxima(values: &[f32], shape: Shape) -> Vec<f32> {
    let plane = (shape.height() * shape.width()).max(1);
    values.chunks_exact(plane).map(|plane| plane.iter().copied().fold(f32::NEG_INFINITY, larger)).collect()
}

/// `[C, H, W] → [C, H]`: the mean of each row.
pub(super) fn row_means(values: &[f32], shape: Shape) -> Vec<f32> {
    values.chunks_exact(shape.width().max(1)).map(|row| sum(row) / row.len() as f32).collect()
}

/// `[C, H, W] → [C, W]`: the mean of each column.
pub(super) fn column_means(values: &[f32], shape: Shape) -> Vec<f32> {
    let one_row = Shape::map(shape.height(), 1, shape.width());
    values
        .chunks_exact((shape.height() * shape.width()).max(1))
        .flat_map(|plane| channel_mean(plane, one_row))
        .collect()
}

/// `[C, H, W] → [H, W]`: the mean over the channels.
pub(super) fn channel_mean(values: &[f32], shape: Shape) -> Vec<f32> {
    let channels = shape.channels() as f32;
    let mut sums = fold_planes(values, shape, |sum, value| sum + value);
    for sum in &mut sums {
        *sum /= channels;
    }
    sums
}

/// `[C, H, W] → [H, W]`: the maximum over the channels.
pub(super) fn channel_max(values: &[f32], shape: Shape) -> Vec<f32> {
    fold_planes(values, shape, larger)
}

fn fold_planes(values: &[f32], shape: Shape, combine: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let mut planes = values.chunks_exact((shape.height() * shape.width()).max(1));
    let mut result = planes.next().unwrap_or_default().to_vec();
    for plane in planes {
        result.iter_mut().zip(plane).for_each(|(result, value)| *result = combine(*result, *value));
    }
    result
}

fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
    }
    chunks.remainder().iter().sum::<f32>() + lanes.iter().sum::<f32>()
}

/// The sum of products.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (mut a, mut b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    for (a, b) in (&mut a).zip(&mut b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a * b);
    }
    let rest = a.remainder().iter().zip(b.remainder());
    rest.map(|(a, b)| a * b).sum::<f32>() + lanes.iter().sum::<f32>()
}

/// The larger of two; NaN wins, as in PyTorch.
pub(super) fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}
