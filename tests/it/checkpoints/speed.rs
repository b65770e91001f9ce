//! How long opening takes. `cargo test --release --test it speed -- --ignored --nocapture`

use std::time::{Duration, Instant};

use gatescope::compute::weights::Checkpoint;

use super::write::{safetensors, whole};

/// 100 MB in 256 tensors.
fn tensors() -> Vec<(String, Vec<usize>, Vec<f32>)> {
    (0..256).map(|i| (format!("layer{i}.weight"), vec![64, 64, 24], vec![i as f32; 64 * 64 * 24])).collect()
}

fn as_safetensors(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Vec<u8> {
    let bytes = 64 * 64 * 24 * 4;
    let row = |(index, (name, shape, _)): (usize, &(String, Vec<usize>, Vec<f32>))| {
        format!(
            r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{},{}]}}"#,
            index * bytes,
            (index + 1) * bytes
        )
    };
    let header: Vec<String> = tensors.iter().enumerate().map(row).collect();
    let data: Vec<u8> = tensors.iter().flat_map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes())).collect();
    safetensors(&format!("{{{}}}", header.join(",")), &data)
}

#[test]
#[ignore = "measures time"]
fn a_hundred_megabytes_open_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let tensors = tensors();
    for (name, bytes, limit) in [
        ("safetensors", as_safetensors(&tensors), Duration::from_millis(150)),
        ("zip", whole(&tensors, true), Duration::from_millis(500)),
        ("legacy", whole(&tensors, false), Duration::from_millis(500)),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).expect("written");
        let start = Instant::now();
        let file = Checkpoint::open(&path).expect(name);
        let opened = start.elapsed();
        assert_eq!(file.entries().len(), tensors.len());
        let start = Instant::now();
        let sum: f32 = file.entries().iter().map(|entry| file.read(&entry.name).expect(name)[0]).sum();
        println!(
            "{name}: {} MB, opened in {opened:.2?}, read in {:.2?} ({sum})",
            bytes.len() / 1_000_000,
            start.elapsed()
        );
        assert!(opened < limit, "{name}: {opened:?}");
    }
}
