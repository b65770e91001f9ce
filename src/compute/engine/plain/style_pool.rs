//! Mean and standard deviation of each channel.

use crate::network::graph::Shape;

/// Mean and standard deviation of a channel, the variance over one position less than there are and `eps` more.
fn style(channel: &[f32], eps: f32) -> (f64, f64) {
    let mean = channel.iter().map(|value| f64::from(*value)).sum::<f64>() / channel.len() as f64;
    let squares: f64 = channel.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum();
    (mean, (squares / (channel.len() - 1) as f64 + f64::from(eps)).sqrt())
}

/// `[C, H, W] → [C, 1, 2]`.
pub(super) fn pool(x: &[f32], shape: Shape, eps: f32) -> Vec<f32> {
    let styles = x.chunks_exact(shape.positions().max(1)).map(|channel| style(channel, eps));
    styles.flat_map(|(mean, std)| [mean as f32, std as f32]).collect()
}

/// The gradient of [`pool`] from its input: through the mean a share each, through the deviation what stands out.
pub(super) fn gradient(x: &[f32], shape: Shape, eps: f32, gradient: &[f32]) -> Vec<f32> {
    let length = shape.positions().max(1);
    let of_channel = |(channel, flown): (&[f32], &[f32])| {
        let (mean, std) = style(channel, eps);
        let (through_mean, through_std) = (f64::from(flown[0]), f64::from(flown[1]));
        let spread = through_std / ((length - 1) as f64 * std);
        let back = |value: &f32| (through_mean / length as f64 + spread * (f64::from(*value) - mean)) as f32;
        channel.iter().map(back).collect::<Vec<f32>>()
    };
    x.chunks_exact(length).zip(gradient.chunks_exact(2)).flat_map(of_channel).collect()
}
