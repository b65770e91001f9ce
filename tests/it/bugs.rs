//! Checkpoints that were once opened wrongly or not at all: each computes what PyTorch computes with it, opened with
//! nothing but its name. `tests/corpus/bugs/expected.json` has PyTorch's logits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatescope::compute::weights::checkpoint::{Precision, Written, encode};
use gatescope::compute::weights::recognise::{Source, Standing, of_tensors};
use gatescope::compute::weights::{Checkpoint, Doubt, Recognised, Weights, recognise};
use gatescope::network::{lower, parse};
use serde_json::Value;

use crate::reference;

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bugs").join(name)
}

fn expected(name: &str) -> Vec<f32> {
    let all: Value = serde_json::from_slice(&std::fs::read(corpus("expected.json")).expect("is there")).expect("JSON");
    reference::numbers(&all[name]["torch_logits"])
}

/// `inspect` of a file on the probe, with these options besides: its JSON and its logits.
fn inspected(file: &Path, options: &[&str]) -> (Value, Vec<f32>) {
    let folder = tempfile::tempdir().expect("a folder");
    let tensors = folder.path().join("out.safetensors");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatescope"));
    command.arg("inspect").arg(file).arg("--image").arg(corpus("probe.png"));
    command.args(["--resize", "224", "--crop", "224", "--format", "json", "--tensors"]).arg(&tensors).args(options);
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    let json = serde_json::from_slice(&output.stdout).expect("JSON");
    let tensors = Checkpoint::open(&tensors).expect("was written");
    let logits = tensors.read("logits").or_else(|_| tensors.read("features")).expect("logits or features");
    (json, logits)
}

fn agrees(name: &str, spec: &str, said: &str) {
    let (json, logits) = inspected(&corpus(name), &[]);
    let wanted = expected(name);
    reference::close_relative(&logits[..wanted.len()], &wanted, 1e-4, name);
    assert_eq!(json["network"], spec, "{name}");
    let verdict = json["weights"]["verdict"].to_string();
    assert!(verdict.contains(said), "{name}: {verdict}");
}

const SMALL: &str = "classes=5,blocks=1-1-1-1,widths=8-8-8-8";

#[test]
fn what_a_file_says_of_its_arithmetic_is_computed() {
    agrees(
        "resnetaa50_small.pth",
        &found("resnetaa50_small.pth").spec.to_string(),
        "the file says arch resnetaa50: aa=avg",
    );
    agrees("resnetblur50_small.pth", &found("resnetblur50_small.pth").spec.to_string(), "aa=blur");
    let dilated = "resnet50_output_stride16_small.pth";
    agrees(
        dilated,
        &found(dilated).spec.to_string(),
        "the file says args.model_kwargs.output_stride 16: output_stride=16",
    );
}

#[test]
fn an_efficientnet_without_se_is_a_lite() {
    agrees("efficientnet_lite0.pth", "efficientnet_lite0", "lite");
}

#[test]
fn selective_kernels_open() {
    agrees("skresnet18_small.pth", &found("skresnet18_small.pth").spec.to_string(), "timm");
}

#[test]
fn what_stands_in_front_of_names_goes_and_what_is_left_over_is_named() {
    let small = format!("resnet18({SMALL})");
    agrees("prefix_net.ckpt", &small, "");
    agrees("prefix_encoder.pth", &small, "");
    agrees("swa_n_averaged.pth", &small, "no part of the network: n_averaged");
    agrees("lightning_with_metrics.ckpt", &small, "criterion.weight");
    agrees("scalars_beside_weights.pth", &small, "logit_scale");
}

#[test]
fn features_come_out_of_what_has_no_classifier() {
    agrees("headless.pth", "resnet18(classes=0,blocks=1-1-1-1,widths=8-8-8-8)", "");
}

fn found(name: &str) -> Recognised {
    recognise(&Checkpoint::open(&corpus(name)).expect("opens")).unwrap_or_else(|problem| panic!("{problem}"))
}

/// A checkpoint's tensors as another file, with this metadata.
fn copied(from: &str, to: &Path, metadata: &[(&str, &str)]) {
    let file = Checkpoint::open(&corpus(from)).expect("opens");
    let entries = file.entries().iter().filter(|entry| !entry.is_counter());
    let tensors: Vec<(String, Vec<usize>, Vec<f32>)> = entries
        .map(|entry| (entry.name.clone(), entry.shape.clone(), file.read(&entry.name).expect("reads")))
        .collect();
    let written: Vec<Written> = tensors.iter().map(|(name, shape, values)| Written { name, shape, values }).collect();
    let metadata: BTreeMap<String, String> =
        metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    std::fs::write(to, encode(&written, &metadata, Precision::Full)).expect("can be written");
}

#[test]
fn a_configuration_beside_the_file_and_its_name_settle_what_tensors_cannot() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("weights.safetensors");
    let wanted = expected("resnetaa50_small.pth");
    copied("resnetaa50_small.pth", &plain, &[]);
    // Nothing says so: it is a doubt, and the doubt names the cause.
    let bare = recognise(&Checkpoint::open(&plain).expect("opens")).expect("is recognised");
    assert!(!bare.spec.to_string().contains("aa="), "{}", bare.spec);
    let doubt = bare.doubts.iter().find(|doubt| doubt.concerns("aa")).expect("a doubt");
    assert_eq!(doubt.standing, Standing::Said);
    assert!(doubt.sentence().contains("set aa=avg") && doubt.sentence().contains("resnetaa50"), "{}", doubt.sentence());
    let (json, _) = inspected(&plain, &[]);
    let listed = json["doubts"].to_string();
    assert!(listed.contains("resnetaa50") && listed.contains("output_stride"), "{listed}");
    // So do those that count and measure it; what --set decides is open no more.
    let told = |command: &str, options: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_gatescope"));
        program.arg(command).arg(&plain).args(["--format", "json"]).args(options);
        let output = program.output().expect("the program starts");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        if command == "cost" { json["networks"][0]["doubts"].to_string() } else { json["doubts"].to_string() }
    };
    assert!(told("cost", &[]).contains("resnetaa50"));
    assert!(!told("cost", &["--set", "aa=avg"]).contains("\"aa\":\"none\""));
    assert!(told("profile", &["--runs", "1"]).contains("resnetaa50"));
    // The option makes it right, and ends the doubt.
    let (json, logits) = inspected(&plain, &["--set", "aa=avg"]);
    reference::close_relative(&logits, &wanted, 1e-4, "--set aa=avg");
    assert!(!json["doubts"].to_string().contains("\"aa\":\"none\""), "{}", json["doubts"]);
    // So does a configuration, and a name.
    std::fs::write(folder.path().join("config.json"), r#"{"architecture": "resnetaa50"}"#).expect("can be written");
    let (json, logits) = inspected(&plain, &[]);
    reference::close_relative(&logits, &wanted, 1e-4, "config.json");
    assert!(json["weights"]["verdict"].to_string().contains("config.json beside it says architecture resnetaa50"));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let named = elsewhere.path().join("resnetaa50_run3.safetensors");
    copied("resnetaa50_small.pth", &named, &[]);
    let known = recognise(&Checkpoint::open(&named).expect("opens")).expect("is recognised");
    assert!(known.spec.to_string().contains("aa=avg"), "{}", known.spec);
    assert_eq!(known.evidence[0].source, Source::FileName);
    assert_eq!(known.evidence[0].sentence(), "its name says resnetaa50: aa=avg");
}

#[test]
fn the_more_credible_is_believed_and_the_contradiction_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("resnet50-v2.safetensors");
    copied("resnetaa50_small.pth", &file, &[("arch", "resnetaa50")]);
    let found = recognise(&Checkpoint::open(&file).expect("opens")).expect("is recognised");
    assert!(found.spec.to_string().contains("aa=avg"), "{}", found.spec);
    let sentences: Vec<String> = found.doubts.iter().map(Doubt::sentence).collect();
    let shown = "the file says arch resnetaa50, but its name says resnet50";
    assert!(sentences.iter().any(|said| said.contains(shown) && said.contains("set aa=none")), "{sentences:?}");
    for (architecture, said) in [
        ("my_own_net", "arch my_own_net, a network this program does not know"),
        ("vgg16", "a network of the family VGG, but the tensors are those of resnet50"),
    ] {
        copied("resnetaa50_small.pth", &file, &[("arch", architecture)]);
        let found = recognise(&Checkpoint::open(&file).expect("opens")).expect("is recognised");
        assert!(found.doubts.iter().any(|doubt| doubt.sentence().contains(said)), "{:?}", found.doubts);
    }
    // What is said and cannot be had is no secret.
    copied("resnetaa50_small.pth", &file, &[("args.model_kwargs.act_layer", "gelu_tanh")]);
    let found = recognise(&Checkpoint::open(&file).expect("opens")).expect("is recognised");
    assert!(found.doubts.iter().any(|doubt| doubt.sentence().contains("gelu_tanh, which cannot be had")));
}

#[test]
fn tensors_alone_leave_their_twins_open() {
    let lite = Checkpoint::open(&corpus("efficientnet_lite0.pth")).expect("opens");
    let shapes: Vec<(&str, &[usize])> = lite.entries().iter().map(|e| (&*e.name, &*e.shape)).collect();
    let tensorflow = of_tensors(&shapes).expect("is recognised");
    let doubt = tensorflow.doubts.iter().find(|doubt| doubt.concerns("padding")).expect("a doubt");
    assert!(doubt.standing == Standing::Said && doubt.sentence().contains("set padding=same, eps=1e-3"));
    for (spec, options) in [
        ("resnet50", &["aa", "output_stride", "act", "head", "stride"][..]),
        ("resnet18", &["aa", "output_stride", "act", "head"]),
        ("resnet20", &["act", "head"]),
        ("googlenet", &["transform_input"]),
        ("inception_v3", &["transform_input"]),
        ("mobilenet_v2", &["padding", "act", "eps"]),
    ] {
        let graph = lower(&parse(spec).expect(spec)).expect(spec);
        let shapes: Vec<(&str, &[usize])> = graph.params.iter().map(|p| (&*p.name, &*p.shape)).collect();
        let found = of_tensors(&shapes).expect(spec);
        for option in options {
            assert!(found.doubts.iter().any(|doubt| doubt.concerns(option)), "{spec}: {option} is open");
        }
        assert!(found.doubts.len() <= 3, "{spec} does not drown: {:?}", found.doubts);
    }
}

#[test]
fn messages_answer_what_was_meant() {
    let lines = [
        ("se_resnet50", "did you mean seresnet50?"),
        ("se-resnet50", "did you mean seresnet50?"),
        ("resnext50", "did you mean resnext50_32x4d?"),
        ("resnet50(num_classes=10)", "did you mean classes=10?"),
        ("resnet50(in_chans=1)", "did you mean input=1x224x224?"),
        ("resnet50+se(r=1/16)", "write r=16"),
        ("resnet50(v1)", "like stride=v1"),
        ("resnet50+cbam(timm)", "like variant=timm"),
    ];
    for (spec, said) in lines {
        let message = parse(spec).expect_err(spec).to_string();
        assert!(message.contains(said), "{message}");
    }
    for spec in ["resnet50(output_stride=8)", "resnet50(classes=0)", "resnet50(input=224X192)"] {
        assert!(parse(spec).is_ok(), "{spec}");
    }
}

#[test]
fn names_in_the_way_go_under_a_given_network_too() {
    let graph = lower(&parse(&format!("resnet18({SMALL},input=64)")).expect("parses")).expect("lowers");
    for name in ["prefix_net.ckpt", "prefix_encoder.pth", "swa_n_averaged.pth", "lightning_with_metrics.ckpt"] {
        let weights = Weights::open(&graph, &corpus(name)).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(weights.report().matched, graph.params.len(), "{name}");
        assert_eq!(weights.report().renamed().count(), 0, "{name}: a prefix is no other name");
        assert!(weights.report().fits());
    }
    let report = Weights::open(&graph, &corpus("swa_n_averaged.pth")).expect("opens").report().clone();
    assert_eq!(report.left_over, ["n_averaged"]);
}

type Shapes = Vec<(String, Vec<usize>)>;

fn recognised(shapes: &Shapes) -> Result<Recognised, String> {
    let borrowed: Vec<(&str, &[usize])> = shapes.iter().map(|(name, shape)| (&**name, &**shape)).collect();
    of_tensors(&borrowed)
}

#[test]
fn left_overs_inside_of_the_network_still_refuse() {
    let graph = lower(&parse("resnet18").expect("parses")).expect("lowers");
    let plain: Shapes = graph.params.iter().map(|p| (p.name.clone(), p.shape.clone())).collect();
    let with = |more: &[(&str, &[usize])]| {
        let mut shapes: Shapes = plain.iter().map(|(name, shape)| (format!("a.net.{name}"), shape.clone())).collect();
        shapes.extend(more.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())));
        recognised(&shapes)
    };
    let nested =
        with(&[("a.net.bn1.num_batches_tracked", &[]), ("a.net.total_ops", &[1])]).expect("nested prefixes go");
    assert_eq!((nested.spec.to_string().as_str(), nested.prefix.as_str()), ("resnet18", "a.net."));
    assert_eq!(nested.names["conv1.weight"], "a.net.conv1.weight");
    assert_eq!(nested.left_over, ["a.net.total_ops"]);
    for (name, shape) in [
        ("a.net.layer1.0.extra.weight", &[64][..]),
        ("a.net.fc2.weight", &[10, 1000]),
        ("a.net.bn0.running_mean", &[3]),
    ] {
        let refusal = with(&[(name, shape)]).expect_err(name);
        assert!(refusal.contains(name.trim_start_matches("a.net.")), "{refusal}");
    }
    // Whatever thop and BatchNorm count changes nothing.
    let uncounted = with(&[]).expect("without counters");
    assert_eq!((&uncounted.spec, &uncounted.names), (&nested.spec, &nested.names));
    // Beside the prefix another network may stand: it is left out aloud.
    let decoder = with(&[("decoder.0.weight", &[8, 8, 3, 3])]).expect("an encoder");
    assert!(decoder.doubts.iter().any(|doubt| doubt.sentence().contains("decoder.0.weight")), "{:?}", decoder.doubts);
}
