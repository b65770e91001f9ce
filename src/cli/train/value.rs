//! The JSON form of a training.

use serde::Serialize;

use super::Finished;
use crate::compute::lab::data::Split;
use crate::compute::lab::training::{EpochRecord, TrainingRecipe};
use crate::network::cost::Ledger;

/// `{"network","params","input","dataset","classes","splits":{"train","validation","test"},"notes","left_out","recipe",
/// "epochs":[{"epoch","train","validation","learning_rate","seconds"}],"test":{"loss","accuracy","images"},
/// "images_per_second","out"}`; scores are `{"loss","accuracy"}`.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    network: &'a str,
    params: u64,
    input: [usize; 3],
    dataset: &'a str,
    classes: &'a [String],
    splits: Splits,
    notes: &'a [String],
    left_out: Vec<&'a str>,
    recipe: &'a TrainingRecipe,
    epochs: &'a [EpochRecord],
    test: Test,
    images_per_second: f64,
    out: Option<String>,
}

/// How many pictures each split has; null where they never end.
#[derive(Serialize)]
struct Splits {
    train: Option<u64>,
    validation: Option<u64>,
    test: Option<u64>,
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
        let (trained, dataset) = (&finished.trained, finished.data.dataset.as_ref());
        Self {
            network: &finished.graph.name,
            params: Ledger::of(finished.graph).total().params,
            input: dataset.input(),
            dataset: dataset.name(),
            classes: dataset.classes(),
            splits: Splits {
                train: dataset.len(Split::Train),
                validation: dataset.len(Split::Validation),
                test: dataset.len(Split::Test),
            },
            notes: &finished.data.notes,
            left_out: finished.data.skipped.iter().map(|skipped| skipped.reason.as_str()).collect(),
            recipe: finished.recipe,
            epochs: &trained.history,
            test: Test { loss: trained.test.loss, accuracy: trained.test.accuracy, images: trained.test_images },
            images_per_second: finished.images_per_second(),
            out: finished.args.out.as_ref().map(|out| out.display().to_string()),
        }
    }
}
