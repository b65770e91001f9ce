//! Convolutional Block Attention Module (Woo et al., ECCV 2018): CAM, then SAM on what CAM let through.

use super::se::check_reduction;
use super::{AttentionBlock, BRANCH_END, Card, cam, sam};
use crate::network::graph::{GraphBuilder, NodeId, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// How the two are put together (the paper's Table 3).
const ORDER: Field = Field {
    key: "order",
    long: "arrangement",
    help: "cs: channel, then spatial; sc: spatial, then channel; parallel: both see the features as they came, which \
           are multiplied with both gates (the paper does not say how it joins them)",
    kind: Kind::Word(&["cs", "sc", "parallel"]),
};

/// CBAM whole.
pub struct Cbam;

impl AttentionBlock for Cbam {
    fn card(&self) -> Card {
        Card {
            name: "cbam",
            title: "CBAM",
            long: "Convolutional Block Attention Module",
            summary: "First decides which channels matter (CAM), then where in the image (SAM).",
            formula: &["Mc = σ(W2·δ(W1·avg F) + W2·δ(W1·max F))", "Ms = σ(BN(conv k×k[max F'; mean F']))"],
            paper: "Woo et al., ECCV 2018, arXiv 1807.06521",
            why: "What and where are different questions, and the paper found asking them in this order better than in the reverse and better than both at once.",
            caution: "The spatial gate adds hardly a parameter and few MACs, but both gates read the whole map again, which takes time that neither count shows.",
            place: BRANCH_END,
        }
    }

    fn formula(&self, options: &Options) -> Vec<String> {
        let (channel, spatial) = (cam::formula, sam::formula);
        match options.word("order", "cs") {
            "sc" => vec![spatial(options, "F"), channel(options, "F'")],
            "parallel" => vec![channel(options, "F"), spatial(options, "F")],
            _ => vec![channel(options, "F"), spatial(options, "F'")],
        }
    }

    fn options(&self) -> Vec<Declared> {
        let mut declared = cam::declared();
        declared.insert(1, Declared { field: sam::KERNEL, default: Value::Number(sam::DEFAULT_KERNEL) });
        declared.insert(3, sam::declared_map());
        declared.insert(4, Declared { field: ORDER, default: Value::Word("cs".to_owned()) });
        declared
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        check_reduction(options, channels)
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        builder.scope(ScopeKind::Attention("cbam"), cam::module_name(options), "CBAM", |b| {
            match options.word("order", "cs") {
                "sc" => {
                    let placed = sam::attach_gate(b, features, features, options);
                    cam::attach_gate(b, placed, options)
                }
                order => {
                    let channelled = cam::attach_gate(b, features, options);
                    let seen = if order == "parallel" { features } else { channelled };
                    sam::attach_gate(b, seen, channelled, options)
                }
            }
        })
    }
}
