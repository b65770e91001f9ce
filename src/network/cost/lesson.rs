//! The lesson: two 3×3 convolutions against a bottleneck, both taking and giving 256 channels.

use super::{Ledger, Term, formula};
use crate::network::graph::{Conv2d, Graph, GraphBuilder, NodeId, Op, ScopeKind, Shape};

/// Two ways through the same number of channels, and how much dearer the first is.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The channels both take and give.
    pub channels: usize,
    /// The convolutions of the basic block's branch, with their weights.
    pub basic: Vec<Term>,
    /// The convolutions of the bottleneck's branch, with their weights.
    pub bottleneck: Vec<Term>,
}

impl Lesson {
    /// Convolution weights of the two 3×3.
    #[must_use]
    pub fn basic_weights(&self) -> u64 {
        self.basic.iter().map(|term| term.value).sum()
    }

    /// Convolution weights of the bottleneck.
    #[must_use]
    pub fn bottleneck_weights(&self) -> u64 {
        self.bottleneck.iter().map(|term| term.value).sum()
    }

    /// How many times as many weights the two 3×3 have.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.basic_weights() as f64 / self.bottleneck_weights() as f64
    }

    /// What the numbers count.
    pub const COUNTS: &'static str = "convolution weights only: no bias, no BatchNorm, no shortcut";
}

/// Counts the lesson at this many channels (the paper's Figure 5 has 256 for the bottleneck).
#[must_use]
pub fn lesson(channels: usize) -> Lesson {
    let inner = channels / 4;
    let three = |out| Conv2d::new(out, 3);
    let one = |out| Conv2d::new(out, 1);
    Lesson {
        channels,
        basic: weights(channels, &[three(channels), three(channels)]),
        bottleneck: weights(channels, &[one(inner), three(inner), one(channels)]),
    }
}

/// Builds a chain of convolutions and reads its weights off the same counting as everything else.
fn weights(channels: usize, convolutions: &[Conv2d]) -> Vec<Term> {
    let mut builder = GraphBuilder::new("lesson".to_owned(), Shape::map(channels, 56, 56));
    let image = builder.input();
    builder.scope(ScopeKind::Block, "block", "branch", |b| {
        convolutions
            .iter()
            .enumerate()
            .fold(image, |input, (index, conv)| b.add(&format!("conv{}", index + 1), Op::Conv2d(*conv), &[input]))
    });
    let Ok(graph) = builder.finish() else { return Vec::new() };
    terms(&graph)
}

fn terms(graph: &Graph) -> Vec<Term> {
    debug_assert_eq!(Ledger::of(graph).layers.len(), graph.nodes.len());
    (1..graph.nodes.len()).filter_map(|index| formula(graph, NodeId(index)).0).collect()
}

#[cfg(test)]
mod tests {
    use super::lesson;

    #[test]
    fn the_two_numbers_and_their_ratio() {
        let lesson = lesson(256);
        assert_eq!(lesson.basic_weights(), 1_179_648);
        assert_eq!(lesson.bottleneck_weights(), 69_632);
        assert_eq!(format!("{:.2}", lesson.ratio()), "16.94");
        assert_eq!(lesson.basic[0].expression, "3·3·256·256");
        assert_eq!(lesson.bottleneck.len(), 3);
    }
}
