//! Writing safetensors. The same tensors and metadata always give the same bytes: a file's hash can be recorded.
//!
//! <https://github.com/huggingface/safetensors#format>

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::dtype::to_f16;

/// Numbers that are written at once.
const PART: usize = 1 << 16;

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
    let mut bytes = Vec::new();
    // Memory does not refuse a write.
    let _ = encode_into(&mut bytes, tensors, metadata, precision);
    bytes
}

/// Writes a safetensors file, tensor by tensor: it is never in memory as a whole.
///
/// # Errors
/// What the writer says.
pub fn encode_into(
    to: &mut dyn Write,
    tensors: &[Written],
    metadata: &BTreeMap<String, String>,
    precision: Precision,
) -> io::Result<()> {
    let mut order: Vec<(bool, &Written)> =
        tensors.iter().map(|tensor| (precision.halves(tensor.shape, tensor.values), tensor)).collect();
    // Wider elements first, so that all of them are aligned.
    order.sort_by_key(|(is_halved, _)| *is_halved);
    let mut header = Map::from_iter([("__metadata__".to_owned(), json!(metadata))]);
    let mut end = 0;
    for (is_halved, tensor) in &order {
        let (dtype, bytes) = if *is_halved { ("F16", 2) } else { ("F32", 4) };
        let start = end;
        end += tensor.values.len() * bytes;
        let entry = json!({ "dtype": dtype, "shape": tensor.shape, "data_offsets": [start, end] });
        header.insert(tensor.name.to_owned(), entry);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    to.write_all(&(header.len() as u64).to_le_bytes())?;
    to.write_all(&header)?;
    let mut part = Vec::with_capacity(4 * PART);
    for (is_halved, tensor) in order {
        for values in tensor.values.chunks(PART) {
            part.clear();
            match is_halved {
                true => part.extend(values.iter().flat_map(|value| to_f16(*value).to_le_bytes())),
                false => part.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            }
            to.write_all(&part)?;
        }
    }
    Ok(())
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
