//! `--gate NAME=CHANGE`: which gates are changed, and how.

use std::fs;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use crate::cli::asking::{self, Asking};
use crate::cli::error::{CliError, reason};
use crate::compute::engine::Control;
use crate::compute::explain::Replacement;
use crate::compute::files::npy;
use crate::compute::holds::{Change, Hold, Holds};
use crate::network::graph::{GateKind, Graph, NodeId, Shape};

/// What a channel is chosen with.
const CHANNEL: &str = ":channel=";
/// The largest safetensors file that gates are read from, in bytes.
const MOST: u64 = 1 << 30;

/// The changes of a run.
pub(super) struct Asked {
    holds: Holds,
    /// Each as it was written, and what is to be known of it.
    said: Vec<(String, Option<&'static str>)>,
}

impl Asked {
    /// Reads the changes; a picture among them is run for its gates.
    ///
    /// # Errors
    /// A gate that is not there, a change that is none, values of another shape.
    pub(super) fn of(asking: &mut Asking, texts: &[String]) -> Result<Self, CliError> {
        let mut asked = Self { holds: Holds::none(), said: Vec::new() };
        for text in texts {
            let (name, change) = text.split_once('=').ok_or_else(|| {
                CliError::Input(format!("--gate {text}: give NAME=CHANGE, like layer1.0.se.gate=mean"))
            })?;
            let gates = match name {
                "all" if !asking.setting.graph.gates.is_empty() => (0..asking.setting.graph.gates.len()).collect(),
                _ => vec![asking::gate(&asking.setting, "--gate", name)?],
            };
            let (change, channels) = match change.rsplit_once(CHANNEL) {
                Some((change, channels)) => (change, Some(range(text, channels)?)),
                None => (change, None),
            };
            let source = Source::of(asking, text, change)?;
            for gate in gates {
                asked.holds.add(gate, source.hold(&asking.setting.graph, gate, channels, text)?);
            }
            let caution = match source {
                Source::Replacement(replacement) => replacement.caution(),
                _ => None,
            };
            asked.said.push((text.clone(), caution));
        }
        Ok(asked)
    }

    /// What is held.
    pub(super) fn holds(&self) -> &Holds {
        &self.holds
    }

    /// Each change as it was written, and what is to be known of it.
    pub(super) fn said(&self) -> impl Iterator<Item = (&str, Option<&'static str>)> {
        self.said.iter().map(|(text, caution)| (text.as_str(), *caution))
    }

    /// The first layer that is run again.
    pub(super) fn first(&self, graph: &Graph) -> NodeId {
        let nodes = self.holds.iter().filter_map(|(gate, _)| graph.gates.get(gate)).map(|gate| gate.node);
        nodes.min().unwrap_or_else(|| graph.output())
    }
}

/// Where the new values come from.
enum Source {
    Replacement(Replacement),
    /// By gate, its values on another picture.
    Picture(Vec<Vec<f32>>),
    /// An array, its shape.
    Array(Vec<usize>, Vec<f32>),
    /// The arrays of a file, by name.
    File(String, Vec<(String, Vec<usize>, Vec<f32>)>),
}

impl Source {
    fn of(asking: &mut Asking, text: &str, change: &str) -> Result<Self, CliError> {
        let refuse = |problem: String| CliError::Input(format!("--gate {text}: {problem}"));
        let path = Path::new(change);
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("npy") => npy::read(path).map(|(shape, values)| Self::Array(shape, values)).map_err(refuse),
            Some("safetensors") => arrays(path).map(|all| Self::File(change.to_owned(), all)).map_err(refuse),
            _ if path.is_file() => {
                let (_, prepared) = asking.setting.prepared(path)?;
                let run = asking.subject.run(&prepared.tensor, &Control::none());
                let run = run.map_err(|error| CliError::Failure(format!("{change}: {error}")))?;
                Ok(Self::Picture(run.gates.into_iter().map(|gate| gate.values).collect()))
            }
            _ => Replacement::parse(change)
                .map(Self::Replacement)
                .map_err(|problem| refuse(format!("{problem}; or a .npy, a .safetensors or a picture that is there"))),
        }
    }

    /// What is held of a gate, or of some of its channels.
    fn hold(&self, graph: &Graph, gate: usize, channels: Option<(usize, usize)>, text: &str) -> Result<Hold, CliError> {
        let refuse = |problem: String| CliError::Input(format!("--gate {text}: {problem}"));
        let known = &graph.gates[gate];
        let shape = graph.gate_shape(known);
        let part = channels.map(|channels| part(known.kind, shape, channels)).transpose().map_err(refuse)?;
        let elements = shape.elements();
        let (own_shape, values) = match (self, part) {
            (Self::Replacement(replacement), None) => return Ok(replacement.hold()),
            (Self::Replacement(replacement), Some((first, last))) => {
                return replacement
                    .hold_of(first, last)
                    .ok_or_else(|| refuse(format!("{replacement} needs the whole gate; leave out {CHANNEL}")));
            }
            (Self::Picture(gates), _) => (shape.dims().to_vec(), gates[gate].as_slice()),
            (Self::Array(shape, values), _) => (shape.clone(), values.as_slice()),
            (Self::File(file, all), _) => {
                let own = [format!("gate/{}", known.name), known.name.clone()];
                let named = |name: &str| own.iter().any(|own| name == own || name.ends_with(&format!("/{own}")));
                let found = all.iter().find(|(name, ..)| named(name));
                let found = found.or_else(|| all.first().filter(|_| all.len() == 1));
                let (_, shape, values) = found.ok_or_else(|| {
                    refuse(format!("{file} has no tensor {}; write one with inspect --tensors", own[0]))
                })?;
                (shape.clone(), values.as_slice())
            }
        };
        if values.iter().any(|value| !value.is_finite()) {
            return Err(refuse("it has values that are NaN or infinite".to_owned()));
        }
        match part {
            None if values.len() == elements => Ok(Hold::Values(values.into())),
            // The part of values for the whole gate, or as many values as the part has.
            Some((first, last)) if values.len() == elements => Ok(pieces(first, &values[first..=last])),
            Some((first, last)) if values.len() == last - first + 1 => Ok(pieces(first, values)),
            _ => Err(refuse(format!(
                "{} is {}, what takes its place is {}",
                known.name,
                shape_text(shape.dims()),
                shape_text(&own_shape)
            ))),
        }
    }
}

/// Single values from `first` on.
fn pieces(first: usize, values: &[f32]) -> Hold {
    let piece = |(index, value): (usize, &f32)| {
        let at = first + index;
        Hold::Part { first: at, last: at, change: Change::Set(*value) }
    };
    Hold::Chain(values.iter().enumerate().map(piece).collect())
}

/// `17` or `3-9`.
fn range(text: &str, channels: &str) -> Result<(usize, usize), CliError> {
    let (first, last) = channels.split_once('-').unwrap_or((channels, channels));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err(CliError::Input(format!("--gate {text}: give a channel like 17, or a range like 3-9"))),
    }
}

/// The values of some channels, first and last.
fn part(kind: GateKind, shape: Shape, (first, last): (usize, usize)) -> Result<(usize, usize), String> {
    if matches!(kind, GateKind::Spatial | GateKind::Matrix) {
        return Err(format!("a {} gate has no channels; leave out {CHANNEL}", kind.as_str()));
    }
    // A vector's shape is its channels.
    let (channels, each) = match shape.dims() {
        [channels] => (*channels, 1),
        _ => (shape.channels(), shape.positions()),
    };
    match last < channels {
        true => Ok((first * each, (last + 1) * each - 1)),
        false => Err(format!("channel {last}: its channels are 0 to {}", channels - 1)),
    }
}

fn shape_text(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}

type Arrays = Vec<(String, Vec<usize>, Vec<f32>)>;

/// The f32 tensors of a file.
fn arrays(path: &Path) -> Result<Arrays, String> {
    let length = fs::metadata(path).map_err(|error| format!("cannot be read, {}", reason(&error)))?.len();
    if length > MOST {
        return Err(format!("{length} bytes; a file of gates up to {MOST} bytes is read"));
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read, {}", reason(&error)))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| format!("no safetensors file, {error}"))?;
    let all = file.iter().filter(|(_, tensor)| tensor.dtype() == Dtype::F32);
    let values = |data: &[u8]| data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    Ok(all.map(|(name, tensor)| (name.to_owned(), tensor.shape().to_vec(), values(tensor.data()))).collect())
}
