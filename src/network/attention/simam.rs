//! SimAM (Yang et al., ICML 2021): a weight a channel and position without a single parameter.
//!
//! As the authors' code: the inverse of the energy of each neuron against its channel, through a sigmoid. There the
//! module stands behind the 3×3 of a bottleneck; here it is at the end of the branch unless `at` says otherwise.

use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

const LAMBDA: Field =
    Field { key: "lambda", long: "e_lambda", help: "what is added to a channel's variance", kind: Kind::Small };
const DEFAULT_LAMBDA: &str = "1e-4";

/// Simple, parameter-free attention.
pub struct SimAm;

impl AttentionBlock for SimAm {
    fn card(&self) -> Card {
        Card {
            name: "simam",
            title: "SimAM",
            long: "Simple, Parameter-Free Attention Module",
            summary: "Weighs every number by how far it stands out from the mean of its channel, without a parameter.",
            formula: &["e = (F − μ)² / (4(σ² + λ)) + 1/2", "F' = F · σ(e)"],
            paper: "Yang et al., ICML 2021, PMLR 139:11863–11874",
            why: "In the brain, neurons that differ from their surround matter most, and how much a neuron differs has a closed form.",
            caution: "It learns nothing by itself, so its gate never falls below 0.62, and numbers far below the mean are raised as much as those far above.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![Declared { field: LAMBDA, default: Value::Word(DEFAULT_LAMBDA.to_owned()) }]
    }

    fn check(&self, _options: &Options, _channels: usize) -> Result<(), String> {
        Ok(())
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let lambda = options.word(LAMBDA.key, DEFAULT_LAMBDA).parse().unwrap_or(1e-4);
        builder.scope(ScopeKind::Attention("simam"), "simam", "SimAM", |b| {
            let energy = b.add("energy", Op::Energy { lambda }, &[features]);
            let gate = b.add("gate", Op::Sigmoid, &[energy]);
            b.gate(GateKind::Volume, features, gate)
        })
    }
}
