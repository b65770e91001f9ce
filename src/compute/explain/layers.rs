//! Which layer's output a map is of.
//!
//! Unless another is named it is the input of the global pooling, whatever makes it: in a ResNet the last block's output
//! after its ReLU, in an EfficientNet the activation of the head's convolution. In a block with gates three places can
//! be asked for: `layer4.1:before` its gates, `layer4.1:after` them, and `layer4.1`, its output.

use crate::network::graph::{Graph, NodeId, Op, ScopeId, ScopeKind};
use crate::network::suggest;

/// A layer, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// The node whose output is looked at.
    pub node: NodeId,
    /// The name it was asked for by, or the shortest it has.
    pub name: String,
}

/// How a linear classifier reads the mean of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearHead {
    /// The map whose mean it reads, `[K, H, W]`.
    pub map: NodeId,
    /// The linear layer, `[K] → [classes]`.
    pub linear: NodeId,
}

impl Layer {
    /// The input of the global pooling: the last output on the way to the logits that has more than one position.
    #[must_use]
    pub fn pooled(graph: &Graph) -> Option<Self> {
        let mut node = graph.output();
        while graph[node].shape.dims().len() != 3 || graph[node].shape.positions() < 2 {
            node = *graph[node].inputs.first()?;
        }
        // Pooling to the size that is there already changes nothing.
        while let (Op::AdaptiveAvgPool { .. }, Some(input)) = (graph[node].op, graph[node].inputs.first()) {
            if graph[*input].shape != graph[node].shape {
                break;
            }
            node = *input;
        }
        (graph[node].op != Op::Input).then(|| Self { node, name: shortest(graph, node) })
    }

    /// A part by its path, a layer by its name, or the last layer below a name; with `:before` or `:after` the gates
    /// of a block.
    ///
    /// # Errors
    /// A sentence with what there is near that name.
    pub fn named(graph: &Graph, name: &str) -> Result<Self, String> {
        let (part, place) = name.split_once(':').map_or((name, None), |(part, place)| (part, Some(place)));
        let node = match place {
            None => output_of(graph, part)?,
            Some(place) => {
                let block = graph.scope_at(part).ok_or_else(|| unknown(graph, part))?;
                beside_gates(graph, block, place).map_err(|problem| format!("{name}: {problem}"))?
            }
        };
        match graph[node].shape.dims().len() == 3 {
            true => Ok(Self { node, name: name.to_owned() }),
            false => {
                Err(format!("{name}: its output is {}, not a map; name a layer before the pooling", graph[node].shape))
            }
        }
    }
}

impl LinearHead {
    /// The head of a network whose logits are linear in the mean of its last map.
    #[must_use]
    pub fn of(graph: &Graph) -> Option<Self> {
        let linear = graph.output();
        let Op::Linear { .. } = graph[linear].op else { return None };
        let mut node = *graph[linear].inputs.first()?;
        while graph[node].op == Op::Flatten {
            node = *graph[node].inputs.first()?;
        }
        let map = *graph[node].inputs.first()?;
        let (from, to) = (graph[map].shape, graph[node].shape);
        let is_mean = match graph[node].op {
            Op::GlobalAvgPool => true,
            Op::AdaptiveAvgPool { size } => size == 1,
            Op::AvgPool(pool) => {
                to.positions() == 1 && pool.kernel == [from.height(), from.width()] && pool.padding == [0, 0]
            }
            _ => false,
        };
        let is_vector = graph[linear].shape.dims().len() == 1 && from.channels() == to.channels();
        (is_mean && is_vector).then_some(Self { map, linear })
    }
}

/// The output of a part or layer.
fn output_of(graph: &Graph, name: &str) -> Result<NodeId, String> {
    if let Some(scope) = graph.scope_at(name).filter(|_| !name.is_empty()) {
        return Ok(graph[scope].output);
    }
    let below = |node: &String| node == name || node.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    let last = graph.node_ids().filter(|id| below(&graph[*id].name)).last();
    last.ok_or_else(|| unknown(graph, name))
}

/// What a block's gates read, or what they give.
fn beside_gates(graph: &Graph, block: ScopeId, place: &str) -> Result<NodeId, String> {
    let gates: Vec<_> = graph.gates_in(block).map(|(_, gate)| gate).collect();
    let (Some(first), Some(last)) = (gates.first(), gates.last()) else {
        return Err(format!("{} has no gates", graph[block].path));
    };
    let attention =
        |scope: ScopeId| graph.ancestors(scope).find(|id| matches!(graph[*id].kind, ScopeKind::Attention(_)));
    match place {
        "before" => {
            let whole = attention(first.scope).and_then(|scope| graph[scope].input);
            whole
                .or_else(|| graph[first.scale].inputs.first().copied())
                .ok_or_else(|| "its gates read nothing".to_owned())
        }
        "after" => Ok(attention(last.scope).map_or(last.scale, |scope| graph[scope].output)),
        other => Err(format!("{other}: write before or after")),
    }
}

/// What a layer is called: the stage whose output it is, else the nearest module that it is the last layer of.
fn shortest(graph: &Graph, node: NodeId) -> String {
    if let Some(stage) = graph.scopes_of(ScopeKind::Stage).find(|id| graph[*id].output == node) {
        return graph[stage].path.clone();
    }
    let name = &graph[node].name;
    let module = name.rsplit_once('.').map(|(module, _)| module).filter(|module| output_of(graph, module) == Ok(node));
    module.unwrap_or(name).to_owned()
}

fn unknown(graph: &Graph, name: &str) -> String {
    let parts = graph.scopes.iter().map(|scope| scope.path.as_str()).filter(|path| !path.is_empty());
    let layers = graph.nodes.iter().map(|node| node.name.as_str());
    let known: Vec<&str> = parts.chain(layers).collect();
    match suggest::nearest(name, known.iter().copied()) {
        Some(near) => format!("{name}: no such layer, did you mean {near}?"),
        None => {
            let stages: Vec<&str> = graph.scopes_of(ScopeKind::Stage).map(|id| graph[id].path.as_str()).collect();
            format!("{name}: no such layer; stages are {}, blocks and layers are named below them", stages.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    fn graph(text: &str) -> Graph {
        lower(&parse(text).expect(text)).expect(text)
    }

    #[test]
    fn the_layer_that_is_pooled_is_found_in_every_family() {
        for (network, name, sides) in [
            ("resnet50+cbam", "layer4", 7),
            ("efficientnet_b0", "features.8", 7),
            ("mobilenet_v3_small", "features.12", 7),
            ("vgg16", "stage5", 7),
            ("googlenet", "inception5", 7),
            ("resnet20", "layer3", 8),
        ] {
            let graph = graph(network);
            let layer = Layer::pooled(&graph).expect(network);
            assert_eq!((layer.name.as_str(), graph[layer.node].shape.height()), (name, sides), "{network}");
            assert_eq!(Layer::named(&graph, &layer.name).expect(network).node, layer.node, "{network}");
        }
    }

    #[test]
    fn gates_have_a_before_and_an_after() {
        let graph = graph("resnet50+cbam");
        let node = |name: &str| graph[Layer::named(&graph, name).expect(name).node].name.clone();
        assert_eq!(node("layer4.1:before"), "layer4.1.bn3");
        assert_eq!(node("layer4.1:after"), "layer4.1.cbam.SpatialGate.scale");
        assert_eq!(node("layer4.1"), "layer4.1.relu");
        assert_eq!(node("layer4.1.conv2"), "layer4.1.conv2");
    }

    #[test]
    fn what_is_no_layer_lists_what_is_near() {
        let graph = graph("resnet18+se");
        let message = |name: &str| Layer::named(&graph, name).expect_err(name);
        assert!(message("layr4").contains("layer4"));
        assert!(message("fc").contains("not a map"));
        assert!(message("layer4.0:within").contains("before or after"));
        let plain = lower(&parse("resnet18").expect("parses")).expect("lowers");
        assert!(Layer::named(&plain, "layer4.0:before").expect_err("none").contains("no gates"));
    }

    #[test]
    fn a_linear_head_is_known() {
        assert!(LinearHead::of(&graph("resnet18")).is_some() && LinearHead::of(&graph("efficientnet_b0")).is_some());
        assert!(LinearHead::of(&graph("vgg16")).is_none() && LinearHead::of(&graph("mobilenet_v3_small")).is_none());
        assert!(LinearHead::of(&graph("resnet18(classes=0)")).is_none());
    }
}
