//! Gates that are held during a run: what a network computes when a gate is something other than its attention says.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::network::graph::{Graph, NodeId};

/// What a gate is held at.
#[derive(Clone, Debug, PartialEq)]
pub enum Hold {
    /// Every value is this one.
    Value(f32),
    /// Every value times this factor.
    Scaled(f32),
    /// Every value is the mean of the gate's own values for that picture.
    Mean,
    /// These values, row-major, as many as the gate has.
    Values(Arc<[f32]>),
}

/// The gates that are held in a run, by their index in the graph; none: the network as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holds(BTreeMap<usize, Hold>);

impl Hold {
    /// Changes one picture's values of a gate.
    pub(super) fn apply(&self, values: &mut [f32]) {
        match self {
            Self::Value(value) => values.fill(*value),
            Self::Scaled(factor) => values.iter_mut().for_each(|value| *value *= factor),
            Self::Mean => values.fill(mean(values)),
            // Of another length they are refused before the run.
            Self::Values(held) => values.copy_from_slice(held),
        }
    }

    /// Turns the gradient of the held values into that of what the attention computed.
    pub(super) fn back(&self, gradient: &mut [f32]) {
        match self {
            Self::Value(_) | Self::Values(_) => gradient.fill(0.0),
            Self::Scaled(factor) => gradient.iter_mut().for_each(|value| *value *= factor),
            // Each value has its share in the mean, which is everywhere.
            Self::Mean => gradient.fill(mean(gradient)),
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
    (sum / values.len().max(1) as f64) as f32
}

impl Holds {
    /// No gate is held.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Holds a gate, in the place of how it was held before.
    pub fn set(&mut self, gate: usize, hold: Hold) {
        self.0.insert(gate, hold);
    }

    /// These, and others over them.
    #[must_use]
    pub fn and(&self, over: &Self) -> Self {
        let mut both = self.clone();
        both.0.extend(over.0.iter().map(|(gate, hold)| (*gate, hold.clone())));
        both
    }

    /// Is no gate held?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The gates that are held, and how, in the graph's order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Hold)> {
        self.0.iter().map(|(gate, hold)| (*gate, hold))
    }

    /// Adds them to a hash, by the bits of their numbers.
    pub(super) fn digest(&self, to: &mut impl Hasher) {
        for (gate, hold) in self.iter() {
            gate.hash(to);
            std::mem::discriminant(hold).hash(to);
            match hold {
                Hold::Value(value) | Hold::Scaled(value) => to.write_u32(value.to_bits()),
                Hold::Mean => {}
                Hold::Values(values) => {
                    to.write_usize(values.len());
                    values.iter().for_each(|value| to.write_u32(value.to_bits()));
                }
            }
        }
    }

    /// The first that cannot be: a gate the graph does not have, or values of another number.
    pub(super) fn misfit(&self, graph: &Graph) -> Option<String> {
        self.iter().find_map(|(index, hold)| {
            let Some(gate) = graph.gates.get(index) else {
                return Some(format!("gate {index} is held and there are {}", graph.gates.len()));
            };
            let elements = graph[gate.node].shape.elements();
            let found = if let Hold::Values(values) = hold { values.len() } else { elements };
            (found != elements).then(|| format!("{} is held at {found} values and has {elements}", gate.name))
        })
    }

    /// How the output of a node is held, if it is a gate's that is.
    pub(super) fn of(&self, graph: &Graph, node: NodeId) -> Option<&Hold> {
        self.iter()
            .find(|(index, _)| graph.gates.get(*index).is_some_and(|gate| gate.node == node))
            .map(|(_, hold)| hold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_changed_as_its_hold_says_and_gradients_flow_accordingly() {
        let held = |hold: Hold| {
            let (mut values, mut gradient) = (vec![0.25, 0.75], vec![1.0, 3.0]);
            hold.apply(&mut values);
            hold.back(&mut gradient);
            (values, gradient)
        };
        assert_eq!(held(Hold::Value(1.0)), (vec![1.0, 1.0], vec![0.0, 0.0]));
        assert_eq!(held(Hold::Scaled(2.0)), (vec![0.5, 1.5], vec![2.0, 6.0]));
        assert_eq!(held(Hold::Mean), (vec![0.5, 0.5], vec![2.0, 2.0]));
        assert_eq!(held(Hold::Values([0.1, 0.2].into())), (vec![0.1, 0.2], vec![0.0, 0.0]));
    }
}
