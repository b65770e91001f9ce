//! "Objects on clutter": generated pictures of ten shapes, each with its mask. Seeded, endless, no download.
//!
//! Size, rotation, colour, texture and place are drawn from the same laws whatever the class; the clutter is made of
//! the same paint and of pieces of the same shapes. What is left to tell the classes apart is the outline. The laws'
//! numbers are in [`scene`].
//!
//! Everything is computed with integers and with `+ - * /` and `sqrt` of `f32`, which every platform rounds alike.

mod canvas;
mod figure;
mod frame;
mod paint;
mod scene;
mod shape;
#[cfg(test)]
mod tests;

use super::{Dataset, Example, Split};
use crate::compute::imaging::Picture;
use crate::compute::lab::LabError;
use crate::compute::random::SplitMix64;
use scene::Scene;
use shape::Shape;

/// Pixels across and down.
pub(super) const SIDE: usize = 64;

/// The generated data set.
#[derive(Clone, Debug)]
pub struct Objects {
    seed: u64,
    classes: Vec<String>,
}

impl Objects {
    /// The pictures of a seed; each split has its own.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, classes: Shape::ALL.iter().map(|shape| shape.name().to_owned()).collect() }
    }

    /// A test picture to look at, called e.g. `objects test 12 (star)`.
    #[must_use]
    pub fn picture(&self, index: u64) -> Picture {
        let example = self.scene(Split::Test, index).example();
        let name = format!("objects {} {index} ({})", Split::Test, self.classes[example.label]);
        Picture::new(name, example.image)
    }

    /// The name of a test picture's class.
    #[must_use]
    pub fn class_of_test(&self, index: u64) -> &str {
        &self.classes[self.label(Split::Test, index)]
    }

    fn scene(&self, split: Split, index: u64) -> Scene {
        let class = self.label(split, index);
        let mut random = SplitMix64::stream(self.seed, scenes(split), index);
        Scene::draw(&mut random, Shape::ALL[class])
    }

    /// Every ten examples in a row hold each class once, in an order of their own.
    fn label(&self, split: Split, index: u64) -> usize {
        let count = Shape::ALL.len();
        let mut random = SplitMix64::stream(self.seed, labels(split), index / count as u64);
        let mut order: [usize; Shape::ALL.len()] = std::array::from_fn(|class| class);
        for last in (1..count).rev() {
            order.swap(last, random.below(last + 1));
        }
        order[(index % count as u64) as usize]
    }
}

fn scenes(split: Split) -> &'static str {
    match split {
        Split::Train => "objects/train/scene",
        Split::Validation => "objects/validation/scene",
        Split::Test => "objects/test/scene",
    }
}

fn labels(split: Split) -> &'static str {
    match split {
        Split::Train => "objects/train/label",
        Split::Validation => "objects/validation/label",
        Split::Test => "objects/test/label",
    }
}

impl Dataset for Objects {
    fn name(&self) -> &'static str {
        "objects"
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn input(&self) -> [usize; 3] {
        [3, SIDE, SIDE]
    }

    fn len(&self, _split: Split) -> Option<u64> {
        None
    }

    fn example(&self, split: Split, index: u64) -> Result<Example, LabError> {
        Ok(self.scene(split, index).example())
    }

    fn mean(&self) -> [f32; 3] {
        [0.41; 3]
    }

    fn std(&self) -> [f32; 3] {
        [0.22; 3]
    }
}
