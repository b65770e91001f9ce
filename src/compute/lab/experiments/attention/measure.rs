//! Where a trained network looks, over test images with masks.

use std::sync::Arc;

use super::{AttentionSettings, BlockLook, Look};
use crate::compute::engine::{Control, GateValues, Plan, PlanOptions};
use crate::compute::explain::{GateMap, Layer, Lens, Slice, Subject, Target, counterpart, method};
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Dataset, Example, Mask, Split, normalise};
use crate::compute::lab::experiments::looking::{coverage, energy, points_inside};
use crate::compute::lab::experiments::runner::Learnt;
use crate::network::Graph;
use crate::network::graph::{Gate, GateKind, NodeId, ScopeKind};

/// The share of the picture that the objects of the measured images cover, on average.
pub(super) fn chance(dataset: &dyn Dataset, masks: u64) -> Result<f64, LabError> {
    let mut sum = 0.0;
    for index in 0..masks {
        let example = dataset.example(Split::Test, index)?;
        sum += coverage(mask_of(dataset, &example)?);
    }
    Ok(sum / masks.max(1) as f64)
}

/// Grad-CAM of the true class and every gate that says where, over the first `settings.masks` test images.
pub(super) fn look(
    learnt: &Learnt,
    dataset: &dyn Dataset,
    settings: &AttentionSettings,
    say: &dyn Fn(f32),
    wait: &dyn Fn() -> Result<(), LabError>,
) -> Result<(Look, Vec<BlockLook>), LabError> {
    let (graph, weights) = (&learnt.graph, &learnt.weights);
    let options = PlanOptions { threads: settings.threads, ..PlanOptions::default() };
    let plan = Plan::new(graph, weights, options)?;
    let method = method("gradcam").map_err(LabError::Setting)?;
    let mut subject = Subject::new(Arc::new(graph.clone()), weights.clone(), settings.threads);
    let layer = Layer { node: last_stage(graph), name: "the last stage".to_owned() };
    let control = Control::none();
    let mut seen = Sum::default();
    let mut maps: Vec<(usize, Sum)> = with_places(graph).map(|index| (index, Sum::default())).collect();
    for index in 0..settings.masks {
        wait()?;
        let example = dataset.example(Split::Test, index)?;
        let mask = mask_of(dataset, &example)?;
        let tensor = normalise(&example.image, dataset.mean(), dataset.std());
        let mut seen_by = subject.look(&tensor, std::slice::from_ref(&layer), &control)?;
        let map = method.explain(&mut seen_by, &layer, Target::Class(example.label))?;
        let positive: Vec<f32> = map.values.iter().map(|value| value.max(0.0)).collect();
        seen.add(&positive, map.size, mask);
        let run = plan.run(&tensor)?;
        for (gate, sum) in &mut maps {
            if let Some(map) = map_of(graph, &run.gates, *gate) {
                sum.add(&map.values, map.size, mask);
            }
        }
        say((index + 1) as f32 / settings.masks as f32);
    }
    let blocks = maps.iter().map(|(index, sum)| {
        let gate = &graph.gates[*index];
        BlockLook { block: block_of(graph, gate), gate: gate.name.clone(), look: sum.mean() }
    });
    Ok((seen.mean(), blocks.collect()))
}

/// Counts over images.
#[derive(Default)]
struct Sum {
    images: u64,
    hits: u64,
    energy: f64,
}

impl Sum {
    fn add(&mut self, map: &[f32], size: [usize; 2], mask: &Mask) {
        self.images += 1;
        self.hits += u64::from(points_inside(map, size, mask));
        self.energy += energy(map, size, mask);
    }

    fn mean(&self) -> Look {
        let images = self.images.max(1) as f64;
        Look { pointing: self.hits as f64 / images, energy: self.energy / images }
    }
}

fn mask_of<'a>(dataset: &dyn Dataset, example: &'a Example) -> Result<&'a Mask, LabError> {
    example.mask.as_ref().ok_or_else(|| {
        LabError::Setting(format!(
            "{} has no object masks; where a network looks can be measured on objects",
            dataset.name()
        ))
    })
}

/// The output of the last stage: where Grad-CAM is usually taken.
fn last_stage(graph: &Graph) -> NodeId {
    let stage = graph.scopes_of(ScopeKind::Stage).last();
    stage.map_or_else(|| graph.output(), |stage| graph[stage].output)
}

/// The gates that say where: maps, and strips in pairs, of which the rows stand for both.
fn with_places(graph: &Graph) -> impl Iterator<Item = usize> {
    (0..graph.gates.len()).filter(|index| match graph.gates[*index].kind {
        GateKind::Spatial | GateKind::Volume | GateKind::Matrix => true,
        GateKind::Rows => counterpart(graph, *index).is_some(),
        GateKind::Channel | GateKind::Columns | GateKind::Paths { .. } => false,
    })
}

/// Where a gate looks: a volume on average over its channels, a matrix over its positions, strips by their product.
fn map_of<'a>(graph: &Graph, gates: &'a [GateValues], index: usize) -> Option<GateMap<'a>> {
    let lens = |index: usize| Some(Lens::of(graph, graph.gates.get(index)?, &gates.get(index)?.values));
    match counterpart(graph, index) {
        Some(other) => lens(index)?.together(&lens(other)?, Slice::Mean),
        None => lens(index)?.map(Slice::Mean),
    }
}

fn block_of(graph: &Graph, gate: &Gate) -> String {
    let block = graph.enclosing(gate.scope, ScopeKind::Block).unwrap_or(gate.scope);
    graph[block].path.clone()
}
