//! No attention at all: where a network is built with an SE of its own, this takes it out.

use super::{AttentionBlock, Card};
use crate::network::graph::{GraphBuilder, NodeId};
use crate::network::options::{Declared, Options};

/// The name used in specs.
pub const OFF: &str = "off";

/// Nothing. It is no block among others: it can be chosen by name, and is offered where there is something to take out.
pub struct Off;

impl AttentionBlock for Off {
    fn card(&self) -> Card {
        Card {
            name: OFF,
            title: OFF,
            long: "No attention",
            summary: "Takes out the attention a network is built with.",
            formula: &[],
            paper: "",
            why: "",
            caution: "",
            place: "",
        }
    }

    fn options(&self) -> Vec<Declared> {
        Vec::new()
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn attach(&self, _builder: &mut GraphBuilder, features: NodeId, _options: &Options) -> NodeId {
        features
    }
}
