use std::thread;

use image::{Rgb, RgbImage};

use super::*;

/// Fourteen pictures of one colour each, two classes; half as many to validate, none to test.
struct Few(Vec<String>);

impl Few {
    fn new() -> Self {
        Self(vec!["even".to_owned(), "odd".to_owned()])
    }
}

impl Dataset for Few {
    fn name(&self) -> &'static str {
        "few"
    }
    fn classes(&self) -> &[String] {
        &self.0
    }
    fn input(&self) -> [usize; 3] {
        [3, 6, 8]
    }
    fn len(&self, split: Split) -> Option<u64> {
        Some([14, 7, 0][split as usize])
    }
    fn example(&self, split: Split, index: u64) -> Result<Example, LabError> {
        let len = [14, 7, 0][split as usize];
        if index >= len {
            return Err(LabError::NoExample { name: "few".to_owned(), split, index, len });
        }
        let image = RgbImage::from_fn(8, 6, |x, y| Rgb([100 + index as u8, x as u8, y as u8]));
        Ok(Example { image, label: (index % 2) as usize, mask: None })
    }
    fn mean(&self) -> [f32; 3] {
        [0.5, 0.25, 0.0]
    }
    fn std(&self) -> [f32; 3] {
        [0.25, 0.5, 1.0]
    }
}

const LOADING: Loading = Loading { split: Split::Train, samples: 28, batch: 8, seed: 1, epoch: 0, augment: None };

fn batches(dataset: &dyn Dataset, loading: Loading) -> Vec<Batch> {
    Batches::new(dataset, loading).expect("can be made").map(|batch| batch.expect("is made")).collect()
}

/// Which of the few pictures a batch holds.
fn pictures(batch: &Batch) -> Vec<u64> {
    let first = |index: usize| (batch.images[index * 144] * 0.25 + 0.5) * 255.0;
    (0..batch.labels.len()).map(|index| first(index).round() as u64 - 100).collect()
}

#[test]
fn an_epoch_goes_round_a_finite_split_in_shuffled_order() {
    let few = Few::new();
    let epoch = batches(&few, LOADING);
    assert_eq!(epoch.iter().map(|batch| batch.labels.len()).collect::<Vec<_>>(), [8, 8, 8, 4]);
    assert!(epoch.iter().all(|batch| batch.images.len() == 8 * 144));
    assert!(epoch[3].images[4 * 144..].iter().all(|&value| value == 0.0), "what is missing is not zeros");
    let order: Vec<u64> = epoch.iter().flat_map(pictures).collect();
    for round in order.chunks(14) {
        let mut sorted = round.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..14).collect::<Vec<_>>());
        assert_ne!(round, sorted);
    }
    assert_ne!(order[..14], order[14..]);
    let labels: Vec<usize> = epoch.iter().flat_map(|batch| batch.labels.clone()).collect();
    assert!(order.iter().zip(labels).all(|(&index, label)| index as usize % 2 == label));
    for other in [Loading { seed: 2, ..LOADING }, Loading { epoch: 1, ..LOADING }] {
        assert_ne!(batches(&few, other).iter().flat_map(pictures).collect::<Vec<_>>(), order);
    }
}

#[test]
fn what_is_measured_on_comes_in_order_and_once() {
    let few = Few::new();
    for seed in 0..3 {
        let epoch = batches(&few, Loading { split: Split::Validation, seed, epoch: seed, ..LOADING });
        assert_eq!(epoch.iter().flat_map(pictures).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn a_background_thread_changes_nothing() {
    let objects = Objects::new(7);
    let augment = Some(Augment::default());
    let loading = Loading { samples: 50, batch: 12, augment, ..LOADING };
    let alone = batches(&objects, loading);
    thread::scope(|scope| {
        let ahead = || Batches::new(&objects, loading).expect("can be made").ahead(scope).expect("starts");
        for ahead in [ahead(), ahead()] {
            assert_eq!(ahead.steps(), 5);
            assert!(ahead.map(|batch| batch.expect("is made")).eq(alone.iter().cloned()), "made ahead, batches differ");
        }
    });
}

#[test]
fn an_epoch_can_start_in_the_middle_or_end_early() {
    let objects = Objects::new(7);
    let loading = Loading { samples: 60, batch: 10, augment: Some(Augment::default()), ..LOADING };
    let whole = batches(&objects, loading);
    let rest = Batches::new(&objects, loading).expect("can be made").starting_at(4);
    assert!(rest.map(|batch| batch.expect("is made")).eq(whole[4..].iter().cloned()));
    thread::scope(|scope| {
        let mut ahead = Batches::new(&objects, loading).expect("can be made").ahead(scope).expect("starts");
        assert!(ahead.next().expect("a first").expect("is made") == whole[0]);
    });
}

#[test]
fn an_endless_split_never_repeats_and_other_seeds_train_on_others() {
    let objects = Objects::new(7);
    let mut seen = std::collections::HashSet::new();
    for (seed, epoch) in [(1, 0), (1, 1), (2, 0)] {
        for batch in batches(&objects, Loading { samples: 30, batch: 10, seed, epoch, ..LOADING }) {
            for image in batch.images.chunks(3 * 64 * 64) {
                assert!(seen.insert(image.iter().map(|value| value.to_bits()).collect::<Vec<_>>()));
            }
        }
    }
}

#[test]
fn pictures_are_normalised_channel_by_channel() {
    let few = Few::new();
    let image = few.example(Split::Train, 3).expect("is there").image;
    let tensor = normalise(&image, few.mean(), few.std());
    let at = |channel: usize, y: usize, x: usize| tensor[(channel * 6 + y) * 8 + x];
    let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-5, "{a} {b}");
    close(at(0, 0, 0), (103.0 / 255.0 - 0.5) / 0.25);
    close(at(1, 2, 5), (5.0 / 255.0 - 0.25) / 0.5);
    close(at(2, 4, 1), 4.0 / 255.0);
    let prepared = few.preprocessing().prepare(&crate::compute::imaging::Picture::new(String::new(), image));
    let prepared = prepared.map(|prepared| prepared.crop.dimensions());
    assert_eq!(prepared.expect("can be prepared"), (8, 6));
}

#[test]
fn crops_are_padded_with_the_mean() {
    let few = Few::new();
    let augment = Some(Augment { flip: false, crop_padding: 3 });
    let padded = batches(&few, Loading { augment, ..LOADING });
    let zeros = padded[0].images.iter().filter(|&&value| value == 0.0).count();
    let plain = batches(&few, LOADING)[0].images.iter().filter(|&&value| value == 0.0).count();
    assert!(zeros > plain + 500, "{zeros} {plain}");
}

#[test]
fn nothing_to_load_is_said() {
    let few = Few::new();
    let refused = |loading| Batches::new(&few, loading).err().expect("refused").to_string();
    let empty = refused(Loading { split: Split::Test, ..LOADING });
    assert!(empty.contains("few") && empty.contains("test"), "{empty}");
    assert!(refused(Loading { batch: 0, ..LOADING }).contains("batch"));
}
