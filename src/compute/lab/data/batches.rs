//! Examples in the order of an epoch, normalised and stacked, made ahead of time if asked.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use image::RgbImage;

use super::augment::Change;
use super::{Augment, Dataset, Split};
use crate::compute::lab::LabError;
use crate::compute::random::{SplitMix64, mix};

/// The most examples of a batch.
pub const MAX_BATCH: usize = 65_536;
/// Batches that wait, made and not yet taken.
const AHEAD: usize = 2;

/// Which examples, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loading {
    /// Where they come from. Training examples are shuffled; the others come in order.
    pub split: Split,
    /// How many make an epoch. Training goes round a finite split as often as that takes; elsewhere a split's end
    /// ends the epoch.
    pub samples: u64,
    /// How many make a batch.
    pub batch: usize,
    /// Decides the order and the changes.
    pub seed: u64,
    /// Which epoch, from 0; of an endless split each epoch shows examples that no other did.
    pub epoch: u64,
    /// What is done to the pictures.
    pub augment: Option<Augment>,
}

/// Some examples as a network takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Which batch of the epoch, from 0.
    pub step: u64,
    /// `[batch, 3, H, W]`, normalised; what the last batch of an epoch lacks is zeros.
    pub images: Vec<f32>,
    /// Class indices, one an example: as many as there really are.
    pub labels: Vec<usize>,
}

/// An epoch's batches, made when they are asked for.
#[derive(Clone)]
pub struct Batches<'a> {
    dataset: &'a dyn Dataset,
    loading: Loading,
    samples: u64,
    step: u64,
    /// Where an endless split's examples begin.
    start: u64,
    shuffled: Option<Shuffled>,
}

/// The order of one round of a finite split.
#[derive(Clone)]
struct Shuffled {
    round: u64,
    order: Vec<u64>,
}

impl<'a> Batches<'a> {
    /// An epoch of a data set.
    ///
    /// # Errors
    /// A batch size that cannot be, or a split without examples.
    pub fn new(dataset: &'a dyn Dataset, loading: Loading) -> Result<Self, LabError> {
        if !(1..=MAX_BATCH).contains(&loading.batch) {
            return Err(LabError::Size { what: "batch", given: loading.batch as u64, most: MAX_BATCH as u64 });
        }
        let len = dataset.len(loading.split);
        if len == Some(0) {
            return Err(LabError::EmptySplit { name: dataset.name().to_owned(), split: loading.split });
        }
        let samples = match (loading.split, len) {
            (Split::Train, _) | (_, None) => loading.samples,
            (_, Some(len)) => loading.samples.min(len),
        };
        // Other seeds train on other examples; what is measured on stays the same.
        let start = match (loading.split, len) {
            (Split::Train, None) => mix(loading.seed) >> 24,
            _ => 0,
        };
        Ok(Self { dataset, loading, samples, step: 0, start, shuffled: None })
    }

    /// The same epoch from another batch on, as an interrupted run goes on.
    #[must_use]
    pub fn starting_at(mut self, step: u64) -> Self {
        self.step = step;
        self
    }

    /// How many batches the epoch has, an incomplete last one included.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.samples.div_ceil(self.loading.batch as u64)
    }

    /// Makes the batches on a thread of its own, a few ahead of the one that is used.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn ahead<'scope>(self, scope: &'scope thread::Scope<'scope, 'a>) -> Result<Ahead, LabError> {
        let steps = self.steps();
        let (sender, receiver) = sync_channel(AHEAD);
        let make = move || {
            for batch in self {
                // Nobody waits any more: the rest is not needed.
                if sender.send(batch).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("batches".to_owned()).spawn_scoped(scope, make).map_err(LabError::Thread)?;
        Ok(Ahead { receiver, steps })
    }

    fn make(&mut self, step: u64) -> Result<Batch, LabError> {
        let [channels, height, width] = self.dataset.input();
        let size = channels * height * width;
        let first = step * self.loading.batch as u64;
        let count = (self.samples - first).min(self.loading.batch as u64);
        let mut images = vec![0.0; self.loading.batch * size];
        let mut labels = Vec::with_capacity(count as usize);
        for (position, to) in (first..first + count).zip(images.chunks_exact_mut(size)) {
            let index = self.index(position);
            let example = self.dataset.example(self.loading.split, index)?;
            let Loading { seed, epoch, .. } = self.loading;
            let change = self.loading.augment.map(|augment| augment.draw(seed, epoch, position)).unwrap_or_default();
            fill(&example.image, self.dataset.mean(), self.dataset.std(), change, to);
            labels.push(example.label);
        }
        Ok(Batch { step, images, labels })
    }

    /// The example that is at this place of the epoch.
    fn index(&mut self, position: u64) -> u64 {
        let Loading { split, epoch, seed, .. } = self.loading;
        let place = match split {
            Split::Train => epoch.wrapping_mul(self.samples).wrapping_add(position),
            Split::Validation | Split::Test => position,
        };
        match self.dataset.len(split) {
            Some(len) if split == Split::Train => {
                let round = place / len;
                let known = self.shuffled.take().filter(|shuffled| shuffled.round == round);
                let shuffled = self.shuffled.insert(known.unwrap_or_else(|| Shuffled::new(seed, round, len)));
                shuffled.order[(place % len) as usize]
            }
            _ => self.start.wrapping_add(place),
        }
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, LabError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step;
        (step < self.steps()).then(|| {
            self.step += 1;
            self.make(step)
        })
    }
}

impl Shuffled {
    /// Fisher and Yates's shuffle.
    fn new(seed: u64, round: u64, len: u64) -> Self {
        let mut random = SplitMix64::stream(seed, "shuffle", round);
        let mut order: Vec<u64> = (0..len).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last + 1));
        }
        Self { round, order }
    }
}

/// An epoch's batches, made in the background; dropped early, the thread stops after the batch it is at.
pub struct Ahead {
    receiver: Receiver<Result<Batch, LabError>>,
    steps: u64,
}

impl Ahead {
    /// How many batches the epoch has.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

impl Iterator for Ahead {
    type Item = Result<Batch, LabError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.recv().ok()
    }
}

/// A picture as a network takes it: `[3, H, W]`, the mean subtracted and divided by the standard deviation.
#[must_use]
pub fn normalise(image: &RgbImage, mean: [f32; 3], std: [f32; 3]) -> Vec<f32> {
    let mut to = vec![0.0; 3 * image.width() as usize * image.height() as usize];
    fill(image, mean, std, Change::default(), &mut to);
    to
}

/// Writes `[3, H, W]`; what a change leaves open stays 0, the mean.
fn fill(image: &RgbImage, mean: [f32; 3], std: [f32; 3], change: Change, to: &mut [f32]) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let pixels = image.as_raw().as_chunks::<3>().0;
    for (channel, plane) in to.chunks_exact_mut(width * height).enumerate().take(3) {
        let (scale, offset) = (1.0 / (255.0 * std[channel]), mean[channel] / std[channel]);
        for (y, row) in plane.chunks_exact_mut(width).enumerate() {
            let Some(from) = change.row(y, height) else { continue };
            let from = &pixels[from * width..][..width];
            for (x, to) in row.iter_mut().enumerate() {
                if let Some(x) = change.column(x, width) {
                    *to = f32::from(from[x][channel]) * scale - offset;
                }
            }
        }
    }
}
