//! Networks are recognised from the names and shapes of their files, whoever wrote them, and compute what their
//! source computes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatescope::compute::engine::{self, Control, Run};
use gatescope::compute::weights::recognise::{Standing, of_tensors};
use gatescope::compute::weights::{Checkpoint, Graft, Recognised, Weights, WeightsError, recognise};
use gatescope::network::cost::Ledger;
use gatescope::network::graph::{Graph, ParamId};
use gatescope::network::{lower, parse};
use proptest::prelude::*;

use crate::checkpoints::write::whole;
use crate::parity::image;
use crate::reference::{self, Array};

/// How a case is written to a file.
#[derive(Clone, Copy)]
enum Form {
    Safetensors,
    Zip,
    Legacy,
}

fn graph(text: &str) -> Graph {
    lower(&parse(text).expect(text)).expect(text)
}

fn save(folder: &Path, tensors: &BTreeMap<String, Array>, form: Form) -> PathBuf {
    let file = folder.join(match form {
        Form::Safetensors => "weights.safetensors",
        Form::Zip | Form::Legacy => "weights.pth",
    });
    if let Form::Safetensors = form {
        reference::save(&file, tensors);
        return file;
    }
    let list: Vec<(String, Vec<usize>, Vec<f32>)> =
        tensors.iter().map(|(name, (shape, numbers))| (name.clone(), shape.clone(), numbers.clone())).collect();
    std::fs::write(&file, whole(&list, matches!(form, Form::Zip))).expect("can be written");
    file
}

/// How many readings are as likely as what was taken.
fn asked(found: &Recognised) -> usize {
    found.doubts.iter().filter(|doubt| doubt.standing == Standing::Asked).count()
}

fn tensors_of(case: &serde_json::Value, name: &str) -> BTreeMap<String, Array> {
    let mut tensors = reference::tensors(&format!("cases/{name}.stats.safetensors"));
    for tensor in case["tensors"].as_array().expect("a list") {
        let key = tensor[0].as_str().expect("a name");
        let shape = reference::sizes(&tensor[1]);
        tensors.entry(key.to_owned()).or_insert_with(|| (shape.clone(), reference::formula(key, &shape)));
    }
    tensors
}

/// Opens a case from a file in its own dialect, with no hint of what it is, and compares with what PyTorch computed.
fn agrees(name: &str, form: Form, spec: &str) {
    let case = reference::json(&format!("cases/{name}.json"));
    let expected = reference::tensors(&format!("cases/{name}.expected.safetensors"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = save(folder.path(), &tensors_of(&case, name), form);
    let found = recognise(&Checkpoint::open(&file).expect("opens")).expect("is recognised");
    assert_eq!(*found.graph, graph(spec), "{name} was taken for {}", found.spec);
    assert_eq!(asked(&found), 0, "{name}: {:?}", found.doubts);
    let total = Ledger::of(&found.graph).total();
    assert_eq!(Some(total.params), case["params"].as_u64(), "{name}: parameters");
    assert_eq!(Some(total.macs), case["macs_conv_linear"].as_u64(), "{name}: MACs");
    let weights = Weights::open(&found.graph, &file).expect("opens under its own network");
    assert!(weights.report().fits() && !weights.report().verdict.is_empty());
    let run = engine::run(&found.graph, &weights, &image(&case), &[], &Control::none()).expect(name);
    compare(name, &case, &expected, &run);
}

fn compare(name: &str, case: &serde_json::Value, expected: &BTreeMap<String, Array>, run: &Run) {
    let gates: Vec<&str> = case["gates"].as_array().expect("a list").iter().filter_map(|gate| gate.as_str()).collect();
    assert_eq!(run.gates.len(), gates.len(), "{name}");
    for (gate, found) in gates.iter().zip(&run.gates) {
        let key = format!("gate/{gate}");
        reference::close(&found.values, &expected[&key].1, 1e-4, &format!("{name}: {key}"));
    }
    reference::close(&run.logits, &expected["logits"].1, 1e-3, &format!("{name}: logits"));
    let argmax = (0..run.logits.len()).max_by(|a, b| run.logits[*a].total_cmp(&run.logits[*b]));
    assert_eq!(argmax.map(|class| class as u64), case["argmax"].as_u64(), "{name}");
}

#[test]
fn torchvision_files_are_recognised_and_agree() {
    agrees("tv_resnet18", Form::Legacy, "resnet18");
    agrees("tv_resnet50", Form::Zip, "resnet50");
    agrees("tv_resnext50_32x4d", Form::Safetensors, "resnext50_32x4d");
}

#[test]
fn timm_files_are_recognised_and_agree() {
    agrees("timm_seresnet50", Form::Safetensors, "resnet50+se");
    agrees("timm_seresnext50_32x4d", Form::Safetensors, "resnext50_32x4d+se");
    agrees("timm_resnet50+cbam", Form::Zip, "resnet50+cbam(variant=timm)");
    agrees("timm_resnet18+eca", Form::Safetensors, "resnet18+eca");
}

#[test]
fn timm_legacy_files_are_recognised_and_agree() {
    agrees("timm_legacy_seresnet50", Form::Legacy, "legacy_seresnet50");
}

#[test]
fn official_cbam_files_are_recognised_and_agree() {
    agrees("paper_cbam18", Form::Legacy, "resnet18+cbam");
    agrees("paper_cbam50", Form::Safetensors, "resnet50+cbam");
    agrees("paper_cam18", Form::Zip, "resnet18+cam");
    agrees("paper_sam18", Form::Safetensors, "resnet18+sam");
}

#[test]
fn every_other_attention_is_recognised_by_its_tensors() {
    for spec in [
        "resnet18+ese",
        "resnet18+ge",
        "resnet18+gc",
        "resnet50+gca(r=16)",
        "resnet18+lcbam(k=5)",
        "resnet18+coord",
        "resnet18+coord(variant=simple)",
        "resnet18+ela",
        "resnet18+strip(k=5)@layer3,layer4",
        "resnet18+sk",
        "resnet34+sk(r=8,split=no)",
        "resnet18+splat",
        "resnet50+nl@layer4",
        "resnet18+eca(mlp=yes)",
        "resnet50+bam",
        "resnet18+bam(r=8)@layer2,layer4",
    ] {
        let found = recognised(&shapes(&graph(spec))).expect(spec);
        assert_eq!(found.spec.to_string(), spec, "{:?}", found.verdict);
        assert!(found.verdict.iter().any(|sentence| sentence.contains("attention is")), "{:?}", found.verdict);
    }
    let both = changed("resnet18+bam", |_, _| ());
    let mut odd = both.clone();
    odd.retain(|(name, _)| name != "bam2.spatial_att.gate_s.gate_s_conv_final.bias");
    let error = recognised(&odd).expect_err("a part is missing");
    assert!(error.contains("bam2 is no bam of 128 channels"), "{error}");
}

type Shapes = Vec<(String, Vec<usize>)>;

fn shapes(graph: &Graph) -> Shapes {
    graph.params.iter().map(|param| (param.name.clone(), param.shape.clone())).collect()
}

fn recognised(shapes: &Shapes) -> Result<Recognised, String> {
    let borrowed: Vec<(&str, &[usize])> =
        shapes.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
    of_tensors(&borrowed)
}

/// The shapes of a network with names and sizes changed.
fn changed(spec: &str, change: impl Fn(&mut String, &mut Vec<usize>)) -> Shapes {
    let mut shapes = shapes(&graph(spec));
    for (name, shape) in &mut shapes {
        change(name, shape);
    }
    shapes
}

#[test]
fn other_spellings_are_recognised() {
    let rename = |spec: &str, pairs: &[(&str, &str)]| {
        changed(spec, |name, shape| {
            for (ours, theirs) in pairs {
                *name = name.replace(ours, theirs);
            }
            // Re-implementations write linear layers and 1×1 convolutions as they like.
            if name.contains("fc.0") && shape.len() == 4 {
                shape.truncate(2);
            }
        })
    };
    let cases = [
        ("resnet18+cbam(variant=simple)", &[("cbam.ca", "ca"), ("cbam.sa", "sa")][..], 0),
        (
            "resnet50+cbam(variant=simple)",
            &[("cbam.ca.fc1", "ca.fc.0"), ("cbam.ca.fc2", "ca.fc.2"), ("cbam.sa", "sa")],
            1,
        ),
        ("resnet34+se(variant=floor)", &[("se.fc1", "se.fc.0"), ("se.fc2", "se.fc.2")], 0),
        ("resnet50+se(variant=nobias)", &[], 1),
        ("resnet18+sam(variant=simple,k=3)", &[("cbam.sa.conv1", "spatial_attention.conv")], 0),
        ("resnet50+eca", &[("se.conv", "eca.conv")], 1),
        ("resnet18+eca(k=3)", &[], 0),
        ("resnet20", &[("fc.", "linear.")], 1),
        ("resnet56(shortcut=b)", &[("downsample", "shortcut"), ("fc.", "linear.")], 0),
        ("resnet18(stem=cifar,input=32,classes=10)", &[("downsample", "shortcut"), ("fc.", "linear.")], 0),
        ("resnet20+se(variant=nobias,r=8)", &[], 1),
        // Without timm's `layer0` these are not its legacy networks, which could be asked.
        (
            "resnet18+se(variant=floor)",
            &[("se.", "se_module."), ("fc.weight", "last_linear.weight"), ("fc.bias", "last_linear.bias")],
            1,
        ),
        ("resnet50(classes=7)+cbam+none@layer1+se@layer2.0", &[], 0),
        ("resnet101+cbam(r=8,k=3)@layer4", &[], 0),
    ];
    for (spec, pairs, doubts) in cases {
        let found = recognised(&rename(spec, pairs)).unwrap_or_else(|problem| panic!("{spec}: {problem}"));
        assert_eq!(found.graph.nodes, graph(spec).nodes, "{spec} was taken for {}", found.spec);
        assert_eq!(asked(&found), doubts, "{spec}: {:?}", found.doubts);
    }
}

#[test]
fn timms_vgg_has_convolutions_for_linear_layers() {
    let theirs = [("classifier.0", "pre_logits.fc1"), ("classifier.3", "pre_logits.fc2"), ("classifier.6", "head.fc")];
    let shapes = changed("vgg11_bn(classes=7)", |name, shape| {
        for (ours, theirs) in theirs {
            *name = name.replace(ours, theirs);
        }
        match (name.as_str(), shape.as_slice()) {
            ("pre_logits.fc1.weight", &[out, _]) => *shape = vec![out, 512, 7, 7],
            ("pre_logits.fc2.weight", &[out, inner]) => *shape = vec![out, inner, 1, 1],
            _ => {}
        }
    });
    let found = recognised(&shapes).expect("recognised");
    assert_eq!(found.spec.to_string(), "vgg11_bn(classes=7)");
}

#[test]
fn timms_regnet_counts_blocks_from_one() {
    let shapes = changed("regnet_y_400mf", |name, _| {
        let Some(rest) = name.strip_prefix("trunk_output.block") else {
            *name = name.replace("stem.0", "stem.conv").replace("stem.1", "stem.bn").replace("fc.", "head.fc.");
            return;
        };
        let (stage, rest) = rest.split_once('.').expect("a block");
        let (block, layer) = rest.split_once('-').expect("a number").1.split_once('.').expect("a layer");
        let mut layer = layer.replace("f.se", "se").replace("proj", "downsample");
        for (ours, theirs) in [("f.a", "conv1"), ("f.b", "conv2"), ("f.c", "conv3")] {
            layer = layer.replace(ours, theirs);
        }
        if !layer.starts_with("se") {
            layer = layer.replace(".0.", ".conv.").replace(".1.", ".bn.");
        }
        *name = format!("s{stage}.b{}.{layer}", block.parse::<usize>().expect("a number") + 1);
    });
    let found = recognised(&shapes).expect("recognised");
    assert_eq!(found.spec.to_string(), "regnet_y_400mf");
}

#[test]
fn timm_legacy_stems_and_strides_follow_the_family() {
    let legacy = |spec: &str, deep: bool| {
        changed(spec, |name, _| {
            let stem = [("conv1.0.", "conv1."), ("conv1.1.", "bn1."), ("conv1.3.", "conv2."), ("conv1.4.", "bn2.")];
            let stem = stem.into_iter().chain([("conv1.6.", "conv3."), ("bn1.", "bn3.")]);
            if !name.starts_with("layer") && !name.starts_with("fc") {
                let renamed =
                    stem.into_iter().find_map(|(ours, theirs)| Some(theirs.to_owned() + name.strip_prefix(ours)?));
                *name = format!("layer0.{}", renamed.filter(|_| deep).unwrap_or_else(|| name.clone()));
            }
            *name = name.replace(".se.", ".se_module.");
            if let Some(rest) = name.strip_prefix("fc.") {
                *name = format!("last_linear.{rest}");
            }
        })
    };
    for (spec, deep) in [
        ("legacy_seresnet18", false),
        ("legacy_seresnet101", false),
        ("legacy_seresnext101_32x4d", false),
        ("legacy_senet154", true),
    ] {
        let found = recognised(&legacy(spec, deep)).unwrap_or_else(|problem| panic!("{spec}: {problem}"));
        assert_eq!(found.spec, parse(spec).expect(spec), "{spec}");
    }
}

#[test]
fn what_is_no_residual_network_is_named() {
    let case = |names: &[&str]| {
        let shapes: Shapes = names.iter().map(|name| ((*name).to_owned(), vec![8, 8, 3, 3])).collect();
        recognised(&shapes).expect_err("no network")
    };
    for (names, wanted) in [
        (&["features.0.weight", "features.0.bias", "classifier.6.weight"][..], "VGG"),
        (&["cls_token", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"], "vision transformer"),
        (&["model.diffusion_model.input_blocks.0.0.weight"], "diffusion"),
        (&["a", "b", "c", "d"], "a, b, c, ..."),
    ] {
        let message = case(names);
        assert!(message.contains(wanted), "{message}");
    }
    let mut bam = shapes(&graph("resnet18"));
    bam.push(("layer2.1.attn.q.weight".to_owned(), vec![3]));
    let message = recognised(&bam).expect_err("unknown attention");
    assert!(message.contains("layer2.1.attn.q.weight"), "{message}");
    let mut headless = shapes(&graph("resnet18"));
    headless.retain(|(name, _)| !name.starts_with("fc"));
    assert_eq!(recognised(&headless).expect("a backbone").spec.to_string(), "resnet18(classes=0)");
}

/// Any spec of the zoo, as far as tensors tell it.
fn any_spec() -> impl Strategy<Value = String> {
    // Families whose stages are called so; the others have tests of their own in `zoo.rs`.
    let mut models = gatescope::network::zoo::model_names();
    models.retain(|model| parse(&format!("{model}+eca@layer3")).is_ok());
    let model = prop::sample::select(models);
    let attention = || {
        prop::sample::select(vec![
            "none",
            "se",
            "se(r=8)",
            "se(variant=floor)",
            "se(variant=nobias,r=4)",
            "cam",
            "cam(r=8,variant=timm)",
            "sam",
            "sam(k=3)",
            "sam(variant=timm,k=5)",
            "cbam",
            "cbam(variant=timm)",
            "cbam(variant=simple,k=3)",
            "eca",
            "eca(k=9)",
        ])
    };
    let places = prop::collection::btree_map(
        prop::sample::select(vec!["layer1", "layer2", "layer2.0", "layer3", "layer3.0", "layer1.0"]),
        attention(),
        0..4,
    );
    let classes = prop::sample::select(vec!["", "(classes=10)", "(classes=37)"]);
    (model, classes, attention(), places).prop_map(|(model, classes, everywhere, places)| {
        let placed: Vec<String> = places.iter().map(|(place, name)| format!("+{name}@{place}")).collect();
        format!("{model}{classes}+{everywhere}{}", placed.concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_network_of_the_zoo_is_recognised_by_its_own_tensors(text in any_spec()) {
        let spec = parse(&text).expect("a spec");
        let wanted = lower(&spec).expect("a network");
        let found = recognised(&shapes(&wanted)).map_err(|problem| TestCaseError::fail(format!("{text}: {problem}")))?;
        prop_assert_eq!(shapes(&found.graph), shapes(&wanted), "{} was taken for {}", text, found.spec);
        // Plain networks and option A have the same tensors: that is a doubt, and the shortcut its only difference.
        if text.starts_with("plain") {
            prop_assert!(found.doubts.iter().any(|doubt| doubt.concerns("shortcut") && doubt.sentence().contains("shortcut=none")));
        } else {
            let ops = |graph: &Graph| graph.nodes.iter().map(|node| (node.op, node.shape)).collect::<Vec<_>>();
            prop_assert_eq!(ops(&found.graph), ops(&wanted), "{} was taken for {}", text, found.spec);
        }
    }
}

/// A re-implementation is timm's CBAM with a BatchNorm that does nothing: the same gates.
#[test]
fn a_reimplementation_computes_mean_before_maximum_without_a_norm() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut timm = reference::state_dict(&graph("resnet18+cbam(variant=timm)"));
    for (name, (_, numbers)) in timm.iter_mut().filter(|(name, _)| name.contains(".spatial.conv.bn.")) {
        numbers[0] = match name.rsplit('.').next() {
            Some("weight") => 1.0,
            Some("running_var") => 1.0 - 1e-5,
            _ => 0.0,
        };
    }
    let theirs = timm.iter().filter(|(name, _)| !name.contains(".spatial.conv.bn.")).map(|(name, tensor)| {
        let name = name.replace("se.channel.fc1", "ca.fc.0").replace("se.channel.fc2", "ca.fc.2");
        (name.replace("se.spatial.conv.conv", "sa.conv1"), tensor.clone())
    });
    let file = save(folder.path(), &theirs.collect(), Form::Zip);
    let found = recognise(&Checkpoint::open(&file).expect("opens")).expect("is recognised");
    assert_eq!(found.spec.to_string(), "resnet18+cbam(variant=simple)");
    let [a, b] = ["resnet18(input=64)+cbam(variant=simple)", "resnet18(input=64)+cbam(variant=timm)"].map(graph);
    let image: Vec<f32> = reference::formula("image", &[3, 64, 64]);
    let run =
        |graph: &Graph, weights: &Weights| engine::run(graph, weights, &image, &[], &Control::none()).expect("runs");
    let (a, b) = (run(&a, &Weights::open(&a, &file).expect("fits")), run(&b, &reference::open(&b, &timm)));
    for (index, (a, b)) in a.gates.iter().zip(&b.gates).enumerate() {
        reference::close(&a.values, &b.values, 1e-5, &format!("gate {index}"));
    }
    assert!(b.gates.iter().any(|gate| gate.values.iter().any(|value| (value - 0.5).abs() > 0.05)), "no flat gates");
}

/// Recognising looks at names and shapes only: a hundred megabytes take no longer than one.
#[test]
#[ignore = "measures time"]
fn opening_a_hundred_megabytes_and_showing_the_network_is_quick() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = save(folder.path(), &reference::state_dict(&graph("resnet50")), Form::Safetensors);
    let started = std::time::Instant::now();
    let found = recognise(&Checkpoint::open(&file).expect("opens")).expect("is recognised");
    let _ = Ledger::of(&found.graph).total();
    assert!(started.elapsed().as_millis() < 150, "{:?}", started.elapsed());
}

/// Exactly: an identity gate changes no bit.
fn is_one(value: f32) -> bool {
    value.to_bits() == 1.0_f32.to_bits()
}

#[test]
fn plain_weights_are_grafted_under_attention() {
    let folder = tempfile::tempdir().expect("a folder");
    let (plain, attended) = (graph("resnet18(input=64)"), graph("resnet18(input=64)+cbam@layer1,layer4"));
    let file = save(folder.path(), &reference::state_dict(&plain), Form::Safetensors);
    assert!(matches!(Weights::open(&attended, &file), Err(WeightsError::Unfit { .. })));
    let image: Vec<f32> = reference::formula("image", &[3, 64, 64]);
    let run =
        |graph: &Graph, weights: &Weights| engine::run(graph, weights, &image, &[], &Control::none()).expect("runs");
    let alone = run(&plain, &Weights::open(&plain, &file).expect("opens"));

    let identity = Weights::graft(&attended, &file, Graft::Identity).expect("grafts");
    assert_eq!(identity.grafted(), vec![true; attended.gates.len()]);
    assert_eq!(identity.report().grafted.len(), 4);
    let found = run(&attended, &identity);
    assert!(found.gates.iter().flat_map(|gate| gate.values.iter().copied()).all(is_one));
    // Engines may add in another order where a gate stands between: rounding is all that may differ.
    reference::close_relative(&found.logits, &alone.logits, 1e-5, "identity gates change nothing");

    let seeded = Weights::graft(&attended, &file, Graft::Seeded(3)).expect("grafts");
    let fresh = Weights::seeded(&attended, 3);
    let index = attended.params.iter().position(|param| param.name.contains("ChannelGate.mlp.1.weight")).expect("one");
    assert_eq!(seeded.values(ParamId(index)), fresh.values(ParamId(index)));
    assert!(!run(&attended, &seeded).gates.iter().flat_map(|gate| gate.values.iter().copied()).all(is_one));
}

#[test]
fn a_graft_excuses_whole_attention_blocks_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let attended = graph("resnet18+cbam");
    let mut tensors = reference::state_dict(&graph("resnet18+cbam@layer2"));
    let file = save(folder.path(), &tensors, Form::Safetensors);
    let partly = Weights::graft(&attended, &file, Graft::Identity).expect("grafts the other stages");
    assert_eq!(partly.grafted().iter().filter(|grafted| **grafted).count(), 12);
    tensors.remove("layer2.0.cbam.ChannelGate.mlp.1.bias");
    let file = save(folder.path(), &tensors, Form::Safetensors);
    let message = Weights::graft(&attended, &file, Graft::Identity).expect_err("a part").to_string();
    assert!(message.contains("layer2.0.cbam.ChannelGate.mlp.1.bias"), "{message}");
    let se = save(folder.path(), &reference::state_dict(&graph("resnet18+se")), Form::Safetensors);
    assert!(Weights::graft(&attended, &se, Graft::Identity).is_err(), "SE weights are no CBAM's");
}

#[test]
fn a_legacy_file_opens_under_its_network_and_says_how_names_were_mapped() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "timm_legacy_seresnet50";
    let file =
        save(folder.path(), &tensors_of(&reference::json(&format!("cases/{name}.json")), name), Form::Safetensors);
    let wanted = graph("resnet50+se");
    let weights = Weights::open(&wanted, &file).expect("the tensors are the same");
    let report = weights.report();
    let mapped = report.mapped.iter().find(|mapped| mapped.name == "conv1.weight").expect("mapped");
    assert_eq!(mapped.file, "layer0.conv1.weight");
    assert_eq!(report.dtypes, [("float32".to_owned(), wanted.params.len())]);
    let said = report.verdict.join("\n");
    assert!(said.contains("legacy") && said.contains("loaded as resnet50+se"), "{said}");
}

/// What timm publishes of SKNet and ResNeSt is recognised by names and shapes alone.
#[test]
fn attention_in_a_convolutions_place_is_recognised() {
    for name in ["skresnet18", "skresnet34", "skresnet50", "skresnet50d", "skresnext50_32x4d", "resnest14d"]
        .into_iter()
        .chain(["resnest50d", "resnest101e", "resnest50d_1s4x24d", "resnest50d_4s2x40d"])
    {
        let graph = lower(&parse(name).expect(name)).expect(name);
        let tensors: Vec<(&str, &[usize])> =
            graph.params.iter().map(|param| (param.name.as_str(), param.shape.as_slice())).collect();
        let found = of_tensors(&tensors).expect(name);
        let ops = |graph: &Graph| graph.nodes.iter().map(|node| node.op).collect::<Vec<_>>();
        assert_eq!(ops(&found.graph), ops(&graph), "{name} as {}", found.spec);
        assert_eq!(asked(&found) == 0, !name.starts_with("resnest"), "{name}");
        let is_open = found.verdict.iter().any(|sentence| sentence.contains("halves in 16 groups"));
        assert_eq!(is_open, name == "skresnext50_32x4d", "{name}: {:?}", found.verdict);
    }
}
