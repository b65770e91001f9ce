//! Mutates known inputs and gives them to the program's openers, reproducibly:
//!
//! ```text
//! cargo run --release --example fuzz -- TARGET RUNS SEED
//! cargo run --release --example fuzz -- TARGET --input FILE     one input again, as it was written on a failure
//! ```
//!
//! TARGET: safetensors, zip, pickle, legacy, image, toml, spec, or all. A panic stops the run, is shown with its
//! run number, and its input is written to `fuzz-TARGET.bin`. The most memory used is printed at the end (on Linux).

mod engine;

use std::process::ExitCode;
use std::time::Instant;

use engine::{TARGETS, Target};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [name, "--input", file] => match (engine::target(name), std::fs::read(file)) {
            (Some(target), Ok(bytes)) => {
                (target.open)(&bytes);
                println!("{name}: no panic");
                ExitCode::SUCCESS
            }
            _ => usage(),
        },
        [name, runs, seed] => match (chosen(name), runs.parse(), seed.parse()) {
            (Some(targets), Ok(runs), Ok(seed)) => fuzz(&targets, runs, seed),
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    eprintln!("usage: fuzz TARGET RUNS SEED | fuzz TARGET --input FILE; targets: {}, all", names.join(", "));
    ExitCode::from(2)
}

fn chosen(name: &str) -> Option<Vec<&'static Target>> {
    match name {
        "all" => Some(TARGETS.iter().collect()),
        _ => engine::target(name).map(|target| vec![target]),
    }
}

fn fuzz(targets: &[&Target], runs: u64, seed: u64) -> ExitCode {
    for target in targets {
        let start = Instant::now();
        match engine::run(target, runs, seed) {
            Ok(opened) => {
                let took = start.elapsed();
                let each = took.as_secs_f64() * 1e6 / runs.max(1) as f64;
                println!("{:12} {runs} runs, {opened} opened, {took:.1?}, {each:.1} us each, {}", target.name, peak());
            }
            Err(failure) => {
                let file = format!("fuzz-{}.bin", target.name);
                let written = std::fs::write(&file, &failure.input).map_or("not written".to_owned(), |()| file);
                eprintln!("{}: seed {seed}, run {}: {}; input: {written}", target.name, failure.run, failure.message);
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The most memory this process ever had.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("peak memory unknown".to_owned(), |peak| format!("peak memory {}", peak.trim()))
}
