//! `exp(x) / Σ exp(x)`, over positions or over paths.

use crate::network::graph::Shape;

/// Over the positions of each channel.
pub(super) fn over_positions(values: &mut [f32], shape: Shape) {
    values.chunks_exact_mut((shape.height() * shape.width()).max(1)).for_each(softmax);
}

/// Over the paths of each channel, one path's channels after the other's.
pub(super) fn over_paths(values: &mut [f32], paths: usize) {
    by_channel(values, paths, softmax);
}

/// The gradient of [`over_positions`] from its output.
pub(super) fn positions_gradient(output: &[f32], shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let plane = (shape.height() * shape.width()).max(1);
    output.chunks_exact(plane).zip(gradient.chunks_exact(plane)).flat_map(|(y, g)| back(y, g)).collect()
}

/// The gradient of [`over_paths`] from its output.
pub(super) fn paths_gradient(output: &[f32], paths: usize, gradient: &[f32]) -> Vec<f32> {
    let channels = (output.len() / paths).max(1);
    let mut result = gradient.to_vec();
    let mut channel = 0;
    by_channel(&mut result, paths, |flown| {
        let y: Vec<f32> = output[channel..].iter().step_by(channels).copied().collect();
        let changed = back(&y, flown);
        flown.copy_from_slice(&changed);
        channel += 1;
    });
    result
}

/// Lends each channel's numbers, one a path.
fn by_channel(values: &mut [f32], paths: usize, mut change: impl FnMut(&mut [f32])) {
    let channels = (values.len() / paths).max(1);
    let mut line = vec![0.0; paths];
    for channel in 0..channels {
        line.iter_mut().zip(values[channel..].iter().step_by(channels)).for_each(|(to, from)| *to = *from);
        change(&mut line);
        values[channel..].iter_mut().step_by(channels).zip(&line).for_each(|(to, from)| *to = *from);
    }
}

fn softmax(line: &mut [f32]) {
    let largest = line.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0_f64;
    for value in line.iter_mut() {
        *value = (*value - largest).exp();
        sum += f64::from(*value);
    }
    let share = (1.0 / sum) as f32;
    for value in line.iter_mut() {
        *value *= share;
    }
}

/// `y · (g − Σ g·y)`.
fn back(y: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mean = y.iter().zip(gradient).map(|(y, g)| f64::from(*y) * f64::from(*g)).sum::<f64>() as f32;
    y.iter().zip(gradient).map(|(y, g)| y * (g - mean)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_one_whatever_the_size_of_the_numbers() {
        let mut values = [1000.0, 1001.0, -3.0, -1e30];
        over_positions(&mut values, Shape::map(2, 1, 2));
        assert!((values[0] + values[1] - 1.0).abs() < 1e-6 && (values[1] - 0.731_058_6).abs() < 1e-6);
        assert_eq!(values[2..].to_vec(), [1.0, 0.0]);
        let mut values = [0.0, 5.0, 0.0, 5.0];
        over_paths(&mut values, 2);
        assert_eq!(values.to_vec(), [0.5; 4]);
    }
}
