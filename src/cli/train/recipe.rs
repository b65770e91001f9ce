//! The recipe's flags.

use clap::ValueEnum;

use crate::compute::lab::data::{Augment, Dataset, Split};
use crate::compute::lab::training::{Optimiser, TrainingRecipe};

/// Each flag goes before the default, or before what the checkpoint says that is continued.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// How often to go through an epoch's images [default: 10]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Images of an epoch [default: 12800 generated ones, or those of the folder]
    #[arg(long, value_name = "N")]
    samples: Option<u64>,
    /// Images to validate on after each epoch and to test on at the end [default: 1000]
    #[arg(long, value_name = "N")]
    validation: Option<u64>,
    /// Images of a step [default: 64]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// SGD with Nesterov momentum 0.9, or AdamW with PyTorch's constants [default: sgd]
    #[arg(long, value_enum, value_name = "NAME")]
    optimiser: Option<OptimiserName>,
    /// The largest learning rate [default: 0.1, or 0.002 with adamw]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    lr: Option<f32>,
    /// Pulls weights towards 0, not biases and BatchNorm [default: 0.0005, or 0.05 with adamw]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    weight_decay: Option<f32>,
    /// Epochs in which the learning rate rises, before it falls along a cosine [default: 1]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    warmup: Option<f32>,
    /// The share of the target that all classes share [default: 0.05]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    label_smoothing: Option<f32>,
    /// Decides first weights, images and their order [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Never mirror a picture
    #[arg(long)]
    no_flip: bool,
    /// Move pictures by up to this many pixels [default: 4 of a folder, 0 of generated ones]
    #[arg(long, value_name = "N")]
    crop_padding: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OptimiserName {
    Sgd,
    Adamw,
}

/// The recipe for a data set when no flag is given.
pub(super) fn default_for(dataset: &dyn Dataset) -> TrainingRecipe {
    let recipe = TrainingRecipe::default();
    match dataset.len(Split::Train) {
        // New images every time need no moving about; the same ones do.
        None => recipe,
        Some(samples) => TrainingRecipe { samples, augment: Augment { flip: true, crop_padding: 4 }, ..recipe },
    }
}

impl Args {
    /// The recipe with what the flags say.
    pub(super) fn over(&self, mut recipe: TrainingRecipe) -> TrainingRecipe {
        match self.optimiser {
            Some(OptimiserName::Sgd) if recipe.optimiser.name() != "sgd" => {
                recipe = TrainingRecipe { optimiser: Optimiser::SGD, learning_rate: 0.1, weight_decay: 5e-4, ..recipe };
            }
            Some(OptimiserName::Adamw) if recipe.optimiser.name() != "adamw" => {
                let (optimiser, learning_rate, weight_decay) = (Optimiser::ADAMW, 0.002, 0.05);
                recipe = TrainingRecipe { optimiser, learning_rate, weight_decay, ..recipe };
            }
            _ => (),
        }
        let epochs = self.epochs.unwrap_or(recipe.epochs);
        TrainingRecipe {
            epochs,
            samples: self.samples.unwrap_or(recipe.samples),
            validation: self.validation.unwrap_or(recipe.validation),
            batch: self.batch.unwrap_or(recipe.batch),
            optimiser: recipe.optimiser,
            learning_rate: self.lr.unwrap_or(recipe.learning_rate),
            // A run of fewer epochs than the default warm-up is all warm-up.
            warmup: self.warmup.unwrap_or(recipe.warmup.min(epochs as f32)),
            weight_decay: self.weight_decay.unwrap_or(recipe.weight_decay),
            label_smoothing: self.label_smoothing.unwrap_or(recipe.label_smoothing),
            augment: Augment {
                flip: recipe.augment.flip && !self.no_flip,
                crop_padding: self.crop_padding.unwrap_or(recipe.augment.crop_padding),
            },
            seed: self.seed.unwrap_or(recipe.seed),
        }
    }
}
