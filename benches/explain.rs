//! Explanations: `cargo bench --bench explain -- [--threads N] [--rounds N] [SPEC]`.
//!
//! With `--serve` it works once for each line on standard input, which is `forward`, `rank`, `paint` or a method's name,
//! and answers with the milliseconds, so that a script can take turns with another program (`benches/peers/explain.py`).
//! A method's time has the forward pass in it: it is that of a picture that was never seen.

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Instant;

use gatescope::compute::engine::{Control, Hold, Holds, Plan, PlanOptions};
use gatescope::compute::explain::{Layer, METHODS, Ranking, Subject, Target, WhatIf, method};
use gatescope::compute::weights::Weights;
use gatescope::network::{lower, parse};

struct Args {
    threads: usize,
    rounds: usize,
    serve: bool,
    spec: String,
}

fn args() -> Args {
    let mut args = Args { threads: 1, rounds: 5, serve: false, spec: "resnet50".to_owned() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse().ok()).expect("a number");
        match word.as_str() {
            "--threads" => args.threads = number(),
            "--rounds" => args.rounds = number(),
            "--serve" => args.serve = true,
            // What `cargo bench` adds.
            "--bench" => (),
            _ => args.spec = word,
        }
    }
    args
}

/// A network, and a picture of no meaning.
struct Bench {
    plan: Plan,
    subject: Subject,
    image: Vec<f32>,
    layer: Layer,
}

impl Bench {
    fn new(args: &Args) -> Self {
        let graph = Arc::new(lower(&parse(&args.spec).expect("a spec")).expect("a network"));
        let weights = Weights::seeded(&graph, 0);
        let options = PlanOptions { threads: args.threads, ..PlanOptions::default() };
        let plan = Plan::new(&graph, &weights, options).expect("a plan");
        let image = (0..graph.input().elements()).map(|index| ((index * 37 % 255) as f32 - 127.0) / 64.0).collect();
        let layer = Layer::pooled(&graph).expect("a layer that is pooled");
        Self { plan, subject: Subject::new(graph, weights, args.threads), image, layer }
    }

    /// Works once; milliseconds.
    fn run(&mut self, what: &str) -> f64 {
        let control = Control::none();
        // What a question about a picture that is on the screen already has.
        let mut what_if = match what {
            "paint" => Some(WhatIf::new(&mut self.subject, &self.image, &control).expect("runs")),
            _ => None,
        };
        let start = Instant::now();
        match (what, &mut what_if) {
            ("paint", Some(what_if)) => {
                let mut holds = Holds::none();
                holds.set(0, Hold::Mean);
                what_if.effect(&holds, &control).expect("runs");
            }
            ("forward", _) => {
                self.plan.run_with(&self.image, &Holds::none(), &control).expect("runs");
            }
            ("rank", _) => {
                let mut ranking = Ranking::default();
                ranking.add_gates(&mut self.subject, &self.image, None, &control).expect("runs");
            }
            (name, _) => {
                let method = method(name).expect("a method");
                let layers = std::slice::from_ref(&self.layer);
                let mut look = self.subject.look(&self.image, layers, &control).expect("looks");
                method.explain(&mut look, &self.layer, Target::Class(281)).expect("explains");
            }
        }
        start.elapsed().as_secs_f64() * 1e3
    }
}

fn main() {
    let args = args();
    let mut bench = Bench::new(&args);
    if args.serve {
        for line in io::stdin().lock().lines() {
            let milliseconds = bench.run(line.expect("a line").trim());
            println!("{milliseconds}");
            io::stdout().flush().expect("writes");
        }
        return;
    }
    let has_gates = !bench.subject.graph().gates.is_empty();
    let methods = METHODS.iter().map(|method| method.card()).filter(|card| !card.is_slow).map(|card| card.name);
    let gates = if has_gates { vec!["rank", "paint"] } else { Vec::new() };
    let mut forward = 0.0;
    for what in ["forward"].into_iter().chain(methods).chain(gates) {
        let best = (0..=args.rounds).map(|_| bench.run(what)).skip(1).fold(f64::INFINITY, f64::min);
        if what == "forward" {
            forward = best;
        }
        println!("{what:14} {best:9.2} ms, {:6.2} forward passes", best / forward);
    }
}
