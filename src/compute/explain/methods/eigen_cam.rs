//! EigenCAM (Muhammad and Yeasin, IJCNN 2020): the map along the first principal axis of the channels, not centred.
//!
//! Of `X = A` as positions by channels it is `X v`, `v` the first right singular vector, found by power iteration on the
//! smaller Gram matrix. Its sign, which a singular vector leaves open, is that of the channels' mean.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_layer, weighted};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// Turns of the power iteration, at most, and the change that ends it.
const TURNS: usize = 20_000;
const CLOSE: f64 = 1e-13;

/// What most channels have in common, whatever the class.
pub struct EigenCam;

/// The first eigenvector of a symmetric matrix with no negative eigenvalue, row-major.
fn first_eigenvector(matrix: &[f64], side: usize) -> Vec<f64> {
    let normal = |vector: Vec<f64>| {
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        vector.into_iter().map(|value| if length > 0.0 { value / length } else { 0.0 }).collect::<Vec<f64>>()
    };
    // Not at right angles to anything for a reason.
    let mut vector = normal((0..side).map(|index| 1.0 + 0.01 * (index as f64 * 0.7).sin()).collect());
    for _ in 0..TURNS {
        let times = |row: &[f64]| row.iter().zip(&vector).map(|(a, b)| a * b).sum();
        let next = normal(matrix.chunks_exact(side.max(1)).map(times).collect());
        let change: f64 = next.iter().zip(&vector).map(|(a, b)| (a - b).abs()).sum();
        vector = next;
        if change < CLOSE {
            break;
        }
    }
    vector
}

/// The products of rows with rows.
fn gram(rows: &[Vec<f64>]) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
    let mut products = vec![0.0; rows.len() * rows.len()];
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate().take(i + 1) {
            let product = dot(a, b);
            (products[i * rows.len() + j], products[j * rows.len() + i]) = (product, product);
        }
    }
    products
}

/// `X v` of `[K, n]`, its sign that of the channels' mean.
fn principal(activation: &[f32], positions: usize) -> Vec<f32> {
    let channels: Vec<Vec<f64>> =
        activation.chunks_exact(positions.max(1)).map(|plane| plane.iter().map(|v| f64::from(*v)).collect()).collect();
    let map: Vec<f64> = if positions <= channels.len() {
        let place = |position: usize| channels.iter().map(|plane| plane[position]).collect();
        let rows: Vec<Vec<f64>> = (0..positions).map(place).collect();
        let matrix = gram(&rows);
        let left = first_eigenvector(&matrix, positions);
        let grown =
            matrix.chunks_exact(positions.max(1)).map(|row| row.iter().zip(&left).map(|(a, b)| a * b).sum::<f64>());
        let value = grown.zip(&left).map(|(a, b)| a * b).sum::<f64>().max(0.0);
        left.iter().map(|part| part * value.sqrt()).collect()
    } else {
        let right = first_eigenvector(&gram(&channels), channels.len());
        weighted(activation, &right, positions).into_iter().map(f64::from).collect()
    };
    let mean = |position: usize| channels.iter().map(|plane| plane[position]).sum::<f64>();
    let agreement: f64 = map.iter().enumerate().map(|(position, value)| value * mean(position)).sum();
    let sign = if agreement < 0.0 { -1.0 } else { 1.0 };
    map.into_iter().map(|value| (sign * value) as f32).collect()
}

impl Explanation for EigenCam {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "eigencam",
            title: "EigenCAM",
            formula: "A v, v the first right singular vector of A",
            summary: "What most channels have in common: a control beside methods that know the class.",
            caution: "It knows no class, so it is the same for all of them.",
            paper: "Muhammad and Yeasin, IJCNN 2020, arXiv 2008.00299",
            is_of_layer: true,
            knows_class: false,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let values = principal(look.activation(layer.node)?, look.shape(layer.node).positions());
        Ok(of_layer(self.card(), look, layer, target, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_gram_matrices_give_the_same_map() {
        let activation: Vec<f32> = (0..12).map(|index| ((index * 7 % 5) as f32) - 1.0).collect();
        // Three channels over four positions, and the same four channels over three positions as rows of the transpose.
        let wide = principal(&activation, 4);
        let rows: Vec<Vec<f64>> = (0..4).map(|p| (0..3).map(|c| f64::from(activation[c * 4 + p])).collect()).collect();
        let left = first_eigenvector(&gram(&rows), 4);
        let scale = f64::from(wide[0]) / left[0];
        for (a, b) in wide.iter().zip(&left) {
            assert!((f64::from(*a) - scale * b).abs() < 1e-5, "{wide:?} {left:?}");
        }
    }
}
