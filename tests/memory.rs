//! What training holds in memory, counted by the allocator: a large classifier is there as weights, momentum and
//! gradient, and once more while it is measured. PyTorch holds as much.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use gatescope::compute::lab::LabError;
use gatescope::compute::lab::data::{Dataset, Example, Split};
use gatescope::compute::lab::training::{TrainingControl, TrainingOptions, TrainingRecipe, fitted, train};
use gatescope::network::{lower, parse};

/// Counts bytes on their way to the system's allocator.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Grey pictures of very many classes.
struct Many(Vec<String>);

impl Dataset for Many {
    fn name(&self) -> &'static str {
        "many"
    }

    fn classes(&self) -> &[String] {
        &self.0
    }

    fn input(&self) -> [usize; 3] {
        [3, 12, 12]
    }

    fn len(&self, _: Split) -> Option<u64> {
        None
    }

    fn example(&self, _: Split, index: u64) -> Result<Example, LabError> {
        let image = image::RgbImage::from_pixel(12, 12, image::Rgb([index as u8; 3]));
        Ok(Example { image, label: index as usize % self.0.len(), mask: None })
    }

    fn mean(&self) -> [f32; 3] {
        [0.5; 3]
    }

    fn std(&self) -> [f32; 3] {
        [0.5; 3]
    }
}

#[test]
fn a_large_classifier_is_not_held_more_often_than_it_must_be() {
    const CLASSES: usize = 96 << 10;
    // The last stage has 64 channels: 64 × 98,304 weights and as many biases, 4 bytes each.
    const CLASSIFIER: usize = (64 + 1) * CLASSES * 4;
    // A logit and its gradient for each class and image, in several forms: a share of the whole that is no copy of it.
    const REST: usize = CLASSIFIER / 2 + (16 << 20);
    let many = Many(vec![String::new(); CLASSES]);
    let spec = fitted(&parse("resnet20(blocks=1-1-1)").expect("parses"), &many).expect("fits");
    let graph = lower(&spec).expect("lowers");
    let recipe =
        TrainingRecipe { epochs: 2, samples: 4, validation: 2, batch: 2, warmup: 0.0, ..TrainingRecipe::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let out = Some(folder.path().join("many.safetensors"));
    let options = TrainingOptions { threads: 2, out, ..TrainingOptions::default() };
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    train(&graph, &many, &recipe, options, &TrainingControl::none()).expect("trains");
    let most = MOST.load(Ordering::Relaxed) - before;
    // Weights and momentum throughout; then either the gradient, or the weights as they are measured and packed.
    assert!(most >= 3 * CLASSIFIER, "{most}: the count is blind");
    assert!(most <= 4 * CLASSIFIER + REST, "{most} bytes for a classifier of {CLASSIFIER}");
}
