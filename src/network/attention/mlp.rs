//! The two small layers that say how much of each channel to keep: run on every statistic of the channels with the
//! same weights, their results added.

use crate::network::graph::{GraphBuilder, NodeId, Op};

/// A statistic of each channel.
#[derive(Clone, Copy)]
pub(super) struct Squeeze {
    /// What its layers are called after: `avg`.
    pub(super) word: &'static str,
    pub(super) op: Op,
}

const AVG: Squeeze = Squeeze { word: "avg", op: Op::GlobalAvgPool };
const MAX: Squeeze = Squeeze { word: "max", op: Op::GlobalMaxPool };

/// The statistics a word stands for: `avg`, `max`, else both.
pub(super) fn squeezes(word: &str) -> &'static [Squeeze] {
    match word {
        "avg" => &[AVG],
        "max" => &[MAX],
        _ => &[AVG, MAX],
    }
}

/// What it makes of the statistics a word stands for: `W2·δ(W1·avg F)`.
pub(super) fn formula(word: &str, features: &str) -> String {
    let of = |squeeze: &Squeeze| format!("W2·δ(W1·{} {features})", squeeze.word);
    squeezes(word).iter().map(of).collect::<Vec<_>>().join(" + ")
}

/// First layer, activation, second layer.
pub(super) struct Mlp<'a> {
    pub(super) names: [&'a str; 3],
    pub(super) layers: [Op; 2],
    pub(super) activation: Op,
}

impl Mlp<'_> {
    /// Adds it after `input`.
    pub(super) fn attach(&self, b: &mut GraphBuilder, input: NodeId) -> NodeId {
        self.first(b, input)[1]
    }

    /// Adds it after what `squeezed` makes of each statistic; `sum` is the name of the sum of several.
    pub(super) fn attach_to_each(
        &self,
        b: &mut GraphBuilder,
        sum: &str,
        squeezes: &[Squeeze],
        squeezed: impl Fn(&mut GraphBuilder, &Squeeze) -> NodeId,
    ) -> NodeId {
        let mut weighted = None;
        let mut outputs = Vec::new();
        for squeeze in squeezes {
            let input = squeezed(b, squeeze);
            outputs.push(match weighted {
                None => {
                    let twins = self.first(b, input);
                    weighted = Some(twins);
                    twins[1]
                }
                Some(twins) => self.again(b, twins, squeeze.word, input),
            });
        }
        match outputs[..] {
            [only] => only,
            _ => b.add(sum, Op::Add, &outputs),
        }
    }

    /// Both layers, with weights.
    fn first(&self, b: &mut GraphBuilder, input: NodeId) -> [NodeId; 2] {
        let [first, act, second] = self.names;
        let first = b.add(first, self.layers[0], &[input]);
        let hidden = b.add(act, self.activation, &[first]);
        [first, b.add(second, self.layers[1], &[hidden])]
    }

    /// Both layers once more, with the weights of `twins`.
    fn again(&self, b: &mut GraphBuilder, twins: [NodeId; 2], word: &str, input: NodeId) -> NodeId {
        let [first, act, second] = self.names.map(|name| format!("{name} ({word})"));
        let hidden = b.share(&first, twins[0], &[input]);
        let hidden = b.add(&act, self.activation, &[hidden]);
        b.share(&second, twins[1], &[hidden])
    }
}
