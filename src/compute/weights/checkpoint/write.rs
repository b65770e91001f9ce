//! Writing safetensors. The same tensors and metadata always give the same bytes: a file's hash can be recorded.
//!
//! <https://github.com/huggingface/safetensors#format>

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::dtype::to_f16;

/// How numbers are kept in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As they are.
    #[default]
    Full,
    /// Weights of layers in half precision. Vectors (biases, BatchNorm with its statistics) are few and stay as they
    /// are, so does a tensor with a number too large for a half.
    Half,
}

impl Precision {
    /// Is a tensor of this shape and content halved?
    pub(in crate::compute) fn halves(self, shape: &[usize], values: &[f32]) -> bool {
        self == Self::Half && shape.len() > 1 && values.iter().all(|value| !value.is_finite() || value.abs() < 65_520.0)
    }

    /// The numbers as they will be read again.
    pub(in crate::compute) fn rounded(self, shape: &[usize], values: &[f32]) -> Vec<f32> {
        match self.halves(shape, values) {
            true => values.iter().map(|value| super::dtype::f16(to_f16(*value))).collect(),
            false => values.to_vec(),
        }
    }
}

/// A tensor to be written.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Its name, unique in the file.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// Its numbers, row-major, as many as the shape says.
    pub values: &'a [f32],
}

/// The bytes of a safetensors file.
#[must_use]
pub fn encode(tensors: &[Written], metadata: &BTreeMap<String, String>, precision: Precision) -> Vec<u8> {
    let halved = |tensor: &Written| precision.halves(tensor.shape, tensor.values);
    // Wider elements first, so that all of them are aligned.
    let mut order: Vec<&Written> = tensors.iter().collect();
    order.sort_by_key(|tensor| halved(tensor));
    let mut header = Map::from_iter([("__metadata__".to_owned(), json!(metadata))]);
    let mut data = Vec::new();
    for tensor in order {
        let start = data.len();
        let dtype = match halved(tensor) {
            true => {
                data.extend(tensor.values.iter().flat_map(|value| to_f16(*value).to_le_bytes()));
                "F16"
            }
            false => {
                data.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
                "F32"
            }
        };
        let entry = json!({ "dtype": dtype, "shape": tensor.shape, "data_offsets": [start, data.len()] });
        header.insert(tensor.name.to_owned(), entry);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.append(&mut header);
    file.append(&mut data);
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::weights::Checkpoint;
    use std::path::Path;

    #[test]
    fn what_is_written_is_read_again() {
        let weight = [1.0, -0.1, 3.5e-5, 2.0];
        let tensors = [
            Written { name: "fc.weight", shape: &[2, 2], values: &weight },
            Written { name: "fc.bias", shape: &[2], values: &[0.1, 1e30] },
            Written { name: "large.weight", shape: &[1, 1], values: &[1e6] },
        ];
        let metadata = BTreeMap::from([("what".to_owned(), "a \"test\"\n".to_owned())]);
        for precision in [Precision::Full, Precision::Half] {
            let bytes = encode(&tensors, &metadata, precision);
            assert_eq!(bytes, encode(&tensors, &metadata, precision));
            let file = Checkpoint::decode(Path::new("test.safetensors"), bytes).expect("is sound");
            assert_eq!(file.metadata(), &metadata.clone().into());
            for tensor in &tensors {
                let rounded = precision.rounded(tensor.shape, tensor.values);
                assert_eq!(file.read(tensor.name).expect("is there"), rounded);
                assert_eq!(file.entry(tensor.name).expect("is there").shape, tensor.shape);
            }
            let close = |(a, b): (f32, &f32)| (a - b).abs() <= b.abs() / 1024.0;
            assert!(file.read("fc.weight").expect("is there").into_iter().zip(&weight).all(close));
            assert_eq!(file.read("fc.bias").expect("is there"), [0.1, 1e30]);
            assert_eq!(file.read("large.weight").expect("is there"), [1e6]);
        }
    }
}
