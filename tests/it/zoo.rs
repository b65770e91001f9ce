//! The families beside the residual ones: costs to the unit, parity with PyTorch, files that are recognised.

use std::collections::BTreeSet;

use gatescope::compute::engine::{self, Control};
use gatescope::compute::weights::recognise::of_tensors;
use gatescope::network::cost::Ledger;
use gatescope::network::graph::{Graph, ScopeKind};
use gatescope::network::spec::{NetworkSpec, Place};
use gatescope::network::{attention, lower, parse, zoo};
use serde_json::Value;

use crate::parity::image;
use crate::reference;

fn graph(text: &str) -> Graph {
    lower(&parse(text).expect(text)).expect(text)
}

/// A name in `models.json` and the spec that means the same network.
const LIBRARY: &[(&str, &str)] = &[
    ("tv.vgg13", "vgg13"),
    ("tv.vgg16", "vgg16"),
    ("tv.vgg19", "vgg19"),
    ("tv.vgg16_bn", "vgg16_bn"),
    ("tv.vgg19_bn", "vgg19_bn"),
    ("timm.vgg16", "vgg16"),
    ("timm.vgg16_bn", "vgg16_bn"),
    ("tv.googlenet(aux_logits=True)", "googlenet(aux=heads)"),
    ("tv.inception_v3(aux_logits=False)", "inception_v3"),
    ("tv.inception_v3(aux_logits=True)", "inception_v3(aux=heads)"),
    ("timm.inception_v3", "inception_v3"),
    ("timm.inception_v4", "inception_v4"),
    ("timm.inception_resnet_v2", "inception_resnet_v2"),
    ("timm.mobilenetv1_100", "mobilenetv1_100"),
    ("timm.mobilenetv2_100", "mobilenetv2_100"),
    ("tv.mobilenet_v3_large", "mobilenet_v3_large"),
    ("timm.mobilenetv3_small_100", "mobilenetv3_small_100"),
    ("timm.mobilenetv3_large_100", "mobilenetv3_large_100"),
    ("tv.shufflenet_v2_x1_0", "shufflenet_v2_x1_0"),
    ("tv.shufflenet_v2_x1_5", "shufflenet_v2_x1_5"),
    ("tv.efficientnet_b1", "efficientnet_b1(input=224)"),
    ("tv.regnet_y_400mf", "regnet_y_400mf"),
];

/// The same for the networks rebuilt from the papers' tables.
const PAPERS: &[(&str, &str)] = &[
    ("mobilenet_v1(0.7)+se@dw+pw", "mobilenet_v1(width=70,attend=both)+se(variant=floor)"),
    ("mobilenet_v1(0.7)+se@pw", "mobilenet_v1(width=70)+se(variant=floor)"),
    ("mobilenet_v1(0.7)+cbam@dw+pw", "mobilenet_v1(width=70,attend=both)+cbam"),
    ("mobilenet_v1(0.7)+cbam@pw", "mobilenet_v1(width=70)+cbam"),
    ("mobilenet_v1(1.0)+None@dw+pw", "mobilenet_v1"),
    ("mobilenet_v1(1.0)+se@dw+pw", "mobilenet_v1(attend=both)+se(variant=floor)"),
    ("mobilenet_v1(1.0)+se@pw", "mobilenet_v1+se(variant=floor)"),
    ("mobilenet_v1(1.0)+cbam@pw", "mobilenet_v1+cbam"),
    ("vgg16_bn", "vgg16_bn"),
    ("se_vgg16_bn (SE after every ReLU)", "vgg16_bn+se(variant=floor)"),
];

/// Parameters torchvision publishes with its weights.
const PUBLISHED: &[(&str, u64)] = &[
    ("vgg11", 132_863_336),
    ("vgg11_bn", 132_868_840),
    ("vgg13_bn", 133_053_736),
    ("googlenet", 6_624_904),
    ("mobilenet_v2", 3_504_872),
    ("mobilenet_v3_small", 2_542_856),
    ("shufflenet_v2_x0_5", 1_366_792),
    ("shufflenet_v2_x2_0", 7_393_996),
    ("efficientnet_b0", 5_288_548),
    ("efficientnet_b2", 9_109_994),
    ("efficientnet_b3", 12_233_232),
    ("efficientnet_b4", 19_341_616),
    ("efficientnet_b5", 30_389_784),
    ("efficientnet_b6", 43_040_704),
    ("efficientnet_b7", 66_347_960),
    ("regnet_x_400mf", 5_495_976),
    ("regnet_x_800mf", 7_259_656),
    ("regnet_x_1_6gf", 9_190_136),
    ("regnet_x_3_2gf", 15_296_552),
    ("regnet_x_8gf", 39_572_648),
    ("regnet_x_16gf", 54_278_536),
    ("regnet_x_32gf", 107_811_560),
    ("regnet_y_800mf", 6_432_512),
    ("regnet_y_1_6gf", 11_202_430),
    ("regnet_y_3_2gf", 19_436_338),
    ("regnet_y_8gf", 39_381_472),
    ("regnet_y_16gf", 83_590_140),
    ("regnet_y_32gf", 145_046_770),
    ("regnet_y_128gf", 644_812_894),
];

#[test]
fn families_cost_what_pytorch_counts() {
    let models = reference::json("models.json");
    for (list, table) in [("library_models", LIBRARY), ("paper_variants", PAPERS)] {
        let entries = models[list].as_array().expect("a list");
        for (name, spec) in table {
            let entry = entries.iter().find(|entry| entry["name"] == *name).unwrap_or_else(|| panic!("no {name}"));
            let cost = Ledger::of(&graph(spec)).total();
            assert_eq!(Some(cost.params), entry["params"].as_u64(), "parameters of {name} as {spec}");
            assert_eq!(Some(cost.macs), entry["conv_linear_macs"].as_u64(), "MACs of {name} as {spec}");
        }
    }
    let caffe = &models["caffe_prototxt"]["SE-BN-Inception"];
    let cost = Ledger::of(&graph("se_bn_inception")).total();
    assert_eq!((Some(cost.params), Some(cost.macs)), (caffe["params"].as_u64(), caffe["macs"].as_u64()));
    for (spec, params) in PUBLISHED {
        assert_eq!(Ledger::of(&graph(spec)).total().params, *params, "parameters of {spec}");
    }
}

/// Every entry of these families is in the tables above: a new one must be added, not overlooked.
#[test]
fn no_entry_of_these_families_is_left_out() {
    let families = ["vgg", "googlenet", "inception", "mobilenet", "shufflenet", "efficientnet_b", "regnet"];
    let models = reference::json("models.json");
    for (list, table) in [("library_models", LIBRARY), ("paper_variants", PAPERS)] {
        for entry in models[list].as_array().expect("a list") {
            let name = entry["name"].as_str().expect("a name");
            let bare =
                name.split_once('.').filter(|(library, _)| !library.contains('(')).map_or(name, |(_, bare)| bare);
            let is_ours = families.iter().any(|family| bare.starts_with(family));
            assert!(!is_ours || table.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}

/// ShuffleNet's Table 1 for scale 1: about 140 million multiply-adds, whatever the groups.
#[test]
fn shufflenets_of_every_group_cost_the_same() {
    for groups in [1, 2, 3, 4, 8] {
        let macs = Ledger::of(&graph(&format!("shufflenet_v1_g{groups}"))).total().macs as f64 / 1e6;
        assert!((130.0..=145.0).contains(&macs), "{groups} groups: {macs} million");
    }
}

#[test]
fn every_model_has_its_places_and_takes_attention_in_them() {
    let se = attention::Attention::named("se").expect("known");
    for name in zoo::model_names() {
        let mut spec = NetworkSpec::of(name);
        let without = lower(&spec).unwrap_or_else(|error| panic!("{error}"));
        spec.attention.set_all(Some(se.clone()));
        let attended = lower(&spec).unwrap_or_else(|error| panic!("{error}"));
        let blocks: Vec<Place> = zoo::stages(&spec).expect(name).into_iter().flat_map(|(_, blocks)| blocks).collect();
        for block in &blocks {
            let scope = attended.scope_at(block.path()).unwrap_or_else(|| panic!("{name} has no {block}"));
            assert_eq!(attended[scope].kind, ScopeKind::Block, "{name} {block}");
            assert_eq!(attended.gates_in(scope).count(), 1, "{name} {block}");
        }
        for graph in [&without, &attended] {
            let paths: BTreeSet<&str> = graph.scopes.iter().map(|scope| scope.path.as_str()).collect();
            let flat = graph.scopes.iter().filter(|scope| matches!(scope.kind, ScopeKind::Stem | ScopeKind::Head));
            assert_eq!(paths.len() + flat.count(), graph.scopes.len(), "{name}: paths are unique");
            let names: BTreeSet<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
            assert_eq!(names.len(), graph.nodes.len(), "{name}: names are unique");
            let parts: Vec<_> = graph.children(Graph::ROOT).collect();
            let ledger = Ledger::of(graph);
            let sum: u64 = parts.iter().map(|part| ledger.scope(*part).macs).sum();
            assert_eq!(sum, ledger.total().macs, "{name}: every layer belongs to a part");
        }
    }
}

#[test]
fn built_in_attention_is_a_gate_that_can_be_left_out_or_replaced() {
    for (name, gates) in [("mobilenet_v3_small", 9), ("efficientnet_b0", 16), ("regnet_y_400mf", 16)] {
        let built_in = graph(name);
        assert_eq!(built_in.gates.len(), gates, "{name}");
        let without = graph(&format!("{name}(se=none)"));
        assert!(without.gates.is_empty(), "{name}");
        let own: u64 = Ledger::of(&built_in).attention(&built_in).params;
        assert_eq!(Ledger::of(&built_in).total().params - own, Ledger::of(&without).total().params, "{name}");
        let replaced = graph(&format!("{name}+sam@stage2"));
        let of_kind = |kind: &'static str| replaced.scopes_of(ScopeKind::Attention(kind)).count();
        let blocks = zoo::stages(&parse(name).expect(name)).expect(name)[1].1.len();
        assert_eq!(of_kind("sam"), blocks, "{name}");
        assert!(of_kind("se") < gates || name == "mobilenet_v3_small", "{name}");
    }
}

/// The twin has the same layers and no shortcut.
#[test]
fn residual_families_have_plain_twins() {
    for name in [
        "mobilenet_v2",
        "mobilenet_v3_large",
        "efficientnet_b0",
        "regnet_x_400mf",
        "shufflenet_v1_g3",
        "inception_resnet_v2",
    ] {
        let (residual, plain) = (graph(name), graph(&format!("{name}(shortcut=none)")));
        let adds = |graph: &Graph| graph.nodes.iter().filter(|node| node.op.name() == "Add").count();
        assert!(adds(&residual) > 0 && adds(&plain) == 0, "{name}");
        let [a, b] = [&residual, &plain].map(|graph| Ledger::of(graph).total());
        assert!(a.params >= b.params && a.params - b.params < a.params / 10, "{name}");
    }
}

/// A name of a case as the graph has it: torchvision calls what makes a gate `scale_activation`.
fn ours(gate: &str) -> String {
    gate.replace(".scale_activation", ".gate")
}

fn agrees(name: &str, spec: &str) {
    let case = reference::json(&format!("cases/{name}.json"));
    let expected = reference::tensors(&format!("cases/{name}.expected.safetensors"));
    let graph = graph(spec);
    let total = Ledger::of(&graph).total();
    assert_eq!(Some(total.params), case["params"].as_u64(), "{name}: parameters");
    assert_eq!(Some(total.macs), case["macs_conv_linear"].as_u64(), "{name}: MACs");
    let mut tensors = reference::tensors(&format!("cases/{name}.stats.safetensors"));
    for tensor in case["tensors"].as_array().expect("a list") {
        let key = tensor[0].as_str().expect("a name");
        let shape = reference::sizes(&tensor[1]);
        tensors.entry(key.to_owned()).or_insert_with(|| (shape.clone(), reference::formula(key, &shape)));
    }
    let shapes: Vec<(&str, &[usize])> =
        tensors.iter().map(|(name, (shape, _))| (name.as_str(), shape.as_slice())).collect();
    let mut found = of_tensors(&shapes).unwrap_or_else(|problem| panic!("{name}: {problem}")).spec;
    if found.to_string().contains("transform_input=yes") {
        // As torchvision publishes them; the case was computed without.
        zoo::set_option(&mut found, "transform_input", "no").expect("an option");
    }
    assert_eq!(lower(&found).expect(name), graph, "{name} was taken for {found}");
    let weights = reference::open(&graph, &tensors);
    let run = engine::run(&graph, &weights, &image(&case), &[], &Control::none()).expect(name);
    let gates: Vec<&str> = case["gates"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let named: Vec<String> = gates.iter().map(|gate| ours(gate)).collect();
    assert_eq!(graph.gates.iter().map(|gate| gate.name.as_str()).collect::<Vec<_>>(), named, "{name}");
    for (gate, found) in gates.iter().zip(&run.gates) {
        let key = format!("gate/{gate}");
        reference::close(&found.values, &expected[&key].1, 1e-4, &format!("{name}: {key}"));
    }
    reference::close(&run.logits, &expected["logits"].1, 1e-3, &format!("{name}: logits"));
    let argmax = (0..run.logits.len()).max_by(|a, b| run.logits[*a].total_cmp(&run.logits[*b]));
    assert_eq!(argmax.map(|class| class as u64), case["argmax"].as_u64(), "{name}");
}

#[test]
fn mobilenets() {
    agrees("timm_mobilenetv1_100", "mobilenet_v1");
    agrees("tv_mobilenet_v2", "mobilenet_v2");
    agrees("tv_mobilenet_v3_small", "mobilenet_v3_small");
}

#[test]
fn inceptions() {
    agrees("tv_googlenet", "googlenet");
    agrees("tv_inception_v3", "inception_v3");
    agrees("timm_inception_resnet_v2", "inception_resnet_v2");
}

#[test]
fn shufflenet_efficientnet_regnet() {
    agrees("tv_shufflenet_v2_x1_0", "shufflenet_v2_x1_0");
    agrees("tv_efficientnet_b0", "efficientnet_b0");
    agrees("tv_regnet_y_400mf", "regnet_y_400mf");
}

/// Auxiliary classifiers are opened and never computed.
#[test]
fn auxiliary_heads_change_nothing() {
    let (with, without) = (graph("googlenet(aux=heads,input=64)"), graph("googlenet(input=64)"));
    let tensors = reference::state_dict(&with);
    let weights = reference::open(&with, &tensors);
    assert_eq!(weights.report().matched, with.params.len());
    let picture = reference::formula("image", &[3, 64, 64]);
    let run = |graph: &Graph| {
        let known = graph.params.iter().map(|param| param.name.clone()).collect::<BTreeSet<_>>();
        let tensors = tensors.iter().filter(|(name, _)| known.contains(*name)).map(|(n, t)| (n.clone(), t.clone()));
        let weights = reference::open(graph, &tensors.collect());
        engine::run(graph, &weights, &picture, &[], &Control::none()).expect("runs").logits
    };
    assert_eq!(run(&with), run(&without));
}

type Shapes = Vec<(String, Vec<usize>)>;

fn shapes(spec: &str) -> Shapes {
    graph(spec).params.iter().map(|param| (param.name.clone(), param.shape.clone())).collect()
}

fn recognised(shapes: &Shapes) -> Result<NetworkSpec, String> {
    let borrowed: Vec<(&str, &[usize])> =
        shapes.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
    of_tensors(&borrowed).map(|found| found.spec)
}

#[test]
fn built_in_attention_is_taken_out_block_by_block() {
    let params = |text: &str| Ledger::of(&graph(text)).total().params;
    for model in ["efficientnet_b0", "mobilenet_v3_large", "mobilenet_v3_small", "regnet_y_400mf"] {
        assert_eq!(params(&format!("{model}+off")), params(&format!("{model}(se=none)")), "{model}");
        let one = graph(&format!("{model}+off@stage3.1"));
        let gates = |graph: &Graph, path: &str| {
            graph.scope_at(path).map(|scope| graph.gates_in(scope).count()).expect("a block")
        };
        assert_eq!((gates(&one, "stage3.0"), gates(&one, "stage3.1")), (1, 0), "{model}");
    }
    let text = "efficientnet_b0+cbam+off@stage3";
    assert_eq!(parse(text).expect(text).to_string(), text);
    assert_eq!(params("resnet18+off"), params("resnet18"));
}

#[test]
fn every_model_is_recognised_by_its_own_names() {
    let residual = zoo::relatives("resnet50");
    for name in zoo::model_names().into_iter().filter(|name| !residual.contains(name)) {
        let found = recognised(&shapes(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let published = if name == "googlenet" { "googlenet(transform_input=yes)" } else { name };
        assert_eq!(found, parse(published).expect(name), "{name}");
    }
    for (spec, is) in [
        ("googlenet(aux=heads)", "googlenet(aux=heads,transform_input=yes)"),
        ("inception_v3(classes=10,aux=heads)", "inception_v3(classes=10,aux=heads,transform_input=yes)"),
        ("efficientnet_b0(se=none)", "efficientnet_lite0"),
    ] {
        let found = recognised(&shapes(spec)).unwrap_or_else(|problem| panic!("{spec}: {problem}"));
        assert_eq!(found.to_string(), is);
    }
    for spec in [
        "vgg16_bn+se(variant=floor)",
        "bn_inception+se(variant=floor)",
        "mobilenet_v1(attend=both)+cbam",
        "mobilenet_v2(width=140)",
        "mobilenet_v2(classes=7)+se@stage3",
        "shufflenet_v2_x1_0+cbam@stage3",
        "regnet_x_400mf+se+none@stage3",
    ] {
        let found = recognised(&shapes(spec)).unwrap_or_else(|problem| panic!("{spec}: {problem}"));
        assert_eq!(found.to_string(), parse(spec).expect(spec).to_string());
    }
    // The same tensors: without SE only the lite is published.
    let found = recognised(&shapes("efficientnet_b0(se=none)")).expect("a network");
    assert_eq!(found.to_string(), "efficientnet_lite0");
}
