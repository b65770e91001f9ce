//! A short run of the fuzzer, always the same; `cargo run --release --example fuzz` runs it for longer.

use super::write::engine::{TARGETS, run};

#[test]
fn mutated_inputs_never_panic() {
    for target in TARGETS {
        let runs = if target.name == "image" { 2_000 } else { 20_000 };
        if let Err(failure) = run(target, runs, 1) {
            panic!("{}, run {}: {}", target.name, failure.run, failure.message);
        }
    }
}
