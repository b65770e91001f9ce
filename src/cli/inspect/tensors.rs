//! Logits and gates as safetensors, raw values, for NumPy and PyTorch.

use super::{All, Setting};
use crate::cli::error::CliError;
use crate::cli::tensors::{self, Named};
use crate::network::graph::ScopeId;

/// The file's bytes: `logits` `[classes]` (`features` of a network without classifier), `gate/NAME` (channel `[C]`, spatial `[H, W]`, rows `[C, H, 1]`, columns
/// `[C, 1, W]`, volume `[C, H, W]`, paths `[paths·C, 1, 1]`, matrix `[H·W, H, W]`) and, where asked for,
/// `block/PATH` `[C, H, W]`; with several images every name starts with the image's own, `cat/logits`.
///
/// # Errors
/// What the encoder refuses.
pub(super) fn encode(setting: &Setting, blocks: &[ScopeId], all: &All) -> Result<Vec<u8>, CliError> {
    let mut tensors: Vec<Named> = Vec::new();
    for result in all.results {
        let prefix = if all.are_several { format!("{}/", result.short_name) } else { String::new() };
        let outputs = if setting.classes == 0 { "features" } else { "logits" };
        tensors.push((format!("{prefix}{outputs}"), vec![result.logits.len()], result.logits.clone()));
        for (gate, found) in setting.graph.gates.iter().zip(&result.gates) {
            tensors.push((format!("{prefix}gate/{}", gate.name), found.shape.clone(), found.values.clone()));
        }
        for (block, tap) in blocks.iter().zip(&result.blocks) {
            let name = format!("{prefix}block/{}", setting.graph[*block].path);
            tensors.push((name, tap.shape.dims().to_vec(), tap.values.clone()));
        }
    }
    tensors::encode(&setting.graph.name, &setting.source(), &tensors)
}
