//! The JSON form of a training.

use serde::Serialize;

use super::Finished;
use crate::compute::lab::training::{EpochRecord, TrainingRecipe};
use crate::network::cost::Ledger;

/// `{"network","params","dataset","classes","recipe","epochs":[{"epoch","train","validation","learning_rate",
/// "seconds"}],"test":{"loss","accuracy","images"},"images_per_second","out"}`; scores are `{"loss","accuracy"}`.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    network: &'a str,
    params: u64,
    dataset: &'a str,
    classes: &'a [String],
    recipe: &'a TrainingRecipe,
    epochs: &'a [EpochRecord],
    test: Test,
    images_per_second: f64,
    out: Option<String>,
}

#[derive(Serialize)]
struct Test {
    loss: f32,
    accuracy: f32,
    images: u64,
}

impl<'a> Report<'a> {
    /// A finished run's numbers.
    pub(super) fn of(finished: &'a Finished) -> Self {
        let trained = &finished.trained;
        Self {
            network: &finished.graph.name,
            params: Ledger::of(finished.graph).total().params,
            dataset: finished.dataset.name(),
            classes: finished.dataset.classes(),
            recipe: finished.recipe,
            epochs: &trained.history,
            test: Test { loss: trained.test.loss, accuracy: trained.test.accuracy, images: trained.test_images },
            images_per_second: finished.images_per_second(),
            out: finished.args.out.as_ref().map(|out| out.display().to_string()),
        }
    }
}
