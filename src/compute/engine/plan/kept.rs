//! A run that is kept, to be run again from where something is changed.

use std::time::{Duration, Instant};

use super::Plan;
use super::exec::Buffers;
use super::work::Fused;
use crate::compute::engine::kernels::{Aligned, Layout, layout};
use crate::compute::engine::{Control, EngineError, Holds, Run};
use crate::network::graph::NodeId;

/// One run of a plan whose outputs all have buffers of their own.
pub struct KeptRun {
    images: Vec<f32>,
    holds: Holds,
    /// What it gave.
    pub run: Run,
    slots: Vec<Aligned>,
    /// Buffers of the runs that change it.
    scratch: Vec<Aligned>,
}

/// What is otherwise in a run than in the kept one.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The gates that are held, all of them: what the kept run held and this one does not is let go.
    pub holds: Holds,
    /// Outputs that are given, row-major; each is a tap of the plan.
    pub outputs: Vec<(NodeId, Vec<f32>)>,
}

impl Changes {
    /// Only these gates are held.
    #[must_use]
    pub fn holding(holds: Holds) -> Self {
        Self { holds, outputs: Vec::new() }
    }
}

impl Plan {
    /// Runs one image and keeps every output ([`PlanOptions::keeps`](super::PlanOptions::keeps)).
    ///
    /// # Errors
    /// As [`Plan::run_with`]; when the plan shares its buffers.
    pub fn keep(&self, image: &[f32], holds: &Holds, control: &Control) -> Result<KeptRun, EngineError> {
        self.fits(image, holds)?;
        if !self.keeps || self.batch != 1 {
            let problem = "this plan uses its buffers again, so that no run of it can be kept".to_owned();
            return Err(EngineError::Hold { network: self.network.clone(), problem });
        }
        let slots = self.slot_lengths.iter().map(|length| Aligned::zeros(*length)).collect();
        let mut buffers = Buffers { plan: self, images: image, holds, slots, base: None };
        let all = vec![true; self.fused.len()];
        let elapsed = self.work_off(&mut buffers, &all, control)?;
        let run = Run { elapsed, ..buffers.results(0) };
        let scratch = self.slot_lengths.iter().map(|_| Aligned::default()).collect();
        Ok(KeptRun { images: image.to_vec(), holds: holds.clone(), run, slots: buffers.slots, scratch })
    }

    /// Runs a kept run again with changes: only what they reach is computed.
    ///
    /// # Errors
    /// When a gate cannot be held so, an output that is given is no tap or has another size, or the caller cancels.
    pub fn rerun(&self, kept: &mut KeptRun, changes: &Changes, control: &Control) -> Result<Run, EngineError> {
        let KeptRun { images, holds, slots, scratch, .. } = kept;
        self.fits(images, &changes.holds)?;
        let refused = |problem: String| EngineError::Hold { network: self.network.clone(), problem };
        let mut reached = vec![false; self.graph.nodes.len()];
        let mut given = vec![false; self.graph.nodes.len()];
        let mut changed = vec![false; slots.len()];
        for (node, values) in &changes.outputs {
            let (name, shape) = match self.graph.nodes.get(node.0) {
                Some(found) if self.taps.contains(node) => (&found.name, found.shape),
                _ => return Err(refused(format!("the output of layer {} is not kept, so it cannot be given", node.0))),
            };
            if values.len() != shape.elements() {
                let elements = shape.elements();
                return Err(refused(format!("{name} has {elements} numbers and is given {}", values.len())));
            }
            (reached[node.0], given[node.0]) = (true, true);
            if let Some(slot) = self.slot_of[node.0] {
                changed[slot] = true;
                fresh(&mut scratch[slot], slots[slot].len());
                let laid = Layout::of(shape);
                layout::store(laid, shape, values, &mut scratch[slot][..laid.length(shape)]);
            }
        }
        let regated = |node: NodeId| holds.of(&self.graph, node) != changes.holds.of(&self.graph, node);
        let is_reached = |step: &Fused, reached: &[bool]| {
            let is_given = step.outputs.iter().all(|output| given[output.0]);
            let reads = || step.work.inputs(&self.graph).iter().any(|input| reached[input.0]);
            !is_given && (reads() || step.outputs.iter().any(|output| regated(*output)))
        };
        let mut again = Vec::with_capacity(self.fused.len());
        for step in &self.fused {
            let is_again = is_reached(step, &reached);
            again.push(is_again);
            for output in step.outputs.iter().filter(|output| is_again && !given[output.0]) {
                reached[output.0] = true;
                if let Some(slot) = self.slot_of[output.0] {
                    changed[slot] = true;
                    fresh(&mut scratch[slot], slots[slot].len());
                }
            }
        }
        let own = std::mem::take(scratch);
        let base = Some((&slots[..], changed));
        let mut buffers = Buffers { plan: self, images, holds: &changes.holds, slots: own, base };
        let done = self.work_off(&mut buffers, &again, control);
        let run = done.map(|elapsed| Run { elapsed, ..buffers.results(0) });
        *scratch = buffers.slots;
        run
    }

    /// The share of the network's multiply-accumulates that [`Plan::rerun`] repeats when this node changes.
    #[must_use]
    pub fn share_behind(&self, node: NodeId) -> f64 {
        let mut reached = vec![false; self.graph.nodes.len()];
        reached[node.0] = true;
        let (mut behind, mut all) = (0, 0);
        for (step, shown) in self.fused.iter().zip(&self.steps) {
            all += shown.macs;
            if step.work.inputs(&self.graph).iter().any(|input| reached[input.0]) {
                step.outputs.iter().for_each(|output| reached[output.0] = true);
                behind += shown.macs;
            }
        }
        behind as f64 / all.max(1) as f64
    }

    /// Works off some of the steps.
    fn work_off(&self, buffers: &mut Buffers, which: &[bool], control: &Control) -> Result<Duration, EngineError> {
        let started = Instant::now();
        let chosen = || self.fused.iter().enumerate().filter(|(index, _)| which[*index]);
        let total = chosen().map(|(index, _)| self.steps[index].macs).sum::<u64>().max(1);
        let mut done = 0;
        for (index, step) in chosen() {
            if (control.cancelled)() {
                return Err(EngineError::Cancelled);
            }
            buffers.step(index, step);
            done += self.steps[index].macs;
            (control.progress)((done as f64 / total as f64) as f32);
        }
        (control.progress)(1.0);
        Ok(started.elapsed())
    }
}

/// A buffer of this length; what is in it is unspecified.
fn fresh(buffer: &mut Aligned, length: usize) {
    if buffer.len() != length {
        *buffer = Aligned::zeros(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::engine::{Hold, PlanOptions};
    use crate::compute::weights::Weights;
    use crate::network::{Graph, lower, parse};

    fn graph(text: &str) -> Graph {
        lower(&parse(text).expect(text)).expect(text)
    }

    fn image(graph: &Graph) -> Vec<f32> {
        (0..graph.input().elements()).map(|at| ((at * 37 % 101) as f32 - 50.0) / 25.0).collect()
    }

    /// Whatever is changed, and in whatever order: the same bits as a whole run with the same gates held.
    #[test]
    fn a_run_again_is_a_whole_run() {
        for text in [
            "resnet20(input=32)+cbam(r=4)",
            "mobilenet_v3_small(input=64)",
            "resnet18(input=64)+triplet",
            "skresnet18(input=64)",
        ] {
            let graph = graph(text);
            let (weights, image) = (Weights::seeded(&graph, 3), image(&graph));
            let plan =
                |keeps| Plan::new(&graph, &weights, PlanOptions { keeps, ..PlanOptions::default() }).expect(text);
            let (whole, keeping) = (plan(false), plan(true));
            let mut kept = keeping.keep(&image, &Holds::none(), &Control::none()).expect(text);
            assert_eq!(kept.run.logits, whole.run(&image).expect(text).logits, "{text}");
            let last = graph.gates.len() - 1;
            for held in [vec![0], vec![last], vec![last / 2, last], vec![]] {
                let mut holds = Holds::none();
                for gate in &held {
                    holds.set(*gate, Hold::Mean);
                }
                let again = keeping.rerun(&mut kept, &Changes::holding(holds.clone()), &Control::none()).expect(text);
                let wanted = whole.run_with(&image, &holds, &Control::none()).expect(text);
                assert_eq!(again.logits, wanted.logits, "{text}, {held:?}");
                assert_eq!(again.gates, wanted.gates, "{text}, {held:?}");
            }
        }
    }

    #[test]
    fn an_output_that_is_given_is_read_by_what_follows() {
        let graph = graph("resnet20(input=32)+se");
        let (weights, image) = (Weights::seeded(&graph, 3), image(&graph));
        let layer = graph[graph.scope_at("layer2.1").expect("a block")].output;
        let options = PlanOptions { keeps: true, taps: vec![layer], ..PlanOptions::default() };
        let plan = Plan::new(&graph, &weights, options).expect("plans");
        let mut kept = plan.keep(&image, &Holds::none(), &Control::none()).expect("runs");
        let own = kept.run.taps[0].values.clone();
        let mut given = |values: Vec<f32>| {
            let changes = Changes { outputs: vec![(layer, values)], ..Changes::default() };
            plan.rerun(&mut kept, &changes, &Control::none())
        };
        let same = given(own.clone()).expect("runs");
        let other = given(own.iter().map(|value| value * 2.0).collect()).expect("runs");
        assert_eq!(same.logits, kept.run.logits);
        assert_ne!(other.logits, kept.run.logits);
        let first = |run: &Run| run.gates[0].values.clone();
        assert_eq!(first(&other), first(&kept.run), "what lies before stays");
        let Err(problem) = plan.rerun(
            &mut kept,
            &Changes { outputs: vec![(layer, vec![0.0; 3])], ..Changes::default() },
            &Control::none(),
        ) else {
            panic!("three numbers are no map")
        };
        assert!(problem.to_string().contains("is given 3"), "{problem}");
    }

    #[test]
    fn the_share_behind_a_layer_falls_along_the_network() {
        let graph = graph("resnet18+se");
        let options = PlanOptions { keeps: true, ..PlanOptions::default() };
        let plan = Plan::new(&graph, &Weights::seeded(&graph, 0), options).expect("plans");
        let shares: Vec<f64> = graph.gates.iter().map(|gate| plan.share_behind(gate.node)).collect();
        assert!(shares.windows(2).all(|pair| pair[1] < pair[0]), "{shares:?}");
        assert!(shares[0] > 0.8 && shares[shares.len() - 1] < 0.01, "{shares:?}");
    }
}
