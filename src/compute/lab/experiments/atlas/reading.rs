//! What an atlas says, in sentences made from its numbers.

use super::{AtlasGate, AtlasResult};

/// Late blocks are called more specific than early ones from this ratio on, and less from its inverse.
const RATIO: f64 = 1.5;
/// A channel whose classes lie within this hardly tells them apart.
const STILL: f32 = 0.02;

pub(super) fn of(result: &AtlasResult) -> Vec<String> {
    let mut sentences = Vec::new();
    if !result.trained {
        sentences.push("These weights are untrained: what follows is random.".to_owned());
    }
    if result.classes.len() < 2 {
        sentences.push("One class: there is nothing to tell apart.".to_owned());
        return sentences;
    }
    sentences.extend(extremes(&result.gates));
    sentences.extend(with_depth(&result.gates));
    sentences.extend(result.gates.last().and_then(still));
    sentences.extend(result.gates.last().and_then(|last| alike(last, &result.classes)));
    sentences
}

fn extremes(gates: &[AtlasGate]) -> Option<String> {
    let by = |a: &&AtlasGate, b: &&AtlasGate| a.class_spread().total_cmp(&b.class_spread());
    let (most, least) = (gates.iter().max_by(by)?, gates.iter().min_by(by)?);
    Some(match gates.len() {
        1 => format!("Class means lie {:.3} apart on average in {}.", most.class_spread(), most.block),
        _ => format!(
            "Class means lie furthest apart in {} ({:.3} on average) and closest in {} ({:.3}).",
            most.block,
            most.class_spread(),
            least.block,
            least.class_spread()
        ),
    })
}

/// The paper saw early gates alike for all classes and late ones specific; what is seen here?
fn with_depth(gates: &[AtlasGate]) -> Option<String> {
    let third = gates.len() / 3;
    if third == 0 {
        return None;
    }
    let mean = |part: &[AtlasGate]| part.iter().map(AtlasGate::class_spread).sum::<f64>() / part.len() as f64;
    let (early, late) = (mean(&gates[..third]), mean(&gates[gates.len() - third..]));
    let numbers = format!("{early:.3} apart in the first third of the blocks, {late:.3} in the last");
    Some(if late > RATIO * early {
        format!("Late gates tell classes apart more than early ones: {numbers}.")
    } else if early > RATIO * late {
        format!("Early gates tell classes apart more than late ones: {numbers}.")
    } else {
        format!("Early and late gates tell classes apart about equally: {numbers}.")
    })
}

fn still(gate: &AtlasGate) -> Option<String> {
    let range = |channel: &usize| {
        let values = gate.means.iter().map(|class| class[*channel]);
        values.clone().fold(f32::NEG_INFINITY, f32::max) - values.fold(f32::INFINITY, f32::min)
    };
    let still = (0..gate.channels()).filter(|channel| range(channel) < STILL).count();
    (gate.channels() > 0).then(|| {
        format!(
            "In {} {still} of {} channels hardly differ between classes (less than {STILL}).",
            gate.block,
            gate.channels()
        )
    })
}

/// The two classes that excite the last gate most alike.
fn alike(gate: &AtlasGate, classes: &[String]) -> Option<String> {
    let distance = |a: usize, b: usize| {
        let pairs = gate.means[a].iter().zip(&gate.means[b]);
        pairs.map(|(a, b)| (a - b).abs()).sum::<f32>() / gate.channels().max(1) as f32
    };
    let count = classes.len().min(gate.means.len());
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    let (a, b) = pairs.min_by(|x, y| distance(x.0, x.1).total_cmp(&distance(y.0, y.1)))?;
    (count > 2)
        .then(|| format!("{} and {} excite it most alike ({:.3} apart).", classes[a], classes[b], distance(a, b)))
}
