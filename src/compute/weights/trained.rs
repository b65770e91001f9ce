//! What a file says about the training it comes from.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Checkpoint;
use super::checkpoint::Metadata;

/// What a network was trained on, as its file's metadata says.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedOn {
    /// The network's spec.
    pub spec: String,
    /// The data set's name.
    pub dataset: String,
    /// What the classes are called, in index order.
    pub classes: Vec<String>,
    /// The share of the test images that it gets right, 0 to 1.
    pub accuracy: f32,
    /// How many test images that was measured on.
    pub test_images: u64,
    /// What was subtracted from each channel of its pictures, on a 0..1 scale.
    pub mean: [f32; 3],
    /// What each channel was divided by after that.
    pub std: [f32; 3],
}

/// The keys of the metadata block. Lists are JSON.
pub(in crate::compute) mod keys {
    /// The version that wrote the file.
    pub(in crate::compute) const VERSION: &str = "gatescope";
    pub(in crate::compute) const NETWORK: &str = "network";
    pub(in crate::compute) const DATASET: &str = "dataset";
    pub(in crate::compute) const CLASSES: &str = "classes";
    pub(in crate::compute) const ACCURACY: &str = "test_accuracy";
    pub(in crate::compute) const TEST_IMAGES: &str = "test_images";
    pub(in crate::compute) const MEAN: &str = "mean";
    pub(in crate::compute) const STD: &str = "std";
}

impl TrainedOn {
    /// Reads a file's metadata; `None` where it does not say all of it in the form it is written here.
    #[must_use]
    pub fn of(file: &Checkpoint) -> Option<Self> {
        Self::from_metadata(file.metadata())
    }

    fn from_metadata(metadata: &Metadata) -> Option<Self> {
        let text = |key: &str| metadata.get(key).map(ToOwned::to_owned);
        text(keys::VERSION)?;
        let trained = Self {
            spec: text(keys::NETWORK)?,
            dataset: text(keys::DATASET)?,
            classes: parsed(metadata, keys::CLASSES)?,
            accuracy: parsed(metadata, keys::ACCURACY)?,
            test_images: parsed(metadata, keys::TEST_IMAGES)?,
            mean: parsed(metadata, keys::MEAN)?,
            std: parsed(metadata, keys::STD)?,
        };
        let sane = (0.0..=1.0).contains(&trained.accuracy)
            && trained.mean.iter().all(|mean| mean.is_finite())
            && trained.std.iter().all(|std| std.is_finite() && *std > 0.0);
        sane.then_some(trained)
    }

    /// Adds it to a metadata block.
    pub(in crate::compute) fn write(&self, metadata: &mut BTreeMap<String, String>) {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        metadata.insert(keys::VERSION.to_owned(), version);
        metadata.insert(keys::NETWORK.to_owned(), self.spec.clone());
        metadata.insert(keys::DATASET.to_owned(), self.dataset.clone());
        metadata.insert(keys::CLASSES.to_owned(), json(&self.classes));
        metadata.insert(keys::ACCURACY.to_owned(), json(&self.accuracy));
        metadata.insert(keys::TEST_IMAGES.to_owned(), self.test_images.to_string());
        metadata.insert(keys::MEAN.to_owned(), json(&self.mean));
        metadata.insert(keys::STD.to_owned(), json(&self.std));
    }

    /// In a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(80).collect::<String>();
        format!(
            "trained by gatescope on {}, {} classes: {:.1} % of {} test images right",
            clean(&self.dataset),
            self.classes.len(),
            self.accuracy * 100.0,
            self.test_images
        )
    }
}

/// A value of the metadata block that is JSON.
pub(in crate::compute) fn parsed<T: DeserializeOwned>(metadata: &Metadata, key: &str) -> Option<T> {
    serde_json::from_str(metadata.get(key)?).ok()
}

/// A value for the metadata block. What is written here always can be.
pub(in crate::compute) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained() -> TrainedOn {
        TrainedOn {
            spec: "resnet20(classes=2)".to_owned(),
            dataset: "objects".to_owned(),
            classes: vec!["disc, or \"ball\"".to_owned(), "ring".to_owned()],
            accuracy: 0.931_5,
            test_images: 2000,
            mean: [0.1, 0.2, 0.3],
            std: [0.4, 0.5, 0.6],
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut metadata = BTreeMap::new();
        trained().write(&mut metadata);
        assert_eq!(TrainedOn::from_metadata(&metadata.clone().into()), Some(trained()));
        assert!(trained().sentence().contains("93.2 % of 2000"), "{}", trained().sentence());
    }

    #[test]
    fn other_files_and_nonsense_say_nothing() {
        let mut whole = BTreeMap::new();
        trained().write(&mut whole);
        for key in whole.keys() {
            let mut metadata = whole.clone();
            metadata.remove(key);
            assert_eq!(TrainedOn::from_metadata(&metadata.clone().into()), None, "without {key}");
        }
        for (key, value) in [("std", "[0,1,1]"), ("test_accuracy", "7"), ("classes", "{}"), ("mean", "[1]")] {
            let mut metadata = whole.clone();
            metadata.insert(key.to_owned(), value.to_owned());
            assert_eq!(TrainedOn::from_metadata(&metadata.clone().into()), None, "{key} {value}");
        }
    }
}
