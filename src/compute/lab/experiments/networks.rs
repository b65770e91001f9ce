//! The lab's networks: one small trunk, at any depth of the CIFAR form, with or without shortcuts, with any attention.

use crate::compute::lab::LabError;
use crate::network::{NetworkSpec, parse};

/// What the trunk is compared with and without, in the order of tables.
pub const ATTENTIONS: [&str; 5] = ["none", "se", "cam", "sam", "cbam"];

/// The trunk of `depth` = 6n + 2 layers for the lab's 64×64 pictures: the CIFAR form behind a stem of stride 2.
///
/// # Errors
/// A depth that is none, an attention that is unknown.
pub fn lab_network(depth: usize, residual: bool, attention: &str, classes: usize) -> Result<NetworkSpec, LabError> {
    let n = depth.saturating_sub(2) / 6;
    if n == 0 || 6 * n + 2 != depth {
        return Err(LabError::Setting(format!("{depth} layers: give a depth of 6n + 2, like 8, 20, 32 or 56")));
    }
    let family = if residual { "resnet" } else { "plain" };
    let (model, blocks) = match depth {
        20 | 32 | 44 | 56 | 110 => (format!("{family}{depth}"), String::new()),
        _ => (format!("{family}20"), format!("blocks={n}-{n}-{n},")),
    };
    let attention = if attention == "none" { String::new() } else { format!("+{attention}") };
    let classes = if classes == 10 { String::new() } else { format!(",classes={classes}") };
    let text = format!("{model}({blocks}stem=strided,input=64{classes}){attention}");
    parse(&text).map_err(|error| LabError::Setting(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, zoo};

    #[test]
    fn every_depth_and_attention_of_the_lab_is_a_network() {
        for depth in [8, 14, 20, 32, 56] {
            for residual in [true, false] {
                let spec = lab_network(depth, residual, "none", 10).expect("a network");
                let graph = lower(&spec).expect("lowers");
                let layers = graph.nodes.iter().filter(|node| matches!(node.op.name(), "Conv2d" | "Linear")).count();
                assert_eq!(layers, depth, "{spec}");
                assert_eq!((zoo::input_of(&spec), zoo::classes_of(&spec)), ([3, 64, 64], 10));
            }
        }
        for attention in ATTENTIONS {
            lab_network(20, true, attention, 4).expect(attention);
        }
    }

    #[test]
    fn a_depth_between_two_forms_is_refused_with_examples() {
        let message = lab_network(51, true, "none", 10).expect_err("no such form").to_string();
        assert!(message.contains("51 layers") && message.contains("6n + 2"), "{message}");
        assert!(lab_network(2, true, "none", 10).is_err());
    }
}
