//! Steps of training: `cargo bench --bench training -- [--threads N] [--batch N] [--steps N] [SPEC...]`.
//!
//! A step is a forward pass, the loss, a backward pass and the optimiser's update; its images are ready before it.
//! With `--serve SPEC` it takes a step for each line on standard input and answers with the milliseconds, so that a
//! script can take turns with PyTorch (`benches/peers/train.py`).

use std::io::{self, BufRead, Write};
use std::sync::Mutex;
use std::time::Instant;

use gatescope::compute::engine::default_threads;
use gatescope::compute::lab::LabError;
use gatescope::compute::lab::data::{Augment, Dataset, Example, Split};
use gatescope::compute::lab::training::{TrainingControl, TrainingEvent, TrainingOptions, TrainingRecipe, train};
use gatescope::network::zoo::{classes_of, input_of};
use gatescope::network::{lower, parse};
use image::{Rgb, RgbImage};

const NETWORKS: [&str; 3] =
    ["resnet20(input=64,stem=strided)", "resnet20(input=64,stem=strided)+cbam", "resnet56(input=64,stem=strided)"];

struct Args {
    threads: usize,
    batch: usize,
    steps: u64,
    serve: bool,
    specs: Vec<String>,
}

fn args() -> Args {
    let mut args = Args { threads: default_threads(), batch: 64, steps: 30, serve: false, specs: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse().ok()).expect("a number");
        match word.as_str() {
            "--threads" => args.threads = number(),
            "--batch" => args.batch = number(),
            "--steps" => args.steps = number() as u64,
            "--serve" => args.serve = true,
            // What `cargo bench` adds.
            "--bench" => (),
            _ => args.specs.push(word),
        }
    }
    if args.specs.is_empty() {
        args.specs = NETWORKS.map(str::to_owned).into();
    }
    args
}

/// Pictures that cost nothing to make: time does not depend on what they show.
struct Flat {
    input: [usize; 3],
    classes: Vec<String>,
}

impl Dataset for Flat {
    fn name(&self) -> &'static str {
        "flat"
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn input(&self) -> [usize; 3] {
        self.input
    }

    fn len(&self, split: Split) -> Option<u64> {
        (split != Split::Train).then_some(1)
    }

    fn example(&self, _: Split, index: u64) -> Result<Example, LabError> {
        let [_, height, width] = self.input;
        let pixel = |x: u32, y: u32| Rgb([(x * 7 + y * 13 + index as u32 * 31) as u8; 3]);
        let image = RgbImage::from_fn(width as u32, height as u32, pixel);
        Ok(Example { image, label: index as usize % self.classes.len(), mask: None })
    }

    fn mean(&self) -> [f32; 3] {
        [0.5; 3]
    }

    fn std(&self) -> [f32; 3] {
        [0.25; 3]
    }
}

fn main() {
    let args = args();
    for spec in &args.specs {
        let parsed = match parse(spec) {
            Ok(parsed) => parsed,
            Err(error) => {
                println!("{spec}: {error}");
                continue;
            }
        };
        let classes = (0..classes_of(&parsed)).map(|class| class.to_string()).collect();
        let dataset = Flat { input: input_of(&parsed), classes };
        let graph = lower(&parsed).expect("a network");
        let steps = if args.serve { u64::from(u32::MAX) / args.batch as u64 } else { args.steps + 2 };
        let recipe = TrainingRecipe {
            epochs: 1,
            samples: steps * args.batch as u64,
            validation: 1,
            batch: args.batch,
            learning_rate: 1e-3,
            augment: Augment { flip: false, crop_padding: 0 },
            ..TrainingRecipe::default()
        };
        let times = Mutex::new((Instant::now(), Vec::new()));
        // The run asks whether it is held before every step: that is where a step begins.
        let begin = || {
            let goes_on = !args.serve || io::stdin().lock().lines().next().is_some_and(|line| line.is_ok());
            times.lock().expect("a lock").0 = Instant::now();
            goes_on
        };
        let end = |event: TrainingEvent| {
            if let TrainingEvent::Step { .. } = event {
                let mut times = times.lock().expect("a lock");
                let milliseconds = times.0.elapsed().as_secs_f64() * 1e3;
                times.1.push(milliseconds);
                if args.serve {
                    println!("{milliseconds}");
                    io::stdout().flush().expect("somebody listens");
                }
            }
        };
        let cancelled = || !begin();
        let control = TrainingControl { event: &end, cancelled: &cancelled, paused: &|| false };
        let options = TrainingOptions { threads: args.threads, ..TrainingOptions::default() };
        match train(&graph, &dataset, &recipe, options, &control) {
            Ok(_) | Err(LabError::Cancelled) => (),
            Err(error) => println!("{spec}: {error}"),
        }
        if !args.serve {
            report(spec, &args, times.into_inner().expect("a lock").1.split_off(2));
        }
    }
}

fn report(spec: &str, args: &Args, mut times: Vec<f64>) {
    times.sort_unstable_by(f64::total_cmp);
    let (best, middle) = (times[0], times[times.len() / 2]);
    println!(
        "{spec:40} {} threads, batch {}: min {best:7.2} ms, median {middle:7.2} ms, {:6.0} images/s",
        args.threads,
        args.batch,
        args.batch as f64 / best * 1e3
    );
}
