//! Whole runs of a tiny network on toy data.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{Rgb, RgbImage};

use super::*;
use crate::compute::config::ModelConfig;
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Augment, Dataset, Example, Split};
use crate::compute::random::SplitMix64;
use crate::compute::weights::checkpoint::Precision;
use crate::compute::weights::{Checkpoint, Source, Weights, recognise};
use crate::network::{Graph, NetworkSpec, lower, parse};

const NETWORK: &str = "resnet20(blocks=1-1,widths=8-16,shortcut=b)+cbam(r=4)";

/// Noise of 12×12 pixels. Of `distinct` images labels say nothing; otherwise a pattern in the noise tells them.
struct Toy {
    classes: Vec<String>,
    distinct: Option<u64>,
}

impl Toy {
    fn new(distinct: Option<u64>) -> Self {
        Self { classes: ["columns", "rows", "checks"].map(str::to_owned).to_vec(), distinct }
    }
}

impl Dataset for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn input(&self) -> [usize; 3] {
        [3, 12, 12]
    }

    fn len(&self, split: Split) -> Option<u64> {
        if split == Split::Train { self.distinct } else { Some(40) }
    }

    fn example(&self, split: Split, index: u64) -> Result<Example, LabError> {
        let mut random = SplitMix64::stream(0, split.as_str(), index);
        let label = random.below(3);
        let lit = |x: u32, y: u32| match label {
            _ if self.distinct.is_some() => false,
            0 => x.is_multiple_of(2),
            1 => y.is_multiple_of(2),
            _ => (x + y).is_multiple_of(2),
        };
        let image = RgbImage::from_fn(12, 12, |x, y| {
            let offset = if lit(x, y) { 90 } else { 0 };
            Rgb([(); 3].map(|()| (random.below(140) + offset) as u8))
        });
        Ok(Example { image, label, mask: None })
    }

    fn mean(&self) -> [f32; 3] {
        [0.4; 3]
    }

    fn std(&self) -> [f32; 3] {
        [0.2; 3]
    }
}

fn graph(dataset: &dyn Dataset) -> Graph {
    lower(&fitted(&parse(NETWORK).expect(NETWORK), dataset).expect("fits")).expect("a graph")
}

fn recipe() -> TrainingRecipe {
    TrainingRecipe {
        epochs: 3,
        samples: 96,
        validation: 40,
        batch: 16,
        learning_rate: 0.05,
        warmup: 0.5,
        augment: Augment { flip: false, crop_padding: 1 },
        ..TrainingRecipe::default()
    }
}

fn options(out: &Path) -> TrainingOptions {
    TrainingOptions { threads: 1, out: Some(out.to_owned()), ..TrainingOptions::default() }
}

fn bits(trained: &Trained) -> Vec<u32> {
    trained.parameters.values.iter().flatten().map(|value| value.to_bits()).collect()
}

/// A control that cancels after so many steps.
fn stopped_after<R>(steps: usize, run: impl FnOnce(&TrainingControl) -> R) -> R {
    let done = AtomicUsize::new(0);
    let event = |event| {
        if matches!(event, TrainingEvent::Step { .. }) {
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    let cancelled = || done.load(Ordering::Relaxed) >= steps;
    run(&TrainingControl { event: &event, cancelled: &cancelled, paused: &|| false })
}

#[test]
fn a_tiny_network_learns_32_images_by_heart() {
    let toy = Toy::new(Some(32));
    let recipe = TrainingRecipe {
        epochs: 25,
        samples: 128,
        label_smoothing: 0.0,
        weight_decay: 0.0,
        augment: Augment { flip: false, crop_padding: 0 },
        ..recipe()
    };
    for optimiser in [Optimiser::SGD, Optimiser::ADAMW] {
        let learning_rate = if optimiser == Optimiser::SGD { 0.05 } else { 0.01 };
        let recipe = TrainingRecipe { optimiser, learning_rate, ..recipe.clone() };
        let options = TrainingOptions { threads: 2, ..TrainingOptions::default() };
        let trained = train(&graph(&toy), &toy, &recipe, options, &TrainingControl::none()).expect("trains");
        let last = trained.history.last().expect("an epoch").train;
        assert!(last.accuracy > 0.99 && last.loss < 0.1, "{optimiser:?}: {last:?}");
    }
}

#[test]
fn what_is_learnt_holds_for_other_images_and_the_file_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("toy.safetensors");
    let (toy, recipe) = (Toy::new(None), TrainingRecipe { epochs: 4, samples: 320, ..recipe() });
    let graph = graph(&toy);
    let events = Mutex::new(Vec::new());
    let event = |event| events.lock().expect("a lock").push(event);
    let control = TrainingControl { event: &event, ..TrainingControl::none() };
    let mut trained = train(&graph, &toy, &recipe, options(&out), &control).expect("trains");
    assert!(trained.test.accuracy > 0.9, "{:?}", trained.test);
    assert_eq!((trained.history.len(), trained.test_images), (4, 40));
    let events = events.into_inner().expect("a lock");
    assert_eq!(events.iter().filter(|event| matches!(event, TrainingEvent::Step { .. })).count(), 4 * 20);
    assert_eq!(events.iter().filter(|event| matches!(event, TrainingEvent::Epoch { .. })).count(), 4);
    assert!(!checkpoint_of(&out).exists(), "the checkpoint of a finished run stays behind");

    for precision in [Precision::Full, Precision::Half] {
        if precision == Precision::Half {
            trained.parameters = rounded(&graph, &trained.parameters, precision);
            save(&out, &graph, &toy, &recipe, &trained, precision).expect("writes");
        }
        let weights = Weights::open(&graph, &out).expect("opens");
        let score = evaluate(&graph, &weights, &toy, Split::Test, 40, 1).expect("runs");
        let own = trained.parameters.weights(&graph, Source::Seeded(0));
        assert_eq!(score, evaluate(&graph, &own, &toy, Split::Test, 40, 1).expect("runs"), "{precision:?}");
        let about = trained_on(&out).expect("opens").expect("says it");
        assert_eq!((about.spec.as_str(), about.dataset.as_str()), (graph.name.as_str(), "toy"));
        assert_eq!((&about.classes, about.accuracy), (&toy.classes, trained.test.accuracy));
        assert_eq!((about.mean, about.std), (toy.mean(), toy.std()));
    }
    let found = recognise(&Checkpoint::open(&out).expect("opens")).expect("is known");
    assert_eq!(found.spec.to_string(), graph.name);
    assert!(found.verdict[0].contains("toy, 3 classes") && found.doubts.is_empty(), "{:?}", found.verdict);
    let config = ModelConfig::within(&Checkpoint::open(&out).expect("opens")).expect("says it");
    assert_eq!(config.labels.expect("names").get(2).as_deref(), Some("checks"));
    let preprocessing = config.preprocessing.expect("mean and std");
    assert_eq!((preprocessing.mean, preprocessing.resize), ([0.4; 3], 12));
}

#[test]
fn an_interrupted_run_continues_to_the_same_bits() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, parts) = (folder.path().join("whole.safetensors"), folder.path().join("parts.safetensors"));
    for optimiser in [Optimiser::SGD, Optimiser::ADAMW] {
        let toy = Toy::new(Some(50));
        let recipe = TrainingRecipe { optimiser, learning_rate: 0.01, ..recipe() };
        let graph = graph(&toy);
        let once = train(&graph, &toy, &recipe, options(&whole), &TrainingControl::none()).expect("trains");
        // In the middle of an epoch, after its last step, and in the next.
        for (stop, steps) in [4, 2, 3].into_iter().enumerate() {
            let resume = (stop > 0).then(|| checkpoint_of(&parts));
            let options = TrainingOptions { resume, ..options(&parts) };
            let stopped = stopped_after(steps, |control| train(&graph, &toy, &recipe, options, control));
            assert!(matches!(stopped, Err(LabError::Cancelled)));
            assert!(!parts.exists(), "an unfinished network is no result");
        }
        let resume = Some(checkpoint_of(&parts));
        let options = TrainingOptions { threads: 2, resume, ..options(&parts) };
        let resumed = train(&graph, &toy, &recipe, options, &TrainingControl::none()).expect("continues");
        assert_eq!(bits(&once), bits(&resumed), "{optimiser:?}");
        assert_eq!(std::fs::read(&whole).expect("reads"), std::fs::read(&parts).expect("reads"));
        std::fs::remove_file(&parts).expect("is there");
        std::fs::remove_file(&whole).expect("is there");
    }
}

#[test]
fn a_paused_run_goes_on_where_it_was() {
    let toy = Toy::new(None);
    let recipe = TrainingRecipe { epochs: 1, ..recipe() };
    let asked = AtomicUsize::new(0);
    let paused = || asked.fetch_add(1, Ordering::Relaxed) % 3 == 1;
    let control = TrainingControl { paused: &paused, ..TrainingControl::none() };
    let run = |control: &TrainingControl| {
        let options = TrainingOptions { threads: 1, ..TrainingOptions::default() };
        train(&graph(&toy), &toy, &recipe, options, control).expect("trains")
    };
    assert_eq!(bits(&run(&control)), bits(&run(&TrainingControl::none())));
}

#[test]
fn a_number_that_is_none_stops_the_run_and_is_placed() {
    let toy = Toy::new(None);
    let recipe = TrainingRecipe { learning_rate: 1e30, warmup: 0.0, ..recipe() };
    let options = TrainingOptions { threads: 1, ..TrainingOptions::default() };
    let error = train(&graph(&toy), &toy, &recipe, options, &TrainingControl::none()).expect_err("breaks");
    let LabError::Diverged { epoch, step, ref layer, .. } = error else { panic!("{error}") };
    assert!(epoch == 1 && (2..=6).contains(&step), "{error}");
    assert!(graph(&toy).nodes.iter().any(|node| layer.starts_with(&node.name)), "{error}");
    assert!(error.to_string().contains("lower the learning rate"), "{error}");
}

#[test]
fn another_run_is_not_continued() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("toy.safetensors");
    let (toy, recipe) = (Toy::new(None), TrainingRecipe { epochs: 2, ..recipe() });
    let graph = graph(&toy);
    let stopped = stopped_after(1, |control| train(&graph, &toy, &recipe, options(&out), control));
    assert!(matches!(stopped, Err(LabError::Cancelled)));
    let checkpoint = checkpoint_of(&out);
    assert_eq!(recipe_of(&checkpoint).expect("says it"), recipe);
    let refusal = |graph: &Graph, recipe: &TrainingRecipe, file: &Path| {
        let options = TrainingOptions { resume: Some(file.to_owned()), ..options(&out) };
        train(graph, &toy, recipe, options, &TrainingControl::none()).expect_err("is refused").to_string()
    };
    let faster = TrainingRecipe { learning_rate: 0.5, ..recipe.clone() };
    let message = refusal(&graph, &faster, &checkpoint);
    assert!(message.contains("learning rate is 0.05") && message.contains("not 0.5"), "{message}");
    let mut other = fitted(&parse(NETWORK).expect(NETWORK), &toy).expect("fits");
    other.attention = NetworkSpec::of("resnet20").attention;
    let message = refusal(&lower(&other).expect("a graph"), &recipe, &checkpoint);
    assert!(message.contains("it is of resnet20") && message.contains("+cbam"), "{message}");
    let fixed = Toy::new(Some(50));
    let options_of = |file: &Path| TrainingOptions { resume: Some(file.to_owned()), ..options(&out) };
    let message = train(&graph, &fixed, &recipe, options_of(&checkpoint), &TrainingControl::none());
    let message = message.expect_err("is refused").to_string();
    assert!(message.contains("other classes or pictures"), "{message}");
    let options = TrainingOptions { resume: Some(checkpoint.clone()), ..options(&out) };
    train(&graph, &toy, &recipe, options, &TrainingControl::none()).expect("continues");
    let elsewhere = folder.path().join("elsewhere.safetensors");
    let options = TrainingOptions { resume: Some(out.clone()), ..self::options(&elsewhere) };
    let message = train(&graph, &toy, &recipe, options, &TrainingControl::none()).expect_err("is refused").to_string();
    assert!(message.contains("no checkpoint of a training"), "{message}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_computed() {
    let toy = Toy::new(None);
    let refusal = |graph: &Graph, recipe: &TrainingRecipe, out: &Path| {
        let event = |event| panic!("{event:?}");
        let control = TrainingControl { event: &event, ..TrainingControl::none() };
        train(graph, &toy, recipe, options(out), &control).expect_err("is refused").to_string()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("toy.safetensors");
    let message = refusal(&graph(&toy), &recipe(), &folder.path().join("no/such/folder.safetensors"));
    assert!(message.contains("cannot be written"), "{message}");
    assert!(refusal(&graph(&toy), &TrainingRecipe { epochs: 0, ..recipe() }, &out).contains("epochs is 0"));
    let large = lower(&parse("resnet20(classes=3)").expect("a spec")).expect("a graph");
    assert!(refusal(&large, &recipe(), &out).contains("input=12"));
    let many = lower(&parse("resnet20(input=12)").expect("a spec")).expect("a graph");
    assert!(refusal(&many, &recipe(), &out).contains("classes=3"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 0, "something was left behind");
}

#[test]
fn a_spec_takes_input_and_classes_from_the_data() {
    let toy = Toy::new(None);
    let with = |text: &str| fitted(&parse(text).expect(text), &toy).map(|spec| spec.to_string());
    assert_eq!(with("resnet20").expect("fits"), "resnet20(input=12,classes=3)");
    assert_eq!(with("resnet20(input=12,classes=3)").expect("fits"), "resnet20(input=12,classes=3)");
    assert!(with("resnet20(input=64)").expect_err("is refused").to_string().contains("3×12×12"));
    assert!(with("resnet20(classes=7)").expect_err("is refused").to_string().contains("toy has 3"));
}

#[test]
fn epochs_that_are_there_are_lost_only_when_that_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("toy.safetensors");
    let (toy, recipe) = (Toy::new(None), TrainingRecipe { epochs: 2, ..recipe() });
    let graph = graph(&toy);
    let begin = |options| train(&graph, &toy, &recipe, options, &TrainingControl::none());
    let stopped = stopped_after(7, |control| train(&graph, &toy, &recipe, options(&out), control));
    assert!(matches!(stopped, Err(LabError::Cancelled)));
    let checkpoint = checkpoint_of(&out);
    let before = std::fs::read(&checkpoint).expect("reads");
    let message = begin(options(&out)).expect_err("is refused").to_string();
    assert!(message.contains("in epoch 2 of 2, after 1 of 6 steps") && message.contains("--resume"), "{message}");
    assert_eq!(std::fs::read(&checkpoint).expect("reads"), before, "the epochs are lost");

    // The window's way: the same run goes on, another gets a name of its own.
    assert_eq!(place(&out, (&graph, &toy, &recipe), true), (out.clone(), Some(checkpoint.clone())));
    let second = folder.path().join("toy-2.safetensors");
    assert_eq!(place(&out, (&graph, &toy, &recipe), false), (second.clone(), None));
    let other = TrainingRecipe { seed: 9, ..recipe.clone() };
    assert_eq!(place(&out, (&graph, &toy, &other), true), (second, None));
    let found = Interrupted::all_in(folder.path());
    let [run] = &found[..] else { panic!("{found:?}") };
    assert_eq!((run.epochs, run.steps, &run.recipe, &run.out), (1, 1, &recipe, &out));

    begin(TrainingOptions { resume: Some(checkpoint.clone()), ..options(&out) }).expect("continues");
    let finished = std::fs::read(&out).expect("reads");
    let message = begin(options(&out)).expect_err("is refused").to_string();
    assert!(message.contains("a trained network is there already"), "{message}");
    assert_eq!(std::fs::read(&out).expect("reads"), finished);
    begin(TrainingOptions { replace: true, ..options(&out) }).expect("begins anew");
    assert_eq!(std::fs::read(&out).expect("reads"), finished, "the same recipe gives the same file");
    assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 1, "only the network stays");
}

#[test]
fn a_target_that_another_program_trains_to_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("toy.safetensors");
    let (toy, recipe) = (Toy::new(None), recipe());
    let graph = graph(&toy);
    let held = claim::Claim::take(&out).expect("is free");
    let run = || train(&graph, &toy, &recipe, options(&out), &TrainingControl::none());
    let message = run().expect_err("is refused").to_string();
    assert!(message.contains("another gatescope trains there"), "{message}");
    assert_ne!(place(&out, (&graph, &toy, &recipe), true).0, out);
    drop(held);
    run().expect("trains");
}

#[test]
fn a_validation_that_is_no_number_stops_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("toy.safetensors");
    let toy = Toy::new(None);
    // One step an epoch: its loss is sound, the network it leaves is not.
    let recipe = TrainingRecipe { samples: 16, learning_rate: 1e38, warmup: 0.0, ..recipe() };
    let graph = graph(&toy);
    let error = train(&graph, &toy, &recipe, options(&out), &TrainingControl::none()).expect_err("breaks");
    assert!(matches!(error, LabError::NoScore { epoch: 1, split: Split::Validation, .. }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains("validation loss after epoch 1") && message.contains("lower the learning rate"),
        "{message}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 0, "a broken state was written down");
}
