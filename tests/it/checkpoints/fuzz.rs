//! A short run of the fuzzer, always the same; `cargo run --release --example fuzz` runs it for longer.

use super::write::engine::{TARGETS, run};

#[test]
fn mutated_inputs_never_panic() {
    for target in TARGETS {
        // Pictures are decoded, and of checkpoints the network is looked for in many ways.
        let runs = if matches!(target.name, "image" | "safetensors" | "zip" | "legacy") { 2_000 } else { 20_000 };
        if let Err(failure) = run(target, runs, 1) {
            panic!("{}, run {}: {}", target.name, failure.run, failure.message);
        }
    }
}
