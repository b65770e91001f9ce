//! Whole networks: `cargo bench --bench network -- [--threads N] [--batch N] [--runs N] [SPEC...]`.
//!
//! With `--serve SPEC` it runs once for each line on standard input and answers with the milliseconds, so that a
//! script can take turns with other programs (`benches/peers/peers.py`).

use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use gatescope::compute::engine::{Control, Holds, Plan, PlanOptions};
use gatescope::compute::weights::Weights;
use gatescope::network::cost::Ledger;
use gatescope::network::{lower, parse};

const NETWORKS: [&str; 9] = [
    "resnet18",
    "resnet50",
    "resnet50+se",
    "resnet50+cbam",
    "resnext50_32x4d",
    "mobilenet_v2",
    "shufflenet_v2_x1_0",
    "googlenet",
    "efficientnet_b0",
];

struct Args {
    threads: Option<usize>,
    batch: usize,
    runs: usize,
    serve: bool,
    specs: Vec<String>,
}

fn args() -> Args {
    let mut args = Args { threads: None, batch: 1, runs: 30, serve: false, specs: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse().ok()).expect("a number");
        match word.as_str() {
            "--threads" => args.threads = Some(number()),
            "--batch" => args.batch = number(),
            "--runs" => args.runs = number(),
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

fn main() {
    let args = args();
    for spec in &args.specs {
        let graph = match parse(spec).map_err(|error| error.to_string()) {
            Ok(spec) => lower(&spec).expect("a network"),
            Err(error) => {
                println!("{spec}: {error}");
                continue;
            }
        };
        let started = Instant::now();
        let weights = Weights::seeded(&graph, 0);
        let seeded = started.elapsed();
        let defaults = PlanOptions::default();
        let options = PlanOptions { threads: args.threads.unwrap_or(defaults.threads), batch: args.batch, ..defaults };
        let plan = Plan::new(&graph, &weights, options).expect("a plan");
        let packed = started.elapsed().saturating_sub(seeded);
        drop(weights);
        let images: Vec<f32> =
            (0..graph.input().elements() * args.batch).map(|i| (i % 251) as f32 / 125.0 - 1.0).collect();
        let once = || {
            let started = Instant::now();
            plan.run_batch(&images, &Holds::none(), &Control::none()).expect("runs");
            started.elapsed()
        };
        once();
        if args.serve {
            serve(&once);
            return;
        }
        let mut times: Vec<Duration> = (0..args.runs).map(|_| once()).collect();
        times.sort_unstable();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let macs = Ledger::of(&graph).total().macs as f64 * args.batch as f64;
        println!(
            "{spec:20} {} threads, batch {}: min {:7.2} ms, median {:7.2} ms, {:6.1} GF/s, packed in {:.0} ms",
            plan.threads(),
            args.batch,
            milliseconds(times[0]),
            milliseconds(times[times.len() / 2]),
            2.0 * macs / times[0].as_secs_f64() / 1e9,
            milliseconds(packed),
        );
    }
}

fn serve(once: &dyn Fn() -> Duration) {
    for line in io::stdin().lock().lines() {
        if line.is_err() {
            return;
        }
        println!("{}", once().as_secs_f64() * 1e3);
        if io::stdout().flush().is_err() {
            return;
        }
    }
}
