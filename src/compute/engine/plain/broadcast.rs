//! Sums and products of shapes that are not the same: what has one channel, row or column is repeated.

use super::Operand;
use crate::network::graph::Shape;

/// A function of the numbers at one place.
type Join = fn(f32, f32) -> f32;

/// The inputs joined one after the other, in the shape they have together.
pub(super) fn combine(inputs: &[Operand], to: Shape, function: Join) -> Vec<f32> {
    let mut result = vec![0.0; to.elements()];
    for (index, input) in inputs.iter().enumerate() {
        join(&mut result, to, *input, if index == 0 { |_, first| first } else { function });
    }
    result
}

/// The gradients of a sum's inputs.
pub(super) fn sum_gradients(inputs: &[Operand], to: Shape, gradient: &[f32]) -> Vec<Vec<f32>> {
    inputs.iter().map(|(_, shape)| gathered(gradient, to, *shape)).collect()
}

/// The gradients of both factors of a product.
pub(super) fn product_gradients(a: Operand, b: Operand, to: Shape, gradient: &[f32]) -> Vec<Vec<f32>> {
    let through = |other: Operand, shape: Shape| {
        let mut flown = gradient.to_vec();
        join(&mut flown, to, other, |gradient, factor| gradient * factor);
        gathered(&flown, to, shape)
    };
    vec![through(b, a.1), through(a, b.1)]
}

fn join(values: &mut [f32], to: Shape, (other, shape): Operand, function: Join) {
    if other.len() == values.len() {
        values.iter_mut().zip(other).for_each(|(value, other)| *value = function(*value, *other));
        return;
    }
    let is_row = shape.width() == to.width();
    for (index, row) in values.chunks_exact_mut(to.width().max(1)).enumerate() {
        let start = start_of_row(shape, index, to);
        match is_row {
            true => row.iter_mut().zip(&other[start..]).for_each(|(value, other)| *value = function(*value, *other)),
            false => row.iter_mut().for_each(|value| *value = function(*value, other[start])),
        }
    }
}

/// The sum over everything that was repeated.
fn gathered(gradient: &[f32], to: Shape, shape: Shape) -> Vec<f32> {
    if shape.elements() == to.elements() {
        return gradient.to_vec();
    }
    let mut result = vec![0.0; shape.elements()];
    let is_row = shape.width() == to.width();
    for (index, row) in gradient.chunks_exact(to.width().max(1)).enumerate() {
        let start = start_of_row(shape, index, to);
        match is_row {
            true => result[start..].iter_mut().zip(row).for_each(|(sum, value)| *sum += value),
            false => result[start] += row.iter().sum::<f32>(),
        }
    }
    result
}

/// Where row `index` of `to` begins in a shape that may be repeated.
fn start_of_row(shape: Shape, index: usize, to: Shape) -> usize {
    let (channel, row) = (index / to.height(), index % to.height());
    let channel = if shape.channels() == 1 { 0 } else { channel };
    let row = if shape.height() == 1 { 0 } else { row };
    (channel * shape.height() + row) * shape.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_times_a_column_is_a_table_and_gives_its_gradient_back() {
        let (rows, columns, table) = (Shape::map(1, 2, 1), Shape::map(1, 1, 3), Shape::map(1, 2, 3));
        let (a, b) = ([2.0, 5.0], [1.0, 10.0, 100.0]);
        let product = combine(&[(&a, rows), (&b, columns)], table, |a, b| a * b);
        assert_eq!(product, [2.0, 20.0, 200.0, 5.0, 50.0, 500.0]);
        let gradients = product_gradients((&a, rows), (&b, columns), table, &[1.0; 6]);
        assert_eq!(gradients, [vec![111.0, 111.0], vec![7.0, 7.0, 7.0]]);
        assert_eq!(sum_gradients(&[(&a, rows), (&b, columns)], table, &[1.0; 6]), [vec![3.0; 2], vec![2.0; 3]]);
    }
}
