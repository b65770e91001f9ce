//! Reading `tests/reference` and making checkpoints out of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatescope::compute::weights::Weights;
use gatescope::network::graph::Graph;
use safetensors::tensor::{Dtype, TensorView};

/// A tensor: shape and row-major numbers.
pub type Array = (Vec<usize>, Vec<f32>);

/// The path of a reference file.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

/// A reference file as JSON.
pub fn json(name: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every tensor of a float32 safetensors file.
pub fn tensors(name: &str) -> BTreeMap<String, Array> {
    let bytes = std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    let array = |view: &TensorView| {
        assert_eq!(view.dtype(), Dtype::F32);
        let numbers = view.data().chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
        (view.shape().to_vec(), numbers.collect())
    };
    file.tensors().iter().map(|(name, view)| (name.clone(), array(view))).collect()
}

/// The numbers of a JSON array.
pub fn numbers(value: &serde_json::Value) -> Vec<f32> {
    let list = value.as_array().expect("an array");
    list.iter().map(|number| number.as_f64().expect("a number") as f32).collect()
}

/// A JSON number.
pub fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The sizes of a JSON array.
pub fn sizes(value: &serde_json::Value) -> Vec<usize> {
    value.as_array().expect("an array").iter().map(|size| size.as_u64().expect("a size") as usize).collect()
}

/// A tensor of the weight formula (`tests/reference/README.md`).
pub fn formula(name: &str, shape: &[usize]) -> Vec<f32> {
    let hash = name
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let fan_in = shape.iter().skip(1).product::<usize>() as f64;
    let bound = (6.0 / fan_in).sqrt();
    let value = |index: u64| {
        let mut z = hash.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let unit = (z >> 40) as f64 / f64::from(1 << 24);
        match () {
            () if shape.len() >= 2 => (2.0 * unit - 1.0) * bound,
            () if name.ends_with("bias") => (2.0 * unit - 1.0) * 0.2,
            () => 0.5 + unit,
        }
    };
    (0..shape.iter().product::<usize>() as u64).map(|index| value(index) as f32).collect()
}

/// Writes a float32 safetensors file.
pub fn save(file: &Path, tensors: &BTreeMap<String, Array>) {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, numbers))| (name, shape, numbers.iter().flat_map(|number| number.to_le_bytes()).collect()))
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, (*shape).clone(), bytes).expect("sizes agree"))
    });
    safetensors::serialize_to_file(views, None, file).expect("can be written");
}

/// The state_dict of a graph, by the weight formula: something to damage in tests.
pub fn state_dict(graph: &Graph) -> BTreeMap<String, Array> {
    let array = |name: &str, shape: &[usize]| (shape.to_vec(), formula(name, shape));
    graph.params.iter().map(|param| (param.name.clone(), array(&param.name, &param.shape))).collect()
}

/// Saves tensors and opens them the way a user's file is opened.
pub fn open(graph: &Graph, tensors: &BTreeMap<String, Array>) -> Weights {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("weights.safetensors");
    save(&file, tensors);
    Weights::open(graph, &file).unwrap_or_else(|error| panic!("{error}"))
}

/// Fails where two tensors differ by more than `tolerance` anywhere.
pub fn close(found: &[f32], wanted: &[f32], tolerance: f32, what: &str) {
    close_in_units(found, wanted, tolerance, |_| 1.0, what);
}

/// Fails where two tensors differ by more than `tolerance` times the value, or times 1 for small values.
pub fn close_relative(found: &[f32], wanted: &[f32], tolerance: f32, what: &str) {
    close_in_units(found, wanted, tolerance, |wanted| wanted.abs().max(1.0), what);
}

fn close_in_units(found: &[f32], wanted: &[f32], tolerance: f32, unit: fn(f32) -> f32, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}: lengths");
    for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        let error = (found - wanted).abs();
        assert!(error <= tolerance * unit(*wanted), "{what}: [{index}] is {found}, not {wanted}: {error:e} apart");
    }
}
