//! Gates that are held during a run: what a network computes when a gate is something other than its attention says.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::compute::random::SplitMix64;
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
    /// 1 less every value.
    Inverted,
    /// The values in reverse row-major order: channels backwards, maps turned by 180°.
    Reversed,
    /// The values in another order, drawn from this seed.
    Shuffled(u64),
    /// No value below the first or above the second.
    Clamped(f32, f32),
    /// Some of the values are changed, from `first` to `last`, both included: of a channel gate its channels.
    Part {
        /// The first.
        first: usize,
        /// The last.
        last: usize,
        /// How.
        change: Change,
    },
    /// One change after the other.
    Chain(Arc<[Hold]>),
}

/// What is done to single values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// It is this.
    Set(f32),
    /// Times this factor.
    Scale(f32),
    /// No less and no more than these.
    Clamp(f32, f32),
    /// 1 less it.
    Invert,
    /// The mean of all of the gate's values.
    Mean,
}

impl Change {
    fn of(self, value: f32, mean: f32) -> f32 {
        match self {
            Self::Invert => 1.0 - value,
            Self::Mean => mean,
            Self::Set(set) => set,
            Self::Scale(factor) => value * factor,
            Self::Clamp(least, most) => value.max(least).min(most),
        }
    }

    /// What of a gradient gets through in its place; a value that is clamped counts as set.
    fn passes(self) -> f32 {
        match self {
            Self::Set(_) | Self::Clamp(..) | Self::Mean => 0.0,
            Self::Invert => -1.0,
            Self::Scale(factor) => factor,
        }
    }

    fn bits(self) -> [u32; 3] {
        match self {
            Self::Set(set) => [0, set.to_bits(), 0],
            Self::Scale(factor) => [1, factor.to_bits(), 0],
            Self::Clamp(least, most) => [2, least.to_bits(), most.to_bits()],
            Self::Invert => [3, 0, 0],
            Self::Mean => [4, 0, 0],
        }
    }
}

/// Where each of so many values comes from when they are shuffled.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut stream = SplitMix64(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, (stream.next_u64() % (last as u64 + 1)) as usize);
    }
    order
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
            Self::Inverted => values.iter_mut().for_each(|value| *value = 1.0 - *value),
            Self::Reversed => values.reverse(),
            Self::Shuffled(seed) => {
                let own = values.to_vec();
                values.iter_mut().zip(shuffled(own.len(), *seed)).for_each(|(value, from)| *value = own[from]);
            }
            Self::Clamped(least, most) => values.iter_mut().for_each(|value| *value = value.max(*least).min(*most)),
            Self::Part { first, last, change } => {
                let mean = mean(values);
                values[*first..=*last].iter_mut().for_each(|value| *value = change.of(*value, mean));
            }
            Self::Chain(holds) => holds.iter().for_each(|hold| hold.apply(values)),
        }
    }

    /// Turns the gradient of the held values into that of what the attention computed.
    pub(super) fn back(&self, gradient: &mut [f32]) {
        match self {
            Self::Value(_) | Self::Values(_) | Self::Clamped(..) => gradient.fill(0.0),
            Self::Scaled(factor) => gradient.iter_mut().for_each(|value| *value *= factor),
            // Each value has its share in the mean, which is everywhere.
            Self::Mean => gradient.fill(mean(gradient)),
            Self::Inverted => gradient.iter_mut().for_each(|value| *value = -*value),
            Self::Reversed => gradient.reverse(),
            Self::Shuffled(seed) => {
                let held = gradient.to_vec();
                for (to, from) in shuffled(held.len(), *seed).into_iter().enumerate() {
                    gradient[from] = held[to];
                }
            }
            Self::Part { first, last, change } => {
                let all = gradient.len().max(1) as f64;
                let part: f64 = gradient[*first..=*last].iter().map(|value| f64::from(*value)).sum();
                gradient[*first..=*last].iter_mut().for_each(|value| *value *= change.passes());
                if *change == Change::Mean {
                    // Each of all values has its share in the mean that stands in the part.
                    let share = (part / all) as f32;
                    for value in gradient {
                        *value += share;
                    }
                }
            }
            Self::Chain(holds) => holds.iter().rev().for_each(|hold| hold.back(gradient)),
        }
    }

    /// How many values it needs at least; `None` where any number will do.
    fn needs(&self) -> Option<(usize, bool)> {
        match self {
            Self::Values(values) => Some((values.len(), true)),
            Self::Part { last, .. } => Some((last + 1, false)),
            Self::Chain(holds) => holds.iter().filter_map(Self::needs).max_by_key(|(count, _)| *count),
            Self::Value(_)
            | Self::Scaled(_)
            | Self::Mean
            | Self::Inverted
            | Self::Reversed
            | Self::Shuffled(_)
            | Self::Clamped(..) => None,
        }
    }

    fn digest(&self, to: &mut impl Hasher) {
        std::mem::discriminant(self).hash(to);
        match self {
            Self::Value(value) | Self::Scaled(value) => to.write_u32(value.to_bits()),
            Self::Mean | Self::Inverted | Self::Reversed => {}
            Self::Shuffled(seed) => to.write_u64(*seed),
            Self::Clamped(least, most) => (least.to_bits(), most.to_bits()).hash(to),
            Self::Values(values) => {
                to.write_usize(values.len());
                values.iter().for_each(|value| to.write_u32(value.to_bits()));
            }
            Self::Part { first, last, change } => (first, last, change.bits()).hash(to),
            Self::Chain(holds) => {
                to.write_usize(holds.len());
                holds.iter().for_each(|hold| hold.digest(to));
            }
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

    /// Changes a gate once more, on top of how it is held already.
    pub fn add(&mut self, gate: usize, hold: Hold) {
        let both = match self.0.remove(&gate) {
            Some(Hold::Chain(before)) => Hold::Chain(before.iter().cloned().chain([hold]).collect()),
            Some(before) => Hold::Chain([before, hold].into()),
            None => hold,
        };
        self.0.insert(gate, both);
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
            hold.digest(to);
        }
    }

    /// The first that cannot be: a gate the graph does not have, or values of another number.
    pub(super) fn misfit(&self, graph: &Graph) -> Option<String> {
        self.iter().find_map(|(index, hold)| {
            let Some(gate) = graph.gates.get(index) else {
                return Some(format!("gate {index} is held and there are {}", graph.gates.len()));
            };
            let elements = graph[gate.node].shape.elements();
            let (count, is_exact) = hold.needs()?;
            let fits = if is_exact { count == elements } else { count <= elements };
            (!fits).then(|| format!("{} is held at {count} values and has {elements}", gate.name))
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
        assert_eq!(held(Hold::Inverted), (vec![0.75, 0.25], vec![-1.0, -3.0]));
        assert_eq!(held(Hold::Reversed), (vec![0.75, 0.25], vec![3.0, 1.0]));
        let part = |change| Hold::Part { first: 1, last: 1, change };
        assert_eq!(held(part(Change::Set(0.0))), (vec![0.25, 0.0], vec![1.0, 0.0]));
        assert_eq!(held(part(Change::Scale(2.0))), (vec![0.25, 1.5], vec![1.0, 6.0]));
        assert_eq!(held(part(Change::Clamp(0.0, 0.5))), (vec![0.25, 0.5], vec![1.0, 0.0]));
        assert_eq!(held(part(Change::Invert)), (vec![0.25, 0.25], vec![1.0, -3.0]));
        assert_eq!(held(part(Change::Mean)), (vec![0.25, 0.5], vec![2.5, 1.5]));
        assert_eq!(held(Hold::Clamped(0.3, 0.5)), (vec![0.3, 0.5], vec![0.0, 0.0]));
        let chain = Hold::Chain([Hold::Reversed, part(Change::Scale(2.0))].into());
        assert_eq!(held(chain), (vec![0.75, 0.5], vec![6.0, 1.0]));
    }
    /// A shuffle keeps every value, is the same for the same seed, and its gradient goes back where each came from.
    #[test]
    fn a_shuffle_is_a_permutation_and_its_way_back_is_its_own() {
        let own: Vec<f32> = (0..50).map(|value| value as f32).collect();
        let (mut values, mut again) = (own.clone(), own.clone());
        Hold::Shuffled(7).apply(&mut values);
        Hold::Shuffled(7).apply(&mut again);
        assert!(values == again && values != own);
        let mut sorted = values.clone();
        sorted.sort_by(f32::total_cmp);
        assert_eq!(sorted, own);
        Hold::Shuffled(7).back(&mut values);
        assert_eq!(values, own, "what was dealt out is gathered again");
    }
}
