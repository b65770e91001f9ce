//! `(x − μ)² / (4 (σ² + λ)) + 1/2`, by channel.

use crate::network::graph::Shape;

/// Mean, and four times variance and λ, of a channel.
fn statistics(channel: &[f32], lambda: f32) -> (f64, f64) {
    let mean = channel.iter().map(|value| f64::from(*value)).sum::<f64>() / channel.len() as f64;
    let squares: f64 = channel.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum();
    (mean, 4.0 * (squares / (channel.len() - 1) as f64 + f64::from(lambda)))
}

fn plane(shape: Shape) -> usize {
    (shape.height() * shape.width()).max(1)
}

/// Each number's.
pub(super) fn energy(values: &mut [f32], shape: Shape, lambda: f32) {
    for channel in values.chunks_exact_mut(plane(shape)) {
        let (mean, scale) = statistics(channel, lambda);
        for value in channel {
            *value = ((f64::from(*value) - mean).powi(2) / scale + 0.5) as f32;
        }
    }
}

/// The gradient of [`energy`] from its input: of the number itself, of the mean, and of the variance.
pub(super) fn gradient(x: &[f32], shape: Shape, lambda: f32, gradient: &[f32]) -> Vec<f32> {
    let length = plane(shape);
    let of_channel = |(channel, flown): (&[f32], &[f32])| {
        let (mean, scale) = statistics(channel, lambda);
        let offsets: Vec<f64> = channel.iter().map(|value| f64::from(*value) - mean).collect();
        let sum = |power: i32| -> f64 { offsets.iter().zip(flown).map(|(d, g)| f64::from(*g) * d.powi(power)).sum() };
        let (through_mean, through_variance) = (sum(1) / length as f64, sum(2));
        let spread = 8.0 * through_variance / ((length - 1) as f64 * scale * scale);
        let back = |(d, g): (&f64, &f32)| (2.0 * (f64::from(*g) * d - through_mean) / scale - spread * d) as f32;
        offsets.iter().zip(flown).map(back).collect::<Vec<f32>>()
    };
    x.chunks_exact(length).zip(gradient.chunks_exact(length)).flat_map(of_channel).collect()
}
