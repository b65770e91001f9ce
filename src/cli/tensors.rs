//! `--tensors`: values as they are, f32, for NumPy and PyTorch.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView, serialize};

use super::error::CliError;

/// One tensor to be: name, shape, values in row-major order.
pub type Named = (String, Vec<usize>, Vec<f32>);

/// A safetensors file's bytes; `network` and `weights` say whose values they are.
///
/// # Errors
/// What the encoder refuses.
pub fn encode(network: &str, weights: &str, tensors: &[Named]) -> Result<Vec<u8>, CliError> {
    let metadata = HashMap::from([
        // By this a later run knows that it may replace the file.
        ("gatescope".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("network".to_owned(), network.to_owned()),
        ("weights".to_owned(), weights.to_owned()),
    ]);
    let refuse = |error: safetensors::SafeTensorError| CliError::Failure(format!("--tensors: {error}"));
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(.., values)| values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect();
    serialize(views.map_err(refuse)?, Some(metadata)).map_err(refuse)
}
