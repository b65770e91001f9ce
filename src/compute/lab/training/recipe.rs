//! How a network is trained.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::compute::lab::LabError;
use crate::compute::lab::data::Augment;

/// The most images of a step.
const MAX_BATCH: usize = 1024;
/// The most epochs.
const MAX_EPOCHS: usize = 100_000;
/// The widest border that pictures are cut out with.
const MAX_PADDING: usize = 64;

/// What turns gradients into steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase", deny_unknown_fields)]
pub enum Optimiser {
    /// Stochastic gradient descent with momentum, as `torch.optim.SGD`.
    Sgd {
        /// The share of the last step that is kept, 0 to 1.
        momentum: f32,
        /// Nesterov's form: the gradient counts as if the momentum had been taken already.
        nesterov: bool,
    },
    /// Loshchilov and Hutter, ICLR 2019, as `torch.optim.AdamW`.
    AdamW {
        /// Decay of the mean of gradients.
        beta1: f32,
        /// Decay of the mean of their squares.
        beta2: f32,
        /// Added to the root.
        epsilon: f32,
    },
}

impl Optimiser {
    /// Nesterov momentum 0.9.
    pub const SGD: Self = Self::Sgd { momentum: 0.9, nesterov: true };
    /// PyTorch's defaults.
    pub const ADAMW: Self = Self::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    /// The name people type.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::AdamW { .. } => "adamw",
        }
    }
}

/// Everything that decides a run, apart from the network and the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRecipe {
    /// How often the epoch's images are gone through.
    pub epochs: usize,
    /// Training images of an epoch. Of an endless data set they are new ones each time.
    pub samples: u64,
    /// Images that are validated on after each epoch, and tested on at the end; fewer where there are fewer.
    pub validation: u64,
    /// Images of a step. What an epoch has over a multiple of it is left out.
    pub batch: usize,
    /// What turns gradients into steps.
    pub optimiser: Optimiser,
    /// The largest learning rate: reached at the end of the warm-up, followed down to 0 along half a cosine.
    pub learning_rate: f32,
    /// Epochs, or parts of one, in which the learning rate rises from 0 in a straight line.
    pub warmup: f32,
    /// Pulls weights towards 0; biases and BatchNorm are spared.
    pub weight_decay: f32,
    /// The share of the target that all classes share, 0 to 1 (Szegedy et al., CVPR 2016).
    pub label_smoothing: f32,
    /// How training pictures are varied.
    pub augment: Augment,
    /// Decides the first weights, the images, their order and their changes.
    pub seed: u64,
}

impl Default for TrainingRecipe {
    /// What the embedded networks were trained with.
    fn default() -> Self {
        Self {
            epochs: 10,
            samples: 12_800,
            validation: 1000,
            batch: 64,
            optimiser: Optimiser::SGD,
            learning_rate: 0.1,
            warmup: 1.0,
            weight_decay: 5e-4,
            label_smoothing: 0.05,
            augment: Augment { flip: true, crop_padding: 0 },
            seed: 0,
        }
    }
}

impl TrainingRecipe {
    /// Is it one that can be followed?
    ///
    /// # Errors
    /// [`LabError::Recipe`] with the first field that cannot be.
    pub fn check(&self) -> Result<(), LabError> {
        let whole =
            |field, value: u64, most: u64, wanted| refuse_unless((1..=most).contains(&value), field, value, wanted);
        whole("epochs", self.epochs as u64, MAX_EPOCHS as u64, "1 to 100000")?;
        whole("samples", self.samples, u64::from(u32::MAX), "1 or more images an epoch")?;
        whole("validation", self.validation, u64::from(u32::MAX), "1 or more images")?;
        whole("batch", self.batch as u64, MAX_BATCH as u64, "1 to 1024 images")?;
        let rate = self.learning_rate;
        refuse_unless(rate.is_finite() && rate > 0.0, "learning rate", rate, "a number above 0, like 0.1")?;
        let warmup = 0.0..=self.epochs as f32;
        refuse_unless(warmup.contains(&self.warmup), "warmup", self.warmup, "0 up to the number of epochs")?;
        let decay = self.weight_decay;
        refuse_unless(decay.is_finite() && decay >= 0.0, "weight decay", decay, "0 or more, like 0.0005")?;
        let smoothing = self.label_smoothing;
        refuse_unless((0.0..1.0).contains(&smoothing), "label smoothing", smoothing, "0 up to, not including, 1")?;
        let padding = self.augment.crop_padding;
        refuse_unless(padding <= MAX_PADDING, "crop padding", padding, "0 to 64 pixels")?;
        self.check_optimiser()
    }

    fn check_optimiser(&self) -> Result<(), LabError> {
        let share = 0.0..1.0;
        match self.optimiser {
            Optimiser::Sgd { momentum, nesterov } => {
                refuse_unless(share.contains(&momentum), "momentum", momentum, "0 up to, not including, 1")?;
                refuse_unless(momentum > 0.0 || !nesterov, "momentum", momentum, "more than 0 for Nesterov's form")
            }
            Optimiser::AdamW { beta1, beta2, epsilon } => {
                refuse_unless(share.contains(&beta1), "beta1", beta1, "0 up to, not including, 1")?;
                refuse_unless(share.contains(&beta2), "beta2", beta2, "0 up to, not including, 1")?;
                refuse_unless(epsilon.is_finite() && epsilon > 0.0, "epsilon", epsilon, "a number above 0")
            }
        }
    }

    /// Images of a step: never more than an epoch has.
    pub(super) fn batch_size(&self) -> usize {
        self.batch.min(usize::try_from(self.samples).unwrap_or(usize::MAX))
    }

    /// Steps of an epoch; every one has a whole batch.
    pub(super) fn steps(&self) -> usize {
        (self.samples / self.batch_size() as u64) as usize
    }
}

fn refuse_unless(fine: bool, field: &'static str, value: impl Display, wanted: &'static str) -> Result<(), LabError> {
    match fine {
        true => Ok(()),
        false => Err(LabError::Recipe { field, value: value.to_string(), wanted }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_followed_is_refused_with_field_and_value() {
        let with = |change: &dyn Fn(&mut TrainingRecipe)| {
            let mut recipe = TrainingRecipe::default();
            change(&mut recipe);
            recipe.check().expect_err("is refused").to_string()
        };
        let cases = [
            (with(&|r| r.epochs = 0), "epochs is 0: give 1 to 100000"),
            (with(&|r| r.batch = 0), "batch is 0: give 1 to 1024 images"),
            (with(&|r| r.samples = 0), "samples is 0"),
            (with(&|r| r.learning_rate = f32::NAN), "learning rate is NaN: give a number above 0"),
            (with(&|r| r.learning_rate = -1.0), "learning rate is -1"),
            (with(&|r| r.warmup = f32::INFINITY), "warmup is inf"),
            (with(&|r| r.weight_decay = f32::NAN), "weight decay is NaN"),
            (with(&|r| r.label_smoothing = 1.0), "label smoothing is 1"),
            (with(&|r| r.augment.crop_padding = 1000), "crop padding is 1000"),
            (with(&|r| r.optimiser = Optimiser::Sgd { momentum: 0.0, nesterov: true }), "more than 0 for Nesterov"),
            (with(&|r| r.optimiser = Optimiser::AdamW { beta1: 0.9, beta2: 1.0, epsilon: 1e-8 }), "beta2 is 1"),
        ];
        for (message, wanted) in cases {
            assert!(message.contains(wanted), "{message} does not say {wanted}");
        }
        TrainingRecipe::default().check().expect("the default");
    }

    #[test]
    fn a_recipe_survives_its_json() {
        for optimiser in [Optimiser::SGD, Optimiser::ADAMW] {
            let recipe = TrainingRecipe { optimiser, learning_rate: 0.012_345_679, ..TrainingRecipe::default() };
            let json = serde_json::to_string(&recipe).expect("JSON");
            assert_eq!(serde_json::from_str::<TrainingRecipe>(&json).expect(&json), recipe);
        }
    }
}
