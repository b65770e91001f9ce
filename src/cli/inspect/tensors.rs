//! Logits and gates as safetensors, raw values, for NumPy and PyTorch.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView, serialize};

use super::result;
use super::{All, Setting};
use crate::cli::error::CliError;

/// One tensor to be: name, shape, little-endian f32.
type Named = (String, Vec<usize>, Vec<u8>);

/// The file's bytes: `logits` `[classes]` (`features` of a network without classifier), `gate/NAME` (channel `[C]`, spatial `[H, W]`, rows `[C, H, 1]`, columns
/// `[C, 1, W]`, volume `[C, H, W]`, paths `[paths·C, 1, 1]`, matrix `[H·W, H, W]`) and, where asked for,
/// `block/PATH` `[C, H, W]`; with several images every name starts with the image's own, `cat/logits`.
///
/// # Errors
/// What the encoder refuses.
pub(super) fn encode(setting: &Setting, all: &All) -> Result<Vec<u8>, CliError> {
    let mut tensors: Vec<Named> = Vec::new();
    for result in all.results {
        let prefix = if all.are_several { format!("{}/", result.short_name) } else { String::new() };
        let outputs = if setting.classes == 0 { "features" } else { "logits" };
        tensors.push((format!("{prefix}{outputs}"), vec![result.logits.len()], bytes(&result.logits)));
        for (gate, found) in setting.graph.gates.iter().zip(&result.gates) {
            tensors.push((format!("{prefix}gate/{}", gate.name), found.shape.clone(), bytes(&found.values)));
        }
        for (block, tap) in setting.blocks.iter().zip(&result.blocks) {
            let name = format!("{prefix}block/{}", setting.graph[*block].path);
            tensors.push((name, tap.shape.dims().to_vec(), bytes(&tap.values)));
        }
    }
    let metadata = HashMap::from([
        // By this a later run knows that it may replace the file.
        ("gatescope".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("network".to_owned(), setting.graph.name.clone()),
        ("weights".to_owned(), result::source(setting)),
    ]);
    let refuse = |error: safetensors::SafeTensorError| CliError::Failure(format!("--tensors: {error}"));
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, shape, bytes)| TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view)))
        .collect();
    serialize(views.map_err(refuse)?, Some(metadata)).map_err(refuse)
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
