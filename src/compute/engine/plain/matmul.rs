//! Products of two maps taken as matrices, a row a channel, a column a position.

use super::Operand;
use super::reduce::dot;
use crate::network::graph::{Product, Shape};

/// The product.
pub(super) fn product(product: Product, a: Operand, b: Operand) -> Vec<f32> {
    match product {
        Product::Similarity => transposed_first(a.0, b.0, positions(a.1), positions(b.1)),
        Product::Weighted => transposed_second(a.0, b.0, positions(a.1)),
    }
}

/// The gradients of both factors.
pub(super) fn gradients(product: Product, a: Operand, b: Operand, gradient: &[f32]) -> Vec<Vec<f32>> {
    let (of_a, of_b) = (positions(a.1), positions(b.1));
    match product {
        Product::Similarity => vec![transposed_second(b.0, gradient, of_b), straight(a.0, gradient, of_a, of_b)],
        Product::Weighted => {
            let rows = b.1.channels();
            vec![straight(gradient, b.0, rows, of_b), transposed_first(gradient, a.0, rows, of_a)]
        }
    }
}

fn positions(shape: Shape) -> usize {
    (shape.height() * shape.width()).max(1)
}

/// `aᵀ·b` of `[k, m]` and `[k, n]`.
fn transposed_first(a: &[f32], b: &[f32], m: usize, n: usize) -> Vec<f32> {
    let mut result = vec![0.0; m * n];
    for (column, row) in result.chunks_exact_mut(n).enumerate() {
        let factors = a[column..].iter().step_by(m);
        factors.zip(b.chunks_exact(n)).for_each(|(factor, b)| add_scaled(row, *factor, b));
    }
    result
}

/// `a·bᵀ` of `[m, k]` and `[n, k]`.
fn transposed_second(a: &[f32], b: &[f32], k: usize) -> Vec<f32> {
    let n = b.len() / k;
    let mut result = vec![0.0; a.len() / k * n];
    // A row of `b` is read once: it is the long one.
    for (column, b) in b.chunks_exact(k).enumerate() {
        let places = result[column..].iter_mut().step_by(n);
        places.zip(a.chunks_exact(k)).for_each(|(to, a)| *to = dot(a, b));
    }
    result
}

/// `a·b` of `[m, k]` and `[k, n]`.
fn straight(a: &[f32], b: &[f32], k: usize, n: usize) -> Vec<f32> {
    let mut result = vec![0.0; a.len() / k * n];
    for (row, a) in result.chunks_exact_mut(n).zip(a.chunks_exact(k)) {
        a.iter().zip(b.chunks_exact(n)).for_each(|(factor, b)| add_scaled(row, *factor, b));
    }
    result
}

fn add_scaled(to: &mut [f32], factor: f32, from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}
