//! The comparison as CSV.

use super::AttentionResult;
use crate::compute::lab::experiments::files::csv;

/// A row a network.
pub(super) fn networks(result: &AttentionResult) -> Vec<u8> {
    let header =
        ["attention", "spec", "params", "macs", "seed", "accuracy", "grad_cam_pointing", "grad_cam_energy", "chance"];
    let rows = result.attentions.iter().flat_map(|known| {
        known.seeds.iter().filter_map(move |seed| {
            let measured = seed.measured.as_ref()?;
            Some(vec![
                known.attention.clone(),
                known.spec.clone(),
                known.params.to_string(),
                known.macs.to_string(),
                seed.seed.to_string(),
                measured.accuracy.to_string(),
                measured.grad_cam.pointing.to_string(),
                measured.grad_cam.energy.to_string(),
                result.chance.to_string(),
            ])
        })
    });
    csv(&header, rows)
}

/// A row a spatial gate and seed.
pub(super) fn maps(result: &AttentionResult) -> Vec<u8> {
    let header = ["attention", "seed", "block", "gate", "pointing", "energy", "chance"];
    let rows = result.attentions.iter().flat_map(|known| {
        known.seeds.iter().flat_map(move |seed| {
            seed.measured.iter().flat_map(move |measured| {
                measured.maps.iter().map(move |map| {
                    vec![
                        known.attention.clone(),
                        seed.seed.to_string(),
                        map.block.clone(),
                        map.gate.clone(),
                        map.look.pointing.to_string(),
                        map.look.energy.to_string(),
                        result.chance.to_string(),
                    ]
                })
            })
        })
    });
    csv(&header, rows)
}
