//! Every attention block: its tensors and costs at the reference's sizes, its place in every family, its graft.

use std::collections::{BTreeMap, BTreeSet};

use gatescope::compute::engine::{self, Control};
use gatescope::compute::weights::{Graft, Weights};
use gatescope::network::attention::{self, Site};
use gatescope::network::cost::Ledger;
use gatescope::network::graph::{GateKind, Graph, GraphBuilder, Shape};
use gatescope::network::spec::{AttentionPlan, Place};
use gatescope::network::{NetworkSpec, lower, parse, zoo};

use crate::reference;

/// What the reference calls a block, and the choice that means it.
const BLOCKS: [(&str, &str); 22] = [
    ("timm.se", "se"),
    ("timm.legacy SEModule(r=16)", "se(variant=floor)"),
    ("torchvision.SqueezeExcitation(C,C//16)", "se(variant=floor)"),
    ("moskomule.SELayer(r=16)", "se(variant=nobias)"),
    ("official.CBAM", "cbam"),
    ("official.CAM (CBAM no_spatial)", "cam"),
    ("official.SAM (SpatialGate)", "sam"),
    ("timm.cbam", "cbam(variant=timm)"),
    ("timm.lcbam", "lcbam"),
    ("timm.eca", "eca"),
    ("timm.ceca", "eca(pad=circular)"),
    ("timm.ecam", "eca(mlp=yes)"),
    ("timm.ese", "ese"),
    ("timm.gc", "gc"),
    ("timm.gca", "gca"),
    ("official.BAM", "bam"),
    ("timm.coord", "coord"),
    ("timm.scoord", "coord(variant=simple)"),
    ("timm.ela", "ela"),
    ("timm.strip", "strip"),
    ("timm.sk", "sk"),
    ("timm.nl", "nl"),
];

fn graph(text: &str) -> Graph {
    lower(&parse(text).expect(text)).expect(text)
}

/// A block on a map, without a network around it.
fn alone(text: &str, input: Shape) -> Graph {
    let spec = parse(&format!("resnet18+{text}")).expect(text);
    let attention = spec.attention.at(&Place::new("layer1.0")).expect(text).clone();
    let mut builder = GraphBuilder::new(text.to_owned(), input);
    let image = builder.input();
    attention.block().attach(&mut builder, image, attention.options());
    builder.finish().expect(text)
}

#[test]
fn tensors_and_costs_are_the_references_at_every_size() {
    let known = reference::json("attention_blocks.json");
    let known = known.as_object().expect("an object");
    let mut seen = 0;
    for (name, text) in BLOCKS.into_iter().chain([("timm.splat", "splat")]) {
        for (key, entry) in known.iter().filter(|(key, _)| key.rsplit_once(" C=").is_some_and(|(of, _)| of == name)) {
            let (_, sizes) = key.rsplit_once(" C=").expect("channels");
            let (channels, side) = sizes.split_once(" HW=").expect("a side");
            let [channels, side] = [channels, side].map(|number| number.parse().expect("a number"));
            let graph = alone(text, Shape::map(channels, side, side));
            let total = Ledger::of(&graph).total();
            assert_eq!(Some(total.params), entry["params"].as_u64(), "parameters of {key}");
            assert_eq!(Some(total.macs), entry["conv_linear_macs"].as_u64(), "MACs of {key}");
            let keys = entry["keys"].as_object().expect("keys");
            assert_eq!(graph.params.len(), keys.len(), "{key}");
            for param in &graph.params {
                let ends = |key: &&String| param.name == **key || param.name.ends_with(&format!(".{key}"));
                let theirs = keys.keys().find(ends).unwrap_or_else(|| panic!("{key} has no {}", param.name));
                assert_eq!(param.shape, reference::sizes(&keys[theirs]), "{key}: {theirs}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, known.len(), "entries without a block");
}

/// timm cannot build its `ge`; FACTS counted a patched one.
#[test]
fn gather_excite_is_counted_though_its_library_cannot_build_it() {
    let graph = alone("ge", Shape::map(256, 14, 14));
    assert_eq!(Ledger::of(&graph).total().params, 8464);
    let names: Vec<&str> = graph.params.iter().map(|param| &*param.name).collect();
    assert_eq!(names, ["se.mlp.fc1.weight", "se.mlp.fc1.bias", "se.mlp.fc2.weight", "se.mlp.fc2.bias"]);
}

/// A network of every family, small where the family can be.
const NETWORKS: [&str; 9] = [
    "resnet18(input=33x40,blocks=1-1-1-1,widths=16-16-32-32,classes=5)",
    "resnext50_32x4d(input=32,blocks=1-1,widths=16-32,groups=4,classes=5)",
    "vgg11_bn(input=32,blocks=1-1,widths=16-32,classes=5)",
    "mobilenet_v1(input=32,width=25,classes=5)",
    "mobilenet_v2(input=32,classes=5)",
    "mobilenet_v3_small(input=33,classes=5)",
    "shufflenet_v2_x0_5(input=33,classes=5)",
    "efficientnet_b0(input=32,depth=30,classes=5)",
    "regnet_y_400mf(input=32,blocks=1-2,widths=16-24,classes=5)",
];

/// What must hold of any network with attention, whatever the block.
fn is_sound(graph: &Graph, name: &str) {
    let names: BTreeSet<&str> = graph.nodes.iter().map(|node| &*node.name).collect();
    assert_eq!(names.len(), graph.nodes.len(), "{}: two layers of one name", graph.name);
    let gates: Vec<_> = graph.gates.iter().filter(|gate| graph[gate.scope].label == title(name)).collect();
    assert!(!gates.is_empty(), "{}: no gate", graph.name);
    for gate in gates {
        let (shape, weighed) = (graph[gate.node].shape, graph[gate.scale].shape);
        assert!(graph[gate.scale].inputs.contains(&gate.node), "{}: {} weighs nothing", graph.name, gate.name);
        let fits = match gate.kind {
            GateKind::Channel => shape.elements() == weighed.channels(),
            GateKind::Spatial => shape.channels() == 1,
            GateKind::Rows => shape == Shape::map(weighed.channels(), weighed.height(), 1),
            GateKind::Columns => shape == Shape::map(weighed.channels(), 1, weighed.width()),
            GateKind::Volume => shape == weighed,
            GateKind::Paths { paths } => shape.elements() == weighed.channels() && shape.channels() % paths == 0,
            GateKind::Matrix => shape.channels() == shape.height() * shape.width(),
        };
        assert!(fits, "{}: {} is {shape} over {weighed}", graph.name, gate.name);
    }
}

fn title(name: &str) -> &'static str {
    attention::find(name).expect(name).card().title
}

#[test]
fn every_block_runs_in_every_family() {
    for network in NETWORKS {
        for name in attention::names() {
            let text = format!("{network}+{name}");
            // Where one position is left there is nothing to compare it with: the authors' code gives NaN.
            if ["simam", "srm"].contains(&name)
                && parse(&text).is_err_and(|error| error.to_string().contains("of which there is one"))
            {
                continue;
            }
            let graph = graph(&text);
            is_sound(&graph, name);
            let weights = Weights::seeded(&graph, 1);
            let image: Vec<f32> = (0..graph.input().elements()).map(|at| (at % 29) as f32 / 14.0 - 1.0).collect();
            let run = engine::run(&graph, &weights, &image, &[], &Control::none()).expect(&text);
            assert!(run.logits.iter().all(|logit| logit.is_finite()), "{text}: {:?}", run.logits);
            for (gate, found) in graph.gates.iter().zip(&run.gates) {
                let inside = found.values.iter().all(|value| (-1e-6..=1.0 + 1e-6).contains(value));
                assert!(inside, "{text}: {} leaves 0..1", gate.name);
            }
        }
    }
}

#[test]
fn every_block_fits_every_model() {
    for family in zoo::FAMILIES {
        let model = family.models()[0].name;
        for name in attention::names() {
            let choice = attention::Attention::named(name).expect(name);
            let spec = NetworkSpec { attention: AttentionPlan::everywhere(Some(choice)), ..NetworkSpec::of(model) };
            is_sound(&lower(&spec).expect(model), name);
        }
    }
}

#[test]
fn softmaxes_add_up_to_one() {
    let graph = graph("resnet20(input=16,blocks=1-1-1)+sk@layer1+splat@layer2+nl@layer3");
    let image: Vec<f32> = (0..graph.input().elements()).map(|at| (at % 13) as f32 / 6.0 - 1.0).collect();
    let run = engine::run(&graph, &Weights::seeded(&graph, 2), &image, &[], &Control::none()).expect("runs");
    let near = |sum: f32| (sum - 1.0).abs() < 1e-5;
    for gate in &run.gates[..2] {
        let (first, second) = gate.values.split_at(gate.values.len() / 2);
        assert!(first.iter().zip(second).all(|(a, b)| near(a + b)), "paths");
    }
    assert_eq!(run.gates[2].shape.dims(), [16, 4, 4]);
    assert!(run.gates[2].values.chunks_exact(16).all(|row| near(row.iter().sum())), "positions");
}

/// The scopes of a kind of attention, by path, and the names their layers begin with.
fn places(text: &str, name: &str) -> Vec<(String, String)> {
    let graph = graph(text);
    let scopes = graph.scopes.iter().filter(|scope| scope.label == title(name));
    scopes.map(|scope| (scope.path.clone(), scope.prefix.clone())).collect()
}

#[test]
fn bam_stands_between_stages_and_after_the_last_only_if_asked() {
    let pair = |n: usize| (format!("layer{n}.bam"), format!("bam{n}"));
    assert_eq!(places("resnet18+bam", "bam"), [pair(1), pair(2), pair(3)]);
    assert_eq!(places("resnet18+bam@layer2,layer4", "bam"), [pair(2), pair(4)]);
    assert_eq!(places("resnet18+se+bam@layer3", "bam"), [pair(3)]);
    assert_eq!(places("resnet18+se+bam@layer3", "se").len(), 6, "a stage with BAM has no SE in its blocks");
    let names: Vec<String> = graph("resnet18+bam").params.iter().map(|param| param.name.clone()).collect();
    assert!(names.contains(&"bam1.channel_att.gate_c.gate_c_fc_0.weight".to_owned()), "{names:?}");
    assert!(names.contains(&"bam3.spatial_att.gate_s.gate_s_conv_final.bias".to_owned()), "{names:?}");
    let error = parse("resnet18+bam@layer3.0").expect_err("no stage").to_string();
    assert!(error.ends_with("bam at layer3.0: it goes between stages, write @layer3"), "{error}");
    // Built-in attention is the blocks', BAM is the stages'.
    let both = graph("efficientnet_b0+bam");
    let built_in = graph("efficientnet_b0").gates.len();
    assert_eq!(both.gates.len(), built_in + 6);
}

#[test]
fn selective_kernels_and_splits_take_a_convolutions_place() {
    assert_eq!(places("resnet50+sk(site=conv)@layer4.2", "sk"), [("layer4.2.conv2".into(), "layer4.2.conv2".into())]);
    let graph = graph("resnet50+splat(site=conv)@layer4.2");
    let has = |name: &str| graph.params.iter().any(|param| param.name == name);
    assert!(has("layer4.2.conv2.bn0.weight") && !has("layer4.2.bn2.weight") && has("layer4.1.bn2.weight"));
    let error = parse("vgg11+sk(site=conv)").expect_err("no such convolution").to_string();
    assert!(error.contains("site=conv: this block has no 3×3 to give up, use site=branch"), "{error}");
    let error = parse("resnet18(widths=63-64-64-64)+splat@layer1").expect_err("odd").to_string();
    assert!(error.contains("63 channels cannot be cut into 2 splits"), "{error}");
    // ResNeSt's parameters; its MACs differ, it pools where a block strides.
    for (text, params) in [("resnet26d+splat(site=conv)", 17_069_448), ("resnet50d+splat(site=conv)", 27_483_240)] {
        assert_eq!(Ledger::of(&self::graph(text)).total().params, params, "{text}");
    }
}

#[test]
fn a_graft_changes_nothing_whatever_the_block() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("plain.safetensors");
    let network = "resnet20(input=16,blocks=1-1-1)";
    let plain = graph(network);
    reference::save(&file, &reference::state_dict(&plain));
    let image: Vec<f32> = (0..plain.input().elements()).map(|at| (at % 13) as f32 / 6.0 - 1.0).collect();
    let run = |graph: &Graph, weights: &Weights| {
        engine::run(graph, weights, &image, &[], &Control::none()).expect(&graph.name).logits
    };
    let wanted = run(&plain, &Weights::open(&plain, &file).expect("opens"));
    let mut refused = BTreeMap::new();
    for name in attention::names() {
        let graph = graph(&format!("{network}+{name}"));
        match Weights::graft(&graph, &file, Graft::Identity) {
            Ok(weights) => reference::close_relative(&run(&graph, &weights), &wanted, 1e-5, name),
            Err(error) => _ = refused.insert(name, error.to_string()),
        }
        Weights::graft(&graph, &file, Graft::Seeded(1)).expect(name);
    }
    assert_eq!(refused.keys().copied().collect::<Vec<_>>(), ["sk", "splat"], "{refused:?}");
    assert!(refused["sk"].contains("nothing makes SK at layer1.0.se the identity, graft it untrained"), "{refused:?}");
}

#[test]
fn blocks_say_where_they_go() {
    let sites = |text: &str| graph(text).name.clone();
    assert_eq!(sites("resnet50+sk(site=conv,least=32)@layer4"), "resnet50+sk(least=32,site=conv)@layer4");
    for block in attention::BLOCKS {
        let site = block.site(&gatescope::network::options::Options::default());
        assert_eq!(site == Site::Stage, block.card().name == "bam", "{}", block.card().name);
        assert!(site == Site::Branch || !block.has_positions(), "{}", block.card().name);
    }
}
