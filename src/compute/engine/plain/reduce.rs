//! Means and maxima over positions or over channels. The gradient of a maximum goes to its first place.

// A maximum is one of the numbers it was taken from, to the bit.
#![allow(clippy::float_cmp)]

use crate::network::graph::Shape;

/// Sums run in this many lanes at once: faster, and more exact than one long sum.
const LANES: usize = 8;

/// `[C, H, W] → [C]`: the mean of each plane.
pub(super) fn plane_means(values: &[f32], shape: Shape) -> Vec<f32> {
    let plane = (shape.height() * shape.width()).max(1);
    values.chunks_exact(plane).map(|plane| sum(plane) / plane.len() as f32).collect()
}

/// The gradient of [`plane_means`].
pub(super) fn plane_means_gradient(shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let plane = (shape.height() * shape.width()).max(1);
    gradient.iter().flat_map(|g| std::iter::repeat_n(g / plane as f32, plane)).collect()
}

/// `[C, H, W] → [C]`: the maximum of each plane.
pub(super) fn plane_maxima(values: &[f32], shape: Shape) -> Vec<f32> {
    let plane = (shape.height() * shape.width()).max(1);
    values.chunks_exact(plane).map(|plane| plane.iter().copied().fold(f32::NEG_INFINITY, larger)).collect()
}

/// The gradient of [`plane_maxima`].
pub(super) fn plane_maxima_gradient(x: &[f32], shape: Shape, output: &[f32], gradient: &[f32]) -> Vec<f32> {
    let plane = (shape.height() * shape.width()).max(1);
    let mut result = vec![0.0; x.len()];
    for (channel, values) in x.chunks_exact(plane).enumerate() {
        if let Some(first) = values.iter().position(|value| *value == output[channel]) {
            result[channel * plane + first] = gradient[channel];
        }
    }
    result
}

/// `[C, H, W] → [C, H]`: the mean of each row.
pub(super) fn row_means(values: &[f32], shape: Shape) -> Vec<f32> {
    values.chunks_exact(shape.width().max(1)).map(|row| sum(row) / row.len() as f32).collect()
}

/// The gradient of [`row_means`].
pub(super) fn row_means_gradient(shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let width = shape.width();
    gradient.iter().flat_map(|g| std::iter::repeat_n(g / width as f32, width)).collect()
}

/// `[C, H, W] → [C, W]`: the mean of each column.
pub(super) fn column_means(values: &[f32], shape: Shape) -> Vec<f32> {
    let one_row = Shape::map(shape.height(), 1, shape.width());
    values
        .chunks_exact((shape.height() * shape.width()).max(1))
        .flat_map(|plane| channel_mean(plane, one_row))
        .collect()
}

/// The gradient of [`column_means`].
pub(super) fn column_means_gradient(shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let share: Vec<f32> = gradient.iter().map(|g| g / shape.height() as f32).collect();
    share.chunks_exact(shape.width().max(1)).flat_map(|row| row.repeat(shape.height())).collect()
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

/// The gradient of [`channel_mean`].
pub(super) fn channel_mean_gradient(shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let share: Vec<f32> = gradient.iter().map(|g| g / shape.channels() as f32).collect();
    share.repeat(shape.channels())
}

/// `[C, H, W] → [H, W]`: the maximum over the channels.
pub(super) fn channel_max(values: &[f32], shape: Shape) -> Vec<f32> {
    fold_planes(values, shape, larger)
}

/// The gradient of [`channel_max`].
pub(super) fn channel_max_gradient(x: &[f32], output: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; x.len()];
    for (position, (best, gradient)) in output.iter().zip(gradient).enumerate() {
        let places = (position..x.len()).step_by(output.len().max(1));
        if let Some(place) = places.into_iter().find(|place| x[*place] == *best) {
            result[place] = *gradient;
        }
    }
    result
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
