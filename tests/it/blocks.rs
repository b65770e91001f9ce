//! Attention blocks alone compute what their original code computes (`tests/reference/README.md`).

use std::collections::BTreeMap;

use gatescope::compute::engine::{self, Control};
use gatescope::compute::weights::Weights;
use gatescope::network::attention::Attention;
use gatescope::network::graph::{Conv2d, Graph, GraphBuilder, NodeId, Op, ScopeKind, Shape};
use gatescope::network::spec::Place;
use gatescope::network::{lower, parse};
use serde_json::Value;

use crate::reference;

/// The attention that a spec's text names.
fn attention(text: &str) -> Attention {
    let spec = parse(&format!("resnet18+{text}")).expect(text);
    spec.attention.at(&Place::new("layer1.0")).expect(text).clone()
}

fn attach(builder: &mut GraphBuilder, text: &str, features: NodeId) -> NodeId {
    let attention = attention(text);
    attention.block().attach(builder, features, attention.options())
}

fn alone(text: &str, input: Shape) -> Graph {
    let mut builder = GraphBuilder::new(text.to_owned(), input);
    let image = builder.input();
    attach(&mut builder, text, image);
    builder.finish().expect(text)
}

/// What follows the branch's last BatchNorm, up to the block's output.
fn finish(b: &mut GraphBuilder, text: &str, branch: NodeId) -> NodeId {
    let image = b.input();
    let x = attach(b, text, branch);
    let sum = b.add("add", Op::Add, &[x, image]);
    b.add("relu", Op::Relu, &[sum])
}

fn basic_block(text: &str, input: Shape, last_relu: Option<&str>) -> Graph {
    let mut builder = GraphBuilder::new(text.to_owned(), input);
    let image = builder.input();
    builder.flat_scope(ScopeKind::Block, "BasicBlock", |b| {
        let conv = Conv2d::new(input.channels(), 3);
        let x = b.conv_bn("conv1", "bn1", Some("relu1"), conv, image);
        let x = b.conv_bn("conv2", "bn2", last_relu, conv, x);
        finish(b, text, x)
    });
    builder.finish().expect(text)
}

fn bottleneck(text: &str, input: Shape) -> Graph {
    let mut builder = GraphBuilder::new(text.to_owned(), input);
    let image = builder.input();
    let width = input.channels() / 4;
    builder.flat_scope(ScopeKind::Block, "Bottleneck", |b| {
        let x = b.conv_bn("conv1", "bn1", Some("relu1"), Conv2d::new(width, 1), image);
        let x = b.conv_bn("conv2", "bn2", Some("relu2"), Conv2d::new(width, 3), x);
        let x = b.conv_bn("conv3", "bn3", None, Conv2d::new(width * 4, 1), x);
        finish(b, text, x)
    });
    builder.finish().expect(text)
}

fn graph_of(key: &str, text: &str, input: Shape) -> Graph {
    match key {
        _ if key.contains("legacy SEResNetBlock") => basic_block(text, input, Some("relu2")),
        _ if key.contains("BasicBlock") => basic_block(text, input, None),
        _ if key.contains("Bottleneck") => bottleneck(text, input),
        _ => alone(text, input),
    }
}

/// Gives every parameter the tensor whose name is the end of its own, and uses every tensor.
fn bind(graph: &Graph, state_dict: &Value) -> Weights {
    let stored = state_dict.as_object().expect("an object");
    if graph.params.is_empty() {
        return Weights::seeded(graph, 0);
    }
    // timm's legacy networks call the module se_module.
    let ours = |key: &str| key.replace("se_module.", "se.");
    let ends = |name: &str, key: &str| name == key || name.ends_with(&format!(".{key}"));
    let mut tensors = BTreeMap::new();
    for param in &graph.params {
        let found = stored.iter().find(|(key, _)| ends(&param.name, &ours(key)));
        let (_, tensor) = found.unwrap_or_else(|| panic!("{}: no tensor for {}", graph.name, param.name));
        tensors.insert(param.name.clone(), (reference::sizes(&tensor["shape"]), reference::numbers(&tensor["data"])));
    }
    assert_eq!(tensors.len(), stored.keys().filter(|key| !key.ends_with("num_batches_tracked")).count());
    reference::open(graph, &tensors)
}

/// Runs each image of the batch; outputs and, where the reference has them, gates (none under an empty name) must agree.
fn agrees(blocks: &Value, key: &str, text: &str, gates: &[&str]) {
    let block = &blocks[key];
    let [batch, channels, height, width] = reference::sizes(&block["input_shape"])[..] else {
        panic!("{key}: not a batch of maps")
    };
    let input = Shape::map(channels, height, width);
    let is_residual = key.contains("Block") || key.contains("Bottleneck");
    let graph = graph_of(key, text, input);
    let weights = bind(&graph, &block["state_dict"]);
    let (inputs, outputs) = (reference::numbers(&block["input"]), reference::numbers(&block["output"]));
    let size = input.elements();
    for (index, (image, wanted)) in inputs.chunks_exact(size).zip(outputs.chunks_exact(size)).enumerate() {
        let run = engine::run(&graph, &weights, image, &[], &Control::none()).expect(key);
        let what = format!("{key}, image {index}");
        match is_residual {
            true => reference::close_relative(&run.logits, wanted, 1e-5, &what),
            false => reference::close(&run.logits, wanted, 1e-5, &what),
        }
        for (gate, name) in run.gates.iter().zip(gates).filter(|(_, name)| !name.is_empty()) {
            let all = reference::numbers(&block["captured"][name]["data"]);
            let one = &all[index * all.len() / batch..(index + 1) * all.len() / batch];
            reference::close(&gate.values, one, 1e-5, &format!("{key}, {name} of image {index}"));
        }
    }
}

#[test]
fn attention_without_parameters_is_its_authors() {
    let blocks = reference::json("simam.json");
    agrees(&blocks, "SimAM(1e-4)", "simam", &[]);
    agrees(&blocks, "SimAM(0.5)", "simam(lambda=0.5)", &[]);
}

#[test]
fn style_and_triplet_attention_are_their_authors() {
    let blocks = reference::json("srm_triplet.json");
    agrees(&blocks, "SRM", "srm", &["gate"]);
    agrees(&blocks, "Triplet(7)", "triplet", &["h", "w", "s"]);
    agrees(&blocks, "Triplet(3,no_spatial)", "triplet(k=3,spatial=no)", &["h", "w"]);
}

#[test]
fn each_block_and_variant() {
    let blocks = reference::json("blocks.json");
    for (key, text, gates) in [
        ("timm.SEModule(C=32) [rd=8 by divisor]", "se", &["gate"][..]),
        ("torchvision.SqueezeExcitation(32,2)", "se(variant=floor)", &["scale_activation"]),
        ("moskomule.SELayer(32,r=16) no bias", "se(variant=nobias)", &["fc"]),
        ("timm.legacy SEModule(32,r=16)", "se(variant=floor)", &["sigmoid"]),
        ("official.ChannelGate(32,16) CAM", "cam", &[]),
        ("official.ChannelGate(32,16,[avg])", "cam(pool=avg)", &[]),
        ("official.ChannelGate(32,16,[max])", "cam(pool=max)", &[]),
        ("official.SpatialGate SAM k=7 (max,mean)", "sam", &[]),
        ("official.CBAM(32,16)", "cbam", &[]),
        ("timm.cbam(32) (mean,max)", "cbam(variant=timm)", &["channel.gate", "spatial.gate"]),
        ("timm.lcbam(32)", "lcbam", &["", "spatial.gate"]),
        ("official.BAM(32) (product form)", "bam", &[]),
        ("timm.ese(32)", "ese", &["gate"]),
        ("timm.gc(32)", "gc", &["", "gate"]),
        ("timm.eca(32) k=3", "eca", &["gate"]),
        ("timm.eca(128) k=5", "eca(k=5)", &["gate"]),
        ("official.BasicBlock(16,16)+CBAM", "cbam", &[]),
        ("timm.Bottleneck(32,planes=8)+se", "se", &["se.gate"]),
        ("timm.legacy SEResNetBlock(16,16,groups=1,r=16) [extra ReLU before SE]", "se(variant=floor)", &[]),
    ] {
        agrees(&blocks, key, text, gates);
    }
}

/// The official `ChannelGate` is SE's variants with another squeeze: the same two layers, as 1×1 convolutions.
#[test]
fn other_squeezes_compute_what_the_official_channel_gate_does() {
    let blocks = reference::json("blocks.json");
    for (key, text) in [
        ("official.ChannelGate(32,16,[avg])", "se(variant=floor)"),
        ("official.ChannelGate(32,16,[max])", "se(variant=floor,squeeze=max)"),
        ("official.ChannelGate(32,16) CAM", "se(variant=floor,squeeze=both)"),
    ] {
        let block = &blocks[key];
        let sizes = reference::sizes(&block["input_shape"]);
        let input = Shape::map(sizes[1], sizes[2], sizes[3]);
        let graph = alone(text, input);
        let mut tensors = BTreeMap::new();
        for param in &graph.params {
            let theirs = param.name.replace("se.fc1", "mlp.1").replace("se.fc2", "mlp.3");
            let data = reference::numbers(&block["state_dict"][&theirs]["data"]);
            tensors.insert(param.name.clone(), (param.shape.clone(), data));
        }
        let weights = reference::open(&graph, &tensors);
        let (images, outputs) = (reference::numbers(&block["input"]), reference::numbers(&block["output"]));
        let size = input.elements();
        for (image, wanted) in images.chunks_exact(size).zip(outputs.chunks_exact(size)) {
            let run = engine::run(&graph, &weights, image, &[], &Control::none()).expect(key);
            reference::close(&run.logits, wanted, 1e-5, text);
        }
    }
}

/// The blocks above are wired here by hand: the networks' own must be the same.
#[test]
fn networks_have_these_blocks() {
    let ops = |graph: &Graph, path: &str| -> Vec<Op> {
        let block = graph.scope_at(path).expect(path);
        graph.nodes_in(block).map(|id| graph[id].op).filter(|op| *op != Op::Input).collect()
    };
    for (network, block) in [
        ("resnet18+cbam", basic_block("cbam", Shape::map(64, 56, 56), None)),
        ("legacy_seresnet18", basic_block("se(variant=floor)", Shape::map(64, 56, 56), Some("relu2"))),
        ("resnet50(widths=16-32-64-128)+eca", bottleneck("eca", Shape::map(64, 56, 56))),
    ] {
        let graph = lower(&parse(network).expect(network)).expect(network);
        assert_eq!(ops(&graph, "layer1.1"), ops(&block, ""), "{network}");
    }
}
