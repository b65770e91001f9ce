//! Measuring a network on a split, as it would be used: running statistics, layers fused.

use std::thread;

use super::loss::cross_entropy;
use super::{Score, check_fit};
use crate::compute::engine::{Control, Plan, PlanOptions};
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Batches, Dataset, Loading, Split};
use crate::compute::weights::Weights;
use crate::network::Graph;

/// Images of one run.
const BATCH: usize = 64;

/// Measures loss (without label smoothing) and accuracy over the first `count` images of a split, or all of them
/// where there are fewer.
///
/// # Errors
/// A network that does not fit the data, an image that cannot be read, a layer that cannot be computed.
pub fn evaluate(
    graph: &Graph,
    weights: &Weights,
    dataset: &dyn Dataset,
    split: Split,
    count: u64,
    threads: usize,
) -> Result<Score, LabError> {
    measure(graph, weights, dataset, split, count, threads, &|| false)
}

/// The same, stopped between batches by `cancelled`.
pub(super) fn measure(
    graph: &Graph,
    weights: &Weights,
    dataset: &dyn Dataset,
    split: Split,
    count: u64,
    threads: usize,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Score, LabError> {
    check_fit(graph, dataset)?;
    let batch = BATCH.min(usize::try_from(count).unwrap_or(BATCH)).max(1);
    let plan = Plan::new(graph, weights, PlanOptions { threads, taps: Vec::new(), batch, keeps: false })?;
    let classes = dataset.classes().len();
    let loading = Loading { split, samples: count, batch, seed: 0, epoch: 0, augment: None };
    let batches = Batches::new(dataset, loading)?;
    let (mut sum, mut right, mut images) = (0.0, 0, 0);
    thread::scope(|scope| {
        for batch in batches.ahead(scope)? {
            if cancelled() {
                return Err(LabError::Cancelled);
            }
            let batch = batch?;
            let runs = plan.run_batch(&batch.images, &weights.holds(graph), &Control::none())?;
            let logits: Vec<f32> = runs.into_iter().flat_map(|run| run.logits).collect();
            let loss = cross_entropy(&logits, &batch.labels, classes, 0.0);
            sum += loss.sum;
            right += loss.right;
            images += batch.labels.len() as u64;
        }
        Ok(())
    })?;
    Ok(score(sum, right, images))
}

/// Means of sums over images.
pub(super) fn score(sum: f64, right: u64, images: u64) -> Score {
    let images = images.max(1) as f64;
    Score { loss: (sum / images) as f32, accuracy: (right as f64 / images) as f32 }
}
