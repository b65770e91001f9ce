//! What tensors do not show (padding, ε, activation, anti-aliasing, dilation, head pooling, `transform_input`, no
//! classifier), held to what timm and torchvision compute and count (`tests/reference/arithmetic.json`).

use std::collections::BTreeMap;

use gatescope::compute::engine::{self, Control};
use gatescope::compute::weights::Weights;
use gatescope::network::cost::{Cost, Ledger};
use gatescope::network::graph::{Graph, Op, Role, ScopeKind, receptive};
use gatescope::network::{lower, parse, zoo};

use crate::reference;

fn graph(text: &str) -> Graph {
    lower(&parse(text).unwrap_or_else(|error| panic!("{error}"))).expect(text)
}

fn total(text: &str) -> Cost {
    Ledger::of(&graph(text)).total()
}

fn refusal(text: &str) -> String {
    match parse(text) {
        Ok(spec) => panic!("{spec} is fine"),
        Err(error) => error.to_string(),
    }
}

/// A network's numbers: a formula of each tensor's place in the state_dict.
fn weights(graph: &Graph) -> Weights {
    let suffix = |role| match role {
        Role::Bias | Role::RunningMean => "bias",
        Role::Weight => "weight",
        Role::RunningVar => "running_var",
    };
    let tensors: BTreeMap<String, reference::Array> = graph
        .params
        .iter()
        .enumerate()
        .map(|(index, param)| {
            let key = format!("p{index}.{}", suffix(param.role));
            (param.name.clone(), (param.shape.clone(), reference::formula(&key, &param.shape)))
        })
        .collect();
    reference::open(graph, &tensors)
}

fn logits(graph: &Graph) -> Vec<f32> {
    let image: Vec<f32> =
        reference::formula("image.bias", &[graph.input().elements()]).iter().map(|value| value * 5.0).collect();
    engine::run(graph, &weights(graph), &image, &[], &Control::none()).expect("runs").logits
}

#[test]
fn options_compute_and_count_what_timm_and_torchvision_do() {
    let cases = reference::json("arithmetic.json");
    for case in cases["small"].as_array().expect("a list") {
        let spec = case["spec"].as_str().expect("a spec");
        let graph = graph(spec);
        let cost = Ledger::of(&graph).total();
        assert_eq!(Some(cost.params), case["params"].as_u64(), "{spec}: parameters");
        assert_eq!(Some(cost.macs), case["macs"].as_u64(), "{spec}: MACs");
        let Some(wanted) = case.get("logits") else { continue };
        let (found, wanted) = (logits(&graph), reference::numbers(wanted));
        let largest = wanted.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        reference::close(&found[..wanted.len()], &wanted, 1e-4 * largest, spec);
    }
}

#[test]
fn published_networks_cost_what_timm_counts() {
    let cases = reference::json("arithmetic.json");
    for case in cases["published"].as_array().expect("a list") {
        let spec = case["spec"].as_str().expect("a spec");
        let mut sized = parse(spec).expect(spec);
        let [channels, height, width] = [0, 1, 2].map(|axis| reference::sizes(&case["input"])[axis]);
        zoo::set_option(&mut sized, "input", &format!("{channels}x{height}x{width}")).expect(spec);
        let cost = Ledger::of(&lower(&sized).expect(spec)).total();
        assert_eq!(Some(cost.params), case["params"].as_u64(), "{spec}: parameters");
        assert_eq!(Some(cost.macs), case["macs"].as_u64(), "{spec}: MACs");
    }
}

/// Published layouts whose tensors are a plain network's: by name and option they compute what timm does.
#[test]
fn files_that_look_alike_compute_what_their_options_say() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bugs");
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(corpus.join("expected.json")).expect("is there")).expect("JSON");
    let narrow = "classes=5,blocks=1-1-1-1,stem_width=64,widths=8-8-8-16";
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (file, spec) in [
        ("resnetaa50_small.pth", format!("resnet50({narrow},aa=avg)")),
        ("resnetblur50_small.pth", format!("resnet50({narrow},aa=blur)")),
        ("resnet50_output_stride16_small.pth", format!("resnet50({narrow},output_stride=16)")),
        ("efficientnet_lite0.pth", "efficientnet_lite0".to_owned()),
    ] {
        let tensors = folder.path().join(format!("{file}.safetensors"));
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_gatescope"))
            .args(["inspect", &spec, "--resize", "224", "--crop", "224", "--weights"])
            .arg(corpus.join(file))
            .arg("--image")
            .arg(corpus.join("probe.png"))
            .arg("--tensors")
            .arg(&tensors)
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{spec}: {}", String::from_utf8_lossy(&output.stderr));
        let bytes = std::fs::read(&tensors).expect("was written");
        let written = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
        let numbers = written.tensor("logits").expect("logits").data().to_vec();
        let found: Vec<f32> =
            numbers.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
        let wanted = reference::numbers(&expected[file]["torch_logits"]);
        let largest = wanted.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        reference::close(&found[..wanted.len()], &wanted, 1e-4 * largest, file);
    }
}

/// The stem's 112² → 56² and three blocks of 64·2ⁿ channels read nine numbers an output, an average pool four; the
/// maximum in front of the stem's blur has nine of its own on 112².
#[test]
fn blurring_is_counted_as_pooling() {
    let blurred: u64 = 9 * (64 * 56 * 56 + 128 * 28 * 28 + 256 * 14 * 14 + 512 * 7 * 7);
    let averaged = 4 * (64 * 56 * 56 + 128 * 28 * 28 + 256 * 14 * 14 + 512 * 7 * 7);
    let largest = 9 * 64 * 112 * 112;
    assert_eq!(total("resnetblur50").elementwise - blurred - largest, total("resnetaa50").elementwise - averaged);
    assert_eq!(total("resnetblur50").params, total("resnet50").params);
}

#[test]
fn a_transformed_input_is_a_layer_with_its_costs() {
    let (plain, transformed) = (total("inception_v3"), total("inception_v3(transform_input)"));
    assert_eq!((transformed.params, transformed.macs), (plain.params, plain.macs));
    assert_eq!(transformed.elementwise - plain.elementwise, 2 * 3 * 299 * 299);
    let graph = graph("googlenet(transform_input)");
    let layer = graph.nodes.iter().find(|node| matches!(node.op, Op::Renormalise { .. })).expect("is there");
    assert_eq!((layer.name.as_str(), graph[layer.scope].kind), ("transform_input", ScopeKind::Stem));
    assert!(refusal("googlenet(transform_input,input=1x224x224)").contains("three channels"));
}

/// A dilated 3×3 sees as far as one behind a stride; the last map's positions are as far apart as said.
#[test]
fn dilation_keeps_the_field_and_narrows_the_stride() {
    for stride in [8, 16, 32] {
        let graph = graph(&format!("resnet50(output_stride={stride})"));
        let seen = receptive(&graph)[graph[graph.scope_at("layer4").expect("a stage")].output.0];
        assert_eq!((seen.field, seen.stride), ([427; 2], [stride; 2]), "output_stride={stride}");
    }
}

#[test]
fn a_spec_says_its_options_in_one_form() {
    for (typed, canonical) in [
        ("resnet50(eps=0.001)", "resnet50(eps=1e-3)"),
        ("resnet50(eps=1e-5)", "resnet50"),
        ("resnet50(act=relu,padding=symmetric,head=avg,aa=none,output_stride=32)", "resnet50"),
        ("mobilenet_v2(act=swish)", "mobilenet_v2(act=silu)"),
        ("googlenet(transform_input)", "googlenet(transform_input=yes)"),
        ("googlenet(aux=heads,transform_input)", "googlenet(aux=heads,transform_input=yes)"),
        ("googlenet(transform_input=no)", "googlenet"),
        ("TF_EfficientNet_B0", "efficientnet_b0(eps=1e-3,padding=same)"),
        ("efficientnet_lite0(se=none,act=relu6,ends=fixed)", "efficientnet_lite0"),
        ("resnet50(classes=0)", "resnet50(classes=0)"),
    ] {
        let spec = parse(typed).expect(typed);
        assert_eq!(spec.to_string(), canonical);
        assert_eq!(parse(canonical).expect(canonical), spec);
        let file = gatescope::network::spec::toml::to_toml(&spec).expect(typed);
        assert_eq!(zoo::parse_toml(&file).expect(&file), spec, "{file}");
    }
    let by_hand = "gatescope = 1\nmodel = \"googlenet\"\n[options]\neps = 1e-5\ntransform_input = true\n";
    assert_eq!(zoo::parse_toml(by_hand).expect("reads").to_string(), "googlenet(eps=1e-5,transform_input=yes)");
}

#[test]
fn what_an_option_cannot_do_is_refused_in_a_sentence() {
    for (spec, says) in [
        ("vgg16(head=max)", "its head does not pool"),
        ("efficientnet_b0(aa=blur)", "ResNets have"),
        ("shufflenet_v2_x1_0(output_stride=8)", "ResNets, RegNets, MobileNets and EfficientNets dilate"),
        ("resnet50(transform_input)", "only googlenet and inception_v3"),
        ("resnet20(output_stride=8)", "this network's is 4 already"),
        ("resnet50(output_stride=4)", "one of 32, 16, 8"),
        ("resnet50(aa=avg,stride=v1)", "use stride=v1.5"),
        ("resnet50(aa=avg,avd=last)", "use avd=no"),
        ("inception_v4(padding=same)", "no weights of it"),
        ("vgg16(eps=1e-3)", "use norm=bn"),
        ("resnet50(aa=blur,pool=ceil)", "use pool=pad"),
        ("resnet50(aa=blur)+sk(site=conv)", "aa stands behind a 3×3"),
        ("resnet50(output_stride=8)+splat(site=conv)", "output_stride dilates"),
        ("resnet50(eps=0)", "above 0 and up to 1"),
        ("resnet50(eps=1e5)", "above 0 and up to 1"),
        ("resnet50(act=sigmoid)", "relu"),
        ("resnet50(padding=valid)", "same"),
        ("googlenet(classes=0,aux=heads)", "use aux=none"),
        ("resnet50(classes=100001)", "or 0 for features"),
    ] {
        let message = refusal(spec);
        assert!(message.contains(says), "{spec}: {message}");
    }
}
