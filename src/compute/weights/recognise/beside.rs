//! Tensors beside a network that are none of its weights: counters, losses, scales, metrics.

use std::collections::BTreeSet;

/// What scripts and profilers leave in every module.
const COUNTERS: [&str; 3] = ["num_batches_tracked", "total_ops", "total_params"];

/// Words in names of what is kept beside a network.
const WORDS: [&str; 36] = [
    "loss",
    "losses",
    "criterion",
    "metric",
    "metrics",
    "acc",
    "acc1",
    "acc5",
    "accuracy",
    "auroc",
    "auc",
    "f1",
    "f1score",
    "precision",
    "recall",
    "confmat",
    "confusion",
    "ema",
    "averaged",
    "updates",
    "step",
    "steps",
    "epoch",
    "iteration",
    "queue",
    "temperature",
    "temp",
    "logit",
    "meter",
    "counter",
    "seen",
    "total",
    "correct",
    "meanmetric",
    "teacher",
    "momentum",
];
/// A single number by one of these names is a layer's.
const LAYERS: [&str; 8] = ["relu", "prelu", "act", "activation", "gamma", "gate", "bn", "norm"];

/// Is it a counter that nothing computes with?
pub(super) fn is_counter(name: &str) -> bool {
    COUNTERS.contains(&name.rsplit('.').next().unwrap_or(name))
}

/// The first part of a tensor's name: a module of the network, or the tensor itself.
pub(in crate::compute::weights) fn top(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Is a tensor beside the network, and none of it? `tops` are the first parts of the network's own names: what is
/// inside of one of them would be another network's.
pub(in crate::compute::weights) fn is_beside(name: &str, shape: &[usize], tops: &BTreeSet<&str>) -> bool {
    if is_counter(name) {
        return true;
    }
    if tops.contains(top(name)) {
        return false;
    }
    let words = || name.split(['.', '_', '-']).map(str::to_lowercase);
    let is_single = shape.iter().product::<usize>() <= 1;
    let is_layer = words().any(|word| LAYERS.contains(&word.as_str()));
    (is_single && !is_layer) || words().any(|word| WORDS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_losses_scales_and_metrics_are_beside() {
        let tops: BTreeSet<&str> = ["conv1", "bn1", "layer1", "fc"].into();
        for (name, shape) in [
            ("n_averaged", &[][..]),
            ("logit_scale", &[]),
            ("temperature", &[1]),
            ("criterion.weight", &[5]),
            ("train_acc.tp", &[5]),
            ("val_metrics.confmat", &[5, 5]),
            ("queue", &[128, 64]),
            ("layer1.0.conv1.total_ops", &[1]),
            ("layer1.0.bn1.num_batches_tracked", &[]),
        ] {
            assert!(is_beside(name, shape, &tops), "{name}");
        }
        for (name, shape) in [
            ("layer1.0.se.weight", &[8][..]),
            ("layer1.0.gate", &[1]),
            ("fc.scale", &[1]),
            ("fc2.weight", &[5, 8]),
            ("bn0.running_mean", &[3]),
            ("prelu.weight", &[1]),
            ("decoder.0.weight", &[8, 8, 3, 3]),
        ] {
            assert!(!is_beside(name, shape, &tops), "{name}");
        }
    }
}
