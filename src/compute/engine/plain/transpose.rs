//! Two axes of `[C, H, W]` exchanged.

use crate::network::graph::Shape;

/// The channels exchanged with the rows (axis 1) or the columns (axis 2). What it gives is its own way back.
pub(super) fn transpose(x: &[f32], shape: Shape, axis: usize) -> Vec<f32> {
    let (channels, height, width) = (shape.channels(), shape.height(), shape.width());
    let at = |channel: usize, row: usize, column: usize| x[(channel * height + row) * width + column];
    match axis {
        1 => (0..height)
            .flat_map(|row| (0..channels).flat_map(move |channel| (0..width).map(move |column| [channel, row, column])))
            .map(|[channel, row, column]| at(channel, row, column))
            .collect(),
        _ => (0..width)
            .flat_map(|column| {
                (0..height).flat_map(move |row| (0..channels).map(move |channel| [channel, row, column]))
            })
            .map(|[channel, row, column]| at(channel, row, column))
            .collect(),
    }
}

/// The gradient of [`transpose`] from its input, whose shape it takes: the same exchange.
pub(super) fn gradient(shape: Shape, axis: usize, gradient: &[f32]) -> Vec<f32> {
    let mut sides = [shape.channels(), shape.height(), shape.width()];
    sides.swap(0, axis);
    transpose(gradient, Shape::map(sides[0], sides[1], sides[2]), axis)
}
