//! The papers' ablations as options of an attention: what they cost, how they are wired, where they cannot be.

use gatescope::compute::engine::{self, Control};
use gatescope::compute::weights::Weights;
use gatescope::network::cost::{Cost, Ledger};
use gatescope::network::graph::{GateKind, Graph, NodeId, Op};
use gatescope::network::{lower, parse};

fn graph(text: &str) -> Graph {
    lower(&parse(text).expect(text)).expect(text)
}

fn total(text: &str) -> Cost {
    Ledger::of(&graph(text)).total()
}

fn find(graph: &Graph, name: &str) -> NodeId {
    graph.node_ids().find(|id| graph[*id].name == name).unwrap_or_else(|| panic!("{}: no {name}", graph.name))
}

fn inputs<'a>(graph: &'a Graph, name: &str) -> Vec<&'a str> {
    graph[find(graph, name)].inputs.iter().map(|id| graph[*id].name.as_str()).collect()
}

/// SENet's Tables 11, 12, 14, 15 and 16 and CBAM's Tables 2 and 3, counted with PyTorch's layers.
#[test]
fn costs_to_the_unit() {
    let se = "resnet50(stride=v1)+se(variant=nobias";
    for (text, params, macs) in [
        (format!("{se})"), 28_071_976, Some(3_860_488_192)),
        (format!("{se},at=pre)"), 27_548_200, None),
        (format!("{se},at=post)"), 28_071_976, Some(3_860_488_192)),
        (format!("{se},at=identity)"), 28_071_976, Some(3_860_488_192)),
        (format!("{se},at=3x3)"), 25_714_216, None),
        (format!("{se},squeeze=none)"), 28_071_976, Some(4_269_015_040)),
        (format!("{se},squeeze=max)"), 28_071_976, Some(3_860_488_192)),
        // The shared layers run twice.
        (format!("{se},squeeze=both)"), 28_071_976, Some(3_863_003_136)),
        (format!("{se},gate=tanh)"), 28_071_976, Some(3_860_488_192)),
        (format!("{se},gate=relu)"), 28_071_976, Some(3_860_488_192)),
    ] {
        let cost = total(&text);
        assert_eq!(cost.params, params, "{text}");
        assert!(macs.is_none_or(|macs| cost.macs == macs), "{text}: {}", cost.macs);
    }
    let cbam = "resnet50(stride=v1)+cbam";
    for (text, params, macs) in [
        (format!("{cbam}(map=conv,k=3)"), 28_103_304, 3_868_647_299),
        (format!("{cbam}(map=conv)"), 28_103_944, 3_869_201_979),
        (cbam.to_owned(), 28_089_624, 3_864_362_102),
        (format!("{cbam}(order=sc)"), 28_089_624, 3_864_362_102),
        (format!("{cbam}(order=parallel)"), 28_089_624, 3_864_362_102),
    ] {
        let cost = total(&text);
        assert_eq!((cost.params, cost.macs), (params, macs), "{text}");
    }
}

#[test]
fn each_position_weighs_what_the_paper_draws() {
    let pre = graph("resnet50+se(at=pre)");
    assert_eq!(inputs(&pre, "layer1.1.conv1"), ["layer1.1.se.scale"]);
    assert_eq!(inputs(&pre, "layer1.1.se.scale")[0], "layer1.0.relu");
    assert_eq!(inputs(&pre, "layer1.1.add"), ["layer1.1.bn3", "layer1.0.relu"], "the shortcut is not weighed");
    assert_eq!(inputs(&pre, "layer2.0.downsample.0"), ["layer1.2.relu"]);
    let post = graph("resnet50+se(at=post)");
    assert_eq!(inputs(&post, "layer1.1.se.scale")[0], "layer1.1.relu");
    assert_eq!(inputs(&post, "layer1.2.conv1"), ["layer1.1.se.scale"]);
    let identity = graph("resnet50+se(at=identity)");
    assert_eq!(inputs(&identity, "layer2.1.add"), ["layer2.1.bn3", "layer2.1.se.scale"]);
    assert_eq!(inputs(&identity, "layer2.0.se.scale")[0], "layer2.0.downsample.1");
    let inner = graph("resnet50+se(at=3x3)");
    assert_eq!(inputs(&inner, "layer1.0.conv3"), ["layer1.0.se.scale"]);
    assert_eq!(inputs(&inner, "layer1.0.se.scale")[0], "layer1.0.relu2");
    let plain = graph("plain18+se(at=pre)+se(at=post)@layer2");
    assert_eq!(inputs(&plain, "layer1.1.conv1"), ["layer1.1.se.scale"]);
    assert_eq!(inputs(&plain, "layer2.1.se.scale")[0], "layer2.1.relu");
    for text in ["mobilenet_v2", "regnet_y_400mf", "shufflenet_v1_g3", "inception_resnet_v2", "efficientnet_b0"] {
        for at in ["pre", "post"] {
            let graph = graph(&format!("{text}+se(at={at},variant=floor,r=2)"));
            let blocks = graph.scopes_of(gatescope::network::graph::ScopeKind::Block);
            let attended = blocks.filter(|block| graph.attention_of(*block).is_some()).count();
            assert!(attended > 0 && attended == graph.gates.len(), "{text} at={at}: one gate a block");
        }
    }
}

#[test]
fn gates_are_what_the_options_say() {
    for (text, gate, kind) in [
        ("resnet18+se(gate=tanh)", Op::Tanh, GateKind::Channel),
        ("resnet18+se(gate=relu)", Op::Relu, GateKind::Channel),
        ("resnet18+se(gate=hardsigmoid)", Op::HardSigmoid, GateKind::Channel),
        ("resnet18+se(squeeze=none)", Op::Sigmoid, GateKind::Volume),
        ("resnet18+se(squeeze=max)", Op::Sigmoid, GateKind::Channel),
    ] {
        let graph = graph(text);
        let first = &graph.gates[0];
        assert_eq!((graph[first.node].op, first.kind), (gate, kind), "{text}");
    }
    let kinds = |text: &str| graph(text).gates.iter().take(2).map(|gate| gate.kind).collect::<Vec<_>>();
    assert_eq!(kinds("resnet18+cbam"), [GateKind::Channel, GateKind::Spatial]);
    assert_eq!(kinds("resnet18+cbam(order=sc)"), [GateKind::Spatial, GateKind::Channel]);
    let parallel = graph("resnet18+cbam(order=parallel)");
    let compress = inputs(&parallel, "layer1.0.cbam.SpatialGate.max");
    assert_eq!(compress, ["layer1.0.bn2"], "both gates see the features as they came");
    assert_eq!(inputs(&parallel, "layer1.0.cbam.SpatialGate.scale")[0], "layer1.0.cbam.ChannelGate.scale");
}

/// No gate may make what it gives larger than the function it is made by can be.
#[test]
fn an_inference_shows_the_gates_of_variants() {
    for (text, low, high) in [
        ("resnet18(input=32)+se(gate=tanh)", -1.0, 1.0),
        ("resnet18(input=32)+se(gate=relu)", 0.0, f32::INFINITY),
        ("resnet18(input=32)+se(squeeze=none,variant=nobias)", 0.0, 1.0),
        ("resnet18(input=32)+cbam(order=parallel,map=conv)", 0.0, 1.0),
    ] {
        let graph = graph(text);
        let image: Vec<f32> = (0..graph.input().elements()).map(|i| ((i * 37 % 101) as f32 - 50.0) / 25.0).collect();
        let run = engine::run(&graph, &Weights::seeded(&graph, 3), &image, &[], &Control::none()).expect(text);
        assert_eq!(run.gates.len(), graph.gates.len());
        for (gate, found) in graph.gates.iter().zip(&run.gates) {
            assert_eq!(found.values.len(), graph[gate.node].shape.elements(), "{text}: {}", gate.name);
            assert!(found.values.iter().all(|value| (low..=high).contains(value)), "{text}: {}", gate.name);
        }
        assert!(run.logits.iter().all(|logit| logit.is_finite()), "{text}");
    }
}

#[test]
fn a_position_a_block_does_not_have_is_refused_with_those_it_has() {
    for (text, wanted) in [
        (
            "resnet18+se(at=3x3)",
            "se at layer1.0: at=3x3: this block has no 3×3 between two 1×1, use at=standard, pre, post or identity",
        ),
        ("plain18+cbam(at=identity)", "this block has no shortcut, use at=standard, pre or post"),
        ("vgg16_bn+se(at=pre)", "se at stage1.0: at=pre: this block has no residual branch, use at=standard"),
        ("googlenet+se(at=post)", "this block has no residual branch, use at=standard"),
        ("mobilenet_v2+se(at=identity)", "se at stage1.0: at=identity: this block has no shortcut, use at=standard"),
        ("resnet50+se(at=midway)", "at=midway: position: expected one of standard, pre, post, identity, 3x3"),
        ("resnet50+se(squeeze=sum)", "squeeze=sum: squeeze: expected one of avg, max, both, none"),
    ] {
        let error = parse(text).map(|spec| spec.to_string()).expect_err(text).to_string();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

#[test]
fn formulas_say_what_was_chosen() {
    for (text, wanted) in [
        ("+se", &["s = σ(W2·δ(W1·avg F))"][..]),
        ("+se(gate=tanh,squeeze=both)", &["s = tanh(W2·δ(W1·avg F) + W2·δ(W1·max F))"]),
        ("+se(squeeze=none)", &["s = σ(W2·δ(W1·F))"]),
        ("+cam(pool=max)", &["Mc = σ(W2·δ(W1·max F))"]),
        ("+sam(k=3,map=conv)", &["Ms = σ(BN(conv 3×3(conv 1×1 F)))"]),
        ("+cbam(order=sc)", &["Ms = σ(BN(conv 7×7[max F; mean F]))", "Mc = σ(W2·δ(W1·avg F') + W2·δ(W1·max F'))"]),
    ] {
        let spec = parse(&format!("resnet18{text}")).expect(text);
        let attention = spec.attention.default_choice().expect(text);
        assert_eq!(attention.block().formula(attention.options()), wanted, "{text}");
    }
}
